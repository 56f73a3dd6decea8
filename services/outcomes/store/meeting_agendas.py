"""The queries on agendas: the people on them, by ids, in the visitor's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.meeting_rules import WantedAgenda
from services.outcomes.store.compartments import stored_compartment
from services.outcomes.store.meetings import StoredMeeting
from services.outcomes.store.tasks import AgendaTask
from shared.contracts.meetings import Reason
from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.standing import RecordStanding
from shared.database import Database, as_json, reach_of
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of


@dataclass(frozen=True, repr=False)
class ListedItem:
    """A person on an agenda. `edition` and `decision` are those of done minutes; `interest` is the visitor's."""

    record_id: UUID
    compartment_id: UUID
    organisation_id: UUID | None
    reference: str
    urgency: Urgency
    because: Reason
    since: datetime | None
    is_done: bool
    version: int
    edition: str | None
    decision: str
    interest: bool


LIST_PLANNED = """
    SELECT f.record_id, coalesce(t.compartment_id, i.compartment_id, v.compartment_id) AS compartment_id,
        CASE
            WHEN c.compartment_id IS NULL THEN coalesce(t.compartment_id, i.compartment_id, v.compartment_id)
        END AS organisation_id,
        coalesce(t.reference, i.reference, v.reference) AS reference, f.urgency, f.because, f.since,
        false AS is_done, 0 AS version, NULL AS edition, '' AS decision, n.user_id IS NOT NULL AS interest
    FROM agenda_ids($1, $3) AS f
    LEFT JOIN task AS t
        ON t.id = f.task_id AND t.register_code = $2 AND ($3::uuid [] IS NULL OR t.compartment_id = ANY($3))
    LEFT JOIN meeting_item AS i
        ON i.meeting_id = f.source_id AND i.record_id = f.record_id AND i.register_code = $2
        AND ($3::uuid [] IS NULL OR i.compartment_id = ANY($3))
    LEFT JOIN agreed_review AS v
        ON v.record_id = f.record_id AND v.register_code = $2
        AND ($3::uuid [] IS NULL OR v.compartment_id = ANY($3))
    LEFT JOIN compartment AS c
        ON c.compartment_id = coalesce(t.compartment_id, i.compartment_id, v.compartment_id)
    LEFT JOIN meeting_interest AS n ON n.meeting_id = $4 AND n.record_id = f.record_id AND n.user_id = $5
    WHERE coalesce(t.record_id, i.record_id, v.record_id) IS NOT NULL
    ORDER BY f.place
"""
LIST_STORED = """
    SELECT i.record_id, i.compartment_id,
        CASE WHEN c.compartment_id IS NULL THEN i.compartment_id END AS organisation_id, i.reference, i.urgency,
        i.because, i.since, i.is_done, i.version, i.edition, i.decision,
        n.user_id IS NOT NULL AS interest
    FROM meeting_item AS i
    LEFT JOIN compartment AS c ON c.compartment_id = i.compartment_id
    LEFT JOIN meeting_interest AS n
        ON n.meeting_id = i.meeting_id AND n.record_id = i.record_id AND n.user_id = $4
    WHERE i.meeting_id = $1 AND i.register_code = $2 AND ($3::uuid [] IS NULL OR i.compartment_id = ANY($3))
    ORDER BY
        CASE i.urgency WHEN 'urgent' THEN 1 WHEN 'alert' THEN 2 ELSE 3 END, i.since, i.added_at, i.record_id
"""


async def list_planned(db: Database, visitor: Visitor, agenda: WantedAgenda) -> list[ListedItem]:
    """Return the people whom a planned meeting has on its agenda now."""
    reach = reach_of(visitor)
    rows = await db.fetch(
        LIST_PLANNED, as_json(agenda), visitor.register_code, reach, agenda.meeting_id, visitor.user_id
    )
    return [ListedItem(**dict(row)) for row in rows]


async def list_stored(db: Database, visitor: Visitor, meeting_id: UUID) -> list[ListedItem]:
    """Return the people on the agenda of a meeting that has started, or those added by hand to one that has not."""
    rows = await db.fetch(LIST_STORED, meeting_id, visitor.register_code, reach_of(visitor), visitor.user_id)
    return [ListedItem(**dict(row)) for row in rows]


LIST_PLACED = """
    SELECT (a.agenda ->> 'meeting_id')::uuid AS meeting_id, f.record_id
    FROM unnest($1::jsonb []) AS a (agenda)
    CROSS JOIN LATERAL agenda_ids(a.agenda, $2) AS f
"""
COUNT_STORED = """
    SELECT i.meeting_id, count(*) AS items, count(*) FILTER (WHERE i.is_done) AS done
    FROM meeting_item AS i
    WHERE i.meeting_id = ANY($1) AND i.register_code = $2 AND ($3::uuid [] IS NULL OR i.compartment_id = ANY($3))
    GROUP BY i.meeting_id
"""
COUNT_UNPLACED = """
    SELECT coalesce(t.locality, '') AS locality, count(*) AS found
    FROM task AS t
    WHERE t.register_code = $1 AND ($2::uuid [] IS NULL OR t.compartment_id = ANY($2))
        AND t.kind = 'agenda' AND t.closed_at IS NULL AND t.discussed_at IS NULL
        AND t.record_id NOT IN (SELECT p.record_id FROM unnest($3::uuid []) AS p (record_id))
        AND NOT EXISTS (
            SELECT FROM meeting_item AS i
            INNER JOIN meeting AS m ON m.id = i.meeting_id
            WHERE i.record_id = t.record_id AND m.state = 'in_progress' AND m.settled_at >= $4
        )
    GROUP BY 1
    ORDER BY 1
"""


