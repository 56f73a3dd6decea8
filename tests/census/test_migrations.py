"""How migrations are named and numbered."""

import re
from pathlib import Path

from tests.census import tree

NAME = re.compile(r"(\d{4})_(?:pre|post)_[a-z0-9]+(?:_[a-z0-9]+)*\.sql")
SPINE = Path("shared/spine")


def _folders() -> dict[Path, list[str]]:
    folders: dict[Path, list[str]] = {}
    for path in tree.files(".sql"):
        if path.parent == SPINE or path.parent.name == "migrations":
            folders.setdefault(path.parent, []).append(path.name)
    return folders


def test_every_migration_says_its_number_and_its_side_of_the_upgrade() -> None:
    named = [(folder, name) for folder, names in _folders().items() for name in names]

    assert [] == [f"{folder}/{name}" for folder, name in named if not NAME.fullmatch(name)]


def test_the_numbers_of_a_folder_have_no_gap_and_no_double() -> None:
    numbers = {folder: sorted(int(name[:4]) for name in names) for folder, names in _folders().items()}

    assert {folder: list(range(1, len(found) + 1)) for folder, found in numbers.items()} == numbers
