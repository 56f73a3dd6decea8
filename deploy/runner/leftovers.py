"""End the backends of a killed postmaster. While one of them lives, no new postmaster may start."""

import os
import signal
from pathlib import Path

from deploy.runner.refusals import CannotStart
from deploy.runner.waiting import until

QUICK_STOP_SECONDS = 30.0


def living_in(folder: Path) -> set[int]:
    """
    Return the processes whose working folder is the database's: its postmaster and its backends only.

    Backends lead their own sessions, so they cannot be found by a process group.
    """
    return {int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and _works_in(each, folder)}


def _works_in(place: Path, folder: Path) -> bool:
    try:
        return (place / "cwd").readlink() == folder
    except OSError:
        return False


async def end_leftovers(folder: Path) -> None:
    """
    End the processes of an earlier start: ask the postmaster to stop quickly, then kill the rest.

    The caller holds the lock of the state folder. Raise `CannotStart` if processes are left.
    """
    folder = folder.resolve()
    left = living_in(folder)
    postmaster = _postmaster(folder)
    if postmaster in left:
        _send(postmaster, signal.SIGINT)
        await _until_gone(folder, {postmaster})
        left = living_in(folder)
    for each in left:
        _send(each, signal.SIGKILL)
    await _until_gone(folder, left)
    if living_in(folder):
        raise CannotStart(f"Processes of an earlier start still work in {folder} and cannot be ended.")
    (folder / "postmaster.pid").unlink(missing_ok=True)  # no process works here now, whichever program has that pid


def _postmaster(folder: Path) -> int:
    try:
        return int((folder / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return 0


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


async def _until_gone(folder: Path, awaited: set[int]) -> None:
    async def are_gone() -> bool:
        return not awaited & living_in(folder)

    await until(are_gone, QUICK_STOP_SECONDS)
