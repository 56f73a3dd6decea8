"""How SQL files are named and numbered, what may stand in which, and how a query calls a function."""

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from shared.release import RELEASE
from tests.census import tree

NAME = re.compile(r"(\d{4})_(?:pre|post)_[a-z0-9]+(?:_[a-z0-9]+)*\.sql")
SPINE = Path("shared/spine")
LANDED = Path("tests/census/landed_migrations.txt")
RELEASES = Path("tests/census/landed_functions.txt")

STATEMENT = re.compile(r"CREATE OR REPLACE FUNCTION\s|(?:GRANT EXECUTE|REVOKE (?:ALL|EXECUTE)) ON FUNCTION\s")
BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
COMMENT = re.compile(r"--[^\n]*")
CHANGED_TABLE = re.compile(r"(?:TABLE|POLICY \w+ ON|TRIGGER \w+ .*? ON)\s+(\w+)", re.DOTALL)
STAR_OF_A_FUNCTION = re.compile(r"\*\s+FROM\s+(?!unnest|generate_series|jsonb_)\w+\(", re.IGNORECASE)


def _folders() -> dict[Path, list[str]]:
    folders: dict[Path, list[str]] = {}
    for path in tree.files(".sql"):
        if path.parent == SPINE or path.parent.name == "sql":
            folders.setdefault(path.parent, []).append(path.name)
    return folders


def _functions() -> list[Path]:
    return [path for path in tree.files(".sql") if path.parent.name == "functions"]


def _statements(path: Path) -> list[str]:
    """The file's statements, without comments and without what functions hold."""
    bare = BODY.sub("''", COMMENT.sub("", tree.text(path)))
    return [each for part in bare.split(";") if (each := part.strip())]


def test_every_sql_file_stands_where_the_runner_looks() -> None:
    numbered = {folder / name for folder, names in _folders().items() for name in names}

    assert set(tree.files(".sql")) == numbered | set(_functions())
    assert {SPINE} | {Path("services", each) / "sql" for each in _services()} >= {
        path.parent.parent for path in _functions()
    }


def _services() -> list[str]:
    return sorted({path.parts[1] for path in tree.files(".sql") if path.parts[0] == "services"})


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


def test_a_change_of_a_function_raises_the_release() -> None:
    """
    An older release must know that a newer one applied the functions, so each change has a number of its own.

    Raise `RELEASE` in shared/release.py and add a line: the number, two spaces, and what
    `cat shared/spine/functions/*.sql services/*/sql/functions/*.sql | sha256sum` says.
    """
    releases = [line.split("  ") for line in (tree.ROOT / RELEASES).read_text("utf-8").splitlines()]
    files = [
        *sorted((tree.ROOT / SPINE).glob("functions/*.sql")),
        *sorted((tree.ROOT / "services").glob("*/sql/functions/*.sql")),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    assert [str(number) for number in range(1, RELEASE + 1)] == [number for number, _ in releases]
    assert digest == releases[-1][1]


def test_a_functions_file_holds_functions_and_their_grants_alone() -> None:
    others = {str(path): [each for each in _statements(path) if not STATEMENT.match(each)] for path in _functions()}

    assert {} == {path: found for path, found in others.items() if found}


def test_no_function_has_a_body_that_is_parsed_when_it_is_made() -> None:
    """Such a body holds on to what it names, so that nothing of that can change while the function stands."""
    assert [] == [path for path in tree.files(".sql") if "BEGIN ATOMIC" in tree.text(path).upper()]


def test_functions_get_their_body_from_elsewhere_in_a_baseline_alone() -> None:
    """In a later file the trigger would fail until the functions files are applied: there it has its whole body."""
    declared = [path for path in tree.files(".sql") if "gets its body from functions/" in tree.text(path)]

    assert [] == [path for path in declared if path.name != "0001_pre_baseline.sql"]


def test_a_policy_is_changed_with_one_table_in_a_transaction() -> None:
    """Two tables locked in one order, and by a request in the other, are a deadlock. A baseline meets no requests."""
    later = [
        path for folder, names in _folders().items() for name in names if name[:4] != "0001" for path in [folder / name]
    ]
    tables = {path: set(CHANGED_TABLE.findall(COMMENT.sub("", tree.text(path)))) for path in later}

    assert [] == [path for path, found in tables.items() if "POLICY" in tree.text(path) and len(found) > 1]


def test_a_query_names_the_columns_that_it_reads_of_a_function() -> None:
    """A function that returns a column more is a fault in each open transaction that asked for all of them."""
    assert [] == [f"{path}:{line}" for path in tree.code() for line in _stars(path)]


def _stars(path: Path) -> Iterator[int]:
    for node in ast.walk(tree.tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STAR_OF_A_FUNCTION.search(node.value):
            yield node.lineno
