"""Find a program that tests need: the one in its setting, else one in PATH, else install the distribution's own."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

UPDATE = ("apt-get", "update")


class NotFound(Exception):
    """The program is missing and could not be installed. The text says what to do."""


@dataclass(frozen=True)
class TestProgram:
    """A program: its names in PATH, the setting that names another one, and the package that contains it."""

    needed_for: str
    names: tuple[str, ...]
    setting: str
    package: str
    options: tuple[str, ...] = ()
    question: str = "--version"  # an option that a working program answers before it exits

    @property
    def advice(self) -> str:
        return "\n".join(
            [
                f"{self.needed_for}, and none was found. Do one of these:",
                f"- on Debian, as root: apt-get update && apt-get install -y {self.package}",
                f"- install it so that `{self.names[0]}` is found in PATH",
                f"- set {self.setting} to the path of one",
            ]
        )

    @property
    def install(self) -> tuple[str, ...]:
        return ("apt-get", "install", "-y", *self.options, self.package)


def find(wanted: TestProgram) -> Path:
    """Return the program that the setting names, else the first in PATH that starts, else a newly installed one."""
    if named := os.environ.get(wanted.setting):
        if not _starts(named, wanted.question):
            raise NotFound(f"{wanted.setting} is set to {named}, which does not start.")
        return Path(named)
    return _in_path(wanted) or _installed(wanted)


def _in_path(wanted: TestProgram) -> Path | None:
    found = (shutil.which(name) for name in wanted.names)
    return next((Path(path) for path in found if path and _starts(path, wanted.question)), None)


def _starts(program: str, question: str) -> bool:
    """Check that the program starts. A name in PATH may be a stub that only says where to get the program."""
    try:
        answer = subprocess.run([program, question], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _installed(wanted: TestProgram) -> Path:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotFound(wanted.advice)
    for command in (UPDATE, wanted.install):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode:
            raise NotFound(f"`{' '.join(command)}` failed.\n{wanted.advice}")
    program = _in_path(wanted)
    if program is None:
        raise NotFound(wanted.advice)
    return program


def say_path(wanted: TestProgram) -> None:
    """Print the path. If there is none, exit with advice."""
    try:
        print(find(wanted))
    except NotFound as why:
        sys.exit(str(why))
