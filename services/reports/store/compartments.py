"""Queries of compartments: the bodies that occur in those of a visitor, and the compartments that hold a body."""

from collections.abc import Collection
from uuid import UUID

from shared.database import Database
from shared.permissions import Visitor

FIND_BODIES = "SELECT DISTINCT unnest(bodies) AS body FROM compartment WHERE register_code = $1"
FIND_HOLDING = "SELECT compartment_id FROM compartment WHERE register_code = $1 AND bodies @> $2::text []"


async def find_bodies(db: Database, visitor: Visitor) -> frozenset[str]:
    """Return the bodies of the compartments that the visitor reaches."""
    if visitor.all_compartments:
        rows = await db.fetch(FIND_BODIES, visitor.register_code)
    else:
        rows = await db.fetch(
            f"{FIND_BODIES} AND compartment_id = ANY($2)", visitor.register_code, visitor.compartment_ids
        )
    return frozenset(row["body"] for row in rows)


async def find_holding(db: Database, visitor: Visitor, bodies: Collection[str]) -> tuple[UUID, ...]:
    """Return those of the visitor's compartments that hold all of these bodies."""
    rows = await db.fetch(FIND_HOLDING, visitor.register_code, tuple(bodies))
    reached = None if visitor.all_compartments else frozenset(visitor.compartment_ids)
    return tuple(row["compartment_id"] for row in rows if reached is None or row["compartment_id"] in reached)
