"""How the browser of the browser tests is found. Small programs take its place, so no real browser starts."""

import subprocess
import sys
from pathlib import Path

WORKS = "#!/bin/sh\necho Chromium 1\n"
ONLY_SAYS_WHERE_TO_GET_IT = "#!/bin/sh\nexit 1\n"


def _program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def _find(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.build.find_chromium"]
    return subprocess.run(command, env={"PATH": str(folder), **settings}, capture_output=True, text=True, check=False)


def test_the_browser_named_in_the_environment_comes_first(tmp_path: Path) -> None:
    _program(tmp_path / "chromium", WORKS)
    named = _program(tmp_path / "another", WORKS)

    assert f"{named}\n" == _find(tmp_path, ICS_CHROMIUM=str(named)).stdout


def test_a_named_browser_that_does_not_start_is_an_error_and_never_replaced(tmp_path: Path) -> None:
    _program(tmp_path / "chromium", WORKS)

    found = _find(tmp_path, ICS_CHROMIUM=str(tmp_path / "gone"))

    assert (1, "", True) == (found.returncode, found.stdout, "does not start" in found.stderr)


def test_a_name_in_path_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    _program(tmp_path / "chromium", ONLY_SAYS_WHERE_TO_GET_IT)
    works = _program(tmp_path / "google-chrome", WORKS)

    assert f"{works}\n" == _find(tmp_path).stdout


def test_the_browser_without_windows_is_preferred(tmp_path: Path) -> None:
    _program(tmp_path / "chromium", WORKS)
    quicker = _program(tmp_path / "chromium-headless-shell", WORKS)

    assert f"{quicker}\n" == _find(tmp_path).stdout


def test_without_any_browser_the_error_says_what_to_install(tmp_path: Path) -> None:
    found = _find(tmp_path)

    assert (1, True) == (found.returncode, "apt-get install -y chromium-headless-shell" in found.stderr)
