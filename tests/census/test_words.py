"""Checks that every word used is in the catalogue, every entry is used, and every part of a definition is read."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment, nodes
from pydantic import BaseModel

from shared.registers.definition.base import placeholders_in
from shared.registers.definition.register import Definition
from shared.registers.definition.words import BY_CODE, Said, catalogue
from tests.census.tree import code, files, text, tree

TEMPLATES = Path("gateway/templates")
NAMES = {"words", "_words"}
SPOKEN = re.compile(r"\.[a-z_]\w*")


@dataclass(frozen=True)
class Saying:
    """One use of a word. `key` is empty if it is not written out; `filled` is None if no placeholder is filled."""

    place: str
    key: str
    filled: frozenset[str] | None
    shape: str = "text"


# ------------------------------------------------------------------------------------------------------------ in Python
def is_words(node: ast.expr) -> bool:
    """Return whether the expression is the catalogue, such as `words`, `self._words` or `register.words`."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in NAMES


def said_in_python(path: Path) -> Iterator[Saying]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and is_words(node.func):
            filled = frozenset(each.arg or "**" for each in node.keywords)
            yield Saying(f"{path}:{node.lineno}", written_key(node), filled)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_words(node.func.value):
            yield Saying(f"{path}:{node.lineno}", written_key(node), None, node.func.attr)


def written_key(call: ast.Call) -> str:
    key = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], ast.Constant) else ""
    return key if isinstance(key, str) else ""


