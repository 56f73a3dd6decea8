"""The accounts of a register and their access to it, as their administrators see them."""

from uuid import UUID

from asyncpg import Record

from services.identity.rules.users import Asker
from services.identity.store.spelling import IN_ORDER, MATCHES, search_parameters
from shared.accounts import UserState
from shared.contracts.users import GrantedAccess, UserShown
from shared.database import Database
from shared.permissions import AccountGrant, Role

# Changes run one at a time: two users closing accounts in parallel could leave a register without an administrator.
QUEUE_UP = "SELECT pg_advisory_xact_lock(hashtextextended('manage_users', 0))"
STATE = """
    CASE
        WHEN account.status = 'disabled' THEN 'deactivated'
        WHEN account.status IN ('locked', 'locked_to_strangers') THEN 'locked'
        WHEN account.password_hash IS NULL THEN 'invited'
        ELSE 'active'
    END
"""
ORGANISATIONS = """
    ARRAY(
        SELECT each.organisation_id FROM register_grant_organisation AS each
        WHERE each.account_id = held.account_id AND each.register_code = held.register_code
        ORDER BY each.organisation_id
    ) AS organisation_ids
"""
USERS = f"""
    SELECT
        account.account_id AS user_id, account.first_name, account.last_name, account.email, account.created_at,
        account.logged_in_at,
        {STATE} AS state,
        account.temporary_used_at IS NOT NULL OR coalesce(account.temporary_expires_at < clock_timestamp(), true)
            AS unwelcomed,
        EXISTS (
            SELECT FROM register_grant AS other
            WHERE other.account_id = held.account_id AND other.register_code <> held.register_code
        ) AS elsewhere,
        EXISTS (SELECT FROM app WHERE app.account_id = account.account_id) AS has_app,
        held.role, held.all_organisations, held.home_organisation_id, held.grants, held.version, {ORGANISATIONS}
    FROM account
    JOIN register_grant AS held ON held.account_id = account.account_id AND held.register_code = $1
"""  # noqa: S608 - constants alone
FIND_USER = f"{USERS} WHERE account.account_id = $2"
HOLD_USER = f"{FIND_USER} FOR NO KEY UPDATE OF account"
LIST_USERS = f"""
    {USERS}
    WHERE ({IN_ORDER}, account.account_id) > ($2, $3)
        AND ({MATCHES.format(search="$4", each="$5", joined="$6")} OR strpos(account.email, lower($4)) > 0)
        AND ($7::text IS NULL OR {STATE} = $7)
"""
BY_NAME = f"ORDER BY {IN_ORDER}, account.account_id LIMIT $8"
LIST_EVERYBODY = f"{LIST_USERS} {BY_NAME}"
# The query starts from the visitor's few organisations, so that a small one does not search all accounts of a county.
LIST_REACHED = f"""
    {LIST_USERS}
        AND NOT held.all_organisations
        AND account.account_id IN (
            SELECT each.account_id FROM register_grant_organisation AS each
            WHERE each.register_code = $1 AND each.organisation_id = ANY($9::uuid[])
        )
        AND NOT EXISTS (
            SELECT FROM register_grant_organisation AS each
            WHERE each.account_id = held.account_id AND each.register_code = $1
                AND each.organisation_id <> ALL($9::uuid[])
        )
    {BY_NAME}
"""  # noqa: S608
PLACE_OF = f"SELECT {IN_ORDER} AS name, account_id FROM account WHERE account_id = $1"  # noqa: S608
FIND_ASKER = f"""
    SELECT
        account.account_id, account.first_name || ' ' || account.last_name AS full_name, account.master_admin,
        held.role, coalesce(held.all_organisations, false) AS all_organisations,
        coalesce(held.grants, '{{}}') AS grants, {ORGANISATIONS}
    FROM account
    LEFT JOIN register_grant AS held ON held.account_id = account.account_id AND held.register_code = $2
    WHERE account.account_id = $1 AND account.status IN ('active', 'locked_to_strangers')
"""  # noqa: S608
CHANGE_GRANT = """
    UPDATE register_grant
    SET role = $3, all_organisations = $4, home_organisation_id = $5, grants = $6, version = version + 1
    WHERE account_id = $1 AND register_code = $2
"""
DROP_ORGANISATIONS = "DELETE FROM register_grant_organisation WHERE account_id = $1 AND register_code = $2"
DROP_GRANT = "DELETE FROM register_grant WHERE account_id = $1 AND register_code = $2"
HAS_ADMINISTRATOR = """
    SELECT EXISTS (
        SELECT FROM register_grant AS held
        JOIN account ON account.account_id = held.account_id
        WHERE held.register_code = $1 AND held.role = 'administrator' AND account.status <> 'disabled'
    )
"""
IS_LAST = """
    SELECT EXISTS (
        SELECT FROM register_grant AS held
        WHERE held.account_id = $1 AND ($2::text IS NULL OR held.register_code = $2)
            AND held.role = 'administrator' AND held.all_organisations
            AND NOT EXISTS (
                SELECT FROM register_grant AS other
                JOIN account ON account.account_id = other.account_id
                WHERE other.register_code = held.register_code AND other.account_id <> held.account_id
                    AND other.role = 'administrator' AND other.all_organisations AND account.status <> 'disabled'
            )
    )
"""
FIND_MASTER_ADMINS = """
    SELECT email, first_name FROM account
    WHERE master_admin AND status IN ('active', 'locked_to_strangers')
    ORDER BY account_id
"""

