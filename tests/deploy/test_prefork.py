"""The prefork server: each process that it forks has its own environment, group and end, and no other's secrets."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.runner.child import Child, ChildProgram, spawn
from deploy.runner.prefork.forking import PreforkServer
from deploy.runner.refusals import CannotStart
from deploy.runner.waiting import until
from tests.deploy.test_supervise import Heard, is_there

MODULE = "tests.deploy.forked"
QUICK = ("asyncpg",)


@pytest.fixture
async def prefork() -> AsyncIterator[PreforkServer]:
    prefork = PreforkServer(dict(os.environ), QUICK)
    yield prefork
    await prefork.close()


@pytest.fixture
def console() -> Heard:
    return Heard()


async def fork(prefork: PreforkServer, console: Heard, order: str, secret: str = "") -> Child:
    environment = {"ORDER": order, "SECRET": secret}
    return await spawn(ChildProgram(order, environment, module=MODULE), console, prefork=prefork)


async def test_it_is_told_its_environment_and_its_end_is_known(prefork: PreforkServer, console: Heard) -> None:
    child = await fork(prefork, console, "leave", "hush")

    assert 3 == await child.ended()
    assert ["leave        | leave hush True"] == console.lines


async def test_an_error_ends_it_as_it_would_any_program(prefork: PreforkServer, console: Heard) -> None:
    child = await fork(prefork, console, "fail")

    assert 1 == await child.ended()
    assert "fail         | RuntimeError: failed" == console.lines[-1]


async def test_it_leads_a_group_of_its_own_which_ends_with_it(prefork: PreforkServer, console: Heard) -> None:
    child = await fork(prefork, console, "have children")
    await console.hears("have children")
    assert await until(lambda: _has_children(child.pid), seconds=5)
    (grandchild,) = _children(child.pid)
    os.kill(child.pid, signal.SIGKILL)

    assert -signal.SIGKILL == await child.ended()
    assert await until(lambda: _is_gone(grandchild), seconds=5)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _has_children(pid: int) -> bool:
    return bool(_children(pid))


async def _is_gone(pid: int) -> bool:
    return not is_there(pid)


async def test_it_is_found_by_its_own_name_and_holds_nothing_of_its_sister_s(
    prefork: PreforkServer, console: Heard
) -> None:
    first = await fork(prefork, console, "wait")
    await console.hears("wait")
    before = len(list(Path(f"/proc/{first.pid}/fd").iterdir()))
    second = await fork(prefork, console, "wait")
    await console.hears("wait")
    assert await until(lambda: _waits(second.pid), seconds=5)

    assert "forked\n" == Path(f"/proc/{second.pid}/comm").read_text()
    assert before == len(list(Path(f"/proc/{second.pid}/fd").iterdir()))
    for child in (first, second):
        await child.stop(asyncio.Event())


async def _waits(pid: int) -> bool:
    return "sigsuspend" in Path(f"/proc/{pid}/wchan").read_text() or "pause" in Path(f"/proc/{pid}/wchan").read_text()


async def test_a_secret_of_one_process_is_not_in_the_memory_of_the_next(prefork: PreforkServer, console: Heard) -> None:
    secret = "-".join(("canary", "of", "identity"))
    first = await fork(prefork, console, "wait", secret)
    await console.hears(secret)
    second = await fork(prefork, console, "wait", "another")
    await console.hears("another")

    assert secret.encode() in _memory(first.pid)
    assert secret.encode() not in _memory(second.pid)
    for child in (first, second):
        await child.stop(asyncio.Event())


def _memory(pid: int) -> bytes:
    """Return the private, writable memory of a process, which holds what it has written."""
    found = []
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for place, rights, *_ in (line.split() for line in maps):
            start, end = (int(side, 16) for side in place.split("-"))
            if rights.startswith("rw"):
                memory.seek(start)
                found.append(memory.read(end - start))
    return b"".join(found)


@pytest.mark.failure
async def test_a_killed_server_ends_what_it_forked_and_a_new_one_takes_its_place(
    prefork: PreforkServer, console: Heard
) -> None:
    child = await fork(prefork, console, "wait")
    await console.hears("wait")
    os.kill(_parent(child.pid), signal.SIGKILL)

    async with asyncio.timeout(5):
        assert -signal.SIGKILL == await child.ended()
    assert await until(lambda: _is_gone(child.pid), seconds=5)

    again = await fork(prefork, console, "leave")
    assert 3 == await again.ended()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


async def test_a_server_that_cannot_import_says_so(console: Heard) -> None:
    prefork = PreforkServer({"PYTHONHOME": "/nowhere", "PATH": os.environ["PATH"]})

    with pytest.raises(CannotStart, match="The prefork server has ended"):
        await fork(prefork, console, "wait")
    await prefork.close()


async def test_closing_the_server_ends_what_is_left(console: Heard) -> None:
    prefork = PreforkServer(dict(os.environ), QUICK)
    child = await fork(prefork, console, "wait")
    await console.hears("wait")

    await prefork.close()

    assert await until(lambda: _is_gone(child.pid), seconds=5)
