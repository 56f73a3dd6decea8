"""What identity stores about registers: their organisations, who may register, and grants."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from services.identity.rules.registration import RegistrationRule
from shared.contracts.identity import Organisation
from shared.database import Database, DatabasePool
from shared.permissions import AccountGrant, Role
from shared.values import fold

LIST = """
    SELECT organisation_id, name, domain, bodies
    FROM organisation
    WHERE register_code = $1
"""
FIND_BY_DOMAIN = "SELECT domain, organisation_id FROM organisation WHERE register_code = $1"
FIND_BODIES = "SELECT domain, bodies FROM organisation WHERE register_code = $1"
SET_BODIES = """
    UPDATE organisation SET bodies = $3 WHERE register_code = $1 AND domain = $2
    RETURNING organisation_id
"""
ADD = """
    INSERT INTO organisation (organisation_id, register_code, name, domain)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
FIND_ACCESS = "SELECT self_registration, accepted_domains FROM register_access WHERE register_code = $1"
IS_ASSIGNED = "SELECT EXISTS (SELECT FROM allowed_address WHERE register_code = $1 AND email = $2)"
GIVE_GRANT = """
    INSERT INTO register_grant (account_id, register_code, role, all_organisations, home_organisation_id, grants)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_TO_GRANT = """
    INSERT INTO register_grant_organisation (account_id, register_code, organisation_id)
    SELECT $1, $2, granted FROM unnest($3::uuid[]) AS granted
    ON CONFLICT DO NOTHING
"""
NAMES_OF_ACCOUNT = """
    SELECT organisation.name
    FROM register_grant
    JOIN organisation ON organisation.register_code = register_grant.register_code
    WHERE register_grant.account_id = $1
        AND (
            register_grant.all_organisations
            OR organisation.organisation_id = register_grant.home_organisation_id
            OR organisation.organisation_id IN (
                SELECT held.organisation_id FROM register_grant_organisation AS held
                WHERE held.account_id = $1 AND held.register_code = register_grant.register_code
            )
        )
"""


@dataclass(frozen=True)
class NewGrant:
    """The access of an account to one register. The home organisation is always one of its organisations."""

    register_code: str
    role: Role
    all_organisations: bool = False
    home_organisation_id: UUID | None = None
    organisation_ids: tuple[UUID, ...] = ()
    grants: tuple[AccountGrant, ...] = ()


async def find_all(pool: DatabasePool, register_code: str) -> tuple[Organisation, ...]:
    """Return the organisations of a register by name."""
    found = (Organisation(**row) for row in await pool.fetch(LIST, register_code))
    return tuple(sorted(found, key=lambda each: (fold(each.name), each.name)))


async def find_by_domain(db: Database, register_code: str) -> dict[str, UUID]:
    return {row["domain"]: row["organisation_id"] for row in await db.fetch(FIND_BY_DOMAIN, register_code)}


async def find_bodies(db: Database, register_code: str) -> dict[str, tuple[str, ...]]:
    """Return the bodies that each organisation of a register acts for, by the organisation's domain."""
    return {row["domain"]: tuple(row["bodies"]) for row in await db.fetch(FIND_BODIES, register_code)}


async def set_bodies(db: Database, register_code: str, domain: str, bodies: tuple[str, ...]) -> UUID:
    """Store the bodies that a known organisation acts for, and return its id."""
    organisation_id: UUID = await db.fetchval(SET_BODIES, register_code, domain, bodies)
    return organisation_id


async def add(db: Database, register_code: str, rows: Iterable[tuple[UUID, str, str]]) -> None:
    """Add the organisations (id, name, domain) whose name and domain the register does not have yet."""
    await db.executemany(ADD, [(row[0], register_code, row[1], row[2].lower()) for row in rows])


async def find_access(db: Database, register_code: str) -> RegistrationRule | None:
    """Return what administrators decided on who may register. None: the register's definition applies."""
    row = await db.fetchrow(FIND_ACCESS, register_code)
    return None if row is None else RegistrationRule(row["self_registration"], tuple(row["accepted_domains"]))


async def is_assigned(db: Database, register_code: str, email: str) -> bool:
    return bool(await db.fetchval(IS_ASSIGNED, register_code, email))


async def give_grant(db: Database, account_id: UUID, grant: NewGrant) -> None:
    home = grant.home_organisation_id
    values = (grant.role, grant.all_organisations, home, grant.grants)
    await db.execute(GIVE_GRANT, account_id, grant.register_code, *values)
    await add_to_grant(db, account_id, grant.register_code, {*grant.organisation_ids, *([home] if home else [])})


async def add_to_grant(db: Database, account_id: UUID, register_code: str, organisation_ids: Collection[UUID]) -> None:
    await db.execute(ADD_TO_GRANT, account_id, register_code, organisation_ids)


async def names_of_account(db: Database, account_id: UUID) -> tuple[str, ...]:
    """Return the names of the organisations that a person is known to work for."""
    return tuple(row["name"] for row in await db.fetch(NAMES_OF_ACCOUNT, account_id))
