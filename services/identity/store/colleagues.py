"""The people who work for an organisation."""

from collections.abc import Sequence
from uuid import UUID

from services.identity.store.spelling import IN_ORDER, MATCHES, search_parameters
from services.identity.store.users import STATE
from shared.contracts.identity import Colleague
from shared.database import DatabasePool

FIND_COLLEAGUES = f"""
    SELECT account.account_id AS user_id, account.first_name || ' ' || account.last_name AS full_name, account.email,
        held.home_organisation_id AS organisation_id, {STATE} AS state
    FROM register_grant AS held
    JOIN account ON account.account_id = held.account_id
    WHERE held.register_code = $1 AND held.role IN ('standard', 'administrator')
        AND account.status IN ('active', 'locked_to_strangers')
        AND (
            held.all_organisations
            OR EXISTS (
                SELECT FROM register_grant_organisation AS each
                WHERE each.account_id = held.account_id AND each.register_code = $1 AND each.organisation_id = ANY($2)
            )
        )
        AND {MATCHES.format(search="$3", each="$4", joined="$5")}
    ORDER BY {IN_ORDER}, account.account_id
    LIMIT $6
"""  # noqa: S608 - constants alone


async def find_colleagues(
    pool: DatabasePool, register_code: str, organisation_ids: Sequence[UUID], search: str, most: int
) -> tuple[Colleague, ...]:
    """Return the users with an open account who may take on work, by family name."""
    rows = await pool.fetch(FIND_COLLEAGUES, register_code, organisation_ids, *search_parameters(search), most)
    return tuple(Colleague(**row) for row in rows)
