"""Checks that the hazard log names tests that exist, and at least one for each hazard."""

import re
from pathlib import Path

from tests.census import tree

ROW = re.compile(r"^\| (\d+\.\d+) \|.*$", re.MULTILINE)
NAME = re.compile(r"`(test_\w+)`")


def _rows() -> list[re.Match[str]]:
    return list(ROW.finditer(tree.text(Path("docs/hazards.md"))))


def test_each_hazard_names_tests_and_each_of_them_exists() -> None:
    defined = {
        name
        for path in tree.files(".py")
        if path.name.startswith("test_")
        for name in re.findall(r"def (test_\w+)", tree.text(path))
    }
    without = [row[1] for row in _rows() if not NAME.search(row[0])]
    unknown = [name for row in _rows() for name in NAME.findall(row[0]) if name not in defined]

    assert ([], []) == (without, unknown)


def test_hazards_are_numbered_once() -> None:
    numbers = [row[1] for row in _rows()]

    assert numbers
    assert len(numbers) == len(set(numbers))
