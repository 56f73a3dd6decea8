"""Checks of the length of functions and files."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from tests.census import tree

LONGEST_FUNCTION = 50
LONGEST_FILE = 500
WRITTEN = (".py", ".sql", ".html", ".js", ".css", ".sh")


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree.tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{path}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def _all_functions() -> dict[str, int]:
    return dict(function for path in tree.code() for function in _functions(path))


def test_no_function_is_longer_than_50_lines() -> None:
    assert [] == [place for place, lines in _all_functions().items() if lines > LONGEST_FUNCTION]


def test_half_of_the_functions_have_at_most_6_lines_and_nine_in_ten_at_most_16() -> None:
    lengths = list(_all_functions().values())

    assert (True, True) == (median(lengths) <= 6, quantiles(lengths, n=10)[8] <= 16)


def test_no_file_is_longer_than_500_lines() -> None:
    lengths = {path: len(tree.text(path).splitlines()) for path in tree.files(*WRITTEN)}

    assert {} == {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}
