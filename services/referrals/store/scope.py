"""The visitor as the one-trip functions of the schema take it."""

from typing import TypeAlias
from uuid import UUID

from shared.permissions import Visitor

Scope: TypeAlias = tuple[UUID, UUID, str, str, tuple[UUID, ...], bool]


def scope_of(visitor: Visitor) -> Scope:
    """Their first six arguments. They set the same context as `shared.database.transaction`."""
    role = visitor.role.value if visitor.role else ""
    return (
        visitor.user_id,
        visitor.session_id,
        visitor.register_code,
        role,
        visitor.organisation_ids,
        visitor.own_records_only,
    )
