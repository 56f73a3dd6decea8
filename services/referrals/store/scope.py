"""The visitor as the schema knows them: a parameter of its functions, and the filter of other queries."""

from dataclasses import dataclass
from uuid import UUID

from shared.permissions import Visitor


@dataclass(frozen=True, repr=False)
class Scope:
    """The visitor. The SQL functions set the same context from it as `shared.database.transaction` does."""

    user_id: UUID
    full_name: str
    session_id: UUID
    register_code: str
    role: str
    organisation_ids: tuple[UUID, ...]
    own_records_only: bool


def scope_of(visitor: Visitor) -> Scope:
    return Scope(
        user_id=visitor.user_id,
        full_name=visitor.full_name,
        session_id=visitor.session_id,
        register_code=visitor.register_code,
        role=visitor.role.value if visitor.role else "",
        organisation_ids=visitor.organisation_ids,
        own_records_only=visitor.own_records_only,
    )


def in_scope(record: str = "r") -> str:
    """Return the filter of a query whose first parameters are the visitor's register and organisations."""
    return f"{record}.register_code = $1 AND {record}.organisation_id = ANY($2)"
