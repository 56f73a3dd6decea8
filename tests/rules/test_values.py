"""Tests of NHS numbers, postcodes, dates, ages and names: what is accepted, and why the rest is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import nhs_number
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.values import (
    Unreadable,
    ValueFault,
    age_on,
    fold,
    london_day,
    match_key,
    read_date,
    read_date_parts,
    read_line,
    read_nhs_number,
    read_phone,
    read_postcode,
    read_text,
    show_date,
    show_nhs_number,
    suggest_postcode,
    write_date,
)


def why_not(read: Callable[[str], object], text: str) -> ValueFault:
    with pytest.raises(Unreadable) as refused:
        read(text)
    return refused.value.wrong


# ---------------------------------------------------------------------------------------------------------- NHS number
@pytest.mark.requirement("R-S117-064")
@pytest.mark.parametrize(
    "typed", ["4827492050", "482 749 2050", "482-749-2050", " 482 749 2050 ", "482\u2013749\u20132050"]
)
def test_an_nhs_number_is_the_same_with_and_without_spaces(typed: str) -> None:
    assert "4827492050" == read_nhs_number(typed)


@pytest.mark.parametrize("typed", ["482749205", "48274920500", "48274920SO", "", "٤٨٢٧٤٩٢٠٥٠", "482.749.2050"])
def test_an_nhs_number_has_ten_digits(typed: str) -> None:
    assert ValueFault.NHS_NUMBER == why_not(read_nhs_number, typed)


def test_of_the_numbers_printed_in_the_fact_sheet_two_have_a_right_check_digit() -> None:
    printed = ["1235647321", "4841741151", "482 749 2050"]

    taken = [number for number in printed if nhs_number.is_valid(number)]

    assert ["4841741151", "482 749 2050"] == taken
    assert ["4841741151", "4827492050"] == [read_nhs_number(number) for number in taken]
    assert ValueFault.NHS_NUMBER_CHECK == why_not(read_nhs_number, "1235647321")


@pytest.mark.parametrize("digit", list("0123456789"))
def test_ten_equal_digits_are_nobodys_number(digit: str) -> None:
    assert ValueFault.NHS_NUMBER_CHECK == why_not(read_nhs_number, digit * 10)


@pytest.mark.parametrize("mangled", ["4.82749E+09", "4.83e+09", "4827492050.0"])
def test_a_number_that_a_spreadsheet_changed_is_told_apart(mangled: str) -> None:
    assert ValueFault.NHS_NUMBER_SPREADSHEET == why_not(read_nhs_number, mangled)


@given(st.integers(min_value=0, max_value=999_999_999), st.integers(min_value=0, max_value=9))
def test_one_check_digit_at_most_fits_nine_digits(first_nine: int, digit: int) -> None:
    digits = f"{first_nine:09}"
    assume(len(set(digits)) > 1)
    right = nhs_number.calculate_checksum(digits)

    if digit == right:
        assert f"{digits}{digit}" == read_nhs_number(show_nhs_number(f"{digits}{digit}"))
    else:
        assert ValueFault.NHS_NUMBER_CHECK == why_not(read_nhs_number, f"{digits}{digit}")


def test_an_nhs_number_is_shown_in_three_groups() -> None:
    assert "999 000 0018" == show_nhs_number("9990000018")


# ------------------------------------------------------------------------------------------------------------ postcode
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("SE17NT", "SE1 7NT"),
        ("ze15 9ez", "ZE15 9EZ"),
        ("  st16   3sr ", "ST16 3SR"),
        ("W1A 0AX", "W1A 0AX"),
        ("EC1A1BB", "EC1A 1BB"),
        ("M1 1AE", "M1 1AE"),
        ("gir 0aa", "GIR 0AA"),  # codespell:ignore gir
        ("ZZ993VZ", "ZZ99 3VZ"),
        ("ZZ99 3WZ", "ZZ99 3WZ"),
    ],
)
def test_a_postcode_is_kept_in_capitals_with_one_space(typed: str, kept: str) -> None:
    assert kept == read_postcode(typed)


@pytest.mark.parametrize("typed", ["", "ST16", "STAFFORD", "ST16 3S", "1ST 3SR", "ST16 3SRX", "AAA1 1AA", "ST16 33R"])
def test_what_is_no_postcode_is_refused(typed: str) -> None:
    assert ValueFault.POSTCODE == why_not(read_postcode, typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ST0 OTR", "ST0 0TR"), ("STO 0TR", "ST0 0TR"), ("STO OTR", "ST0 0TR"), ("ST16 ISR", "ST16 1SR")],
)
def test_a_letter_that_looks_like_a_digit_is_refused_with_a_hint(typed: str, meant: str) -> None:
    assert (ValueFault.POSTCODE_LOOKALIKE, meant) == (why_not(read_postcode, typed), suggest_postcode(typed))


def test_a_good_postcode_needs_no_hint() -> None:
    assert suggest_postcode("ST16 3SR") is None


@pytest.mark.slow
@given(st.from_regex(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}", fullmatch=True))
def test_a_postcode_read_again_is_the_same(postcode: str) -> None:
    assert postcode == read_postcode(read_postcode(postcode.replace(" ", "").lower()))


@pytest.mark.slow
@given(st.text(max_size=12))
def test_any_text_is_a_postcode_or_is_refused_as_one(text: str) -> None:
    try:
        postcode = read_postcode(text)
    except Unreadable:
        assert why_not(read_postcode, text) in {ValueFault.POSTCODE, ValueFault.POSTCODE_LOOKALIKE}
    else:
        assert postcode == read_postcode(postcode)


# --------------------------------------------------------------------------------------------------------------- dates
@pytest.mark.parametrize(
    "typed",
    [
        "17/06/2022",
        "17-6-2022",
        "17.06.2022",
        "17 6 2022",
        "2022-06-17",
        "17 June 2022",
        "17th Jun 2022",
        "17 JUNE, 2022",
    ],
)
def test_a_date_is_read_as_people_write_it(typed: str) -> None:
    assert date(2022, 6, 17) == read_date(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "today",
        "06/17/2022",
        "31/02/2022",
        "29/02/2023",
        "00/00/0000",
        "17/06",
        "17 Junk 2022",
        "17/6/20222",
        "1 m 2022",
    ],
)
def test_what_is_no_real_date_is_refused(typed: str) -> None:
    assert why_not(read_date, typed) in {ValueFault.DATE, ValueFault.DATE_SHORT_YEAR}


@pytest.mark.parametrize("typed", ["17/06/22", "17 June 22", "1/1/1"])
def test_a_year_of_two_digits_is_not_guessed(typed: str) -> None:
    assert ValueFault.DATE_SHORT_YEAR == why_not(read_date, typed)


def test_a_year_long_ago_is_taken_for_a_slip() -> None:
    assert ValueFault.DATE_LONG_AGO == why_not(read_date, "17/06/1022")


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        (("", "6", "2022"), ValueFault.DATE_DAY),
        (("17", "", "2022"), ValueFault.DATE_MONTH),
        (("17", "6", ""), ValueFault.DATE_YEAR),
        (("", "", "2022"), ValueFault.DATE),
        (("17", "13", "2022"), ValueFault.DATE),
        (("17", "6", "22"), ValueFault.DATE_SHORT_YEAR),
        (("²", "6", "2022"), ValueFault.DATE),
    ],
)
def test_the_missing_part_of_a_date_is_named(parts: tuple[str, str, str], wrong: ValueFault) -> None:
    assert wrong == why_not(lambda _: read_date_parts(*parts), "")


@pytest.mark.parametrize("month", ["6", "06", "jun", "June", "JUNE"])
def test_the_month_box_takes_a_number_or_a_name(month: str) -> None:
    assert date(2022, 6, 17) == read_date_parts(" 17 ", month, "2022")


def test_a_date_in_a_table_is_day_month_year() -> None:
    assert "17/06/2022" == show_date(date(2022, 6, 17))


@given(st.dates(min_value=date(1850, 1, 1)))
def test_a_date_is_read_back_from_every_way_it_is_shown(day: date) -> None:
    assert {day} == {read_date(show_date(day)), read_date(write_date(day)), read_date(day.isoformat())}


# ----------------------------------------------------------------------------------------------------------------- age
def test_25_means_up_to_the_day_before_the_26th_birthday() -> None:
    born = date(1996, 7, 15)

    assert (25, 26) == (age_on(born, date(2022, 7, 14)), age_on(born, date(2022, 7, 15)))


def test_who_was_born_on_29_february_has_a_birthday_on_1_march_in_other_years() -> None:
    born = date(2004, 2, 29)

    assert (17, 18) == (age_on(born, date(2022, 2, 28)), age_on(born, date(2022, 3, 1)))


@given(st.dates(min_value=date(1900, 1, 1)), st.dates(min_value=date(1900, 1, 1)))
def test_an_age_grows_by_one_a_year(born: date, day: date) -> None:
    assume(day.year < 9999 and (day.month, day.day) != (2, 29))

    assert age_on(born, day) + 1 == age_on(born, day.replace(year=day.year + 1))


def test_the_day_is_londons_in_summer_and_winter() -> None:
    summer, winter = datetime(2022, 7, 13, 23, 30, tzinfo=UTC), datetime(2022, 1, 13, 23, 30, tzinfo=UTC)

    assert (date(2022, 7, 14), date(2022, 1, 13)) == (london_day(summer), london_day(winter))


# --------------------------------------------------------------------------------------------------------------- names
@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Zoë", "zoe"),
        ("  Mary   Ann ", "mary ann"),
        ("O’Neill", "o'neill"),
        ("Łukasz Øster", "lukasz oster"),
        ("STRAẞE", "strasse"),
        ("Nguyễn", "nguyen"),
        ("Smith\u2010Jones", "smith-jones"),
    ],
)
def test_a_name_is_folded_to_be_found(name: str, folded: str) -> None:
    assert folded == fold(name)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(text) == fold(fold(text))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzàéîøüñç '-", max_size=40))
def test_a_name_in_capitals_folds_alike(name: str) -> None:
    assert fold(name) == fold(name.upper())


def test_spaces_and_hyphens_make_no_other_person() -> None:
    assert {"annemarie"} == {match_key(name) for name in ("Anne-Marie", "Anne Marie", "ANNEMARIE", "Anné'marie")}


# ---------------------------------------------------------------------------------------------------------------- text
def test_a_line_is_composed_and_its_spaces_are_single() -> None:
    assert "Zo\u00eb Plum" == read_line("  Zoe\u0308 \u00a0 Plum ")


def test_text_keeps_its_lines() -> None:
    assert "one\ntwo\n\nthree four" == read_text("one\r\ntwo\r\rthree\tfour\n")


@pytest.mark.parametrize("typed", ["01632 960 001", "+44 1632 960001", "(01632) 960-001 ext 12", "111 1111"])
def test_a_telephone_number_is_kept_as_typed(typed: str) -> None:
    assert typed == read_phone(f" {typed} ")


@pytest.mark.parametrize("typed", ["", "ask Jenny", "123456", "0" * 30, "01632 960 00O"])
def test_what_cannot_be_dialled_is_no_telephone_number(typed: str) -> None:
    assert ValueFault.PHONE == why_not(read_phone, typed)


def test_a_refusal_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(Unreadable) as refused:
        read_nhs_number("Canary Wharf")

    assert "nhs_number" == str(refused.value)
    assert refused.value.__cause__ is None
