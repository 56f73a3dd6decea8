"""The audit is append-only: rows that are changed, removed or inserted afterwards are found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from asyncpg import Connection, Record

from deploy.runner.environment import Addresses
from services.identity.audit_actions import IdentityAction
from shared.audit import AuditVerification, Sealer, note, verify
from shared.database import DatabasePool, open_pool, transaction
from tests.conftest import OpenDatabase

SUPERUSER_ACTS = {
    "a changed row": "UPDATE audit SET action = 'other' WHERE id = (SELECT min(id) FROM audit)",
    "a deleted row": "DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)",
    "a row slipped in": "INSERT INTO audit (xid, action) SELECT min(xid), 'slipped_in' FROM audit",
    "two rows swapped": """
        UPDATE audit AS a SET action = b.action FROM audit AS b
        WHERE a.id + b.id = (SELECT min(id) + max(id) FROM audit) AND a.action <> b.action
    """,
    "a seal removed": "DELETE FROM audit_seal WHERE n = 1",
}


@pytest.fixture
async def owner(addresses: Addresses) -> "AsyncIterator[Connection[Record]]":
    """Connect to the schema of identity with all rights."""
    async with owner_of(addresses) as connection:
        yield connection


@asynccontextmanager
async def owner_of(addresses: Addresses) -> "AsyncIterator[Connection[Record]]":
    connection = await asyncpg.connect(addresses.databases["identity"].admin_dsn)
    await connection.execute("SET search_path = identity")
    yield connection
    await connection.close()


async def act(pool: DatabasePool, action: IdentityAction) -> None:
    async with transaction(pool) as db:
        await note(db, None, action, [uuid4()], ["family_name"], actor=uuid4(), register="dsr")


async def sealed(pool: DatabasePool, heads: Path, *actions: IdentityAction) -> None:
    sealer = Sealer(pool, "identity", heads)
    for action in actions:
        await act(pool, action)
        await sealer.seal()
    await sealer.publish()


@pytest.mark.requirement("R-DSR-021")
async def test_what_was_done_is_kept_in_an_unbroken_chain(
    database: OpenDatabase, owner: "Connection[Record]", tmp_path: Path
) -> None:
    pool, heads = await database("identity"), tmp_path / "heads"
    await sealed(pool, heads, IdentityAction.LOGGED_IN, IdentityAction.LOGGED_OUT, IdentityAction.LOGGED_IN)

    verdict = await verify(owner, "identity", heads.read_text().splitlines())

    assert AuditVerification("identity", seals=3, rows=3) == verdict


async def test_rows_that_nothing_seals_are_counted(
    database: OpenDatabase, owner: "Connection[Record]", tmp_path: Path
) -> None:
    pool = await database("identity")
    await sealed(pool, tmp_path / "heads", IdentityAction.LOGGED_IN)
    await act(pool, IdentityAction.USER_READ)
    await act(pool, IdentityAction.LOGGED_OUT)

    assert AuditVerification("identity", seals=1, rows=1, unsealed=2) == await verify(owner, "identity", [])


@pytest.mark.parametrize("statement", SUPERUSER_ACTS.values(), ids=SUPERUSER_ACTS)
async def test_tampering_is_found(
    database: OpenDatabase, owner: "Connection[Record]", tmp_path: Path, statement: str
) -> None:
    pool, heads = await database("identity"), tmp_path / "heads"
    await sealed(pool, heads, IdentityAction.LOGGED_IN, IdentityAction.LOGGED_OUT, IdentityAction.USER_READ)

    await owner.execute(statement)

    assert (await verify(owner, "identity", heads.read_text().splitlines())).fault


async def test_a_tail_that_was_cut_off_is_missed_by_the_head_kept_outside(
    database: OpenDatabase, owner: "Connection[Record]", tmp_path: Path
) -> None:
    pool, heads = await database("identity"), tmp_path / "heads"
    await sealed(pool, heads, IdentityAction.LOGGED_IN, IdentityAction.LOGGED_OUT)

    await owner.execute("DELETE FROM audit WHERE xid >= (SELECT lo FROM audit_seal WHERE n = 2)")
    await owner.execute("DELETE FROM audit_seal WHERE n = 2")

    assert (await verify(owner, "identity", [])).fault is None
    assert (await verify(owner, "identity", heads.read_text().splitlines())).fault


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'other'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "SELECT * FROM audit",
        "INSERT INTO audit (at, action) VALUES (now(), 'backdated')",
        "INSERT INTO audit_seal (n, lo, hi, rows, prev, hash) VALUES (9, '0', '1', 0, '', '')",
    ],
)
async def test_the_service_itself_may_only_add(database: OpenDatabase, statement: str) -> None:
    pool = await database("identity")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)


async def test_writers_at_once_leave_no_row_unsealed_and_no_gap(
    database: OpenDatabase, owner: "Connection[Record]", tmp_path: Path
) -> None:
    pool, heads = await database("identity"), tmp_path / "heads"
    sealer = Sealer(pool, "identity", heads)

    async def write() -> None:
        for _ in range(20):
            await act(pool, IdentityAction.USER_READ)

    async def keep_sealing() -> None:
        for _ in range(40):
            await sealer.seal()
            await asyncio.sleep(0.005)

    await asyncio.gather(keep_sealing(), *(write() for _ in range(3)))
    await sealer.publish()

    assert (60, None) == ((await verify(owner, "identity", [])).rows, (await verify(owner, "identity", [])).fault)


async def test_nothing_is_read_or_done_when_it_cannot_be_noted(
    own_addresses: Addresses,
) -> None:
    async with owner_of(own_addresses) as owner:
        await owner.execute("ALTER TABLE audit ADD CONSTRAINT full_disk CHECK (action <> 'user_read')")
    pool = await open_pool(own_addresses.dsn("identity"), size=2)

    async def read() -> None:
        async with transaction(pool) as db:
            await db.execute("INSERT INTO inbox (consumer, event_id) VALUES ('test', $1)", uuid4())
            await note(db, None, IdentityAction.USER_READ, actor=uuid4())

    with pytest.raises(asyncpg.CheckViolationError):
        await read()

    assert 0 == await pool.fetchval("SELECT count(*) FROM inbox")
    await pool.close()
