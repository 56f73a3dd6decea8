"""Sessions: opened by a complete log-in, deleted when they end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from asyncpg import Record

from services.identity.store.apps import MUST_ADD_APP
from shared.database import Database, DatabasePool
from shared.permissions import Role

Method = Literal["password_pin", "password_totp"]

ORGANISATIONS_OF_GRANT = """
    CASE
        WHEN held.all_organisations THEN ARRAY(
            SELECT each.organisation_id FROM organisation AS each
            WHERE each.register_code = held.register_code ORDER BY each.organisation_id
        )
        ELSE ARRAY(
            SELECT each.organisation_id FROM register_grant_organisation AS each
            WHERE each.account_id = held.account_id AND each.register_code = held.register_code
            ORDER BY each.organisation_id
        )
    END AS organisation_ids
"""
# A user with every organisation needs no list of bodies.
BODIES_OF_GRANT = """
    ARRAY(
        SELECT DISTINCT named.body
        FROM register_grant_organisation AS mine
        JOIN organisation AS each ON each.organisation_id = mine.organisation_id
        CROSS JOIN unnest(each.bodies) AS named (body)
        WHERE mine.account_id = held.account_id AND mine.register_code = held.register_code
            AND NOT held.all_organisations
        ORDER BY named.body
    ) AS bodies
"""
FIND_SESSION = f"""
    SELECT
        session.session_id, session.method, session.must_change, session.ends_at,
        session.seen_at + $3::interval AS idle_ends_at,
        session.seen_at < clock_timestamp() - $4::interval AS is_stale,
        account.account_id, account.first_name, account.last_name, account.master_admin,
        held.role, held.home_organisation_id, coalesce(held.all_organisations, false) AS all_organisations,
        coalesce(held.grants, '{{}}') AS grants,
        {MUST_ADD_APP.format(names="$5")} AS must_add_app,
        {ORGANISATIONS_OF_GRANT},
        {BODIES_OF_GRANT},
        (
            SELECT count(*) FROM session AS other
            WHERE other.account_id = session.account_id AND other.session_id <> session.session_id
                AND other.ends_at > clock_timestamp() AND other.seen_at > clock_timestamp() - $3::interval
        ) AS other_sessions
    FROM session
    JOIN account ON account.account_id = session.account_id
    LEFT JOIN register_grant AS held ON held.account_id = session.account_id AND held.register_code = $2
    WHERE session.token_hash = $1
        AND session.ends_at > clock_timestamp()
        AND session.seen_at > clock_timestamp() - $3::interval
        AND account.status IN ('active', 'locked_to_strangers')
"""  # noqa: S608 - constants alone
FIND_GRANT = f"""
    SELECT
        account.account_id, account.first_name, account.last_name, account.master_admin,
        held.role, held.home_organisation_id, coalesce(held.all_organisations, false) AS all_organisations,
        coalesce(held.grants, '{{}}') AS grants,
        {ORGANISATIONS_OF_GRANT},
        {BODIES_OF_GRANT}
    FROM account
    LEFT JOIN register_grant AS held ON held.account_id = account.account_id AND held.register_code = $2
    WHERE account.account_id = $1 AND account.status IN ('active', 'locked_to_strangers')
"""  # noqa: S608
TOUCH = "UPDATE session SET seen_at = clock_timestamp() WHERE session_id = $1 RETURNING seen_at + $2::interval"
OPEN = """
    INSERT INTO session (session_id, token_hash, account_id, method, must_change, browser, address, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, least($8, clock_timestamp() + $9::interval))
"""
FIND_LIVE = """
    SELECT session_id, account_id, method, must_change, browser, address, ends_at
    FROM session
    WHERE session_id = $1 AND ends_at > clock_timestamp() AND seen_at > clock_timestamp() - $2::interval
"""
END_ONE = """
    DELETE FROM session
    WHERE token_hash = $1 AND ends_at > clock_timestamp() AND seen_at > clock_timestamp() - $2::interval
    RETURNING session_id, account_id
