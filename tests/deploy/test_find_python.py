"""Tests of the Python that the virtual environment is built with."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "deploy" / "build" / "find_python.sh").read_text(encoding="utf-8")


def _find(folder: Path, pythons: dict[str, str]) -> tuple[str, str]:
    """Return what the script prints and its message if these are the only Pythons, each with what it says of itself."""
    for name, build in pythons.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\necho {build} $0\n", encoding="utf-8")
        file.chmod(0o755)
    script = SCRIPT.replace("/usr/bin/python3", "python-of-the-distribution")
    asked = {"PATH": str(folder)}
    done = subprocess.run(["/bin/sh", "-c", script], env=asked, capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix(f"{folder}/"), done.stderr


def test_an_optimised_python_is_preferred_to_a_newer_one(tmp_path: Path) -> None:
    assert ("python3.11", "") == _find(tmp_path, {"python3.12": "plain", "python3.11": "optimised"})


def test_a_plain_python_is_used_if_there_is_no_other_and_the_message_says_so(tmp_path: Path) -> None:
    found, message = _find(tmp_path, {"python3.12": "plain", "python3.11": "plain"})

    assert "python3.12" == found
    assert "not an optimised build" in message
