"""The queries on outcomes that end their record: found, taken, settled, and marked as reversed."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from asyncpg import Record

from services.outcomes.store.compartments import stored_compartment
from services.outcomes.store.feed import ANSWERS
from shared.contracts.referrals.answers import Answers
from shared.database import Database
from shared.registers.bodies import Compartment

MARK_REVERSED = "SELECT mark_reversed($1, $2)"


async def mark_reversed(db: Database, record_id: UUID, version: int) -> None:
    """
    Mark as reversed the outcomes that archived an earlier version. The record is active with this version.

    Call this while the record is locked, so that another outcome may archive it again.
    """
    await db.execute(MARK_REVERSED, record_id, version)


FIND_ENDING_STATE = """
    SELECT state
    FROM outcome
    WHERE record_id = $1 AND ending AND state IN ('pending', 'saved') AND reversed_at IS NULL
"""


async def find_ending_state(db: Database, record_id: UUID) -> str | None:
    """Return the state of the outcome that ends the record or is about to, or None if there is none."""
    state: str | None = await db.fetchval(FIND_ENDING_STATE, record_id)
    return state


@dataclass(frozen=True)
class Ending:
    """An outcome that ends its record, by ids, and why the record ends."""

    outcome_id: UUID
    register_code: str
    record_id: UUID
    record_version: int
    compartment: Compartment
    recorded_by: UUID
    leaving: Answers = field(default_factory=dict, repr=False)


FIND_ENDING = """
    SELECT o.id AS outcome_id, o.register_code, o.record_id, o.record_version, o.compartment_id, c.bodies,
        o.recorded_by, o.leaving, o.state, o.refusal
    FROM outcome AS o
    LEFT JOIN compartment AS c ON c.compartment_id = o.compartment_id
    WHERE o.id = $1 AND o.ending
"""


@dataclass(frozen=True)
class PendingOutcome:
    """The state of an outcome that ends its record. `refusal` is set if it does not count."""

    ending: Ending
    saved: bool
    refusal: str | None


async def find_ending(db: Database, outcome_id: UUID) -> PendingOutcome | None:
    row = await db.fetchrow(FIND_ENDING, outcome_id)
    return None if row is None else PendingOutcome(_ending(row), row["state"] == "saved", row["refusal"])


def _ending(row: Record) -> Ending:
    return Ending(
        outcome_id=row["outcome_id"],
        register_code=row["register_code"],
        record_id=row["record_id"],
        record_version=row["record_version"],
        compartment=stored_compartment(row["compartment_id"], row["bodies"]),
        recorded_by=row["recorded_by"],
        leaving=ANSWERS.validate_json(row["leaving"] or "{}"),
    )


TAKE_PENDING = """
    SELECT p.outcome_id, p.register_code, p.record_id, p.record_version, p.compartment_id, c.bodies, p.recorded_by,
        leaving_of(p.outcome_id) AS leaving
    FROM take_pending($1) AS p
    LEFT JOIN compartment AS c ON c.compartment_id = p.compartment_id
"""


async def take_pending(db: Database, most: int) -> list[Ending]:
    """
    Take outcomes of any compartment that have waited for ten seconds. No other replica gets them for the next ten.
    """
    return [_ending(row) for row in await db.fetch(TAKE_PENDING, most)]


SETTLE = "SELECT settle_ending($1, $2, $3)"


async def settle(
    db: Database, outcome_id: UUID, state: Literal["saved", "refused", "given_up"], refusal: str | None = None
) -> bool:
    """Settle a pending outcome. Return False if it was settled before."""
    was_pending: bool = await db.fetchval(SETTLE, outcome_id, state, refusal)
    return was_pending
