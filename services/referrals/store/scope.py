"""The visitor as the schema knows them: a parameter of its functions, and the filter of other queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from shared.bodies import Compartment, organisation_compartment
from shared.permissions import Visitor

Reach = Sequence[UUID] | None


@dataclass(frozen=True, repr=False)
class Scope:
    """
    The visitor. The SQL functions set the same context from it as `shared.database.transaction` does.

    Without `compartment_ids` the visitor reaches every compartment of the register.
    """

    user_id: UUID
    full_name: str
    session_id: UUID
    register_code: str
    role: str
    compartment_ids: Reach
    own_records_only: bool


def scope_of(visitor: Visitor, entered: Compartment | None = None) -> Scope:
    """
    Return the visitor's scope, which holds a compartment that their record enters.

    The compartment may be new, and then was not found when the request began. Rules judge first whether the visitor
    reaches it.
    """
    reach = reach_of(visitor)
    if entered and reach is not None and entered.compartment_id not in reach:
        reach = (*reach, entered.compartment_id)
    return Scope(
        user_id=visitor.user_id,
        full_name=visitor.full_name,
        session_id=visitor.session_id,
        register_code=visitor.register_code,
        role=visitor.role.value if visitor.role else "",
        compartment_ids=reach,
        own_records_only=visitor.own_records_only,
    )


def reach_of(visitor: Visitor) -> Reach:
    """Return the compartments that the visitor reaches, or None for every compartment of the register."""
    return None if visitor.all_compartments else visitor.compartment_ids


def in_scope(record: str = "r") -> str:
    """Return the filter of a query whose first parameters are those of `scope_parameters`."""
    return f"{record}.register_code = $1 AND ($2::uuid[] IS NULL OR {record}.compartment_id = ANY($2))"


def scope_parameters(visitor: Visitor) -> tuple[str, Reach]:
    return visitor.register_code, reach_of(visitor)


def bodies_column() -> str:
    """Return the column with the bodies of a record's compartment; null in a register without a scope of bodies."""
    return "(SELECT c.bodies FROM compartment AS c WHERE c.compartment_id = record.compartment_id) AS bodies"


def bodies_of(row: Record) -> tuple[str, ...]:
    """Return the bodies of a row's compartment. Without stored ones it is that of the row's organisation."""
    return tuple(row["bodies"] or organisation_compartment(row["organisation_id"]).bodies)
