"""Migrations: each file runs once, in order, wholly or not at all, and a changed file stops them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.runner.database import bootstrap, drop_database
from deploy.runner.environment import Addresses
from deploy.runner.places import migration_folders
from deploy.runner.preparation import prepare_databases
from deploy.runner.refusals import CannotStart
from deploy.runner.stack import EmbeddedParts, addresses_in
from shared.migrate import MigrationRefused, Phase, migrate
from shared.release import RELEASE

pytestmark = pytest.mark.slow  # each makes a database of its own

GRANT = "DO $$ BEGIN EXECUTE format('GRANT SELECT ON ward TO %I', current_schema() || '_app'); END $$;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations of a service, which are applied after the base schema."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_pre_wards.sql").write_text(f"CREATE TABLE ward (name text); {GRANT}")
    return folder


@pytest.fixture
async def addresses(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database with roles and schemas, to which no migration has been applied."""
    server = parts.database.with_database(f"test_{secrets.token_hex(6)}")
    await bootstrap(server, ["outcomes", "identity"], parts.keyring.role_passwords)
    yield addresses_in(parts, server)
    await drop_database(server)


@pytest.fixture
def dsn(addresses: Addresses) -> str:
    return addresses.migrator_dsn("outcomes")


async def run(dsn: str, folder: Path, phase: Phase = Phase.ALL, release: int = RELEASE) -> list[str]:
    spine, _ = migration_folders("outcomes")
    applied = await migrate(dsn, "outcomes", [spine, folder], phase, release=release)
    return [name for name in applied if not name.startswith("spine/")]


