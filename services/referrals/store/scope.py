"""Conditions and columns that several queries share: the visitor's scope, and the bodies of a record's compartment."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from shared.database import reach_of
from shared.permissions import Visitor
from shared.registers.bodies import organisation_compartment


def in_scope(record: str = "r") -> str:
    """Return the filter of a query whose first parameters are those of `scope_parameters`."""
    return f"{record}.register_code = $1 AND ($2::uuid[] IS NULL OR {record}.compartment_id = ANY($2))"


def scope_parameters(visitor: Visitor) -> tuple[str, Sequence[UUID] | None]:
    return visitor.register_code, reach_of(visitor)


def in_sight(record: str = "r") -> str:
    """
    Return the filter of a query whose first parameters are those of `sight_parameters`.

    It also leaves out the records of others, for a user who sees only those that they made, hold or cover.
    """
    own = f"{record}.created_by = $3 OR {record}.id = ANY((SELECT held_ids())::uuid[])"
    return f"{in_scope(record)} AND ($3::uuid IS NULL OR {own})"


def sight_parameters(visitor: Visitor) -> tuple[str, Sequence[UUID] | None, UUID | None]:
    return (*scope_parameters(visitor), visitor.user_id if visitor.own_records_only else None)


def bodies_column() -> str:
    """Return the column with the bodies of a record's compartment; null in a register without a scope of bodies."""
    return "(SELECT c.bodies FROM compartment AS c WHERE c.compartment_id = record.compartment_id) AS bodies"


def bodies_of(row: Record) -> tuple[str, ...]:
    """Return the bodies of a row's compartment. Without stored ones it is that of the row's organisation."""
    return tuple(row["bodies"] or organisation_compartment(row["organisation_id"]).bodies)
