"""The state folder of one installation: the place of each part's files, its permissions and its lock."""

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.runner.refusals import CannotStart

SOCKET_PATH_LIMIT = 107  # bytes, the kernel's limit
LONGEST_SOCKET = len("/postgres/.s.PGSQL.5432")
SHORT_FOLDER = "/tmp"  # noqa: S108 - only a new folder inside it, mode 0700, is used
LEFTOVER_SECONDS = 40.0  # the time that the guardian may take to end what a killed runner left
DYING_SECONDS = 1.0  # the time that a killed runner may take to be gone


@dataclass(frozen=True)
class State:
    """The folder, opened by `open_state`, and the paths in it."""

    folder: Path

    @property
    def lock_file(self) -> Path:
        return self.folder / "lock"

    @property
    def keyring_file(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def nats(self) -> Path:
        return self.folder / "nats"

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def templates(self) -> Path:
        """The folder of the compiled page templates."""
        return self.folder / "templates"

    @property
    def registers(self) -> Path:
        """The folder of the register files that all processes load: a copy of the operator's."""
        return self.folder / "registers"

    @property
    def audit_heads(self) -> Path:
        return self.folder / "audit-heads"

    @property
    def loaded(self) -> Path:
        """The file that exists once the demo has been loaded. It holds a line for each of its accounts."""
        return self.folder / "demo-loaded"

    @property
    def kept_in_backups(self) -> tuple[Path, ...]:
        """The files without which the database cannot be used, or its audit not be verified."""
        return self.keyring_file, self.audit_heads, self.loaded

    @property
    def restoring(self) -> Path:
        """The file that exists while a backup is restored, and after a restore that was interrupted."""
        return self.folder / "restoring"

    @property
    def run(self) -> Path:
        """The folder of sockets and port files. It is a link to elsewhere if the path is too long for a socket."""
        return (self.folder / "run").resolve()


def state_in(folder: Path) -> State:
    """Return the state in a folder that may not exist. Nothing is made or checked."""
    return State(folder.expanduser().resolve())


def open_state(folder: Path) -> State:
    """
    Create the folder, or check that only this user can access it. Raise `CannotStart` on failure.

    Its mode is 0700; `let_through` makes the one exception.
    """
    state = state_in(folder)
    if state.restoring.exists():
        raise CannotStart(
            f"A restore into {state.folder} is running, or was interrupted. In that case remove the folder, and the "
            "database if ICS_DATABASE_URL names one, and restore again."
        )
    try:
        state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_others_out(state)
        for place in (state.logs, state.nats, state.mail):
            place.mkdir(mode=0o700, exist_ok=True)
        _make_run_folder(state.folder / "run")
    except OSError as error:
        raise CannotStart(f"The state folder {state.folder} cannot be used: {error.strerror}.") from None
    return state


def _keep_others_out(state: State) -> None:
    found = state.folder.stat()
    if found.st_uid != os.geteuid():
        raise CannotStart(
            f"The state folder {state.folder} belongs to another user. Set ICS_STATE_DIR to one of yours."
        )
    if stat.S_IMODE(found.st_mode) & ~0o010 == 0o700:
        return
    if any(state.folder.iterdir()) and not state.lock_file.exists():
        raise CannotStart(
            f"{state.folder} holds other files and can be read by others: it is no state folder. "
            "Set ICS_STATE_DIR to a new or empty folder."
        )
    state.folder.chmod(0o700)


def _make_run_folder(usual: Path) -> None:
    if len(os.fsencode(usual)) + LONGEST_SOCKET <= SOCKET_PATH_LIMIT:
        usual.mkdir(mode=0o700, exist_ok=True)
        return
    if usual.is_symlink():
        if _is_ours(usual.resolve()):
            return
        usual.unlink()
    usual.symlink_to(tempfile.mkdtemp(prefix="ics-", dir=SHORT_FOLDER))


def _is_ours(folder: Path) -> bool:
    """Check that the folder behind the link is still ours. Another user may have emptied or taken it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and found.st_mode & 0o067 == 0


def let_through(folder: Path, group: int) -> None:
    """Let the members of one group pass through a folder without reading it. Its contents stay closed."""
    os.chown(folder, -1, group)
    folder.chmod(0o710)


@contextmanager
def locked(state: State) -> Iterator[int]:
    """Lock the state folder for this process, and give the lock's descriptor, which the guardian holds too."""
    lock = os.open(state.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(lock, state, DYING_SECONDS)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _take(lock: int, state: State, dying_seconds: float) -> None:
    """
    Take the lock. If its holder is dead, wait while the guardian ends what the holder left.

    A holder that was killed just now may be there for another moment.
    """
    began = time.monotonic()
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode() or "unknown"
            if time.monotonic() > began + (dying_seconds if _runs(holder) else LEFTOVER_SECONDS):
                raise CannotStart(
                    f"The state folder {state.folder} is in use by process {holder}. "
                    "Stop that one first, or set ICS_STATE_DIR to another folder."
                ) from None
        time.sleep(0.05)


def _runs(pid: str) -> bool:
    """Return whether the process is there, and not only as an entry that its parent has not read yet."""
    try:
        return (
            Path("/proc", pid, "stat").read_text(encoding="ascii", errors="replace").rpartition(") ")[2][:1] not in "ZX"
        )
    except OSError:
        return False


def holder_of(state: State) -> str | None:
    """Return the id of the process that holds the state folder now, if any."""
    lock = os.open(state.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return state.lock_file.read_text(encoding="ascii")
    else:
        return None
    finally:
        os.close(lock)
