"""Checks of the decision records: numbered without a gap, dated, with a status and three parts."""

import re
from pathlib import Path

from tests.census import tree

FOLDER = Path("docs/decisions")
NAME = re.compile(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
BEGINNING = re.compile(
    r"# (\d+)\. .+\n\nDate: \d{4}-\d\d-\d\d\. Status: (?:accepted|superseded by \d{4}|withdrawn)\.\n"
)
PARTS = ("Context", "Decision", "Consequences")


def _records() -> list[Path]:
    return [path for path in tree.files(".md") if path.parent == FOLDER]


def test_decisions_are_numbered_without_a_gap() -> None:
    named = [NAME.fullmatch(path.name) for path in _records()]

    assert list(range(1, len(named) + 1)) == [int(each[1]) for each in named if each]


def test_every_decision_has_its_number_a_date_and_a_status() -> None:
    found = {path: BEGINNING.match(tree.text(path)) for path in _records()}

    assert [] == [path for path, begins in found.items() if not begins or int(begins[1]) != int(path.name[:4])]


def test_every_decision_has_context_decision_and_consequences_in_this_order() -> None:
    places = {path: [_place(tree.text(path), part) for part in PARTS] for path in _records()}

    assert [] == [path for path, found in places.items() if -1 in found or found != sorted(found)]


def _place(text: str, part: str) -> int:
    """Return where a part begins, under a heading or in bold, or -1 if it is missing."""
    return max(text.find(f"\n## {part}\n"), text.find(f"\n**{part}.**"))
