"""The queries of who looked at a record."""

from dataclasses import dataclass
from uuid import UUID

from services.referrals.store.scope import bodies_column, bodies_of, in_sight, sight_parameters
from shared.contracts.looks import Looks, LooksAsked
from shared.database import Database
from shared.looking import looks_from
from shared.permissions import Visitor
from shared.registers.bodies import Compartment

FIND_LOOKED_AT = f"""
    SELECT is_open, reference, given_name || ' ' || family_name AS name, organisation_id, {bodies_column()}
    FROM record
    WHERE {in_sight("record")} AND id = $4
"""  # noqa: S608  a column and a condition of ours


@dataclass(frozen=True, repr=False)
class LookedAt:
    """A record that the visitor may see, and who may see it."""

    is_open: bool
    reference: str
    name: str
    bodies: tuple[str, ...]


async def find_looked_at(db: Database, visitor: Visitor, record_id: UUID) -> LookedAt | None:
    row = await db.fetchrow(FIND_LOOKED_AT, *sight_parameters(visitor), record_id)
    return None if row is None else LookedAt(row["is_open"], row["reference"], row["name"], bodies_of(row))


READ_LOOKS = """
    SELECT looked_at, row_id, actor, action, among
    FROM read_looks($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND_LOOKERS = "SELECT find_lookers($1, $2, $3)"


async def read_looks(db: Database, asked: LooksAsked, compartment: Compartment) -> Looks:
    """Return the rows of the audit about a record that lies in this compartment, in the visitor's context."""
    return await looks_from(db, asked, compartment, READ_LOOKS, FIND_LOOKERS)