"""
IS_OPEN = "ends_at > clock_timestamp() AND seen_at > clock_timestamp() - $2::interval"
FIND_OPEN = f"""
    SELECT session_id, browser, address, opened_at, seen_at FROM session
    WHERE account_id = $1 AND {IS_OPEN}
    ORDER BY opened_at DESC, session_id
"""  # noqa: S608 - constants alone
END_OWN = "DELETE FROM session WHERE session_id = $1 AND account_id = $2 RETURNING session_id"
END_OLDEST = f"""
    DELETE FROM session
    WHERE session_id IN (
        SELECT session_id FROM session
        WHERE account_id = $1 AND {IS_OPEN}
        ORDER BY opened_at DESC, session_id
        OFFSET $3
    )
    RETURNING session_id
"""  # noqa: S608
END_OTHERS = "DELETE FROM session WHERE account_id = $1 AND session_id <> $2 RETURNING session_id"
SET_METHOD = "UPDATE session SET method = $2 WHERE session_id = $1"
END_ALL = "DELETE FROM session WHERE account_id = $1 RETURNING session_id"
# Users with all organisations need no bodies, so they lose nothing.
END_OF_ORGANISATION = """
    DELETE FROM session
    USING register_grant AS held
    JOIN register_grant_organisation AS mine USING (account_id, register_code)
    WHERE session.account_id = held.account_id AND held.register_code = $1 AND mine.organisation_id = $2
        AND NOT held.all_organisations
    RETURNING session.session_id
"""
SWEEP = """
    DELETE FROM session
    WHERE seen_at < clock_timestamp() - $1::interval OR ends_at < clock_timestamp()
