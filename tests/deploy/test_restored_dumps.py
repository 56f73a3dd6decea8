"""A dump by PostgreSQL's own tools, loaded on another server: nothing is missing, and the audit goes on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.demo.loader import load_demo
from deploy.runner.database import DatabaseServer, bootstrap
from deploy.runner.environment import Addresses
from deploy.runner.preparation import prepare_databases
from deploy.runner.stack import EmbeddedParts
from shared.audit import verify
from shared.messages import SERVICES
from tests.deploy.dumps import (
    Contents,
    act,
    connected,
    contents,
    dump,
    heads_of,
    present_transaction,
    run,
    seal,
    use_transactions,
    verdicts,
)

pytestmark = pytest.mark.programs

LEDGERS = ("migration", "functions_file")
LATER_OVERLAY = """
    INSERT INTO referrals.overlay (register_code, version, content, changed, published_by, published_by_name)
    SELECT 'dsr', 1, '{}', '{}', gen_random_uuid(), 'Gail'
"""
TAMPERINGS = {
    "a changed row": "UPDATE audit SET action = 'other' WHERE id = (SELECT min(id) FROM audit)",
    "a row of the copy changed": "UPDATE audit SET action = 'other' WHERE id = (SELECT max(id) FROM audit)",
    "a deleted row": "DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)",
    "a row moved to another start": "UPDATE audit SET server_start = now() WHERE id = (SELECT min(id) FROM audit)",
    "a row slipped in": """
        INSERT INTO audit (server_start, xid, action)
        SELECT server_start, xid, 'slipped_in' FROM audit ORDER BY id LIMIT 1
    """,
    "a gap made between two seals": """
        UPDATE audit_seal AS s SET lo = (
            SELECT a.xid FROM audit AS a WHERE a.server_start = s.server_start AND a.xid >= s.lo ORDER BY a.xid LIMIT 1
        ) WHERE s.n = 2
    """,
    "a seal removed": "DELETE FROM audit_seal WHERE n = 2",
    "the tail cut off with its seal": """
        DELETE FROM audit AS a USING audit_seal AS s
        WHERE s.n = (SELECT max(n) FROM audit_seal) AND a.server_start = s.server_start AND a.xid >= s.lo;
        DELETE FROM audit_seal WHERE n = (SELECT max(n) FROM audit_seal)
    """,
}


@dataclass(frozen=True)
class Source:
    """The database that was dumped, what it held, and its heads. Its last rows were not sealed."""

    file: Path
    server: DatabaseServer
    contents: Contents
    heads: list[str]
    last: int


@pytest_asyncio.fixture(scope="module")
async def source(quick_folder: Path) -> AsyncIterator[Source]:
    parts = EmbeddedParts(quick_folder / "source", durable=False)
    try:
        await parts.start_postgres()
        await load_demo(parts.addresses)
        await use_transactions(parts.database, 6000)
        await act(parts.addresses)
        await seal(parts.addresses)
        await act(parts.addresses, times=2)
        async with connected(parts.database.admin_dsn) as db:
            await db.execute(LATER_OVERLAY)
        file = dump(parts.database, quick_folder / "whole.dump")
        heads, last = await heads_of(parts.addresses), await present_transaction(parts.database)
        yield Source(file, parts.database, await contents(parts.database), heads, last)
    finally:
        await parts.postgres.stop(asyncio.Event())


@pytest_asyncio.fixture(scope="module")
async def target(quick_folder: Path, source: Source) -> AsyncIterator[EmbeddedParts]:
    """Another server, whose transactions have lower ids than those in the dump."""
    parts = EmbeddedParts(quick_folder / "target", durable=False)
    try:
        await parts.start_postgres()
        assert await present_transaction(parts.database) < source.last - 1000
        yield parts
    finally:
        await parts.postgres.stop(asyncio.Event())


async def restored(parts: EmbeddedParts, source: Source, name: str) -> Addresses:
    """Restore the whole dump into a new database."""
    async with connected(parts.database.admin_dsn) as db:
        await db.execute(f'CREATE DATABASE "{name}"')
    server = parts.database.with_database(name)
    run("pg_restore", server, "--exit-on-error", str(source.file))
    await bootstrap(server, SERVICES, parts.keyring.role_passwords)
    return Addresses(parts.keyring, dict.fromkeys(SERVICES, server), "")


async def test_a_whole_dump_holds_every_row_and_every_next_id(source: Source, target: EmbeddedParts) -> None:
    copy = await restored(target, source, "whole")

    assert source.contents == await contents(copy.databases["identity"])
    assert source.contents.rows["referrals.record"] > 10
    assert source.contents.rows["referrals.record_word"] > 10


@pytest.mark.requirement("R-DSR-021")
async def test_the_audit_goes_on_where_transactions_have_lower_ids(source: Source, target: EmbeddedParts) -> None:
    copy = await restored(target, source, "lower")
    before = await verdicts(copy, source.heads)
    await act(copy, times=2)
    unsealed = await verdicts(copy, source.heads)
    await seal(copy)

    after = await verdicts(copy, [*source.heads, *await heads_of(copy)])
    assert await present_transaction(copy.databases["identity"]) < source.last
    assert {(None, 2)} == {(each.fault, each.unsealed) for each in before}
    assert {(None, 4)} == {(each.fault, each.unsealed) for each in unsealed}
    assert {(None, 0)} == {(each.fault, each.unsealed) for each in after}
    assert [each.rows + 4 for each in before] == [each.rows for each in after]


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS)
async def test_tampering_with_a_restored_audit_is_found(
    copy_in_use: Addresses, heads: list[str], statement: str
) -> None:
    async with connected(copy_in_use.databases["identity"].admin_dsn) as db:
        await db.execute("SET search_path = identity")
        await db.execute(f"BEGIN; {statement}")

        assert (await verify(db, "identity", heads)).fault

        await db.execute("ROLLBACK")
        assert (await verify(db, "identity", heads)).fault is None


@pytest_asyncio.fixture(scope="module")
async def copy_in_use(source: Source, target: EmbeddedParts) -> Addresses:
    """A restored copy whose audit has gone on."""
    copy = await restored(target, source, "in_use")
    await act(copy)
    await seal(copy)
    return copy


@pytest_asyncio.fixture(scope="module")
async def heads(source: Source, copy_in_use: Addresses) -> list[str]:
    return [*source.heads, *await heads_of(copy_in_use)]


async def test_a_copy_of_a_copy_can_go_back_to_the_first_server(source: Source, target: EmbeddedParts) -> None:
    copy = await restored(target, source, "away")
    await act(copy)
    await seal(copy)
    await act(copy)
    file = dump(copy.databases["identity"], source.file.with_name("back.dump"))
    back = source.server.with_database("back")
    async with connected(source.server.admin_dsn) as db:
        await db.execute("CREATE DATABASE back")
    run("pg_restore", back, "--exit-on-error", str(file))
    await bootstrap(back, SERVICES, target.keyring.role_passwords)
    there = Addresses(target.keyring, dict.fromkeys(SERVICES, back), "")
    await act(there)
    await seal(there)

    assert {(None, 0)} == {(each.fault, each.unsealed) for each in await verdicts(there, source.heads)}


async def test_data_alone_can_be_loaded_after_migrations(source: Source, target: EmbeddedParts, tmp_path: Path) -> None:
    """As docs/operations.md says. The ledgers of migrations are those of the new database."""
    wanted = tmp_path / "wanted"
    listed = run("pg_restore", source.server, "--list", str(source.file)).splitlines()
    wanted.write_text("\n".join(line for line in listed if not any(f" {name} " in line for name in LEDGERS)))
    run("psql", target.database, "--command=TRUNCATE reports.feed")
    run(
        "pg_restore",
        target.database,
        "--data-only",
        "--disable-triggers",
        "--single-transaction",
        f"--use-list={wanted}",
        str(source.file),
    )

    assert source.contents.without(*LEDGERS) == (await contents(target.database)).without(*LEDGERS)
    await act(target.addresses)
    await seal(target.addresses)
    assert {(None, 0)} == {(each.fault, each.unsealed) for each in await verdicts(target.addresses, source.heads)}


async def test_triggers_add_nothing_to_what_a_dump_of_the_data_holds(source: Source, target: EmbeddedParts) -> None:
    """A dump made with --data-only is in the order of foreign keys, so that its triggers need not be disabled."""
    copy = Addresses(target.keyring, dict.fromkeys(SERVICES, target.database.with_database("data")), "")
    server = copy.databases["identity"]
    await prepare_databases(copy)
    ledgers = [f"--exclude-table=*.{name}" for name in LEDGERS]
    file = dump(source.server, source.file.with_name("data.dump"), "--data-only", *ledgers)
    run("psql", server, "--command=TRUNCATE reports.feed")
    run("pg_restore", server, "--data-only", "--exit-on-error", str(file))

    assert source.contents.without(*LEDGERS) == (await contents(server)).without(*LEDGERS)
    assert await overlays_of(source.server) == await overlays_of(server)


async def overlays_of(server: DatabaseServer) -> list[tuple[object, ...]]:
    """Return the overlay of each record. The trigger would set the newest one."""
    async with connected(server.admin_dsn) as db:
        return [tuple(row) for row in await db.fetch("SELECT id, overlay FROM referrals.record ORDER BY id")]


async def test_the_audit_goes_on_where_transactions_have_higher_ids(source: Source, target: EmbeddedParts) -> None:
    await use_transactions(target.database, 2 * source.last)
    copy = await restored(target, source, "higher")
    await act(copy, times=2)
    await seal(copy)

    found = await verdicts(copy, source.heads)
    assert {(None, 0)} == {(each.fault, each.unsealed) for each in found}
