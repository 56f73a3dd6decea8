"""Tests of the notes on a definition that can be used, but perhaps does not do what its author means."""

from pathlib import Path

import pytest

from deploy.operate.register_check import check_definition
from shared.registers.checks.notes import find_notes
from shared.registers.files import lists_beside, read_register
from tests.rules.typed import INVENTED

REGISTERS = Path(__file__).parents[1] / "journeys" / "registers"
HOMES, WATCH = ((REGISTERS / code).read_text("utf-8") for code in ("homes/2031.toml", "watch/2032.toml"))

MEANT_OTHERWISE = [
    (
        'label = "Reach of the hoist"',
        'retired = true\nlabel = "Reach of the hoist"',
        "question hoist_reach: is required and",
    ),
    (
        'label = "Fittings"',
        'label = "Fittings"\nmissing = "Which?"',
        "question fittings: has a text for a missing answer",
    ),
    (
        'label = "Fittings"',
        'label = "Fittings"\nmax_length = 5',
        "question fittings: has max_length, which does nothing",
    ),
    (
        'name = "came_to_the_world"',
        'max_length = 5\nname = "came_to_the_world"',
        "question came_to_the_world: has max_length, which does nothing for date",
    ),
    ('record = "household"', f'record = "{"house" * 13}"', "register, record: has more than 60 characters"),
    (
        '{ label = "Children", last = 17 },',
        '{ label = "Children", last = 17 },\n    { label = "None", first = 5, last = 4 },',
        "reporting, tile BY AGE: None holds no age",
    ),
    (
        'kind = "option", label = "Rooms needed"',
        'kind = "age", label = "Age", everything = "All", band = [{ label = "0 to 25", first = 26, last = 25 }] },\n'
        '  { kind = "option", label = "Rooms needed"',
        "reporting, filter Age: 0 to 25 holds no age: first is above last",
    ),
    (
        'title = "Everybody who waits"',
        'title = "Everybody who waits", ages = { label = "0 to 25", first = 26, last = 25 }',
        "reporting, report waiting: 0 to 25 holds no age: first is above last",
    ),
    (
        "self_registration = false",
        "self_registration = true",
        "organisation Hogglestock Housing: hogglestock.gov.uk is not within accepted_domains",
    ),
    ('  { label = "DO", shows = "actions" },\n', "", "records: no column shows actions"),
]


def notes(text: str) -> list[str]:
    definition = read_register(text.encode(), "x/2031.toml", lists_beside(INVENTED)).definition
    return [str(note) for note in find_notes(definition)]


@pytest.mark.parametrize(("old", "new", "said"), MEANT_OTHERWISE)
def test_what_works_but_is_perhaps_not_meant_is_noted(old: str, new: str, said: str) -> None:
    assert old in HOMES

    [note] = notes(HOMES.replace(old, new, 1))

    assert note.startswith(said)


def test_an_outcome_that_ends_nothing_is_noted_where_records_end_by_a_date() -> None:
    form = HOMES[HOMES.index("[outcome]") : HOMES.index("[records]")]

    assert ["outcome: no outcome ends a record: no transition is by an outcome"] == notes(WATCH + "\n" + form)


@pytest.mark.parametrize("text", [HOMES, WATCH])
def test_a_good_definition_has_no_notes(text: str) -> None:
    assert [] == notes(text)


def test_a_note_is_told_and_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "homes" / "2031.toml"
    path.parent.mkdir()
    path.write_text(HOMES.replace('  { label = "DO", shows = "actions" },\n', ""), "utf-8")

    checked = check_definition(path)

    assert [] == checked.faults
    assert checked.compared[0].startswith("Look at this: records: no column shows actions")