"""


@dataclass(frozen=True)
class SessionUser:
    """
    A user and their access to one register; a master admin has neither role nor organisations there.

    `bodies` are those that the user's organisations act for.
    `grants` may hold some that the register no longer offers.
    """

    account_id: UUID
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    master_admin: bool
    role: Role | None
    home_organisation_id: UUID | None
    organisation_ids: Sequence[UUID]
    all_organisations: bool
    bodies: Sequence[str]
    grants: Sequence[str]


@dataclass(frozen=True)
class FoundSession:
    """
    A live session, as one register sees it. `is_stale`: its last recorded use is old enough to record a new one.

    `must_add_app`: a role of the user, on any register, needs an authenticator app, and the account has none. Or its
    app was reset.
    """

    session_id: UUID
    method: Method
    must_change: bool
    must_add_app: bool
    ends_at: datetime
    idle_ends_at: datetime
    is_stale: bool
    other_sessions: int
    holder: SessionUser


@dataclass(frozen=True)
class Session:
    """
    A session, and where it was opened.

    `ends_at`: the end that use does not postpone. None for a new session: it gets its full lifetime.
    """

    session_id: UUID
    account_id: UUID
    method: Method
    must_change: bool
    browser: str = ""
    address: str = field(default="", repr=False)
    ends_at: datetime | None = None


@dataclass(frozen=True)
class OpenSession:
    """A session that has not ended, as its own user sees it."""

    session_id: UUID
    browser: str
    address: str = field(repr=False)
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class SessionTimes:
    """When a session ends without use, and how often its use is written."""

    idle: timedelta
    written_every: timedelta


async def find(
    pool: DatabasePool, token_hash: bytes, register_code: str, lifetimes: SessionTimes, needing_app: Sequence[str]
) -> FoundSession | None:
    """
    Return the live session. This is one query because every page runs it.

    `needing_app`: the roles and add-ons whose users must have an authenticator app.
    """
    times = (lifetimes.idle, lifetimes.written_every)
    row = await pool.fetchrow(FIND_SESSION, token_hash, register_code, *times, needing_app)
    if row is None:
        return None
    return FoundSession(
        session_id=row["session_id"],
        method=row["method"],
        must_change=row["must_change"],
        must_add_app=row["must_add_app"],
        ends_at=row["ends_at"],
        idle_ends_at=row["idle_ends_at"],
        is_stale=row["is_stale"],
        other_sessions=row["other_sessions"],
        holder=_holder(row),
    )


async def find_holder(db: Database, account_id: UUID, register_code: str) -> SessionUser | None:
    """Return the user and their current permissions, whether or not they are signed in."""
    row = await db.fetchrow(FIND_GRANT, account_id, register_code)
    return None if row is None else _holder(row)


def _holder(row: Record) -> SessionUser:
    return SessionUser(
        account_id=row["account_id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        master_admin=row["master_admin"],
        role=row["role"] and Role(row["role"]),
        home_organisation_id=row["home_organisation_id"],
        organisation_ids=row["organisation_ids"],
        all_organisations=row["all_organisations"],
        bodies=row["bodies"],
        grants=row["grants"],
    )


async def touch(pool: DatabasePool, session_id: UUID, idle: timedelta) -> datetime | None:
    """Record that the session is used. Return its new idle time-out, or None if it has ended."""
    idle_ends_at: datetime | None = await pool.fetchval(TOUCH, session_id, idle)
    return idle_ends_at


async def open_session(db: Database, session: Session, token_hash: bytes, life: timedelta) -> None:
    who = (session.account_id, session.method, session.must_change, session.browser, session.address)
    await db.execute(OPEN, session.session_id, token_hash, *who, session.ends_at, life)


async def find_live(db: Database, session_id: UUID, idle: timedelta) -> Session | None:
    """Return the session as it was opened, if it has not ended."""
    row = await db.fetchrow(FIND_LIVE, session_id, idle)
    return None if row is None else Session(**row)


async def end_one(db: Database, token_hash: bytes, idle: timedelta) -> tuple[UUID, UUID] | None:
    """End the session, and return its id and account. Return None if there is none or it has expired."""
    row = await db.fetchrow(END_ONE, token_hash, idle)
    return None if row is None else (row["session_id"], row["account_id"])


async def find_open(pool: DatabasePool, account_id: UUID, idle: timedelta) -> list[OpenSession]:
    """Return the sessions of the account that have not ended, newest first."""
    return [OpenSession(**row) for row in await pool.fetch(FIND_OPEN, account_id, idle)]


async def end_own(db: Database, session_id: UUID, account_id: UUID) -> UUID | None:
    """End this session of the account. Return None if it has no such session."""
    ended: UUID | None = await db.fetchval(END_OWN, session_id, account_id)
    return ended


async def end_oldest(db: Database, account_id: UUID, idle: timedelta, kept: int) -> tuple[UUID, ...]:
    """End all but the newest sessions of the account, and return them to be broadcast after commit."""
    return tuple(row["session_id"] for row in await db.fetch(END_OLDEST, account_id, idle, kept))


async def end_all(db: Database, account_id: UUID) -> tuple[UUID, ...]:
    """End all sessions of the account, and return them to be broadcast after commit."""
    return tuple(row["session_id"] for row in await db.fetch(END_ALL, account_id))


async def end_others(db: Database, account_id: UUID, kept: UUID) -> tuple[UUID, ...]:
    """End all sessions of the account but one, and return them to be broadcast after commit."""
    return tuple(row["session_id"] for row in await db.fetch(END_OTHERS, account_id, kept))


async def set_method(db: Database, session_id: UUID, method: Method) -> None:
    await db.execute(SET_METHOD, session_id, method)


async def end_of_organisation(db: Database, register_code: str, organisation_id: UUID) -> tuple[UUID, ...]:
    """End all sessions of the organisation's users, and return them to be broadcast after commit."""
    return tuple(row["session_id"] for row in await db.fetch(END_OF_ORGANISATION, register_code, organisation_id))


async def sweep(db: Database, idle: timedelta) -> None:
    await db.execute(SWEEP, idle)
