"""Children: their lines are passed on, they restart when they end, they stop in order, and none is left behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.runner.child import Child, ChildProgram, dies_with_parent, spawn
from deploy.runner.console import Console
from deploy.runner.prefork.guardian import GuardedChild, children_in, end
from deploy.runner.refusals import CannotStart
from deploy.runner.supervise import LONGEST_WAIT_SECONDS, STEADY_SECONDS, BackOff, Supervisor, together
from deploy.runner.waiting import until

DEAF = "trap '' TERM; echo deaf; while :; do sleep 60; done"


class Heard(Console):
    """A console that keeps the lines instead of printing them, and lets a test wait for one."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def plain(self, text: str) -> None:
        self.lines.append(text)

    async def hears(self, words: str) -> None:
        async with asyncio.timeout(5):
            while not any(words in line for line in self.lines):  # noqa: ASYNC110 - lines come from another program
                await asyncio.sleep(0.01)


def shell(script: str, grace_seconds: float = 10.0) -> ChildProgram:
    command = dies_with_parent("sh", "-c", script)
    return ChildProgram(name="child", command=command, environment=dict(os.environ), grace_seconds=grace_seconds)


class ShellPart:
    """A part that runs a shell script."""

    def __init__(self, name: str, script: str, console: Console) -> None:
        self.name = name
        self.starts = 0
        self._script = script
        self._console = console
        self.child: Child | None = None

    async def start(self) -> None:
        self.starts += 1
        program = ChildProgram(name=self.name, command=("sh", "-c", self._script), environment=dict(os.environ))
        self.child = await spawn(program, self._console)

    async def ready(self) -> None:
        await asyncio.sleep(0)

    async def ended(self) -> int:
        return await self.child.ended() if self.child is not None else 0

    async def stop(self, hurry: asyncio.Event) -> None:
        if self.child is not None:
            await self.child.stop(hurry)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


async def test_each_line_is_passed_on_with_the_child_s_name() -> None:
    console = Heard()
    child = await spawn(shell("echo one; echo two >&2; printf three"), console)

    assert 0 == await child.ended()
    assert ["child        | one", "child        | two", "child        | three"] == console.lines


async def test_a_line_without_end_is_passed_on_in_pieces() -> None:
    console = Heard()
    child = await spawn(shell("head -c 3000000 /dev/zero | tr '\\0' x"), console)

    assert 0 == await child.ended()
    assert 3_000_000 == sum(len(line.rpartition(" ")[2]) for line in console.lines)
    assert len(console.lines) > 1


async def test_a_child_s_own_children_end_with_it() -> None:
    console = Heard()
    child = await spawn(shell("sh -c \"trap '' TERM HUP INT; sleep 60\" & echo $!; exit 3"), console)

    assert 3 == await child.ended()
    await console.hears("child")
    grandchild = int(console.lines[0].split()[-1])

    async def is_gone() -> bool:
        return not is_there(grandchild)

    assert await until(is_gone, seconds=5)


async def test_a_child_that_does_not_listen_is_killed_after_its_grace() -> None:
    console = Heard()
    child = await spawn(shell(DEAF, grace_seconds=0.2), console)
    await console.hears("deaf")

    async with asyncio.timeout(5):
        await child.stop(asyncio.Event())

    assert -signal.SIGKILL == await child.ended()


async def test_a_hurry_ends_the_grace() -> None:
    console, hurry = Heard(), asyncio.Event()
    child = await spawn(shell(DEAF, grace_seconds=60), console)
    await console.hears("deaf")
    stopping = asyncio.create_task(child.stop(hurry))
    await asyncio.sleep(0.05)
    assert not child.has_ended

    hurry.set()
    async with asyncio.timeout(5):
        await stopping

    assert -signal.SIGKILL == await child.ended()


async def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(CannotStart, match="/nowhere/program cannot be run"):
        await spawn(ChildProgram(name="child", command=("/nowhere/program",), environment={}), Heard())


