"""Tests that each cell is read as the form would read it, or named with what to do, and never read wrongly."""

from datetime import date

import pytest

from services.referrals.loading import sentences
from services.referrals.loading.files import read_table
from services.referrals.loading.judging import judge
from services.referrals.loading.mapping import FileMapping
from services.referrals.loading.rows import ReadRow, RowReader
from shared.messages import Refused
from shared.registers.form.conditions import Answer
from shared.registers.load import load_registers
from tests.rules.loading.files import (
    GOOD,
    GOOD_ANSWERS,
    LIMITS,
    TODAY,
    book_of,
    mapped,
    read_rows,
    table_of,
    table_with,
)
from tests.rules.loading.workbooks import Rows

DSR = load_registers().find("dsr")


def row_with(**other: str) -> ReadRow:
    """Return the second row of a table: a good one with these cells."""
    return read_rows(DSR, table_with(**other), "day_first")[1]


def answer(heading: str, cell: str, name: str) -> Answer | None:
    """Return what a cell is read as, or what is said of it."""
    row = row_with(**{heading: cell})
    said = [fault.says for fault in row.faults if fault.heading == heading]
    return said[0] if said else row.answers.get(name)


CELLS = [
    # NHS numbers
    ("NHS No", "9434765919", "nhs_number", "9434765919"),
    ("NHS No", "943-476-5919", "nhs_number", "9434765919"),
    ("NHS No", "'9434765919", "nhs_number", "9434765919"),
    ("NHS No", '="9434765919"', "nhs_number", "9434765919"),
    ("NHS No", "9434765919.0", "nhs_number", "9434765919"),
    ("NHS No", "\u00a0943\u00a0476\u00a05919", "nhs_number", "9434765919"),
    ("NHS No", "", "nhs_number", None),
    ("NHS No", "N/K", "nhs_number", None),
    ("NHS No", "9.43E+09", "nhs_number", sentences.DAMAGED_NUMBER),
    ("NHS No", "9.434765919E9", "nhs_number", sentences.DAMAGED_NUMBER),
    ("NHS No", "943476591", "nhs_number", sentences.NINE_DIGITS),
    ("NHS No", "943 476 591", "nhs_number", sentences.NINE_DIGITS),
    ("NHS No", "9434765918", "nhs_number", "This is not a valid NHS number: a digit is wrong. Check it."),
    ("NHS No", "see notes", "nhs_number", "An NHS number has 10 digits. Correct it, or leave the cell empty."),
    ("NHS No", "#N/A", "nhs_number", sentences.NO_RESULT),
    # dates of birth
    ("D.O.B.", "17.06.1990", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "17-Jun-1990", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "17th June 1990", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "June 17, 1990", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "Sunday 17 June 1990", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "1990-06-17", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "1990/06/17", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "1990-06-17T00:00:00Z", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "17/06/1990 00:00", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "17/06/1990 14:30:05", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "1990-06-16T23:00:00Z", "date_of_birth", sentences.CLOCK),
    ("D.O.B.", "1990-06-16 23:00", "date_of_birth", sentences.CLOCK),
    ("D.O.B.", "33041", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "33041.0", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "19900617", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "17061990", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "03-Mar-49", "date_of_birth", "1949-03-03"),
    ("D.O.B.", "17/06/90", "date_of_birth", "1990-06-17"),
    ("D.O.B.", "17/06/14", "date_of_birth", "2014-06-17"),
    ("D.O.B.", "03-Mar-19", "date_of_birth", sentences.SHORT_YEAR),
    ("D.O.B.", "17/06/24", "date_of_birth", sentences.SHORT_YEAR),
    ("D.O.B.", "00/00/0000", "date_of_birth", "not_known"),
    ("D.O.B.", "Unknown", "date_of_birth", "not_known"),
    ("D.O.B.", "06/17/1990", "date_of_birth", sentences.OTHER_ORDER),
    ("D.O.B.", "31/02/1990", "date_of_birth", sentences.NO_DATE),
    ("D.O.B.", "17/06/2030", "date_of_birth", sentences.IN_FUTURE),
    ("D.O.B.", "17/06/0990", "date_of_birth", sentences.NO_DATE),
    ("D.O.B.", "1990", "date_of_birth", sentences.YEAR_ALONE),
    ("D.O.B.", "c. 1990", "date_of_birth", sentences.NO_DATE),
    ("D.O.B.", "17/06", "date_of_birth", sentences.NO_DATE),
    # other dates
    ("Consent date", "03-Mar-19", "consent_date", "2019-03-03"),
    ("Consent date", "17/06/98", "consent_date", "1998-06-17"),
    ("Consent date", "n/a", "consent_date", None),
    # options, texts and the rest
    ("RAG", "amber", "risk_level", "amber"),
    ("RAG", "Purple", "risk_level", "This is not one of the answers. Write one of: Green, Amber, Red."),
    ("Ethnicity", "Martian", "ethnicity", sentences.UNKNOWN_OPTION_OF_MANY),
    ("Capacity", "-", "capacity_to_consent", None),
    ("Postcode", "st44lj", "postcode", "ST4 4LJ"),
    ("Postcode", "ST4 4L", "postcode", "This is not a full postcode, such as ST4 4LJ. Correct it."),
    ("Postcode", "STO 4LJ", "postcode", "This is not a postcode. A letter may stand for a digit. Correct it."),
    ("Surname", "  O'Brien ", "last_name", "O'Brien"),
    ("Surname", "'t Hooft", "last_name", "'t Hooft"),
    ("Surname", "Müller", "last_name", "Müller"),
    ("Surname", "MÃ¼ller", "last_name", sentences.DAMAGED_TEXT),
    ("Surname", "M?ller", "last_name", sentences.DAMAGED_TEXT),
    ("Surname", "£ukasz", "last_name", sentences.DAMAGED_TEXT),
    ("Latest update", "Well? Yes. £500 paid", "latest_update", "Well? Yes. £500 paid"),
    ("Surname", "M\ufffdller", "last_name", sentences.DAMAGED_TEXT),
    ("Surname", "x" * 101, "last_name", "This text is too long. Shorten it to 100 characters."),
    ("Surname", "CLEAR", "last_name", sentences.NEVER_CLEARED),
    ("Lead professional contact", "07700900123", "lead_professional_contact", "07700900123"),
    ("Lead professional contact", "7700900123", "lead_professional_contact", "07700900123"),
    ("Lead professional contact", "1785600000.0", "lead_professional_contact", "01785600000"),
    ("Lead professional contact", "9434765919", "lead_professional_contact", sentences.LOST_ZERO),
    ("Lead professional contact", "178560000", "lead_professional_contact", sentences.LOST_ZERO),
    ("Lead professional contact", "7.70E+09", "lead_professional_contact", sentences.DAMAGED_NUMBER),
    ("Latest update", "'=1+1", "latest_update", "=1+1"),
    ("Latest update", "one\ntwo", "latest_update", "one\ntwo"),
]


