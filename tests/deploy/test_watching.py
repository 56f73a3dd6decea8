"""The runner looks after parts that run but do not work: a process that hangs, and a NATS that fails the services."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from deploy.operate.doctor import _set_aside
from deploy.runner import watching
from deploy.runner.refusals import CannotStart
from deploy.runner.state import open_state
from deploy.runner.watching import (
    DECLARE_EVERY,
    LOOK_AT_NATS_SECONDS,
    MISSED_ANSWERS,
    MISSED_AT_START,
    HangWatch,
    NatsWatch,
    every,
    fails_services,
)
from shared.messages import SERVICES
from tests.deploy.test_supervise import Heard, ShellPart

REFUSED = "ics_publishing_refused_seconds 21.0\n"
MISSING = 'ics_reader_missing{reader="notifier--notice"} 1.0\n'
WELL = """# HELP ics_bus_connected Whether the process is connected to NATS: 1 or 0
ics_bus_connected 1.0
ics_publishing_refused_seconds 20.0
ics_reader_missing{reader="notifier--notice"} 0.0
python_info{version="3"} 1.0
"""
LOST = "ics_bus_connected 0.0\n"


class HungPart(ShellPart):
    """A part that runs a shell script, as if it had a health port."""

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child is not None and not self.child.has_ended else None


@asynccontextmanager
async def answering(socket: Path, said: str = "live\n") -> AsyncIterator[None]:
    """Answer every question at this socket during the block."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"HTTP/1.0 200 OK\r\n\r\n{said}".encode())
        writer.close()

    async with await asyncio.start_unix_server(answer, socket):
        yield
    socket.unlink()


@pytest.fixture
async def part() -> AsyncIterator[HungPart]:
    part = HungPart("identity", "trap '' TERM; while :; do sleep 60; done", Heard())
    await part.start()
    yield part
    hurry = asyncio.Event()
    hurry.set()
    await part.stop(hurry)


async def test_a_process_that_stops_answering_is_ended_and_its_successor_gets_time(
    part: HungPart, tmp_path: Path
) -> None:
    console = Heard()
    watch = HangWatch(part, tmp_path / "identity", console)
    async with answering(tmp_path / "identity"):
        await watch.look()
    for _ in range(MISSED_ANSWERS - 1):
        await watch.look()
    assert part.pid is not None

    await watch.look()

    assert part.pid is None
    assert [f"ics          | identity has not answered {MISSED_ANSWERS} times in a row; ending it"] == console.lines
    await watch.look()
    await part.start()
    for _ in range(MISSED_AT_START - 1):
        await watch.look()
    assert part.pid is not None
    await watch.look()
    assert part.pid is None


async def test_one_answer_is_enough_to_go_on(part: HungPart, tmp_path: Path) -> None:
    watch = HangWatch(part, tmp_path / "identity", Heard())
    for _ in range(2):
        async with answering(tmp_path / "identity"):
            await watch.look()
        for _ in range(MISSED_ANSWERS - 1):
            await watch.look()

    assert part.pid is not None


async def test_a_process_that_takes_a_connection_and_does_not_answer_hangs_too(
    part: HungPart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = HangWatch(part, tmp_path / "identity", Heard())
    async with answering(tmp_path / "identity"):
        await watch.look()
    monkeypatch.setattr(watching, "ANSWER_SECONDS", 0.01)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # ends when the watch gives up
        writer.close()

    async with await asyncio.start_unix_server(hang, tmp_path / "identity"):
        for _ in range(MISSED_ANSWERS):
            await watch.look()

    assert part.pid is None


@pytest.mark.parametrize(
    ("figures", "fails"),
    [
        ([], False),
        ([WELL, WELL], False),
        ([WELL, WELL + REFUSED], True),
        ([WELL, WELL + MISSING], True),
        ([WELL, LOST], False),
        ([LOST, LOST], True),
    ],
)
def test_what_the_services_say_decides_whether_nats_fails_them(figures: list[str], fails: bool) -> None:
    assert fails == fails_services(figures)


class Nats:
    """A stand-in that counts what the runner does with NATS: `declare` fails while `refuses` is set."""

    name = "nats"

    def __init__(self) -> None:
        self.done: list[str] = []
        self.refuses = False

    async def declare(self) -> None:
        self.done.append("declared")
        if self.refuses:
            raise CannotStart("the streams cannot be made")

    async def start(self) -> None:
        raise AssertionError

    async def ready(self) -> None:
        raise AssertionError

    async def ended(self) -> int:
        raise AssertionError

    async def stop(self, _hurry: asyncio.Event) -> None:
        self.done.append("restarted")


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watching, "monotonic", clock)
    return clock


