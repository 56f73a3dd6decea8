"""Every word of the house is said, and all that a definition says is read: what nobody uses any more is deleted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from shared.registers.definition import Definition
from shared.registers.definition.words import Words
from tests.census.tree import code, files, text

TEMPLATES = (Path("gateway/templates"), Path("services/notifier/templates"))
NAMED = re.compile(r"[\w/]+\.(?:html|txt)\b")
SPOKEN = re.compile(r"\.[a-z_]\w*|\b[A-Z]\w*Words\b")
READ_BY_NAME = {"sorts"}  # by the name of the order that was chosen

Word = tuple[str, str, str]


def every_word(model: type[BaseModel] = Words, group: str = "") -> Iterator[Word]:
    """The group that each word is in, its model, its name."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from every_word(field.annotation, name)
        else:
            yield group, model.__name__, name


def with_templates(path: Path) -> str:
    """A file of the code, and the templates that it shows, with those that they are made of."""
    reached, found = {path}, [path]
    for each in found:
        named = {folder / name for name in NAMED.findall(text(each)) for folder in TEMPLATES} & set(
            files(".html", ".txt")
        )
        found += sorted(named - reached)
        reached |= named
    return "\n".join(text(each) for each in found)


@pytest.fixture(scope="module")
def rooms() -> list[frozenset[str]]:
    """
    What is read together, as the names in it: `.heading` of an attribute, `LoginWords` of a model.

    Who names a group of words says its words in the same room.
    """
    of_words = Path("shared/registers/definition/words")
    together = [with_templates(path) for path in code() if of_words not in path.parents]
    return [frozenset(SPOKEN.findall(each)) for each in together]


def is_said(room: frozenset[str], word: Word) -> bool:
    group, model, name = word
    return f".{name}" in room and (not group or f".{group}" in room or model in room)


def test_every_word_is_said_somewhere(rooms: list[frozenset[str]]) -> None:
    asked = [each for each in every_word() if each[0] not in READ_BY_NAME]

    silent = [word for word in asked if not any(is_said(room, word) for room in rooms)]

    assert [] == [f"{group}.{name}" for group, _, name in silent]


def parts_of(model: object, known: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models that a definition is made of, without the words."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return known.union(*(parts_of(each, known) for each in get_args(model)))
    if model is Words or model in known:
        return known
    known.add(model)
    return known.union(*(parts_of(each.annotation, known) for each in model.model_fields.values()))


def test_all_that_a_definition_says_is_read() -> None:
    read = frozenset(SPOKEN.findall("\n".join(text(path) for path in (*code(), *files(".html", ".txt")))))

    said = {f"{part.__name__}.{name}" for part in parts_of(Definition, set()) for name in part.model_fields}

    assert "Question.label" in said
    assert [] == sorted(each for each in said if f".{each.partition('.')[2]}" not in read)
