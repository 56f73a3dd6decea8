"""Ages, counts and choices, without a database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reports.rules.ages import births_of, born_by, count_band, edges_of
from services.reports.rules.choosing import (
    Codes,
    answers_wanted,
    file_name,
    read_choice,
    reports_offered,
    until_next_rebuild,
)
from services.reports.rules.counting import Panels, Tallies, counted_by, edges_needed
from shared.contracts.reports import Count
from shared.messages import Refused
from shared.registers.definition import AgeBand, Definition
from shared.registers.load import Registers, load_registers
from shared.values import age_on

DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))
BORN = st.dates(date(1900, 1, 1), date(2040, 12, 31))
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


@given(DAYS, st.lists(BORN, max_size=60))
def test_bands_counted_by_year_are_the_bands_counted_one_by_one(day: date, births: list[date]) -> None:
    by_year = {year: sum(born.year == year for born in births) for year in {born.year for born in births}}
    up_to = {edge: sum(born.year == edge.year and born <= edge for born in births) for edge in edges_of(BANDS, day)}

    counted = [count_band(band, day, by_year, up_to) for band in BANDS]

    ages = [max(age_on(born, day), 0) for born in births]
    assert [sum(band.holds(age) for age in ages) for band in BANDS] == counted


@pytest.mark.parametrize(("first", "last"), [(0, None), (0, 17), (18, None), (16, 17)])
def test_a_band_holds_the_births_between_its_days(first: int, last: int | None) -> None:
    day = date(2026, 11, 22)
    births = births_of(AgeBand(label="Band", first=first, last=last), day)

    for born in (day - timedelta(days=days) for days in range(0, 9_000, 7)):
        within = (births.after is None or born > births.after) and (births.until is None or born <= births.until)
        assert within == (first <= age_on(born, day) and (last is None or age_on(born, day) <= last))


def test_an_answer_of_long_ago_keeps_its_words_and_one_that_nobody_gave_is_said(dsr: Definition) -> None:
    tallies = Tallies(
        organisations={UUID(int=1): 4}, answers={"risk_level": {"green": 1, "mauve": 2, "": 1}}, births={None: 4}
    )

    tiles = Panels([dsr], {}, date(2026, 11, 22)).tiles(tallies)

    assert [("Green", 1), ("Amber", 0), ("Red", 0), ("Not recorded", 1), ("mauve", 2)] == shown(tiles[0].counts)
    assert [("Under 18s", 0), ("18s and over", 0), ("Not known", 4)] == shown(tiles[2].counts)
    assert [("Not recorded", 4)] == shown(tiles[3].counts)


def test_organisations_stand_highest_first_and_equal_ones_by_name(dsr: Definition) -> None:
    names = {UUID(int=number): name for number, name in enumerate(("Alpha", "Beta", "Gamma"), start=1)}

    tiles = Panels([dsr], names, date(2026, 11, 22)).tiles(Tallies(organisations={UUID(int=3): 2}))

    assert [("Gamma", 2), ("Alpha", 0), ("Beta", 0)] == shown(tiles[3].counts)


def test_what_is_counted_is_told_by_its_questions(registers: Registers, dsr: Definition) -> None:
    assert "dsr: risk_level" in counted_by(registers)
    assert [date(2008, 11, 22)] == edges_needed(dsr, date(2026, 11, 22))


@pytest.mark.parametrize(
    ("has_outcomes", "codes"),
    [(True, ["referrals", "referrals_outcomes", "key_working", "archived"]), (False, ["referrals", "key_working"])],
)
def test_a_report_that_cannot_be_made_is_not_offered(dsr: Definition, has_outcomes: bool, codes: list[str]) -> None:
    without = dsr.model_copy(update={"outcome": None})

    assert codes == [each.code for each in reports_offered(dsr, has_outcomes=has_outcomes)]
    assert ["referrals", "key_working"] == [each.code for each in reports_offered(without, has_outcomes=has_outcomes)]


def test_a_choice_is_kept_as_codes_without_what_the_report_does_not_take(dsr: Definition) -> None:
    asked = Codes("key_working", UUID(int=1), "0-17", {"risk_level": "red"})

    choice = read_choice(dsr, dsr.reporting.reports, asked)

    assert Codes("key_working", UUID(int=1), None, {"risk_level": "red"}) == choice.codes
    assert births_of(AgeBand(label="0 – 25", last=25), date(2026, 11, 22)) == choice.births(date(2026, 11, 22))
    assert {"risk_level": "red"} == answers_wanted(dsr, choice)


@pytest.mark.parametrize(
    "asked", [Codes("none"), Codes("referrals", age="1-2"), Codes("referrals", options={"x": "y"})]
)
def test_what_is_not_offered_is_refused(dsr: Definition, asked: Codes) -> None:
    with pytest.raises(Refused):
        read_choice(dsr, dsr.reporting.reports, asked)


def test_a_file_is_named_by_register_report_and_day() -> None:
    assert "dsr-referrals-outcomes-2026-11-22.xlsx" == file_name("dsr", "referrals_outcomes", date(2026, 11, 22))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.timezones()))  # noqa: DTZ001  they get one
def test_the_next_rebuild_is_at_two_within_a_day(moment: datetime) -> None:
    due = moment.astimezone(UTC) + until_next_rebuild(moment)
    assert (2, 0) == (due.hour, due.minute)
    assert timedelta(0) < until_next_rebuild(moment) <= timedelta(days=1)


def shown(counts: Sequence[Count]) -> list[tuple[str, int]]:
    return [(each.label, each.count) for each in counts]
