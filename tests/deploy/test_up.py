"""`ics up` with stand-ins for the product's processes: it starts them, keeps them running, and leaves none behind."""

import asyncio
import os
import signal
import socket
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.demo.people import ACCOUNTS, DEMO_PASSWORD
from deploy.operate.doctor import examine
from deploy.runner.children import says_ready
from deploy.runner.keyring import open_keyring
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import open_state
from deploy.runner.up import check_settings
from deploy.runner.waiting import until
from shared.messages import PROCESSES
from tests.deploy.running import Running, belonging_to, running
from tests.deploy.test_supervise import is_there

pytestmark = pytest.mark.programs


@pytest_asyncio.fixture(scope="module")
async def demo(quick_folder: Path) -> AsyncIterator[Running]:
    """A running runner in demo mode, for tests that leave it running."""
    async with running(quick_folder / "up", "--demo") as started:
        await started.says("Each log-in asks for a PIN")
        yield started
        started.send(signal.SIGTERM)
        await started.ended()


async def test_it_says_where_the_pages_are_once_they_can_be_served(demo: Running) -> None:
    address = urllib.parse.urlsplit((await demo.says("Ready: ")).removeprefix("Ready: "))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")

    assert b"200" in await reader.readline()
    assert "127.0.0.1" == address.hostname
    writer.close()
    await writer.wait_closed()


async def test_in_demo_mode_it_says_who_can_log_in_and_where_the_mail_is(demo: Running) -> None:
    said = "\n".join(demo.lines)

    assert [] == [each.email for each in ACCOUNTS if each.email not in said]
    assert DEMO_PASSWORD in said
    assert "/demo/mail" in said


SECRETS = (
    "ICS_DATABASE_URL",
    "ICS_BACKGROUND_DATABASE_URL",
    "ICS_SIGNING_SEED",
    "ICS_PIN_KEY",
)


async def test_each_process_is_told_its_own_secrets_alone(demo: Running) -> None:
    told = {name: demo.environment_of(name) for name in ("gateway", "identity", "reports")}

    assert () == tuple(name for name in SECRETS if name in told["gateway"])
    assert SECRETS == tuple(name for name in SECRETS if name in told["identity"])
    assert SECRETS[:-1] == tuple(name for name in SECRETS if name in told["reports"])
    assert 3 == len({environment["ICS_NATS_SEED"] for environment in told.values()})
    assert "reports_app:" in told["reports"]["ICS_DATABASE_URL"]
    assert "reports_background:" in told["reports"]["ICS_BACKGROUND_DATABASE_URL"]


async def test_a_second_runner_is_refused_and_told_which_process_runs(demo: Running) -> None:
    async with running(demo.folder) as second:
        assert 1 == await second.ended()

    assert f"in use by process {demo.runner.pid}." in second.lines[0]


@pytest.mark.failure
async def test_the_doctor_asks_each_process_of_a_running_product(demo: Running) -> None:
    async def said() -> list[str]:
        settings = RunnerSettings(state_dir=demo.folder, port=0)
        return [each.fault or each.what for each in (await examine(settings))[-len(PROCESSES) :]]

    assert [f"{name} is ready" for name in PROCESSES] == await said()

    stopped = demo.pid_of("reports")
    os.kill(stopped, signal.SIGSTOP)
    try:
        assert ["does not answer"] == [each for each in await said() if not each.endswith("is ready")]
    finally:
        os.kill(stopped, signal.SIGCONT)


@pytest.mark.failure
async def test_a_killed_service_is_started_again(demo: Running) -> None:
    before = demo.pid_of("referrals")
    os.kill(before, signal.SIGKILL)
    await demo.another("referrals", before)

    assert await until(says_ready(open_state(demo.folder).run / "referrals"), seconds=5)


@pytest.mark.failure
async def test_a_killed_mail_catcher_takes_mail_on_the_same_port_again(demo: Running) -> None:
    port_file = open_state(demo.folder).run / "mail.port"
    port = port_file.read_text()
    before = demo.pid_of("mail")
    os.kill(before, signal.SIGKILL)
    await demo.another("mail", before)

    assert await until(lambda: _takes_mail(int(port)), seconds=5)
    assert port == port_file.read_text()


@pytest.mark.failure
async def test_a_killed_gateway_comes_back_on_the_same_port(demo: Running) -> None:
    address = urllib.parse.urlsplit((await demo.says("Ready: ")).removeprefix("Ready: "))
    before = demo.pid_of("gateway")
    os.kill(before, signal.SIGKILL)
    await demo.another("gateway", before)

    assert await until(says_ready(open_state(demo.folder).run / "gateway"), seconds=5)
    assert str(address.port) == demo.environment_of("gateway")["ICS_PORT"]


