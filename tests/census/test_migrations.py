"""Checks of SQL files: their names, numbers and contents, and how a query calls a function."""

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
MADE = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+([^\s(]+)([^;$]*)", re.IGNORECASE)
WHOLE = re.compile(r"^CREATE OR REPLACE FUNCTION .*?^\$\$;$", re.DOTALL | re.MULTILINE)
MOST_LINES = 60
PINNED = "SET search_path FROM CURRENT"
COMMENT = re.compile(r"--[^\n]*")
CHANGED_TABLE = re.compile(r"(?:TABLE|POLICY \w+ ON|TRIGGER \w+ .*? ON)\s+(\w+)", re.DOTALL)
NEW_TABLE = re.compile(r"CREATE TABLE (\w+)")
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
    """Return the file's statements without comments and without the bodies of functions."""
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
    Check that no migration changed: `ics migrate` refuses a database whose applied migrations differ from the files.

    Add a line for each new migration (`sha256sum FILE`). Never change an existing line.
    """
    there = {f"{folder}/{name}" for folder, names in _folders().items() for name in names}

    found = {path: hashlib.sha256((tree.ROOT / path).read_bytes()).hexdigest() for path in there}

    assert _landed() == found


def _landed() -> dict[str, str]:
    lines = (tree.ROOT / LANDED).read_text("utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def test_a_change_of_a_function_raises_the_release() -> None:
    """
    Check that each change of a function has its own release number, so that an older release knows of a newer one.

    Raise `RELEASE` in shared/release.py and add a line: the number, two spaces, and the output of
    `cat shared/spine/functions/*.sql services/*/sql/functions/*.sql | sha256sum`.
    """
    releases = [line.split("  ") for line in (tree.ROOT / RELEASES).read_text("utf-8").splitlines()]
    files = [
        *sorted((tree.ROOT / SPINE).glob("functions/*.sql")),
        *sorted((tree.ROOT / "services").glob("*/sql/functions/*.sql")),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    assert [str(number) for number in range(1, RELEASE + 1)] == [number for number, _ in releases]
    assert digest == releases[-1][1]


def test_a_function_has_at_most_60_lines_with_its_head() -> None:
    """Check what a reader sees. `tests/services/test_schema.py` checks the bodies that Postgres has."""
    functions = [each for path in _functions() for each in WHOLE.findall((tree.ROOT / path).read_text("utf-8"))]

    assert len(functions) > 100
    assert [] == [each.splitlines()[0] for each in functions if len(each.splitlines()) > MOST_LINES]


def test_a_functions_file_holds_functions_and_their_grants_alone() -> None:
    others = {str(path): [each for each in _statements(path) if not STATEMENT.match(each)] for path in _functions()}

    assert {} == {path: found for path, found in others.items() if found}


def test_every_function_is_made_with_its_path_pinned() -> None:
    """
    Check the text of each file, since a function that is made again has the settings of the last file alone.

    So the path of a function that is declared in a baseline is not seen in the schema afterwards.
    """
    made = [(path, *each) for path in tree.files(".sql") for each in MADE.findall(COMMENT.sub("", tree.text(path)))]

    assert made
    assert [] == [f"{path}: {name}" for path, name, head in made if PINNED not in head]


def test_no_function_has_a_body_that_is_parsed_when_it_is_made() -> None:
    """Check that no function has a `BEGIN ATOMIC` body: Postgres would refuse changes to everything that it names."""
    assert [] == [path for path in tree.files(".sql") if "BEGIN ATOMIC" in tree.text(path).upper()]


def test_functions_get_their_body_from_elsewhere_in_a_baseline_alone() -> None:
    """
    Check that only a baseline declares a function whose body is in functions/.

    In a later migration its trigger would fail until the functions files are applied.
    """
    declared = [path for path in tree.files(".sql") if "gets its body from functions/" in tree.text(path)]

    assert [] == [path for path in declared if path.name != "0001_pre_baseline.sql"]


def test_a_policy_is_changed_with_one_table_in_a_transaction() -> None:
    """
    Check that a migration that changes a policy changes one table only: locks on two tables can deadlock with requests.

    A baseline runs before there are requests. Nobody waits for a table that the migration itself creates.
    """
    later = [
        path for folder, names in _folders().items() for name in names if name[:4] != "0001" for path in [folder / name]
    ]
    texts = {path: COMMENT.sub("", tree.text(path)) for path in later}
    tables = {path: set(CHANGED_TABLE.findall(text)) - set(NEW_TABLE.findall(text)) for path, text in texts.items()}

    assert [] == [path for path, found in tables.items() if "POLICY" in tree.text(path) and len(found) > 1]


def test_a_query_names_the_columns_that_it_reads_of_a_function() -> None:
    """Check that no query selects `*` from a function: a new column would be an error in open transactions."""
    assert [] == [f"{path}:{line}" for path in tree.code() for line in _stars(path)]


def _stars(path: Path) -> Iterator[int]:
    for node in ast.walk(tree.tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STAR_OF_A_FUNCTION.search(node.value):
            yield node.lineno
