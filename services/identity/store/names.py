"""The names that accounts had before."""

from uuid import UUID

from shared.contracts.users import FormerName
from shared.database import Database

KEEP = "INSERT INTO former_name (account_id, first_name, last_name, changed_by) VALUES ($1, $2, $3, $4)"
FIND = """
    SELECT first_name || ' ' || last_name AS full_name, until
    FROM former_name
    WHERE account_id = $1
    ORDER BY until DESC
    LIMIT 10
"""


async def keep(db: Database, user_id: UUID, name: tuple[str, str], changed_by: UUID) -> None:
    """Keep the name that the account had until now."""
    await db.execute(KEEP, user_id, *name, changed_by)


async def find_former(db: Database, user_id: UUID) -> tuple[FormerName, ...]:
    """Return the latest of the names that the account had, newest first."""
    return tuple(FormerName(**row) for row in await db.fetch(FIND, user_id))
