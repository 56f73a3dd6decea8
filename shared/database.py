"""Connections to a service's own schema, and transactions that tell row-level security who asks."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg import Connection, Pool, Record
from asyncpg.pool import PoolConnectionProxy
from pydantic_core import to_json

from shared.permissions import Visitor

Database: TypeAlias = "PoolConnectionProxy[Record]"  # quoted: asyncpg's classes take a type parameter only in mypy
DatabasePool: TypeAlias = "Pool[Record]"

POOL_SIZE = 6
ACQUIRE_SECONDS = 2.0

# Errors of a database that is unreachable, starting, full or too slow. The request can be retried.
# asyncpg raises InternalClientError when the server has ended the session and the connection is not closed yet.
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
# Database errors that a background job survives and retries.
DATABASE_FAULTS = (asyncpg.PostgresError, *DATABASE_AWAY)


if TYPE_CHECKING:
    _Connection = Connection[Record]
else:
    _Connection = Connection


class _Unchanged(_Connection):
    """A connection with unchanging session state (only SET LOCAL is used), so its release needs no round trip."""

    def get_reset_query(self) -> str:
        return ""


async def open_pool(dsn: str, size: int = POOL_SIZE) -> DatabasePool:
    """Open a connection pool. Keep it small: the pools of all replicas share the server's connection limit."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        connection_class=_Unchanged,
        command_timeout=10,
        timeout=5,
    )


def as_json(value: object) -> str:
    """
    Return a jsonb parameter. Dataclasses are encoded by field name, and the database function reads these names.

    Bytes are written as hexadecimal digits.
    """
    return to_json(value, bytes_mode="hex", by_alias=False).decode()


@dataclass(frozen=True, repr=False)
class Scope:
    """
    The visitor as a parameter of database functions, which set the same context from it as `transaction` does.

    `all_compartments` alone lets the visitor reach every compartment of the register. Otherwise missing ids are none.
    """

    user_id: UUID
    full_name: str
    session_id: UUID
    register_code: str
    role: str
    compartment_ids: Sequence[UUID] | None
    all_compartments: bool
    own_records_only: bool


def reach_of(visitor: Visitor) -> tuple[UUID, ...] | None:
    """Return the compartments that the visitor reaches, or None for every compartment of the register."""
    return None if visitor.all_compartments else visitor.compartment_ids


def scope_of(visitor: Visitor, entered: UUID | None = None) -> Scope:
    """
    Return the visitor's scope. It holds the compartment that their record enters.

    That compartment may be new, and then was not found when the request began. Rules judge first whether the visitor
    reaches it.
    """
    reach = reach_of(visitor)
    if entered and reach is not None and entered not in reach:
        reach = (*reach, entered)
    return Scope(
        user_id=visitor.user_id,
        full_name=visitor.full_name,
        session_id=visitor.session_id,
        register_code=visitor.register_code,
        role=visitor.role.value if visitor.role else "",
        compartment_ids=reach,
        all_compartments=visitor.all_compartments,
        own_records_only=visitor.own_records_only,
    )


def context_of(visitor: Visitor | None) -> str:
    """Return BEGIN, and for a visitor the local settings that say who asks. The settings hold only ids and codes."""
    if visitor is None:
        return "BEGIN"
    listed = () if visitor.all_compartments else visitor.compartment_ids
    if not visitor.register_code.isalnum():
        raise ValueError("a register's code is letters and digits")
    settings = (
        ("app.compartments", "{" + ",".join(str(each) for each in listed) + "}"),
        ("app.all", "1" if visitor.all_compartments else ""),
        ("app.user", str(visitor.user_id)),
        ("app.own", "1" if visitor.own_records_only else ""),
        ("app.register", visitor.register_code),
        ("app.role", visitor.role.value if visitor.role else ""),
    )
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings)
    return f"BEGIN; SELECT {calls}"


@asynccontextmanager
async def transaction(pool: DatabasePool, visitor: Visitor | None = None) -> AsyncIterator[Database]:
    """Run the block in one transaction in the visitor's scope. Without a visitor no scoped row is visible."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as db:
        await db.execute(context_of(visitor))
        try:
            yield db
        except BaseException:
            await _roll_back(db)
            raise
        await db.execute("COMMIT")


async def execute_for_each(db: Database, statement: str, rows: Sequence[Sequence[object]]) -> None:
    """Run the statement once for each row of arguments, all in one round trip, or in none if there are no rows."""
    if rows:
        await db.executemany(statement, rows)


async def _roll_back(db: Database) -> None:
    """Roll back. If that fails too, close the connection, so that the caller sees the first error."""
    try:
        if not db.is_closed():
            await db.execute("ROLLBACK")
    except DATABASE_FAULTS:
        db.terminate()
