"""The users whom an audit names by id."""

from collections.abc import Sequence
from uuid import UUID

from shared.contracts.looks import Looker
from shared.database import Database
from shared.permissions import Visitor

# A user with all organisations of the register belongs to those of everybody.
FIND_LOOKERS = """
    SELECT account.account_id AS user_id, held.home_organisation_id AS organisation_id,
        CASE WHEN $3 OR held.all_organisations OR account.account_id = $5 OR EXISTS (
            SELECT FROM register_grant_organisation AS each
            WHERE each.account_id = held.account_id AND each.register_code = $1 AND each.organisation_id = ANY($4)
        ) THEN account.first_name || ' ' || account.last_name ELSE '' END AS full_name
    FROM account
    JOIN register_grant AS held ON held.account_id = account.account_id AND held.register_code = $1
    WHERE account.account_id = ANY($2)
    ORDER BY full_name, user_id
"""


async def find_lookers(db: Database, visitor: Visitor, user_ids: Sequence[UUID]) -> tuple[Looker, ...]:
    """Return those who have a role in the register, or had one until their account was closed."""
    everything = (visitor.all_organisations, visitor.organisation_ids, visitor.user_id)
    rows = await db.fetch(FIND_LOOKERS, visitor.register_code, user_ids, *everything)
    return tuple(Looker(**row) for row in rows)
