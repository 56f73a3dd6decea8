"""Tests of the catalogue of words: how a text is read, and how a register may reword it."""

import tomllib

import pytest
from jinja2 import Environment

from shared.registers.definition.words import CATALOGUE, Words, read_catalogue, reworded
from shared.registers.faults import FaultyRegister

SLIPS = [
    (
        {"holding": {"fuond": "x"}},
        "words, holding, fuond: is not a word that a definition knows; did you mean holding.found?",
    ),
    ({"zzzz": {"qqqq": "x"}}, "words, zzzz, qqqq: is not a word that a definition knows"),
    ({"record": "x"}, "words, record: is not a word that a definition knows; did you mean record.tab?"),
    ({"holding": {"found": "{cont}"}}, "words, holding, found: must have the placeholders {count}; it has {cont}"),
    ({"holding": {"found": "Some found"}}, "words, holding, found: must have the placeholders {count}; it has none"),
    ({"holding": {"found": "{count:x}"}}, "words, holding, found: must have the placeholders {count}; it has {countx}"),
    ({"holding": {"find": "Find {name}"}}, "words, holding, find: must have the placeholders none; it has {name}"),
    ({"holding": {"find": "Find {"}}, "words, holding, find: has a brace that opens or closes no gap"),
    ({"holding": {"find": ["Find"]}}, "words, holding, find: must be text in quotes"),
    ({"holding": {"find": 1}}, "words, holding, find: must be text in quotes"),
    ({"holding": {"find": " "}}, "words, holding, find: must not be empty"),
    ({"holding": {"find": "x" * 4001}}, "words, holding, find: must be 4000 characters or fewer"),
    ({"holding": {"intro": "One text"}}, "words, holding, intro: must be a list in square brackets"),
    ({"holding": {"intro": ["One", 2]}}, "words, holding, intro: must be text in quotes"),
    ("none", "words: must be a table"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "fault"), SLIPS)
def test_a_slip_in_a_registers_own_words_is_told_with_its_place(own: object, fault: str) -> None:
    _, faults = reworded(own)

    assert [fault] == [str(each) for each in faults]


def test_every_slip_is_told_at_once() -> None:
    _, faults = reworded({"holding": {"find": "", "found": "x"}, "page": {"bak": "x"}})

    assert ["words, holding, find", "words, holding, found", "words, page, bak"] == [each.place for each in faults]


def test_a_register_says_only_what_differs() -> None:
    words, faults = reworded({"page": {"yes": " Oes "}, "holding": {"intro": ["Un.", "Dau."]}})

    assert [] == faults
    assert ("Oes", "No") == (words("page.yes"), words("page.no"))
    assert ("Un.", "Dau.") == words.lines("holding.intro")


def test_an_optional_word_is_empty_until_a_register_says_it() -> None:
    words, faults = reworded({"records": {"intro": "All who wait."}})

    assert [] == faults
    assert ("", "All who wait.") == (words("reporting.intro"), words("records.intro"))


def test_a_text_is_filled_with_exactly_its_placeholders() -> None:
    words, _ = reworded({})

    assert "3 colleagues were found. You can choose one below." == words("holding.found", count=3)
    with pytest.raises(TypeError, match=r"holding\.found has the placeholders \{count\}"):
        words("holding.found")
    with pytest.raises(TypeError, match=r"holding\.found has the placeholders \{count\}"):
        words("holding.found", count=3, name="x")
    with pytest.raises(TypeError, match=r"holding\.find has the placeholders none"):
        words("holding.find", count=3)


def test_a_group_is_read_by_its_codes() -> None:
    words, _ = reworded({"faults": {"required": "Rhowch ateb: {label}"}})

    assert "Rhowch ateb: {label}" == words.group("faults")["required"]
    assert {"active", "invited", "locked", "deactivated"} == words.group("users.states").keys()


def test_no_method_hides_a_word_from_a_template() -> None:
    names = ("copy", "format", "get", "items", "keys", "pop", "update", "values")
    words = Words({f"deep.group.{name}": name.upper() for name in names})

    written = Environment(autoescape=True).from_string("".join(f"{{{{ words.deep.group.{name} }}}} " for name in names))

    assert [name.upper() for name in names] == written.render(words=words).split()


def test_a_catalogue_without_a_word_for_a_code_is_refused() -> None:
    written = tomllib.loads(CATALOGUE.read_text("utf-8"))
    del written["faults"]["postcode"], written["users"]["roles"]["standard"]

    with pytest.raises(FaultyRegister) as faulty:
        read_catalogue(written)

    assert ["faults: is missing postcode", "users.roles: is missing standard"] == [str(e) for e in faulty.value.faults]


@pytest.mark.parametrize(
    ("group", "fault"),
    [
        ({"lines": {"x": "y"}}, "lines.x: cannot be the name of a word"),
        ({"page2": {"A-b": "y"}}, "page2.A-b: cannot be the name of a word"),
        ({"page2": {"x": "{"}}, "page2.x: has a brace that opens or closes no gap"),
        ({"page2": {"x": 1}}, "page2.x: must be text in quotes"),
    ],
)
def test_a_catalogue_holds_names_and_texts_alone(group: dict[str, object], fault: str) -> None:
    with pytest.raises(FaultyRegister) as faulty:
        read_catalogue(tomllib.loads(CATALOGUE.read_text("utf-8")) | group)

    assert [fault] == [str(each) for each in faulty.value.faults]
