"""Connections to a service's own schema, and the transaction in which row-level security knows who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
from asyncpg import Connection, Pool, Record
from asyncpg.pool import PoolConnectionProxy
from pydantic_core import to_json

from shared.permissions import Visitor

Database: TypeAlias = "PoolConnectionProxy[Record]"  # quoted: asyncpg's classes take a parameter for mypy alone
DatabasePool: TypeAlias = "Pool[Record]"

POOL_SIZE = 6
ACQUIRE_SECONDS = 2.0

# A database that is away, starting, full, or too slow: what was asked is not wrong, and may be asked again.
# An InternalClientError comes up when the server's goodbye has arrived and the end of the line has not.
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
# What a job that works by itself may meet, and is to go on after.
DATABASE_FAULTS = (asyncpg.PostgresError, *DATABASE_AWAY)


if TYPE_CHECKING:
    _Connection = Connection[Record]
else:
    _Connection = Connection


class _Unchanged(_Connection):
    """A connection whose session is never changed (only SET LOCAL is used), so that giving it back costs no trip."""

    def get_reset_query(self) -> str:
        return ""


async def open_pool(dsn: str, size: int = POOL_SIZE) -> DatabasePool:
    """A small pool; pools of all replicas add up against the server's connections."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connection_class=_Unchanged,
        command_timeout=10,
        timeout=5,
    )


def as_json(value: object) -> str:
    """Return a jsonb parameter. Dataclasses are encoded by the names of their fields, which a function reads."""
    return to_json(value).decode()


def context_of(visitor: Visitor | None) -> str:
    """The first statement of a transaction: BEGIN, and who asks as local settings. Only ids and codes go in here."""
    if visitor is None:
        return "BEGIN"
    organisations = "{" + ",".join(str(each) for each in visitor.organisation_ids) + "}"
    if not visitor.register_code.isalnum():
        raise ValueError("a register's code is letters and digits")
    settings = (
        ("app.orgs", organisations),
        ("app.user", str(visitor.user_id)),
        ("app.own", "1" if visitor.own_records_only else ""),
        ("app.register", visitor.register_code),
        ("app.role", visitor.role.value if visitor.role else ""),
    )
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings)
    return f"BEGIN; SELECT {calls}"


@asynccontextmanager
async def transaction(pool: DatabasePool, visitor: Visitor | None = None) -> AsyncIterator[Database]:
    """One transaction, committed at the end of the block, in the scope of the visitor (none: no scoped row is seen)."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as db:
        await db.execute(context_of(visitor))
        try:
            yield db
        except BaseException:
            await _roll_back(db)
            raise
        await db.execute("COMMIT")


async def _roll_back(db: Database) -> None:
    """A connection on which not even that works is closed, so that what went wrong first is what is told."""
    try:
        if not db.is_closed():
            await db.execute("ROLLBACK")
    except DATABASE_FAULTS:
        db.terminate()