async def test_what_nats_lacks_is_declared_and_then_it_is_restarted_less_and_less_often(
    tmp_path: Path, clock: Clock
) -> None:
    nats, console = Nats(), Heard()
    watch = NatsWatch([tmp_path / "notifier"], nats.declare, nats, tmp_path, console)
    async with answering(tmp_path / "notifier", REFUSED):
        await watch.look()
        assert ["declared"] == nats.done
        restarts = []
        while clock.now < 1400.0:
            before = nats.done.count("restarted")
            await watch.look()
            if nats.done.count("restarted") > before:
                restarts.append(clock.now - 1000.0)
            clock.now += 5.0

    assert [0.0, 60.0, 180.0] == restarts
    assert 2 * len(restarts) + 2 >= len(console.lines)
    assert "restarting it" in console.lines[1]


async def test_while_nats_serves_everybody_it_is_left_alone(tmp_path: Path, clock: Clock) -> None:
    nats, console = Nats(), Heard()
    watch = NatsWatch([tmp_path / "notifier", tmp_path / "away"], nats.declare, nats, tmp_path, console)
    async with answering(tmp_path / "notifier", WELL):
        for _ in range(3):
            await watch.look()
            clock.now += 15.0

    assert ([], []) == (nats.done, console.lines)


async def test_without_space_nats_is_not_restarted_and_that_is_said_once(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=5 * 1_048_576))
    nats, console = Nats(), Heard()
    nats.refuses = True
    watch = NatsWatch([tmp_path / "notifier"], nats.declare, nats, tmp_path, console)
    async with answering(tmp_path / "notifier", REFUSED):
        for _ in range(4):
            await watch.look()
            clock.now += 15.0

        assert ["declared"] == nats.done
        assert ["the streams cannot be made", "5 MB are free"] == [
            words for words in ("the streams cannot be made", "5 MB are free") if words in "".join(console.lines)
        ]
        assert 3 == len(console.lines)

        monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=10**9))
        await watch.look()

    assert ["declared", "restarted"] == nats.done


async def test_on_a_server_of_the_operators_own_what_it_lacks_is_declared_until_it_is_there(
    tmp_path: Path, clock: Clock
) -> None:
    """The server may be away at the first attempt, and come back without its store."""
    nats = Nats()
    watch = NatsWatch([tmp_path / "notifier"], nats.declare, None, tmp_path, Heard())
    async with answering(tmp_path / "notifier", MISSING):
        for _ in range(DECLARE_EVERY + 1):
            await watch.look()
            clock.now += LOOK_AT_NATS_SECONDS

    assert ["declared", "declared"] == nats.done
    assert 60.0 == DECLARE_EVERY * LOOK_AT_NATS_SECONDS


async def test_the_doctor_says_how_many_events_are_set_aside(quick_path: Path) -> None:
    state = open_state(quick_path / "state")
    async with AsyncExitStack() as answers:
        for name, count in (("notifier", 2), ("outcomes", 1)):
            await answers.enter_async_context(answering(state.run / name, f"# HELP\nics_set_aside {count}.0\n"))

        assert "3; `ics set-aside list` shows them." == (await _set_aside(state)).fault
    async with AsyncExitStack() as answers:
        for name in SERVICES:
            assert name in ((await _set_aside(state)).fault or "")
            await answers.enter_async_context(answering(state.run / name, "ics_set_aside 0.0\n"))

        assert (await _set_aside(state)).fault is None


async def test_a_look_that_fails_is_followed_by_another() -> None:
    console, looks = Heard(), 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        raise FileNotFoundError

    watch = asyncio.create_task(every(0.001, look, console))
    await console.hears("a check of the running parts failed: FileNotFoundError")
    async with asyncio.timeout(5):
        while looks < 3:  # noqa: ASYNC110 - the watch sets no event
            await asyncio.sleep(0.001)
    assert not watch.done()
