"""The compartments that a visitor may reach, and the one in which a record lies."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from shared.bodies import ORGANISATION, Compartment, compartment_of, organisation_compartment
from shared.database import Database, DatabasePool
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer

FIND_REACHED = "SELECT compartment_id FROM compartment WHERE register_code = $1 AND bodies && $2::text[]"
ADD_COMPARTMENT = """
    INSERT INTO compartment (compartment_id, register_code, bodies) VALUES ($1, $2, $3)
    ON CONFLICT (compartment_id) DO NOTHING
"""


def compartment_for(register: Definition, answers: Mapping[str, Answer], organisation_id: UUID) -> Compartment:
    """Return the compartment of a record with these answers, which an organisation submitted."""
    if register.scope is None:
        return organisation_compartment(organisation_id)
    named = ((register.form.by_name[name], answers.get(name)) for name in register.scope.by)
    return compartment_of(register.code, (f"{question.body_list}:{code}" for question, code in named if code))


async def find_reached(pool: DatabasePool, register_code: str, bodies: Iterable[str]) -> tuple[UUID, ...]:
    """Return the compartments of a register that hold at least one of these bodies."""
    return tuple(row["compartment_id"] for row in await pool.fetch(FIND_REACHED, register_code, tuple(bodies)))


async def add_compartment(db: "DatabasePool | Database", register_code: str, compartment: Compartment) -> None:
    """Store a compartment of bodies, if it is new. One of an organisation needs no row."""
    if not compartment.bodies[0].startswith(ORGANISATION):
        await db.execute(ADD_COMPARTMENT, compartment.compartment_id, register_code, compartment.bodies)


def within(visitor: Visitor, compartment: Compartment) -> bool:
    """Check whether a visitor may reach a compartment, also one that was not stored when their request began."""
    return (
        visitor.all_compartments
        or compartment.compartment_id in visitor.compartment_ids
        or not frozenset(compartment.bodies).isdisjoint(visitor.bodies)
    )
