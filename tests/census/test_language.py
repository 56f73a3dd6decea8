"""Words that docstrings and comments do not use, because a newcomer does not know what they mean here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.census import tree

INSTEAD = {
    "anew": "again",
    "bell": "wake-up",
    "desk": "context",
    "lest": "so that … not",
    "newborn": "forked process",
    "nursery": "prefork server",
    "rung": "woken",
    "whoever": "the user who",
    "whomever": "the user whom",
    "wherein": "in which",
}
UNUSED = re.compile(rf"\b({'|'.join(INSTEAD)})s?\b", re.IGNORECASE)
SQL_COMMENT = re.compile(r"--[^\n]*")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _prose(path: Path) -> Iterator[str]:
    """The docstrings and comments of a file."""
    if path.suffix == ".sql":
        yield from SQL_COMMENT.findall(tree.text(path))
        return
    for node in ast.walk(tree.tree(path)) if UNUSED.search(tree.text(path)) else ():
        if isinstance(node, DOCUMENTED):
            yield ast.get_docstring(node) or ""
    yield from (comment for _, comment in tree.comments(path, UNUSED))


def test_docstrings_and_comments_use_words_that_a_newcomer_knows() -> None:
    found = [(str(path), word) for path in tree.files(".py", ".sql") for text in _prose(path) for word in _unused(text)]

    assert [] == [f"{path}: write {INSTEAD[word]!r} for {word!r}" for path, word in found]


def _unused(text: str) -> list[str]:
    return [each.lower() for each in UNUSED.findall(text)]


def test_a_word_is_found_in_any_form() -> None:
    assert ["anew", "bell"] == _unused("Drawn Anew when the bells ring; no bellows, no renewal.")
