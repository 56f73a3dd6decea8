"""How a schema is brought up to its files: once each, in order, all or nothing, and never past a file that changed."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.database import bootstrap, drop_database
from deploy.environment import Addresses
from deploy.places import migration_folders
from deploy.stack import EmbeddedParts, addresses_in
from shared.migrate import MigrationRefused, Phase, migrate

GRANT = "DO $$ BEGIN EXECUTE format('GRANT SELECT ON ward TO %I', current_schema() || '_app'); END $$;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service's own migrations, to be applied after the spine that is in every schema."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_pre_wards.sql").write_text(f"CREATE TABLE ward (name text); {GRANT}")
    return folder


@pytest.fixture
async def addresses(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database with roles and schemas, to which nothing has been applied."""
    server = parts.database.with_database(f"test_{secrets.token_hex(6)}")
    await bootstrap(server, ["outcomes", "identity"], parts.keyring.role_passwords)
    yield addresses_in(parts, server)
    await drop_database(server)


@pytest.fixture
def dsn(addresses: Addresses) -> str:
    return addresses.migrator_dsn("outcomes")


async def run(dsn: str, folder: Path, phase: Phase = Phase.ALL) -> list[str]:
    spine, _ = migration_folders("outcomes")
    applied = await migrate(dsn, "outcomes", [spine, folder], phase)
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
