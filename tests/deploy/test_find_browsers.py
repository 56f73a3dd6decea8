"""How the browsers of `make browsers` are found. Small programs take their place, so no real browser starts."""

import subprocess
import sys
from pathlib import Path

import pytest

FINDERS = [
    ("find_firefox", "firefox-esr", "--version", "ICS_FIREFOX", "firefox-esr"),
    ("find_webkit", "WebKitWebDriver", "--help", "ICS_WEBKIT", "webkit2gtk-driver"),
    ("find_screen", "Xvfb", "-help", "ICS_XVFB", "xvfb"),
]


def _program(path: Path, question: str) -> Path:
    """Return a program that succeeds only when it is asked this question."""
    path.write_text(f'#!/bin/sh\ntest "$1" = {question}\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def _find(finder: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"deploy.build.{finder}"]
    return subprocess.run(command, env={"PATH": str(folder), **settings}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("finder", "name", "question", "setting", "package"), FINDERS)
def test_what_is_in_path_is_asked_the_question_that_it_answers(
    tmp_path: Path, finder: str, name: str, question: str, setting: str, package: str
) -> None:
    program = _program(tmp_path / name, question)

    assert f"{program}\n" == _find(finder, tmp_path).stdout


@pytest.mark.parametrize(("finder", "name", "question", "setting", "package"), FINDERS)
def test_the_one_that_is_named_comes_first_and_is_never_replaced(
    tmp_path: Path, finder: str, name: str, question: str, setting: str, package: str
) -> None:
    _program(tmp_path / name, question)
    named = _program(tmp_path / "another", question)

    assert f"{named}\n" == _find(finder, tmp_path, **{setting: str(named)}).stdout
    assert "does not start" in _find(finder, tmp_path, **{setting: str(tmp_path / "gone")}).stderr


@pytest.mark.parametrize(("finder", "name", "question", "setting", "package"), FINDERS)
def test_without_any_the_error_says_what_to_install(
    tmp_path: Path, finder: str, name: str, question: str, setting: str, package: str
) -> None:
    found = _find(finder, tmp_path)

    assert (1, "") == (found.returncode, found.stdout)
    assert f"apt-get install -y {package}" in found.stderr