@pytest.mark.requirement("R-LOAD-002")
@pytest.mark.parametrize(("heading", "cell", "name", "expected"), CELLS)
def test_a_cell_is_read_or_named(heading: str, cell: str, name: str, expected: str | None) -> None:
    assert expected == answer(heading, cell, name)


@pytest.mark.parametrize(("heading", "cell"), [(heading, cell) for heading, cell, *_ in CELLS if len(cell) > 6])
def test_what_is_said_of_a_cell_does_not_repeat_it(heading: str, cell: str) -> None:
    row = row_with(**{heading: cell})

    assert not any(cell in fault.says for fault in (*row.faults, *judge(DSR, row, None, TODAY).faults))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("SMITH, John", ("John", "SMITH")),
        ("O'Brien, Mary Ann", ("Mary Ann", "O'Brien")),
        ("Smith, Mr John", ("John", "Smith")),
        ("John SMITH", ("John", "SMITH")),
        ("SMITH JONES Mary", ("Mary", "SMITH JONES")),
        ("Mrs Mary Ann O'BRIEN", ("Mary Ann", "O'BRIEN")),
        ("Mr. John Smith", ("John", "Smith")),
        ("Mrs Mary Ann Smith", None),
        ("John Smith", None),
        ("JOHN SMITH", None),
        ("Smith", None),
        ("Smith, John, Jones", None),
    ],
)
def test_a_whole_name_is_split_only_if_it_is_clear_how(cell: str, expected: tuple[str, str] | None) -> None:
    others = {name: value for name, value in GOOD.items() if name not in ("Surname", "Forename(s)")}
    table = table_of(["Name", *others], [["Lee, Ann", *others.values()], [cell, *others.values()]])

    row = read_rows(DSR, table)[1]

    if expected is None:
        assert [("Name", sentences.WHOLE_NAME)] == [(fault.heading, fault.says) for fault in row.faults]
    else:
        assert expected == (row.answers["first_name"], row.answers["last_name"])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["John Smith", "Mary Jones", "David Patel", "Alice Walker", "Peter Cook"], ("Zog", "Xyz")),
        (["Smith John", "Jones Mary", "Patel David", "Walker Alice", "Cook Peter"], ("Xyz", "Zog")),
        (["John Smith", "Jones Mary", "Patel David", "Walker Alice", "Cook Peter"], None),
        (["John Smith", "Mary Jones"], None),
    ],
)
def test_two_words_are_split_as_the_common_first_names_of_the_column_tell(
    names: list[str], expected: tuple[str, str] | None
) -> None:
    others = {name: value for name, value in GOOD.items() if name not in ("Surname", "Forename(s)")}
    table = table_of(["Name", *others], [[name, *others.values()] for name in [*names, "Zog Xyz"]])

    row = read_rows(DSR, table)[-1]

    assert expected == ((row.answers["first_name"], row.answers["last_name"]) if not row.faults else None)


