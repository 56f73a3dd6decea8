"""The queries on actions, on their logs, and on who was told of the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.action_rules import Told
from services.outcomes.store.compartments import stored_compartment
from shared.contracts.actions import (
    MOST_DECISIONS,
    MOST_ENTRIES_SHOWN,
    ActionCounts,
    ActionEntry,
    ActionFilter,
    ActionShown,
    ActionState,
    AreaActions,
    ContactWay,
    EntryKind,
    PlanTold,
    RecordPlanTold,
)
from shared.database import Database, reach_of
from shared.permissions import Role, Visitor
from shared.registers.bodies import Compartment

# Administrators have the actions of their scope, and every user those that they own or chase.
IN_SIGHT = """a.register_code = $1
        AND ($2::boolean AND ($3::uuid [] IS NULL OR a.compartment_id = ANY($3)) OR a.colleague_id = $4)"""
SHOWN = """a.id AS action_id, a.record_id, a.meeting_id, a.reference, a.locality, a.text, a.due_on, a.colleague_id,
        a.colleague_name AS colleague, a.outsider, a.service, a.state, a.result, a.version, a.added_by_name AS added_by,
        a.added_at, a.ended_at, a.colleague_id = $4 AS is_theirs"""

Sight = tuple[str, bool, Sequence[UUID] | None, UUID]


def _sight(visitor: Visitor) -> Sight:
    return visitor.register_code, visitor.role is Role.ADMINISTRATOR, reach_of(visitor), visitor.user_id


LIST_ACTIONS = f"""
    SELECT {SHOWN}
    FROM action AS a
    WHERE {IN_SIGHT}
        AND CASE $5
            WHEN 'closed' THEN a.ended_at IS NOT NULL
            WHEN 'to_confirm' THEN a.state = 'reported'
            WHEN 'overdue' THEN a.state = 'open' AND a.due_on < $6
            WHEN 'mine' THEN a.ended_at IS NULL AND a.colleague_id = $4
            ELSE a.ended_at IS NULL
        END
    ORDER BY a.ended_at DESC NULLS FIRST, a.due_on, a.id
    OFFSET $7
    LIMIT $8
"""  # noqa: S608  columns and a condition of ours


async def list_actions(
    db: Database, visitor: Visitor, wanted: ActionFilter, day: date, skip: int, most: int
) -> list[ActionShown]:
    rows = await db.fetch(LIST_ACTIONS, *_sight(visitor), wanted, day, skip, most)
    return [_shown(row) for row in rows]


def _shown(row: Record) -> ActionShown:
    return ActionShown(**dict(row))


COUNT_ACTIONS = f"""
    SELECT a.locality,
        count(*) AS open,
        count(*) FILTER (WHERE a.state = 'open' AND a.due_on < $5) AS overdue,
        count(*) FILTER (WHERE a.state = 'reported') AS to_confirm
    FROM action AS a
    WHERE {IN_SIGHT} AND a.ended_at IS NULL
    GROUP BY a.locality
    ORDER BY a.locality NULLS LAST
"""  # noqa: S608
COUNT_OWN_ACTIONS = """
    SELECT count(*) AS mine,
        count(*) FILTER (WHERE a.due_on <= $4) AS mine_due,
        count(*) FILTER (WHERE a.due_on < $3) AS mine_overdue
    FROM action AS a
    WHERE a.register_code = $1 AND a.colleague_id = $2 AND a.state = 'open'
"""


async def count_actions(db: Database, visitor: Visitor, day: date, soon: date) -> ActionCounts:
    """Return the counts of the visitor's own actions and, for an administrator, of those in their scope."""
    (own,) = await db.fetch(COUNT_OWN_ACTIONS, visitor.register_code, visitor.user_id, day, soon)
    rows = await db.fetch(COUNT_ACTIONS, *_sight(visitor), day) if visitor.role is Role.ADMINISTRATOR else []
    return ActionCounts(
        **dict(own),
        open=sum(row["open"] for row in rows),
        overdue=sum(row["overdue"] for row in rows),
        to_confirm=sum(row["to_confirm"] for row in rows),
        areas=tuple(AreaActions(locality=row["locality"], open=row["open"], overdue=row["overdue"]) for row in rows),
    )


FIND_ACTION = f"""
    SELECT {SHOWN}
    FROM action AS a
    WHERE {IN_SIGHT} AND a.id = $5
"""  # noqa: S608


async def find_action(db: Database, visitor: Visitor, action_id: UUID) -> ActionShown | None:
    row = await db.fetchrow(FIND_ACTION, *_sight(visitor), action_id)
    return None if row is None else _shown(row)


