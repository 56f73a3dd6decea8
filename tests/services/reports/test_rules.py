"""Ages, counts and choices, without a database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reports.rules.ages import band_of, births_of, born_by, next_band_on
from services.reports.rules.choosing import (
    Codes,
    answers_wanted,
    file_name,
    read_choice,
    reports_offered,
)
from services.reports.rules.counting import Counted, Overdue, Panels, Tallies, counted_by, counted_of
from shared.contracts.referrals.feed import FedRecord
from shared.contracts.reports import Count
from shared.database import as_json
from shared.messages import Refused
from shared.permissions import Role
from shared.registers.bodies import organisation_compartment
from shared.registers.definition.dashboards import AgeBand, OptionTile
from shared.registers.definition.questions import Option
from shared.registers.definition.register import Definition
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Overlay, apply
from shared.values import age_on
from tests.services.referrals.builders import a_visitor

DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))
BORN = st.dates(date(1900, 1, 1), date(2040, 12, 31))
BODIES = organisation_compartment(UUID(int=2)).bodies
BANDS = (
    AgeBand(label="U16", last=15),
    AgeBand(label="16 - 17", first=16, last=17),
    AgeBand(label="18 - 65", first=18, last=64),
    AgeBand(label="65+", first=65),
)


@pytest.fixture(scope="module")
def registers() -> Registers:
    return load_registers()


@pytest.fixture(scope="module")
def dsr(registers: Registers) -> Definition:
    return registers.find("dsr")


@given(DAYS, BORN, st.integers(0, 120))
def test_who_was_born_by_then_is_that_old_and_nobody_else(day: date, born: date, age: int) -> None:
    assert (born <= born_by(day, age)) == (age_on(born, day) >= age)


@given(DAYS, BORN)
def test_somebody_is_in_one_band_until_the_day_on_which_they_come_into_another(day: date, born: date) -> None:
    until = next_band_on(BANDS, born, day)

    here = band_of(BANDS, born, day)
    assert BANDS[here].holds(max(age_on(born, day), 0))
    assert (until is None) == (here == len(BANDS) - 1)
    if until is not None:
        assert until > day
        assert (here, here + 1) == (band_of(BANDS, born, until - timedelta(days=1)), band_of(BANDS, born, until))


@pytest.mark.slow
@given(DAYS, st.lists(st.none() | BORN, max_size=20), st.integers(0, 30_000))
def test_counted_on_one_day_and_put_right_on_another_is_counted_on_the_other(
    dsr: Definition, registers: Registers, day: date, births: list[date | None], later: int
) -> None:
    then = day + timedelta(days=later)
    counted = [counted_of(a_record(born), registers, day) for born in births]
    tallies, expected = Tallies(), Tallies()
    for each in counted:
        for item in each.items:
            tallies.add(item, 1)
    for born in births:
        for item in counted_of(a_record(born), registers, then).items:
            expected.add(item, 1)

    overdue = [Overdue(each.items, born) for each, born in zip(counted, births, strict=True) if is_due(each, then)]
    tallies.put_right(dsr, overdue, then)

    assert without_zeros(expected) == without_zeros(tallies)


@pytest.mark.parametrize(("first", "last"), [(0, None), (0, 17), (18, None), (16, 17)])
def test_a_band_holds_the_births_between_its_days(first: int, last: int | None) -> None:
    day = date(2026, 11, 22)
    births = births_of(AgeBand(label="Band", first=first, last=last), day)

    for born in (day - timedelta(days=days) for days in range(0, 9_000, 7)):
        within = (births.after is None or born > births.after) and (births.until is None or born <= births.until)
        assert within == (first <= age_on(born, day) and (last is None or age_on(born, day) <= last))


@pytest.mark.requirement("R-DSR-154")
def test_an_answer_of_long_ago_keeps_its_words_and_one_that_nobody_gave_is_said(dsr: Definition) -> None:
    answers = {"risk_level": {"green": 1, "mauve": 2, "": 1}, "#age0": {"": 4}}
    tallies = Tallies(organisations={"#total": {UUID(int=1): 4}}, answers=answers)

    tiles = Panels([dsr], {}, date(2026, 11, 22)).tiles(tallies, dsr.reporting.tiles)

    assert [("Green", 1), ("Amber", 0), ("Red", 0), ("Not recorded", 1), ("mauve", 2)] == shown(tiles[0].counts)
    assert [("Under 18s", 0), ("18s and over", 0), ("Not known", 4)] == shown(tiles[2].counts)
    assert [("Not recorded", 4)] == shown(tiles[3].counts)


@pytest.mark.requirement("R-DSR-154")
def test_what_is_offered_no_more_is_counted_under_its_name_only_where_there_are_any(dsr: Definition) -> None:
    kept = dsr.form.by_name["locality"].options
    gone = tuple(Option(code=code, label=code.title(), retired=True) for code in ("east", "west"))
    tile = OptionTile(kind="by_option", title="WHERE", question="locality")
    told = dsr.model_copy(update={"reporting": dsr.reporting.model_copy(update={"tiles": (tile,)})})
    register = apply(told, Overlay(options={"locality": (*gone, *kept)}))

    tiles = Panels([register], {}, date(2026, 11, 22)).tiles(
        Tallies(answers={"locality": {"east": 3}}), register.reporting.tiles
    )

    assert [(kept[0].label, 0), (kept[1].label, 0), ("East", 3)] == shown(tiles[0].counts)


def test_organisations_stand_highest_first_and_equal_ones_by_name(dsr: Definition) -> None:
    names = {UUID(int=number): name for number, name in enumerate(("Alpha", "Beta", "Gamma"), start=1)}

    tiles = Panels([dsr], names, date(2026, 11, 22)).tiles(
        Tallies(organisations={"#total": {UUID(int=3): 2}}), dsr.reporting.tiles
    )

    assert [("Gamma", 2), ("Alpha", 0), ("Beta", 0)] == shown(tiles[3].counts)


def test_what_is_counted_is_told_by_its_questions_and_bands(registers: Registers) -> None:
    assert "dsr: risk_level, 0-17 18-, moves of risk_level" in counted_by(registers)


@pytest.mark.parametrize(
    ("has_outcomes", "codes"),
    [
        (True, ["referrals", "referrals_outcomes", "key_working", "archived", "data_quality"]),
        (False, ["referrals", "key_working", "data_quality"]),
    ],
)
def test_a_report_that_cannot_be_made_is_not_offered(dsr: Definition, has_outcomes: bool, codes: list[str]) -> None:
    without = dsr.model_copy(update={"outcome": None})

    reader = a_visitor(Role.REPORTING)
    offered, few = (reports_offered(each, reader, has_outcomes=has_outcomes) for each in (dsr, without))

    assert (codes, ["referrals", "key_working", "data_quality"]) == (
        [each.code for each in offered],
        [each.code for each in few],
    )


def test_a_choice_is_kept_as_codes_without_what_the_report_does_not_take(dsr: Definition) -> None:
    asked = Codes("key_working", BODIES, "0-17", {"risk_level": "red"})

    choice = read_choice(dsr, dsr.reporting.reports, asked)

    assert Codes("key_working", BODIES, None, {"risk_level": "red"}) == choice.codes
    assert births_of(AgeBand(label="0 – 25", last=25), date(2026, 11, 22)) == choice.ages(date(2026, 11, 22))
    assert {"risk_level": "red"} == answers_wanted(dsr, choice)


@pytest.mark.parametrize(
    "asked", [Codes("none"), Codes("referrals", age="1-2"), Codes("referrals", options={"x": "y"})]
)
def test_what_is_not_offered_is_refused(dsr: Definition, asked: Codes) -> None:
    with pytest.raises(Refused):
        read_choice(dsr, dsr.reporting.reports, asked)


def test_a_file_is_named_by_register_report_and_day() -> None:
    assert "dsr-referrals-outcomes-2026-11-22.xlsx" == file_name("dsr", "referrals_outcomes", date(2026, 11, 22))


def a_record(born: date | None) -> FedRecord:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return FedRecord(
        sequence=1,
        record_id=UUID(int=1),
        register_code="dsr",
        edition="2022",
        reference="DSR-1",
        version=0,
        organisation_id=UUID(int=2),
        bodies=BODIES,
        state="active",
        is_open=True,
        created_by="Jayne Billings",
        created_at=moment,
        updated_at=moment,
        rated_at=moment,
        ended_at=None,
        born=born,
        answers=as_json({"risk_level": "red"}),
    )


def is_due(counted: Counted, day: date) -> bool:
    return counted.until is not None and counted.until <= day


def without_zeros(tallies: Tallies) -> dict[str, dict[str, int]]:
    return {question: {answer: n for answer, n in found.items() if n} for question, found in tallies.answers.items()}


def shown(counts: Sequence[Count]) -> list[tuple[str, int]]:
    return [(each.label, each.count) for each in counts]
