"""Lists the project's own files, without anything installed, built, cached or kept for an installation."""

import ast
import os
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("shared", "services", "gateway", "deploy")
PASSED_OVER = {
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "built",
    "built.new",
    "node_modules",
    "var",
}
AT_THE_ROOT = {"build", "dist"}
LOCKS = {"requirements.lock", "package-lock.json"}


@cache
def files(*suffixes: str) -> list[Path]:
    """Return the project's files with one of these endings, or all, as paths from the root, without lock files."""
    found = sorted(path.relative_to(ROOT) for path in _walk())
    return [path for path in found if path.name not in LOCKS and (not suffixes or path.suffix in suffixes)]


def _walk() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        passed_over = PASSED_OVER | AT_THE_ROOT if Path(folder) == ROOT else PASSED_OVER
        folders[:] = [name for name in folders if name not in passed_over and not name.endswith(".egg-info")]
        yield from (Path(folder, name) for name in names)


def code() -> list[Path]:
    """Return the Python files of the product itself."""
    return [path for path in files(".py") if path.parts[0] in CODE]


@cache
def text(path: Path) -> str:
    """Return the text of the file, or an empty text if it is not UTF-8, such as a picture."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def comments(path: Path, about: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield the line number and text of each comment of a Python file in which such words are found."""
    if not about.search(text(path)):
        return
    with (ROOT / path).open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT and about.search(token.string):
                yield token.start[0], token.string
