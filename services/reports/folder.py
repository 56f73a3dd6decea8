"""A folder for reports while they are made: nobody else may read it, and it goes with those who use it."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "ics-reports-"
LOCK = "lock"


@contextmanager
def private_folder(within: Path | None) -> Iterator[Path]:
    """
    A new folder in the given one, or where the system keeps such, for as long as the block lasts.

    A process that was killed leaves its folder: it goes when the next one starts. The lock in it tells who still lives.
    """
    parent = within or Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as made:
        folder = Path(made)
        with (folder / LOCK).open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / LOCK).open("r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
