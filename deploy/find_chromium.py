"""
Finds the Chromium that the browser tests drive, and prints its path; installs the distribution's own if there is none.

    python -m deploy.find_chromium
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = (("apt-get", "update"), ("apt-get", "install", "-y", "chromium"))
ADVICE = """The browser tests need Chromium, and none was found. Do one of these:
- on Debian, as root: apt-get update && apt-get install -y chromium
- install Chromium or Google Chrome so that `chromium` or `google-chrome` is found in PATH
- set ICS_CHROMIUM to the path of one"""


class NoChromium(Exception):
    """There is no browser, and none could be installed; the text says what to do."""


def find() -> Path:
    """The browser named by ICS_CHROMIUM, else the first in PATH that starts, else a newly installed one."""
    if named := os.environ.get("ICS_CHROMIUM"):
        if not _starts(named):
            raise NoChromium(f"ICS_CHROMIUM is set to {named}, which does not start.")
        return Path(named)
    return _in_path() or _installed()


def _in_path() -> Path | None:
    found = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in found if path and _starts(path)), None)


def _starts(browser: str) -> bool:
    """A name in PATH may be a stub that only says where to get the browser: ask it for its version."""
    try:
        answer = subprocess.run([browser, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _installed() -> Path:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoChromium(ADVICE)
    for command in INSTALL:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode:
            raise NoChromium(f"`{' '.join(command)}` failed.\n{ADVICE}")
    browser = _in_path()
    if browser is None:
        raise NoChromium(ADVICE)
    return browser


def main() -> None:
    try:
        print(find())
    except NoChromium as why:
        sys.exit(str(why))


if __name__ == "__main__":
    main()
