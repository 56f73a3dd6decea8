"""The part of a register that a dashboard or report covers: all that the visitor reaches, or what holds a body."""

from collections.abc import Sequence
from uuid import UUID

from services.reports.context import ReportsContext
from services.reports.rules.bodies import organisations_named
from services.reports.store import compartments
from shared.database import Database, reach_of
from shared.messages import Refused
from shared.permissions import Visitor


async def find_covered(
    db: Database, context: ReportsContext, visitor: Visitor, bodies: Sequence[str]
) -> tuple[UUID, ...] | None:
    """
    Return the compartments that hold all of these bodies; None for the whole register.

    Refused as `not_found` for a body that the visitor may not choose.
    """
    if not bodies:
        return reach_of(visitor)
    if not context.registers.is_scoped_by_bodies(visitor.register_code):
        return organisations_named(visitor, bodies)
    if not frozenset(bodies) <= await compartments.find_bodies(db, visitor):
        raise Refused("not_found")
    return await compartments.find_holding(db, visitor, bodies)
