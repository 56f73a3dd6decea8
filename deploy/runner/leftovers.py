"""Ends the backends that a killed postmaster left: while one of them lives, no new postmaster may start."""

import os
import signal
from pathlib import Path

from deploy.runner.refusals import CannotStart
from deploy.runner.waiting import until

QUICK_STOP_SECONDS = 30.0


def living_in(folder: Path) -> set[int]:
    """
    The processes whose working folder is the database's: its postmaster and its backends, and nobody else.

    Backends lead sessions of their own, so that no process group leads to them.
    """
    return {int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and _works_in(each, folder)}


def _works_in(place: Path, folder: Path) -> bool:
    try:
        return (place / "cwd").readlink() == folder
    except OSError:
        return False


async def end_leftovers(folder: Path) -> None:
    """End every process of an earlier start: its postmaster in its own quick way, the rest at once. Holds the lock."""
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
    (folder / "postmaster.pid").unlink(missing_ok=True)  # nobody works here now, whoever has that number since


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