LIST_ENTRIES = """
    SELECT kind, text, contacted_on, contacted_by, due_before, due_after, who_before, who_after,
        written_by_name AS written_by, written_at
    FROM action_entry
    WHERE action_id = $1
    ORDER BY id DESC
    LIMIT $2
"""


async def list_entries(db: Database, action_id: UUID) -> tuple[ActionEntry, ...]:
    """Return the last lines of the log, oldest first."""
    rows = await db.fetch(LIST_ENTRIES, action_id, MOST_ENTRIES_SHOWN)
    return tuple(ActionEntry(**dict(row)) for row in reversed(rows))


# --------------------------------------------------------------------------------------------------------- of a record
NAME_RECORD = "SELECT set_config('app.record', $1, true)"


async def name_record(db: Database, record_id: UUID) -> None:
    """
    Let row-level security show a standard user the actions of this record, until the transaction ends.

    Only after referrals has said that the visitor may update it.
    """
    await db.execute(NAME_RECORD, str(record_id))


LIST_OF_RECORD = f"""
    SELECT {SHOWN}
    FROM action AS a
    WHERE a.register_code = $1 AND ($2::uuid [] IS NULL OR a.compartment_id = ANY($2)) AND a.record_id = $3
    ORDER BY a.ended_at DESC NULLS FIRST, a.due_on, a.id
    LIMIT $5
"""  # noqa: S608


async def list_of_record(db: Database, visitor: Visitor, record_id: UUID, most: int) -> tuple[ActionShown, ...]:
    """Return the actions of a record that referrals has just found for the visitor."""
    about = (visitor.register_code, reach_of(visitor), record_id, visitor.user_id)
    rows = await db.fetch(LIST_OF_RECORD, *about, most)
    return tuple(_shown(row) for row in rows)


DECISIONS_OF_RECORD = "SELECT held_on, name, edition, decision FROM decisions_of_record($1, $2)"


@dataclass(frozen=True, repr=False)
class Decided:
    """What a closed meeting decided, as the code of that edition."""

    held_on: date
    name: str
    edition: str
    decision: str


async def list_decisions(db: Database, record_id: UUID) -> list[Decided]:
    """Return what meetings decided about a record that referrals has just found for the visitor."""
    return [Decided(**dict(row)) for row in await db.fetch(DECISIONS_OF_RECORD, record_id, MOST_DECISIONS)]


COUNT_OPEN_OF_RECORD = """
    SELECT count(*) FROM action WHERE record_id = $1 AND ended_at IS NULL
"""


async def count_open(db: Database, record_id: UUID) -> int:
    """Return how many actions of a record that was found before are open or wait to be confirmed."""
    found: int = await db.fetchval(COUNT_OPEN_OF_RECORD, record_id)
    return found