async def ask(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_file_is_applied_once_by_the_owner_and_its_grants_reach_the_service(
    dsn: str, folder: Path, addresses: Addresses
) -> None:
    assert ["migrations/0001_pre_wards.sql"] == await run(dsn, folder)
    assert [] == await run(dsn, folder)

    assert 0 == await ask(addresses.dsn("outcomes"), "SELECT count(*) FROM ward")
    assert "outcomes_owner" == await ask(dsn, "SELECT tableowner FROM pg_tables WHERE tablename = 'ward'")


async def test_an_edited_file_is_refused(dsn: str, folder: Path) -> None:
    await run(dsn, folder)
    with (folder / "0001_pre_wards.sql").open("a") as file:
        file.write("-- and a second thought")
    (folder / "0002_pre_beds.sql").write_text("CREATE TABLE bed (name text);")

    with pytest.raises(MigrationRefused, match=r"0001_pre_wards\.sql was edited"):
        await run(dsn, folder)

    assert await ask(dsn, "SELECT to_regclass('outcomes.bed')") is None


async def test_a_file_that_was_taken_away_is_refused(dsn: str, folder: Path) -> None:
    await run(dsn, folder)
    (folder / "0001_pre_wards.sql").unlink()

    with pytest.raises(MigrationRefused, match="older code"):
        await run(dsn, folder)


@pytest.mark.parametrize("second", ["0003_pre_beds.sql", "0001_pre_beds.sql", "2_pre_beds.sql", "0002_beds.sql"])
async def test_numbers_and_names_that_do_not_follow_are_refused(dsn: str, folder: Path, second: str) -> None:
    (folder / second).write_text("CREATE TABLE bed (name text);")

    with pytest.raises(MigrationRefused):
        await run(dsn, folder)

    assert await ask(dsn, "SELECT to_regclass('outcomes.ward')") is None


async def test_a_file_that_fails_leaves_nothing_and_says_where(dsn: str, folder: Path) -> None:
    broken = "CREATE TABLE bed (name text);\nINSERT INTO bed VALUES ('Ruby Canary');\nSELECT 'Ruby Canary'::int;"
    (folder / "0002_pre_beds.sql").write_text(broken)

    with pytest.raises(MigrationRefused) as refused:
        await run(dsn, folder)

    assert "outcomes: migrations/0002_pre_beds.sql: InvalidTextRepresentationError" in str(refused.value)
    assert "at line 3" in str(refused.value)
    assert "Canary" not in str(refused.value)
    assert await ask(dsn, "SELECT to_regclass('outcomes.bed')") is None
    assert await ask(dsn, "SELECT to_regclass('outcomes.ward')") is not None


async def test_a_file_may_not_end_its_transaction(dsn: str, folder: Path) -> None:
    (folder / "0002_pre_beds.sql").write_text("CREATE TABLE bed (name text); COMMIT;")

    with pytest.raises(MigrationRefused, match="ends its transaction"):
        await run(dsn, folder)


async def test_the_owner_reaches_no_other_schema(dsn: str, folder: Path) -> None:
    (folder / "0002_pre_beds.sql").write_text("CREATE TABLE identity.bed (name text);")

    with pytest.raises(MigrationRefused, match="InsufficientPrivilegeError"):
        await run(dsn, folder)


async def test_before_the_new_code_only_the_files_of_that_side_are_applied(dsn: str, folder: Path) -> None:
    (folder / "0002_post_wards.sql").write_text("ALTER TABLE ward ALTER COLUMN name SET NOT NULL;")

    assert ["migrations/0001_pre_wards.sql"] == await run(dsn, folder, Phase.PRE)
    assert ["migrations/0002_post_wards.sql"] == await run(dsn, folder, Phase.POST)


async def test_no_file_overtakes_one_of_the_other_side(dsn: str, folder: Path) -> None:
    (folder / "0002_post_wards.sql").write_text("ALTER TABLE ward ALTER COLUMN name SET NOT NULL;")
    (folder / "0003_pre_beds.sql").write_text("CREATE TABLE bed (name text);")

    with pytest.raises(MigrationRefused, match=r"0002_post_wards\.sql comes first"):
        await run(dsn, folder, Phase.PRE)
    with pytest.raises(MigrationRefused, match=r"0001_pre_wards\.sql comes first"):
        await run(dsn, folder, Phase.POST)

    assert await ask(dsn, "SELECT to_regclass('outcomes.ward')") is None


async def test_two_at_once_apply_each_file_once(dsn: str, folder: Path) -> None:
    (folder / "0002_pre_slow.sql").write_text("SELECT pg_sleep(0.2);")

    first, second = await asyncio.gather(run(dsn, folder), run(dsn, folder))

    assert 2 == len(first) + len(second)


async def test_a_table_in_use_is_not_waited_for_without_end(
    dsn: str, folder: Path, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.migrate.LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr("shared.migrate.LOCK_PAUSES", (0.01, 0.01))
    await run(dsn, folder)
    (folder / "0002_pre_longer.sql").write_text("ALTER TABLE ward ADD COLUMN beds integer;")
    reader = await asyncpg.connect(addresses.dsn("outcomes"))
    try:
        async with reader.transaction():
            await reader.fetch("SELECT * FROM ward")
            with pytest.raises(MigrationRefused, match="LockNotAvailableError"):
                await run(dsn, folder)
    finally:
        await reader.close()

    assert ["migrations/0002_pre_longer.sql"] == await run(dsn, folder)


# ------------------------------------------------------------------------------------------------- functions as files
COUNT_WARDS = """
CREATE OR REPLACE FUNCTION count_wards() RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT count(*) + {more} FROM ward
$$;
GRANT EXECUTE ON FUNCTION count_wards() TO "<service>_app";
"""
COUNT_TWICE = """
CREATE OR REPLACE FUNCTION count_twice() RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT 2 * count_wards()
$$;
"""


@pytest.fixture
def functions(folder: Path) -> Path:
    """Two files: the first by name calls the function that the second creates."""
    functions = folder / "functions"
    functions.mkdir()
    (functions / "a_twice.sql").write_text(COUNT_TWICE)
    (functions / "b_wards.sql").write_text(COUNT_WARDS.format(more=1))
    return functions


async def test_functions_follow_the_numbered_files_in_any_order_and_only_changed_ones_again(
    dsn: str, folder: Path, functions: Path, addresses: Addresses
) -> None:
    first = await run(dsn, folder)
    (functions / "b_wards.sql").write_text(COUNT_WARDS.format(more=2))
    second = await run(dsn, folder)

    assert ["0001_pre_wards.sql", "functions/a_twice.sql", "functions/b_wards.sql"] == [
        name.removeprefix("migrations/") for name in first
    ]
    assert (["migrations/functions/b_wards.sql"], []) == (second, await run(dsn, folder))
    assert 2 == await ask(addresses.dsn("outcomes"), "SELECT count_wards()")
    assert 4 == await ask(dsn, "SELECT outcomes.count_twice()")


async def test_of_functions_that_fail_none_is_applied(dsn: str, folder: Path, functions: Path) -> None:
    (functions / "c_broken.sql").write_text("SELECT 'Ruby Canary'::int;")

    with pytest.raises(MigrationRefused, match=r"migrations/functions/c_broken\.sql: InvalidTextRepr") as refused:
        await run(dsn, folder)

    assert "Canary" not in str(refused.value)
    assert await ask(dsn, "SELECT to_regprocedure('outcomes.count_wards()')") is None


async def test_an_older_release_puts_none_of_its_functions_back(dsn: str, folder: Path, functions: Path) -> None:
    older = {path: path.read_text() for path in functions.iterdir()}
    (functions / "b_wards.sql").write_text(COUNT_WARDS.format(more=7))
    await run(dsn, folder, release=RELEASE + 1)
    for path, sql in older.items():
        path.write_text(sql)
    (folder / "0002_pre_beds.sql").write_text("CREATE TABLE bed (name text);")

    with pytest.raises(MigrationRefused, match=f"release {RELEASE + 1} applied its functions.*older code"):
        await run(dsn, folder)

    assert 7 == await ask(dsn, "SELECT outcomes.count_wards()")
    assert await ask(dsn, "SELECT to_regclass('outcomes.bed')") is None


async def test_a_table_that_is_in_use_for_a_moment_is_tried_again(
    dsn: str, folder: Path, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.migrate.LOCK_TIMEOUT", "50ms")
    await run(dsn, folder)
    (folder / "0002_pre_longer.sql").write_text("ALTER TABLE ward ADD COLUMN beds integer;")
    reader = await asyncpg.connect(addresses.dsn("outcomes"))
    try:
        async with reader.transaction():
            await reader.fetch("SELECT * FROM ward")
            applying = asyncio.create_task(run(dsn, folder))
            await asyncio.sleep(0.3)
            assert not applying.done()
    finally:
        await reader.close()

    assert ["migrations/0002_pre_longer.sql"] == await applying


async def test_a_database_of_the_time_before_the_first_release_is_refused_in_plain_words(addresses: Addresses) -> None:
    connection = await asyncpg.connect(addresses.migrator_dsn("outcomes"))
    try:
        await connection.execute("SET ROLE outcomes_owner; SET search_path = outcomes")
        await connection.execute("CREATE TABLE migration (name text PRIMARY KEY, sha256 text, applied_at timestamptz)")
        await connection.execute("INSERT INTO migration VALUES ('spine/0001_pre_spine.sql', '0c91', now())")
    finally:
        await connection.close()

    with pytest.raises(CannotStart, match=r"made before the first release.*remove the state folder.*`ics up`"):
        await prepare_databases(addresses)

    assert await ask(addresses.migrator_dsn("outcomes"), "SELECT to_regclass('outcomes.outbox')") is None