@dataclass(frozen=True)
class ItemCounts:
    """How many people are on an agenda in the visitor's scope, and how many of them have done minutes."""

    items: int = 0
    done: int = 0


async def list_placed(db: Database, visitor: Visitor, agendas: Sequence[WantedAgenda]) -> list[tuple[UUID, UUID]]:
    """Return the ids of the people whom planned meetings have on their agendas, each after that of the meeting."""
    rows = await db.fetch(LIST_PLACED, [as_json(each) for each in agendas], reach_of(visitor))
    return [(row["meeting_id"], row["record_id"]) for row in rows]


async def count_stored(db: Database, visitor: Visitor, meeting_ids: Sequence[UUID]) -> dict[UUID, ItemCounts]:
    rows = await db.fetch(COUNT_STORED, meeting_ids, visitor.register_code, reach_of(visitor))
    return {row["meeting_id"]: ItemCounts(row["items"], row["done"]) for row in rows}


async def count_unplaced(db: Database, visitor: Visitor, placed: Sequence[UUID], today: datetime) -> dict[str, int]:
    """Return, by locality, how many ambers are not among these, and not at a meeting that started today."""
    rows = await db.fetch(COUNT_UNPLACED, visitor.register_code, reach_of(visitor), placed, today)
    return {row["locality"]: row["found"] for row in rows}


START = "SELECT start_meeting($1, $2, $3)"


async def start(db: Database, agenda: WantedAgenda, moment: datetime) -> None:
    """Store the agenda of a meeting that starts, for all compartments."""
    await db.execute(START, agenda.meeting_id, as_json(agenda), moment)


DISCUSS_ITEMS = """
    SELECT d.task_id, d.record_id, d.version, d.compartment_id, c.bodies
    FROM discuss_items($1, $2, $3, $4) AS d
    LEFT JOIN compartment AS c ON c.compartment_id = d.compartment_id
"""


async def discuss_items(
    db: Database, visitor: Visitor, meeting_id: UUID, moment: datetime
) -> list[tuple[UUID, AgendaTask]]:
    """Mark the agenda tasks of the done items as discussed, and return each with its id, of any compartment."""
    rows = await db.fetch(DISCUSS_ITEMS, meeting_id, moment, visitor.user_id, visitor.full_name)
    return [(row["task_id"], _task(row)) for row in rows]


def _task(row: Record) -> AgendaTask:
    compartment = stored_compartment(row["compartment_id"], row["bodies"])
    return AgendaTask(row["record_id"], row["version"], compartment, discussed=True, closed=False)


# -------------------------------------------------------------------------------------------------------------- by hand
ADD_ITEM = """
    INSERT INTO meeting_item (
        meeting_id, record_id, register_code, compartment_id, reference, locality, urgency, because, since, added_at
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, 'by_hand', $8, $9)
    ON CONFLICT DO NOTHING
    RETURNING record_id
"""


async def add_item(
    db: Database, visitor: Visitor, meeting: StoredMeeting, standing: RecordStanding, moment: datetime
) -> bool:
    """Add a person by hand. Return False if the agenda has a row about them already."""
    compartment_id = compartment_of(visitor.register_code, standing.bodies).compartment_id
    urgency = standing.urgency or "routine"
    since = None if urgency == "routine" else standing.rated_at
    locality = standing.locality or meeting.locality
    where = (meeting.meeting_id, standing.record_id, visitor.register_code, compartment_id)
    found = await db.fetchval(ADD_ITEM, *where, standing.reference, locality, urgency, since, moment)
    return found is not None


REMOVE_ITEM = """
    DELETE FROM meeting_item
    WHERE meeting_id = $1 AND record_id = $2 AND register_code = $3
        AND ($4::uuid [] IS NULL OR compartment_id = ANY($4)) AND because = 'by_hand' AND version = 0
"""


async def remove_item(db: Database, visitor: Visitor, meeting_id: UUID, record_id: UUID) -> None:
    await db.execute(REMOVE_ITEM, meeting_id, record_id, visitor.register_code, reach_of(visitor))


ADD_INTEREST = """
    INSERT INTO meeting_interest (meeting_id, record_id, user_id, register_code, compartment_id, declared_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
"""


async def add_interest(db: Database, visitor: Visitor, meeting_id: UUID, item: ListedItem, moment: datetime) -> None:
    who = (item.record_id, visitor.user_id, visitor.register_code, item.compartment_id)
    await db.execute(ADD_INTEREST, meeting_id, *who, moment)