LIST_TOLD = """
    SELECT DISTINCT ON (party) party, told_on, told_by, why_not, recorded_by_name AS recorded_by, recorded_at
    FROM plan_told
    WHERE record_id = $1
    ORDER BY party, id DESC
"""
COUNT_TOLD = "SELECT count(*) FROM plan_told WHERE record_id = $1"
ADD_TOLD = """
    INSERT INTO plan_told (
        register_code, compartment_id, record_id, party, told_on, told_by, why_not, recorded_by, recorded_by_name
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def list_told(db: Database, record_id: UUID) -> tuple[PlanTold, ...]:
    """Return what was last recorded for each party."""
    return tuple(PlanTold(**dict(row)) for row in await db.fetch(LIST_TOLD, record_id))


async def count_told(db: Database, record_id: UUID) -> int:
    found: int = await db.fetchval(COUNT_TOLD, record_id)
    return found


async def add_told(db: Database, visitor: Visitor, compartment_id: UUID, asked: RecordPlanTold) -> None:
    await db.execute(
        ADD_TOLD,
        visitor.register_code,
        compartment_id,
        asked.record_id,
        asked.party,
        asked.told_on,
        asked.told_by,
        asked.why_not,
        visitor.user_id,
        visitor.full_name,
    )


# ------------------------------------------------------------------------------------------------------------- changes
ADD_ACTION = """
    INSERT INTO action (
        id, register_code, compartment_id, record_id, meeting_id, reference, locality, text, due_on, colleague_id,
        colleague_name, outsider, service, added_by, added_by_name, soon_told_for, day_told_for
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""


@dataclass(frozen=True, repr=False)
class Who:
    """The colleague who owns an action, or who chases the outsider of a service."""

    colleague_id: UUID
    colleague: str
    outsider: str = ""
    service: str = ""

    @property
    def said(self) -> str:
        """Who does it, as the log says it."""
        return f"{self.outsider}, {self.service} ({self.colleague})" if self.outsider else self.colleague


@dataclass(frozen=True, repr=False)
class NewAction:
    """An action to be added."""

    action_id: UUID
    compartment_id: UUID
    record_id: UUID
    meeting_id: UUID | None
    reference: str
    locality: str | None
    text: str
    due_on: date
    who: Who
    told: Told


async def add_action(db: Database, visitor: Visitor, action: NewAction) -> None:
    await db.execute(
        ADD_ACTION,
        action.action_id,
        visitor.register_code,
        action.compartment_id,
        action.record_id,
        action.meeting_id,
        action.reference,
        action.locality,
        action.text,
        action.due_on,
        action.who.colleague_id,
        action.who.colleague,
        action.who.outsider,
        action.who.service,
        visitor.user_id,
        visitor.full_name,
        action.told.soon,
        action.told.on_the_day,
    )


FIND_COMPARTMENT = f"""
    SELECT a.compartment_id, c.bodies
    FROM action AS a
    LEFT JOIN compartment AS c ON c.compartment_id = a.compartment_id
    WHERE {IN_SIGHT} AND a.id = $5
"""  # noqa: S608
HOLD_ACTION = f"""
    SELECT a.record_id, a.reference, a.compartment_id, a.due_on, a.colleague_id, a.colleague_name, a.outsider,
        a.service, a.state, a.version
    FROM action AS a
    WHERE {IN_SIGHT} AND a.id = $5
    FOR UPDATE
"""  # noqa: S608


async def find_compartment(db: Database, visitor: Visitor, action_id: UUID) -> Compartment | None:
    """Return the compartment of an action."""
    row = await db.fetchrow(FIND_COMPARTMENT, *_sight(visitor), action_id)
    return None if row is None else stored_compartment(row["compartment_id"], row["bodies"])


@dataclass(frozen=True, repr=False)
class HeldAction:
    """An action, locked until the transaction ends."""

    action_id: UUID
    record_id: UUID
    reference: str
    compartment_id: UUID
    due_on: date
    who: Who
    state: ActionState
    version: int


async def hold_action(db: Database, visitor: Visitor, action_id: UUID) -> HeldAction | None:
    row = await db.fetchrow(HOLD_ACTION, *_sight(visitor), action_id)
    if row is None:
        return None
    return HeldAction(
        action_id=action_id,
        record_id=row["record_id"],
        reference=row["reference"],
        compartment_id=row["compartment_id"],
        due_on=row["due_on"],
        who=Who(row["colleague_id"], row["colleague_name"], row["outsider"], row["service"]),
        state=row["state"],
        version=row["version"],
    )


CHANGE_ACTION = """
    UPDATE action
    SET due_on = $2, colleague_id = $3, colleague_name = $4, outsider = $5, service = $6, soon_told_for = $7,
        day_told_for = $8, version = version + 1
    WHERE id = $1
"""


async def change_action(db: Database, action_id: UUID, due_on: date, who: Who, told: Told) -> None:
    """Change when the action is due and who does it. A new owner or date is reminded of again."""
    values = (who.colleague_id, who.colleague, who.outsider, who.service, told.soon, told.on_the_day)
    await db.execute(CHANGE_ACTION, action_id, due_on, *values)


SET_STATE = """
    UPDATE action
    SET state = $2, result = coalesce($3, result), ended_at = $4, version = version + 1
    WHERE id = $1
"""


async def set_state(
    db: Database, action_id: UUID, state: ActionState, result: str | None = None, ended_at: datetime | None = None
) -> None:
    """Store what became of the action. Without a result the last one stays."""
    await db.execute(SET_STATE, action_id, state, result, ended_at)


COUNT_ENTRIES = "SELECT count(*) FROM action_entry WHERE action_id = $1"
ADD_ENTRY = """
    INSERT INTO action_entry (
        action_id, kind, text, contacted_on, contacted_by, due_before, due_after, who_before, who_after, written_by,
        written_by_name
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def count_entries(db: Database, action_id: UUID) -> int:
    found: int = await db.fetchval(COUNT_ENTRIES, action_id)
    return found


@dataclass(frozen=True, repr=False)
class NewEntry:
    """A line to be added to the log of an action."""

    kind: EntryKind
    text: str = ""
    contacted_on: date | None = None
    contacted_by: ContactWay | None = None
    due: tuple[date | None, date | None] = (None, None)
    who: tuple[str, str] = ("", "")


async def add_entry(db: Database, visitor: Visitor, action_id: UUID, entry: NewEntry) -> None:
    await db.execute(
        ADD_ENTRY,
        action_id,
        entry.kind,
        entry.text,
        entry.contacted_on,
        entry.contacted_by,
        *entry.due,
        *entry.who,
        visitor.user_id,
        visitor.full_name,
    )
