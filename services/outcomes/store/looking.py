"""The queries of who looked at a record's outcomes, tasks and meetings."""

from shared.contracts.looks import Looks, LooksAsked
from shared.database import Database
from shared.looking import looks_from
from shared.registers.bodies import Compartment

READ_LOOKS = """
    SELECT looked_at, row_id, actor, action, among
    FROM read_looks($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND_LOOKERS = "SELECT find_lookers($1, $2, $3)"


async def read_looks(db: Database, asked: LooksAsked, compartment: Compartment) -> Looks:
    """Return the rows of the audit about a record that lies in this compartment, in the visitor's context."""
    return await looks_from(db, asked, compartment, READ_LOOKS, FIND_LOOKERS)
