"""A private folder for reports in the making. It is deleted when its process ends."""

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
    Create a folder in the given one, or in the system's temporary folder, for as long as the block lasts.

    A process that is killed leaves its folder behind, and the next process to start deletes it. The lock in the folder
    shows whether its process is still running.
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
