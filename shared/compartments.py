"""The compartments that a service has stored: which ones hold a body, and adding one."""

from collections.abc import Iterable
from uuid import UUID

from shared.database import Database, DatabasePool
from shared.registers.bodies import ORGANISATION, Compartment

FIND_REACHED = "SELECT compartment_id FROM compartment WHERE register_code = $1 AND bodies && $2::text[]"
ADD_COMPARTMENT = """
    INSERT INTO compartment (compartment_id, register_code, bodies) VALUES ($1, $2, $3)
    ON CONFLICT (compartment_id) DO NOTHING
"""


async def find_reached(pool: DatabasePool, register_code: str, bodies: Iterable[str]) -> tuple[UUID, ...]:
    """Return the compartments of a register that hold at least one of these bodies."""
    return tuple(row["compartment_id"] for row in await pool.fetch(FIND_REACHED, register_code, tuple(bodies)))


async def add_compartment(db: "DatabasePool | Database", register_code: str, compartment: Compartment) -> None:
    """Store a compartment of bodies, if it is new. One of an organisation needs no row."""
    if not compartment.bodies[0].startswith(ORGANISATION):
        await db.execute(ADD_COMPARTMENT, compartment.compartment_id, register_code, compartment.bodies)