def test_specials_are_no_answers() -> None:
    row = row_with(
        **{"DSR reference": "dsr k7q2 m9xp", "Organisation": " MPFT ", "Date added": "01-Feb-2024", "Comments": "x"}
    )

    assert {"reference": "DSR-K7Q2-M9XP", "organisation": "MPFT", "added_on": "2024-02-01"} == row.specials
    assert GOOD_ANSWERS == row.answers


@pytest.mark.parametrize(
    ("heading", "cell", "says"),
    [
        ("DSR reference", "123", sentences.REFERENCE),
        ("Date added", "01/02/2030", sentences.IN_FUTURE),
        ("Date added", "spring", sentences.NO_DATE),
        ("Organisation", "CLEAR", sentences.NEVER_CLEARED),
    ],
)
def test_a_special_that_cannot_be_read_is_named(heading: str, cell: str, says: str) -> None:
    cells = GOOD | {heading: "MPFT" if heading == "Organisation" else "01/02/2024" if "Date" in heading else ""}
    table = table_of(list(cells), [list(cells.values())] * 2 + [list((cells | {heading: cell}).values())])

    row = read_rows(DSR, table)[2]

    assert [(heading, says)] == [(fault.heading, fault.says) for fault in row.faults]


def test_a_row_out_of_place_is_not_read() -> None:
    headings = ",".join(GOOD)
    cells = ",".join(GOOD.values())
    table = read_table(f"{headings}\n{cells}\n{cells}\n{cells},more\n".encode(), "dsr.csv", LIMITS)

    row = read_rows(DSR, table)[2]

    assert (3, {}, [("", sentences.OUT_OF_PLACE)]) == (
        row.number,
        row.answers,
        [(fault.heading, fault.says) for fault in row.faults],
    )


def test_dates_that_fit_both_orders_are_doubtful_in_a_column_of_the_other_order() -> None:
    """The file says day first; one column of it was written month first."""
    rows = [GOOD | {"D.O.B.": f"{day}/06/1990", "Consent date": cell} for day, cell in _two_orders()]
    table = table_of(list(rows[0]), [list(row.values()) for row in rows])

    read = read_rows(DSR, table, "day_first")

    assert [[], [sentences.OTHER_ORDER], [sentences.DAY_OR_MONTH]] == [
        [f.says for f in row.faults] for row in read[-3:]
    ]


def _two_orders() -> list[tuple[int, str]]:
    return [*((day, "") for day in range(13, 28)), (17, "05/05/2020"), (17, "06/17/2020"), (17, "05/06/2020")]


def test_true_dates_that_a_program_has_swapped_are_named() -> None:
    """Text dates of days after the 12th beside true dates up to the 12th: the others were read month first."""
    cells = {**GOOD, "Consent date": "13/06/2020"}
    rows: Rows = [
        list(cells),
        list(cells.values()),
        [*GOOD.values(), date(2020, 5, 6)],
        [*GOOD.values(), date(2020, 6, 6)],
    ]

    read = read_rows(DSR, book_of(rows))

    assert [[], [sentences.SWAPPED], []] == [[fault.says for fault in row.faults] for row in read]


def test_true_dates_of_any_day_are_believed() -> None:
    cells = {**GOOD, "Consent date": "13/06/2020"}
    rows: Rows = [
        list(cells),
        list(cells.values()),
        [*GOOD.values(), date(2020, 5, 6)],
        [*GOOD.values(), date(2020, 6, 26)],
    ]

    assert [(), (), ()] == [row.faults for row in read_rows(DSR, book_of(rows))]


def test_the_users_order_of_day_and_month_is_used() -> None:
    cells = GOOD | {"D.O.B.": "03/04/1990"}
    table = table_of(list(cells), [list(cells.values())])

    found = {order: read_rows(DSR, table, order)[0].answers["date_of_birth"] for order in ("day_first", "month_first")}

    assert {"day_first": "1990-04-03", "month_first": "1990-03-04"} == found


def test_dates_among_other_words_are_asked_about_too() -> None:
    rows = [GOOD | {"D.O.B.": cell} for cell in ("3/4/89", "1 May 1990", "1 June 1990", "1990-07-01", "n/k")]
    table = table_of(list(GOOD), [list(row.values()) for row in rows])

    with pytest.raises(Refused, match="day_order"):
        mapped(DSR, table)


def test_without_an_order_no_date_is_read_that_fits_both() -> None:
    table = table_with(**{"D.O.B.": "03/04/1990"})
    mapping = mapped(DSR, table)

    row = RowReader(DSR, table, FileMapping(mapping.columns, mapping.values), TODAY).read(1)

    assert [("D.O.B.", sentences.DAY_OR_MONTH)] == [(fault.heading, fault.says) for fault in row.faults]


def test_a_value_means_what_the_user_said() -> None:
    table = table_with(RAG="Purple")
    mapping = mapped(DSR, table)
    said = FileMapping(
        mapping.columns, mapping.values | {"risk_level": {"Purple": "green", "R": ""}}, mapping.day_order
    )

    first, second = (RowReader(DSR, table, said, TODAY).read(index) for index in (0, 1))

    assert (None, "green") == (first.answers.get("risk_level"), second.answers.get("risk_level"))