def assigned(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name and the value assigned to it, also in `one, other = 1, 2`."""
    for target in node.targets:
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=True))
        yield from ((ast.unparse(to).rpartition(".")[2], value) for to, value in pairs)


def other_names(path: Path) -> Iterator[str]:
    """Yield each place where the catalogue has another name, which would hide its words from these checks."""
    for node in ast.walk(tree(path)):
        named: list[tuple[str, ast.expr | None]] = []
        if isinstance(node, ast.arg):
            named = [(node.arg, node.annotation)]
        elif isinstance(node, ast.AnnAssign):
            named = [(ast.unparse(node.target).rpartition(".")[2], node.annotation)]
        elif isinstance(node, ast.FunctionDef) and node.name != "reworded":
            named = [(node.name, node.returns)]
        elif isinstance(node, ast.Assign):
            named = [(name, ast.Name("Words")) for name, value in assigned(node) if is_words(value)]
        for name, kind in named:
            if isinstance(kind, ast.Name) and kind.id == "Words" and name not in NAMES:
                yield f"{path}: {name}"


# --------------------------------------------------------------------------------------------------------- in templates
def said_in_template(path: Path) -> Iterator[Saying]:
    yield from said_in_node(Environment().parse(text(path)), path)


def said_in_node(node: nodes.Node, path: Path) -> Iterator[Saying]:
    filled: frozenset[str] | None = None
    word = node
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "format":
        filled = frozenset(each.key for each in node.kwargs)
        word = node.node.node
        word = word.node if isinstance(word, nodes.Filter) and word.node else word
    if key := key_in_template(word):
        yield Saying(f"{path}:{node.lineno}", key, filled, "attribute")
        inside = list(node.iter_child_nodes(exclude=("node",))) if word is not node else []
    else:
        inside = list(node.iter_child_nodes())
    for child in inside:
        yield from said_in_node(child, path)


def key_in_template(node: nodes.Node) -> str:
    """Return the key, such as `holding.more` for `words.holding.more`, or an empty text for anything else."""
    steps: list[str] = []
    while isinstance(node, nodes.Getattr) and node.attr not in NAMES:
        steps.insert(0, node.attr)
        node = node.node
    is_root = isinstance(node, nodes.Getattr) or (isinstance(node, nodes.Name) and node.name in NAMES)
    return ".".join(steps) if is_root else ""


# --------------------------------------------------------------------------------------------------------------- checks
def fault_in(said: Saying) -> str:
    """Return what is wrong with this use of a word, or an empty text."""
    if not said.key:
        return "the key must be written out"
    if said.shape == "group":
        return "" if said.key in BY_CODE else "is no group that is read by a code"
    if said.key not in catalogue():
        return f"{said.key} is not in the catalogue"
    return fault_of_shape(said, catalogue()[said.key])


def fault_of_shape(said: Saying, found: Said) -> str:
    if said.shape == "lines" or not isinstance(found, str):
        return (
            ""
            if said.shape in ("lines", "attribute") and not isinstance(found, str)
            else f"{said.key} is no such shape"
        )
    wanted = placeholders_in(found)
    if said.shape == "unfilled" or (said.filled or frozenset()) == wanted:
        return ""
    return f"{said.key} has the placeholders {sorted(wanted)} and is given {sorted(said.filled or ())}"


@pytest.fixture(scope="module")
def sayings() -> list[Saying]:
    in_python = [each for path in code() for each in said_in_python(path)]
    pages = [path for path in files(".html") if TEMPLATES in path.parents]
    return in_python + [each for path in pages for each in said_in_template(path)]


def test_every_word_that_is_said_is_in_the_catalogue(sayings: list[Saying]) -> None:
    assert len(sayings) > 700
    assert [] == [f"{each.place}: {fault}" for each in sayings if (fault := fault_in(each))]


def test_every_word_is_said_somewhere(sayings: list[Saying]) -> None:
    groups = tuple(f"{each.key}." for each in sayings if each.shape == "group")
    said = {each.key for each in sayings}

    assert [] == [key for key in catalogue() if key not in said and not key.startswith(groups)]


def test_the_catalogue_goes_by_one_name() -> None:
    assert [] == [each for path in code() for each in other_names(path)]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (Saying("", "holding.find", frozenset()), ""),
        (Saying("", "holding.found", frozenset({"count"})), ""),
        (Saying("", "holding.found", None, "unfilled"), ""),
        (Saying("", "holding.intro", None, "lines"), ""),
        (Saying("", "holding.intro", None, "attribute"), ""),
        (Saying("", "faults", None, "group"), ""),
        (Saying("", "", frozenset()), "the key must be written out"),
        (Saying("", "holding.fuond", frozenset()), "holding.fuond is not in the catalogue"),
        (Saying("", "holding", None, "attribute"), "holding is not in the catalogue"),
        (Saying("", "holding", None, "group"), "is no group that is read by a code"),
        (Saying("", "holding.intro", frozenset()), "holding.intro is no such shape"),
        (Saying("", "holding.find", None, "lines"), "holding.find is no such shape"),
        (Saying("", "holding.found", frozenset()), "holding.found has the placeholders ['count'] and is given []"),
        (Saying("", "tasks.as_at", None, "attribute"), "tasks.as_at has the placeholders ['when'] and is given []"),
        (Saying("", "holding.find", frozenset({"x"})), "holding.find has the placeholders [] and is given ['x']"),
    ],
)  # fmt: skip
def test_a_mistake_is_seen(said: Saying, fault: str) -> None:
    assert fault == fault_in(said)


def test_a_template_is_read_as_jinja_reads_it() -> None:
    page = "{{ words.a.b }}{% if x.words.c.d %}{{ f((y.words.e | e).format(n=words.g, m=1)) }}{% endif %}{{ words }}"

    said = list(said_in_node(Environment().parse(page), Path("x")))

    assert [("a.b", None), ("c.d", None), ("e", frozenset({"n", "m"})), ("g", None)] == [
        (e.key, e.filled) for e in said
    ]


# ---------------------------------------------------------------------------------------------------------- definitions
def parts_of(model: object, known: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Return the models that a definition consists of."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return known.union(*(parts_of(each, known) for each in get_args(model)))
    if model in known:
        return known
    known.add(model)
    return known.union(*(parts_of(each.annotation, known) for each in model.model_fields.values()))


def test_all_that_a_definition_says_is_read() -> None:
    read = frozenset(SPOKEN.findall("\n".join(text(path) for path in (*code(), *files(".html", ".txt")))))

    said = {f"{part.__name__}.{name}" for part in parts_of(Definition, set()) for name in part.model_fields}

    assert "Question.label" in said
    assert [] == sorted(each for each in said if f".{each.partition('.')[2]}" not in read)