@pytest.mark.failure
async def test_a_killed_postgres_comes_back_for_those_who_are_connected_to_it(demo: Running) -> None:
    state = open_state(demo.folder)
    password = open_keyring(state.keyring_file).role_passwords["identity_app"]
    dsn = f"postgresql://identity_app:{password}@/ics?host={state.run / 'postgres'}"
    (before,) = demo.pids("bin/postgres", "-D")
    os.kill(before, signal.SIGKILL)

    assert await until_connected(dsn)


async def _takes_mail(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    greeting = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return greeting.startswith(b"220 ")


async def until_connected(dsn: str) -> bool:
    async with asyncio.timeout(15):
        while True:
            try:
                connection = await asyncpg.connect(dsn)
            except (OSError, asyncpg.PostgresError):  # not ready yet
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return True


async def test_ctrl_c_stops_all_in_order_and_leaves_nothing(quick_path: Path) -> None:
    async with running(quick_path / "state") as started:
        await started.says("Ready: ")
        started.send(signal.SIGINT)

        assert 0 == await started.ended()
        assert [] == belonging_to(started.folder)
        stops = [line for line in started.lines if line.endswith("stops")]
        assert 6 == len(stops)
        assert stops[0].startswith("gateway ")
        assert not (started.folder / "postgres" / "18" / "postmaster.pid").exists()


async def test_a_signal_while_it_starts_stops_it_too(quick_path: Path) -> None:
    async with running(quick_path / "state") as started:
        await started.says("migrated ")
        started.send(signal.SIGTERM)

        assert 0 == await started.ended()
        assert [] == belonging_to(started.folder)


@pytest.mark.failure
async def test_a_second_ctrl_c_does_not_wait_for_a_child_that_hangs(quick_path: Path) -> None:
    async with running(quick_path / "state", STAND_IN_DEAF="outcomes") as started:
        await started.says("Ready: ")
        started.send(signal.SIGINT)
        await started.says("reports stops")
        assert is_there(started.pid_of("outcomes"))
        started.send(signal.SIGINT)

        async with asyncio.timeout(8):
            assert 0 == await started.ended()
        assert [] == belonging_to(started.folder)


@pytest.mark.failure
async def test_a_killed_runner_leaves_nothing_and_the_next_one_has_every_committed_row(quick_path: Path) -> None:
    """A child that hangs and a child's own child end too. The next start waits until they are gone."""
    folder = quick_path / "state"
    async with running(folder, "--demo", STAND_IN_DEAF="outcomes") as killed:
        await killed.says("Ready: ")
        state = open_state(folder)
        password = open_keyring(state.keyring_file).superuser_password
        dsn = f"postgresql://postgres:{password}@/ics?host={state.run / 'postgres'}"
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE TABLE public.kept AS SELECT 1 AS n")
        connection.terminate()
        left = set(belonging_to(folder)) - {killed.runner.pid}
        assert len(left) > 10
        killed.send(signal.SIGKILL)

        async with running(folder, "--demo") as second:
            await second.says("Ready: ")
            assert not left & set(belonging_to(folder))
            connection = await asyncpg.connect(dsn)
            assert 1 == await connection.fetchval("SELECT n FROM kept")
            await connection.close()
            second.send(signal.SIGTERM)
            assert 0 == await second.ended()
        assert [] == belonging_to(folder)
    assert "loaded\n" == (folder / "loads").read_text()


async def test_a_child_that_cannot_start_stops_the_rest(quick_path: Path) -> None:
    async with running(quick_path / "state", STAND_IN_BROKEN="notifier") as started:
        assert 1 == await started.ended()

    assert "ics: notifier ended at its start: its own lines above say why." in started.lines
    assert [] == belonging_to(started.folder)


def test_a_port_that_is_taken_is_said_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotStart, match=f"Port {port} of 127.0.0.1 is taken"):
            check_settings(RunnerSettings(port=port), demo=True)


def test_demo_mode_serves_this_machine_alone() -> None:
    with pytest.raises(CannotStart, match="Demo mode serves this machine alone"):
        check_settings(RunnerSettings(host="0.0.0.0", port=0, allow_insecure=True), demo=True)

    check_settings(RunnerSettings(host="0.0.0.0", port=0, allow_insecure=True), demo=False)