@pytest.mark.failure
async def test_a_part_that_ends_is_started_again() -> None:
    console = Heard()
    part = ShellPart("wobbly", "exec sleep 60", console)
    supervisor = Supervisor([[part]], console)
    await supervisor.start(part)
    assert part.child is not None
    first = part.child.pid

    os.kill(first, signal.SIGKILL)
    await console.hears("wobbly ended with code -9; starting it again in 0.1 s")
    async with asyncio.timeout(5):
        while part.child.pid == first:  # noqa: ASYNC110 - another program's start
            await asyncio.sleep(0.01)

    await supervisor.stop()
    assert 2 == part.starts
    assert part.child.has_ended


async def test_what_follows_a_start_follows_each_one_and_failing_it_starts_the_part_again() -> None:
    console = Heard()
    part = ShellPart("bus", "exec sleep 60", console)
    supervisor = Supervisor([[part]], console)
    followed: list[int] = []

    async def follow_up() -> None:
        followed.append(part.starts)
        if part.starts == 2:
            raise CannotStart("the streams cannot be made")

    await supervisor.start(part, follow_up)
    assert part.child is not None
    os.kill(part.child.pid, signal.SIGKILL)
    await console.hears("the streams cannot be made")
    await console.hears("bus ended with code -15; starting it again in 0.2 s")
    async with asyncio.timeout(5):
        while len(followed) < 3:  # noqa: ASYNC110 - another program's start
            await asyncio.sleep(0.01)

    await supervisor.stop()
    assert [1, 2, 3] == followed


async def test_layers_stop_in_the_opposite_order() -> None:
    console = Heard()
    script = "trap 'echo NAME stops; exit 0' TERM; echo NAME runs; while :; do sleep 0.02; done"
    parts = [ShellPart(name, script.replace("NAME", name), console) for name in ("base", "middle", "top")]
    supervisor = Supervisor([[part] for part in parts], console)
    for part in parts:
        await supervisor.start(part)
        await console.hears(f"{part.name} runs")

    await supervisor.stop()

    assert ["top stops", "middle stops", "base stops"] == [line.split("| ")[1] for line in console.lines[-3:]]


def test_a_part_that_keeps_ending_is_waited_for_longer_each_time() -> None:
    back_off = BackOff()

    assert [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == [back_off.after(1.0) for _ in range(8)]
    assert 0.1 == back_off.after(STEADY_SECONDS)
    assert LONGEST_WAIT_SECONDS == 5.0


async def test_the_first_failure_of_steps_at_once_is_raised_as_itself() -> None:
    ended = asyncio.Event()

    async def fails() -> None:
        raise CannotStart("no room")

    async def lasts() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(CannotStart, match="no room"):
        await together(lasts(), fails())

    assert ended.is_set()


def test_the_guardian_knows_whom_it_still_watches() -> None:
    said = ["watch 10 15 5.0\n", "watch 11 2 30.0\n", "forget 10\n"]

    assert [GuardedChild(11, 2, 30.0)] == children_in(said)


@pytest.mark.failure
async def test_the_guardian_kills_a_group_that_outlives_its_grace() -> None:
    console = Heard()
    child = await spawn(shell(DEAF), console)
    await console.hears("deaf")

    await asyncio.to_thread(end, [GuardedChild(child.pid, signal.SIGTERM, 0.1)])

    assert -signal.SIGKILL == await child.ended()


@pytest.mark.failure
async def test_the_kernel_ends_a_child_whose_parent_is_killed() -> None:
    script = "import subprocess,sys,time; p=subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); time.sleep(60)"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *dies_with_parent("sleep", "60"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    await asyncio.sleep(0.2)  # time for setpriv to ask the kernel for the signal
    parent.kill()
    await parent.wait()

    async with asyncio.timeout(5):
        while is_there(child):  # noqa: ASYNC110 - another program's end
            await asyncio.sleep(0.01)
