"""Single addresses that may register although their domain is not accepted."""

from uuid import UUID

from shared.contracts.addresses import AllowedAddress
from shared.database import Database

LIST = """
    SELECT email, assigned_at FROM allowed_address
    WHERE register_code = $1 AND ($2 = '' OR strpos(email, lower($2)) > 0)
    ORDER BY assigned_at DESC, email
    LIMIT $3
"""
ASSIGN = """
    INSERT INTO allowed_address (register_code, email, assigned_by) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
    RETURNING email
"""
TAKE_BACK = "DELETE FROM allowed_address WHERE register_code = $1 AND email = $2 RETURNING email"


async def list_allowed(db: Database, register_code: str, search: str, most: int) -> list[AllowedAddress]:
    return [AllowedAddress(**row) for row in await db.fetch(LIST, register_code, search.strip(), most)]


async def assign(db: Database, register_code: str, email: str, assigned_by: UUID | None) -> bool:
    """Allow this address. Return False when it was allowed before."""
    return await db.fetchval(ASSIGN, register_code, email, assigned_by) is not None


async def take_back(db: Database, register_code: str, email: str) -> bool:
    return await db.fetchval(TAKE_BACK, register_code, email) is not None