WAS_REMOVED = "SELECT was_removed($1, $2)"

Place = tuple[str, UUID]
BEFORE_ALL: Place = ("", UUID(int=0))


async def queue_up(db: Database) -> None:
    """Take the lock for managing accounts, and hold it until this transaction ends."""
    await db.execute(QUEUE_UP)


async def find_asker(db: Database, user_id: UUID, register_code: str) -> Asker | None:
    """Return the asker with their current rights. Return None when they have no role here any more."""
    row = await db.fetchrow(FIND_ASKER, user_id, register_code)
    if row is None or not (row["master_admin"] or row["role"]):
        return None
    role = Role.MASTER_ADMIN if row["master_admin"] else Role(row["role"])
    organisations, grants = frozenset(row["organisation_ids"]), _grants(row)
    return Asker(row["account_id"], row["full_name"], role, row["all_organisations"], organisations, grants)


async def find_user(db: Database, register_code: str, user_id: UUID) -> UserShown | None:
    row = await db.fetchrow(FIND_USER, register_code, user_id)
    return None if row is None else _user(row)


async def hold_user(db: Database, register_code: str, user_id: UUID) -> UserShown | None:
    """Return the user, locked until this transaction ends."""
    row = await db.fetchrow(HOLD_USER, register_code, user_id)
    return None if row is None else _user(row)


async def list_users(
    db: Database, asker: Asker, register_code: str, search: str, state: UserState | None, after: Place, most: int
) -> list[UserShown]:
    wanted = (register_code, *after, *search_parameters(search), state, most)
    if asker.is_master or asker.all_organisations:
        rows = await db.fetch(LIST_EVERYBODY, *wanted)
    else:
        rows = await db.fetch(LIST_REACHED, *wanted, asker.organisation_ids)
    return [_user(row) for row in rows]


async def place_of(db: Database, user_id: UUID | None) -> Place:
    """Return the user's position in the list by name. Without a user, return the position before the first."""
    row = await db.fetchrow(PLACE_OF, user_id) if user_id else None
    return (row["name"], row["account_id"]) if row else BEFORE_ALL


def _grants(row: Record) -> tuple[AccountGrant, ...]:
    return tuple(map(AccountGrant, row["grants"]))


def _user(row: Record) -> UserShown:
    access = GrantedAccess(
        role=Role(row["role"]),
        all_organisations=row["all_organisations"],
        organisation_ids=tuple(row["organisation_ids"]),
        home_organisation_id=row["home_organisation_id"],
        grants=_grants(row),
    )
    return UserShown(
        user_id=row["user_id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        email=row["email"],
        state=UserState(row["state"]),
        unwelcomed=row["unwelcomed"],
        elsewhere=row["elsewhere"],
        access=access,
        version=row["version"],
        joined_at=row["created_at"],
        logged_in_at=row["logged_in_at"],
        has_app=row["has_app"],
    )


async def change_grant(db: Database, user_id: UUID, register_code: str, access: GrantedAccess) -> None:
    """Replace the role, home organisation and grants, and remove all organisations. The caller adds the new ones."""
    values = (access.role, access.all_organisations, access.home_organisation_id, access.grants)
    await db.execute(CHANGE_GRANT, user_id, register_code, *values)
    await db.execute(DROP_ORGANISATIONS, user_id, register_code)


async def drop_grant(db: Database, user_id: UUID, register_code: str) -> None:
    await db.execute(DROP_GRANT, user_id, register_code)


async def was_removed(db: Database, user_id: UUID, register_code: str) -> bool:
    """Return whether an administrator has ever taken the user's role in this register away."""
    return bool(await db.fetchval(WAS_REMOVED, user_id, register_code))


async def has_administrator(db: Database, register_code: str) -> bool:
    return bool(await db.fetchval(HAS_ADMINISTRATOR, register_code))


async def is_last_administrator(db: Database, user_id: UUID, register_code: str | None) -> bool:
    """
    Check whether the user is a register's only administrator with all organisations.

    `register_code` None: check every register that the account serves.
    """
    return bool(await db.fetchval(IS_LAST, user_id, register_code))


async def find_master_admins(db: Database) -> list[tuple[str, str]]:
    """Return the address and first name of each master admin who can still log in."""
    return [(row["email"], row["first_name"]) for row in await db.fetch(FIND_MASTER_ADMINS)]
