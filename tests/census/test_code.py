"""Checks of what no module may do, or only the modules named here."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.census import tree

BUS = Path("shared/bus")
LOOSENED = re.compile(r"#\s*(type:\s*ignore|mypy:|pyright:)")
CLOCKS_AND_CHANCE = {"now", "today", "utcnow", "uuid1", "uuid4", "monotonic", "time_ns", "perf_counter"}


def _names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each name that the file imports or reads, dotted if it is written so."""
    for node in ast.walk(tree.tree(path)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, (ast.Attribute, ast.Name)):
            yield node.lineno, _dotted(node)


def _dotted(node: ast.expr) -> str:
    """Return the dotted name, such as `datetime.date.today`. Leave out a first part that is not a name."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _uses(paths: list[Path], *wanted: str) -> list[str]:
    last_words = {each.rpartition(".")[2] for each in wanted}
    read = [path for path in paths if any(word in tree.text(path) for word in last_words)]
    return [f"{path}:{line} {name}" for path in read for line, name in _names(path) if name in wanted]


def test_any_is_written_in_the_bus_alone() -> None:
    others = [path for path in tree.files(".py") if path.parent != BUS]

    assert [] == _uses(others, "typing.Any", "typing_extensions.Any")


def test_the_type_checker_is_silenced_in_the_bus_alone() -> None:
    others = [path for path in tree.files(".py") if path.parent != BUS]

    silenced = [f"{path}:{line}" for path in others for line, _ in tree.comments(path, LOOSENED)]

    assert [] == silenced


def test_only_what_speaks_to_an_operator_prints() -> None:
    others = [path for path in tree.code() if path.parts[0] != "deploy"]

    assert [] == _uses(others, "print")


def test_only_settings_and_the_runner_read_the_environment() -> None:
    others = [path for path in tree.code() if path.parts[0] != "deploy" and path.name != "settings.py"]

    assert [] == _uses(others, "os.environ", "os.getenv", "os.environb")


def test_rules_ask_neither_a_clock_nor_chance() -> None:
    rules = [path for path in tree.code() if path.parts[0] == "services" and "rules" in (path.stem, path.parent.name)]

    asked = [(path, name) for path in rules for _, name in _names(path)]

    assert [] == [f"{path} {name}" for path, name in asked if name.rpartition(".")[2] in CLOCKS_AND_CHANCE]


def test_a_stored_answer_is_read_as_a_date_in_one_place_alone() -> None:
    """Any other way of reading one can fail: a stored answer may be no date, whatever its question is now."""
    others = [path for path in tree.code() if path != Path("shared/values.py")]

    assert [] == _uses(others, "date.fromisoformat", "datetime.date.fromisoformat")


def test_every_tool_of_the_tests_ends_what_it_started() -> None:
    """`run_to_its_end` leaves its blocks in order when SIGTERM comes; `asyncio.run` alone leaves them as they are."""
    allowed = (
        Path("tests/support/ending.py"),
        Path("tests/deploy/stand_in.py"),
        Path("tests/deploy/stand_in_runner.py"),
    )
    others = [path for path in tree.files(".py") if path.parts[0] == "tests" and path not in allowed]

    assert [] == _uses(others, "asyncio.run")


def test_every_class_name_is_used_once() -> None:
    """Check that a search for a class finds only the class that is meant."""
    classes = [
        (node.name, str(path))
        for path in tree.code()
        for node in ast.walk(tree.tree(path))
        if isinstance(node, ast.ClassDef)
    ]
    names = Counter(name for name, _ in classes)

    assert [] == [f"{path} {name}" for name, path in classes if names[name] > 1]
