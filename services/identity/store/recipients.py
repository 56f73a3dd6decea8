"""
The addresses of people who get mail about a record. Locked or disabled accounts, and those without a role, get none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from shared.database import Database
from shared.registers.bodies import ORGANISATION

MOST = 50

REACHES = """
    (
        held.all_organisations
        OR EXISTS (
            SELECT FROM register_grant_organisation AS mine
            JOIN organisation AS each ON each.organisation_id = mine.organisation_id
            WHERE mine.account_id = held.account_id AND mine.register_code = $1
                AND (each.organisation_id = ANY($2) OR each.bodies && $3::text[])
        )
    )
"""
FIND_ADMINISTRATORS = f"""
    SELECT account.account_id, account.email
    FROM register_grant AS held
    JOIN account ON account.account_id = held.account_id
    WHERE held.register_code = $1 AND held.role = 'administrator'
        AND account.status IN ('active', 'locked_to_strangers')
        AND (
            cardinality($2::uuid[]) = 0
            OR EXISTS (
                SELECT FROM organisation AS each WHERE each.register_code = $1 AND each.organisation_id = ANY($2)
            )
        )
        AND {REACHES}
    ORDER BY held.all_organisations, account.created_at, account.account_id
    LIMIT $4
"""  # noqa: S608 - constants alone
FIND_USER = f"""
    SELECT account.account_id, account.email
    FROM account
    JOIN register_grant AS held ON held.account_id = account.account_id AND held.register_code = $1
    WHERE account.account_id = $4 AND account.status IN ('active', 'locked_to_strangers') AND ($5 OR {REACHES})
"""  # noqa: S608


@dataclass(frozen=True)
class Addressee:
    """An account and the address of its mail."""

    account_id: UUID
    email: str = field(repr=False)


async def find_administrators(db: Database, register_code: str, bodies: Iterable[str]) -> list[Addressee]:
    """
    Return administrators who reach one of these bodies, each once, at most `MOST`.

    Those of single organisations come first. An organisation that is not the register's has no administrators.
    """
    rows = await db.fetch(FIND_ADMINISTRATORS, register_code, *_reached_by(bodies), MOST)
    return [Addressee(**row) for row in rows]


async def find_user(
    db: Database, register_code: str, bodies: Iterable[str], account_id: UUID, *, anywhere: bool = False
) -> Addressee | None:
    """Return the user, if they reach one of these bodies, or have any role in the register (`anywhere`)."""
    row = await db.fetchrow(FIND_USER, register_code, *_reached_by(bodies), account_id, anywhere)
    return None if row is None else Addressee(**row)


def _reached_by(bodies: Iterable[str]) -> tuple[list[UUID], tuple[str, ...]]:
    """Return the organisations among these bodies, and all of the bodies."""
    named = tuple(bodies)
    return [UUID(hex=each.removeprefix(ORGANISATION)) for each in named if each.startswith(ORGANISATION)], named
