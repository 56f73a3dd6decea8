"""
End what a killed runner left behind: know each child, and wait until the runner's end of the pipe closes.

This runs as a file of its own, with only the standard library. The kernel tells children that the runner died, but not
their own children, and a hung child does not react. So this program kills all that is left after the grace period.

It holds the runner's lock on the state folder, so that the next start waits until all processes are gone.
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
    """A child of the runner that leads its own process group, with its stop signal and grace period."""

    group: int
    stop_signal: int
    grace_seconds: float

    def send(self, number: int) -> bool:
        """Send a signal to the group. Return whether any of its processes still exist."""
        try:
            os.killpg(self.group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def children_in(lines: Iterable[str]) -> list[GuardedChild]:
    """Read `watch <group> <signal> <seconds>` and `forget <group>` to the end. Return the children still watched."""
    watched: dict[int, GuardedChild] = {}
    for line in lines:
        word, group, *rest = line.split()
        if word == "watch":
            watched[int(group)] = GuardedChild(int(group), int(rest[0]), float(rest[1]))
        else:
            watched.pop(int(group), None)
    return list(watched.values())


def end(left: list[GuardedChild]) -> None:
    """Ask each group to stop, and kill it after its grace period. Give up on a group that survives even that."""
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
    end(children_in(sys.stdin))


if __name__ == "__main__":
    main()
