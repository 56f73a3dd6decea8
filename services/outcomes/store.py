"""Every query of the outcomes: recording and listing them, and what becomes of those that end their record."""

import json
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from shared.contracts.outcomes import FedOutcome, OutcomeFeedPage, OutcomeShown
from shared.contracts.referrals import Answers
from shared.database import Database
from shared.permissions import Visitor

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)

HOLD_RECORD = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.record.' || $1, 0))"


async def hold_record(db: Database, record_id: UUID) -> None:
    """Nobody else records an outcome on this record until the transaction ends."""
    await db.execute(HOLD_RECORD, record_id.hex)


MARK_REVERSED = "SELECT mark_reversed($1, $2)"


async def mark_reversed(db: Database, record_id: UUID, version: int) -> None:
    """
    The record was seen active with this version: what archived an earlier one has been reversed.

    To be called while the record is held, so that another outcome may archive it again.
    """
    await db.execute(MARK_REVERSED, record_id, version)


FIND_ENDING_STATE = """
    SELECT state
    FROM outcome
    WHERE record_id = $1 AND ending AND state IN ('pending', 'saved') AND reversed_at IS NULL
"""


async def find_ending_state(db: Database, record_id: UUID) -> str | None:
    """That of the outcome which ends the record, or is about to; None when there is none."""
    state: str | None = await db.fetchval(FIND_ENDING_STATE, record_id)
    return state


ADD_OUTCOME = """
    INSERT INTO outcome (
        id, register_code, edition, record_id, record_version, organisation_id, answers, recorded_by, recorded_by_name,
        ending, state
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


@dataclass(frozen=True, repr=False)
class NewOutcome:
    """An outcome that is not there yet. One that ends its record begins as pending."""

    outcome_id: UUID
    edition: str
    record_id: UUID
    record_version: int
    organisation_id: UUID
    answers: Answers
    ending: bool


async def add_outcome(db: Database, visitor: Visitor, outcome: NewOutcome) -> None:
    await db.execute(
        ADD_OUTCOME,
        outcome.outcome_id,
        visitor.register_code,
        outcome.edition,
        outcome.record_id,
        outcome.record_version,
        outcome.organisation_id,
        json.dumps(outcome.answers),
        visitor.user_id,
        visitor.full_name,
        outcome.ending,
        "pending" if outcome.ending else "saved",
    )


LIST_OUTCOMES = """
    SELECT c.recorded, c.being_archived, o.*
    FROM (
        SELECT
            count(*) FILTER (WHERE state = 'saved') AS recorded,
            coalesce(bool_or(state = 'pending'), false) AS being_archived
        FROM outcome
        WHERE record_id = $1 AND register_code = $2
    ) AS c
    LEFT JOIN (
        SELECT id, edition, answers, recorded_by_name, recorded_at, ending, state = 'saved' AS counted, record_version
        FROM outcome
        WHERE record_id = $1 AND register_code = $2 AND state IN ('saved', 'given_up')
        ORDER BY recorded_at DESC, id DESC
        OFFSET $3
        LIMIT $4
    ) AS o ON true
    ORDER BY o.recorded_at DESC, o.id DESC
"""


@dataclass(frozen=True, repr=False)
class Listed:
    """Outcomes with the record's version and the size of each, and the counts that hold for the same moment."""

    outcomes: list[OutcomeShown]
    versions: list[int]
    sizes: list[int]
    recorded: int
    being_archived: bool


async def list_outcomes(db: Database, register_code: str, record_id: UUID, skip: int, most: int) -> Listed:
    """In one statement, and so as they stood together. The counts come even where no outcome does."""
    rows = await db.fetch(LIST_OUTCOMES, record_id, register_code, skip, most)
    found = [row for row in rows if row["id"] is not None]
    return Listed(
        outcomes=[_shown(row) for row in found],
        versions=[row["record_version"] for row in found],
        sizes=[len(row["answers"].encode()) for row in found],
        recorded=rows[0]["recorded"],
        being_archived=rows[0]["being_archived"],
    )


def _shown(row: Record) -> OutcomeShown:
    return OutcomeShown(
        outcome_id=row["id"],
        edition=row["edition"],
        answers=ANSWERS.validate_json(row["answers"]),
        recorded_by=row["recorded_by_name"],
        recorded_at=row["recorded_at"],
        ending=row["ending"],
        counted=row["counted"],
    )


# --------------------------------------------------------------------------------------- outcomes that end their record
@dataclass(frozen=True)
class Ending:
    """An outcome that ends its record, by ids alone."""

    outcome_id: UUID
    register_code: str
    record_id: UUID
    record_version: int
    organisation_id: UUID
    recorded_by: UUID


FIND_ENDING = """
    SELECT id AS outcome_id, register_code, record_id, record_version, organisation_id, recorded_by, state, refusal
    FROM outcome
    WHERE id = $1 AND ending
"""


@dataclass(frozen=True)
class Standing:
    """How an ending outcome stands. `refusal` is there when it does not count."""

    ending: Ending
    saved: bool
    refusal: str | None


async def find_ending(db: Database, outcome_id: UUID) -> Standing | None:
    row = await db.fetchrow(FIND_ENDING, outcome_id)
    if row is None:
        return None
    fields = dict(row)
    state, refusal = fields.pop("state"), fields.pop("refusal")
    return Standing(Ending(**fields), state == "saved", refusal)


TAKE_PENDING = "SELECT * FROM take_pending($1)"


async def take_pending(db: Database, most: int) -> list[Ending]:
    """Endings that have waited for ten seconds, of any organisation; nobody else is given them for the next ten."""
    return [Ending(**dict(row)) for row in await db.fetch(TAKE_PENDING, most)]


SETTLE = "SELECT settle_ending($1, $2, $3)"


async def settle(
    db: Database, outcome_id: UUID, state: Literal["saved", "refused", "given_up"], refusal: str | None = None
) -> bool:
    """Say what became of a pending outcome; False when it was said before."""
    was_pending: bool = await db.fetchval(SETTLE, outcome_id, state, refusal)
    return was_pending


# ------------------------------------------------------------------------------------------------------------ the feed
ASSIGN_FEED = "SELECT assign_feed()"
READ_FEED = "SELECT * FROM read_feed($1, $2, $3)"


async def read_feed(db: Database, after: int, most: int, most_bytes: int) -> OutcomeFeedPage:
    """The outcomes that count, from behind a place on. To be called outside a transaction."""
    await db.execute(ASSIGN_FEED)
    rows = await db.fetch(READ_FEED, after, most, most_bytes)
    if not rows:
        return OutcomeFeedPage(outcomes=(), last=after, more=False)
    found: int = rows[0]["found"]
    return OutcomeFeedPage(
        outcomes=tuple(_fed(row) for row in rows),
        last=rows[-1]["sequence"],
        more=found == most or found > len(rows),
    )


def _fed(row: Record) -> FedOutcome:
    fields = dict(row)
    del fields["found"]
    return FedOutcome(**(fields | {"answers": ANSWERS.validate_json(row["answers"])}))
