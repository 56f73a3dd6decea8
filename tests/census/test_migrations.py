"""How migrations are named and numbered."""

import hashlib
import re
from pathlib import Path

from tests.census import tree

NAME = re.compile(r"(\d{4})_(?:pre|post)_[a-z0-9]+(?:_[a-z0-9]+)*\.sql")
SPINE = Path("shared/spine")
LANDED = Path("tests/census/landed_migrations.txt")


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


def test_a_migration_that_has_landed_is_never_edited() -> None:
    """
    `ics migrate` refuses a database whose migrations say something else now, so an edit would shut out whoever has it.

    A new migration adds its line (`sha256sum FILE`); a line that is there stays as it is.
    """
    there = {f"{folder}/{name}" for folder, names in _folders().items() for name in names}

    found = {path: hashlib.sha256((tree.ROOT / path).read_bytes()).hexdigest() for path in there}

    assert _landed() == found


def _landed() -> dict[str, str]:
    lines = (tree.ROOT / LANDED).read_text("utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}
