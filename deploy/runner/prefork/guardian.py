"""Ends what a killed runner left behind: knows each child, and waits for the runner's end of the pipe to close.

Runs as a file of its own, with the standard library alone. Children ask the kernel to be told when the runner dies, but
their own children do not, and a hung child does not listen: here, whatever is still there after its grace is killed.
Holding the runner's lock on the state folder, it keeps the next start waiting until all is gone.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

LAST_SECONDS = 5.0


@dataclass(frozen=True)
class GuardedChild:
    """A child of the runner, leader of its own group: how it is asked to stop, and how long it may take."""

    group: int
    stop_signal: int
    grace_seconds: float

    def send(self, number: int) -> bool:
        """Whether any of the group is still there."""
        try:
            os.killpg(self.group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def wards(lines: Iterable[str]) -> list[GuardedChild]:
    """Follow `watch <group> <signal> <seconds>` and `forget <group>` to the end: those still watched."""
    watched: dict[int, GuardedChild] = {}
    for line in lines:
        word, group, *rest = line.split()
        if word == "watch":
            watched[int(group)] = GuardedChild(int(group), int(rest[0]), float(rest[1]))
        else:
            watched.pop(int(group), None)
    return list(watched.values())


def end(left: list[GuardedChild]) -> None:
    """Ask each group to stop, kill those that outlive their grace, and give up on what even that does not end."""
    started = time.monotonic()
    left = [ward for ward in left if ward.send(ward.stop_signal)]
    while left:
        time.sleep(0.02)
        waited = time.monotonic() - started
        left = [ward for ward in left if _is_left(ward, waited)]


def _is_left(ward: GuardedChild, waited: float) -> bool:
    overdue = waited - ward.grace_seconds
    return ward.send(signal.SIGKILL if overdue > 0 else 0) and overdue < LAST_SECONDS


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(wards(sys.stdin))


if __name__ == "__main__":
    main()
