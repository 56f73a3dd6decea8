"""Properties of loading that hold for any file: what was written comes back, and the form and the load agree."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.referrals.loading.files import read_table
from services.referrals.loading.judging import RowJudge, judge
from services.referrals.loading.mapping import FileMapping, check, suggest
from services.referrals.loading.rows import RowReader
from services.referrals.loading.table import FileTable, UnreadableFile
from shared.registers.form.conditions import Answer, consent_verdict
from shared.registers.form.reading import read_answers
from shared.registers.load import load_registers
from shared.values import show_date
from tests.rules.loading.files import GOOD, LIMITS, TODAY, mapped, table_of, text_file
from tests.rules.typed import carers

pytestmark = pytest.mark.slow

DSR = load_registers().find("dsr")
ENCODINGS = {"utf-8": b"", "utf-8-sig": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "cp1252": b""}
LATIN = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ'’-éëüöâñ.&()"), min_size=1, max_size=20)
WORDS = LATIN.map(str.strip).filter(lambda text: any(map(str.isalpha, text)) and text[0].isalpha())
TEXTS = st.one_of(
    WORDS, st.text(st.sampled_from('ab ,;"\t|\n=x'), max_size=12).map(str.strip).map(lambda text: f"a{text}b")
)
DAYS = st.dates(date(1950, 1, 1), date(2010, 11, 1))  # 16 and over
FEW = settings(max_examples=40)  # each makes and reads whole files


@st.composite
def people(draw: st.DrawFn) -> list[dict[str, str]]:
    """Return rows of a team's file that can be loaded. One date tells the order of day and month."""
    rows = [
        GOOD
        | {
            "Surname": draw(WORDS),
            "Forename(s)": draw(WORDS),
            "D.O.B.": show_date(draw(DAYS)),
            "RAG": draw(st.sampled_from(["R", "amber", "GREEN", "Red"])),
            "Latest update": draw(TEXTS),
        }
        for _ in range(draw(st.integers(1, 5)))
    ]
    rows[0]["D.O.B."] = "28/02/1990"
    return rows


@FEW
@given(
    rows=people(),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    order=st.permutations([*GOOD, "Latest update"]),
)
def test_a_file_is_read_alike_in_every_dialect_encoding_and_order(
    rows: list[dict[str, str]], encoding: str, delimiter: str, end: str, order: list[str]
) -> None:
    text = text_file(order, [[row[heading] for heading in order] for row in rows], delimiter, end)
    content = ENCODINGS[encoding] + text.encode(encoding)

    table = read_table(content, "dsr.csv", LIMITS)

    read = [dict(zip(table.headings, row, strict=True)) for row in table.rows]
    assert ([*order], rows) == ([*table.headings], read)


@FEW
@given(people(), st.permutations([*GOOD, "Latest update"]))
def test_the_order_of_columns_changes_no_answer(rows: list[dict[str, str]], order: list[str]) -> None:
    usual, other = (_answers(rows, headings) for headings in ([*GOOD, "Latest update"], order))

    assert usual == other


def _answers(rows: list[dict[str, str]], order: list[str]) -> list[dict[str, Answer]]:
    table = table_of(order, [[row[heading] for heading in order] for row in rows])
    reader = RowReader(DSR, table, mapped(DSR, table), TODAY)
    return [judge(DSR, reader.read(index), None, TODAY).answers for index in range(len(rows))]


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    try:
        table = read_table(content, "dsr.csv", LIMITS)
    except UnreadableFile:
        return
    assert isinstance(table, FileTable)


# --------------------------------------------------------------------------------------------- the form and the load
CELLS: dict[str, list[str]] = {
    "capacity_to_consent": ["yes", "no", ""],
    "under_16": ["yes", "no", ""],
    "consent_given": ["yes", "no", ""],
    "best_interest_decision": ["yes", "no", ""],
    "parental_consent": ["yes", "no", ""],
    "consent_date": ["01/02/2024", "1 March 1980", "2020-02-29", ""],
    "first_name": ["John", "  Zoë  Ann ", "."],
    "last_name": ["O’Brien", ""],
    "date_of_birth": ["28/02/1990", "29/02/1990", "17/06/2015", "01/01/1890", "", "not_known"],
    "nhs_number": ["943 476 5919", "9434765918", ""],
    "postcode": ["st44lj", "ST4", ""],
    "locality": ["south_staffordshire", ""],
    "lead_professional": ["Ann Lee", ""],
    "risk_level": ["red", "amber", ""],
    "ethnicity": ["A", ""],
    "learning_disability_or_autism": ["both", ""],
    "tool_completed": ["yes", "no", ""],
    "tool_date": ["02/03/2024", ""],
    "rating_departs": ["yes", "no", ""],
    "rating_departs_reason": ["Because", ""],
    "latest_update": ["All well\nsince May", "", "x" * 30],
}


@st.composite
def typed(draw: st.DrawFn) -> dict[str, str]:
    return {name: draw(st.sampled_from(cells)) for name, cells in CELLS.items()}


def table_of_typed(rows: list[dict[str, str]]) -> tuple[FileTable, FileMapping]:
    table = table_of([*CELLS], [[row[name] for name in CELLS] for row in rows])
    places = {name: place for place, name in enumerate(table.headings)}
    return table, check(DSR, table, FileMapping({place: name for name, place in places.items()}, {}, "day_first"))


@given(typed())
def test_the_form_and_the_load_read_the_same_answers(cells: dict[str, str]) -> None:
    """What one accepts the other accepts, with the same answers, unless the load may leave a question for later."""
    table, mapping = table_of_typed([cells | {"last_name": "Lee", "date_of_birth": "28/02/1990"}, cells])
    form = read_answers(DSR.form, cells, DSR.words, TODAY)

    row = RowReader(DSR, table, mapping, TODAY).read(1)
    load = judge(DSR, row, None, TODAY)

    unsaid = {name for name in form.faults if not cells.get(name, "").strip(". ")}
    assert form.answers == {name: answer for name, answer in load.answers.items() if name in form.answers}
    if form.ok and consent_verdict(DSR, form.answers) == "accepted" and _all_asked(cells, form.answers):
        assert ((), ()) == (load.every_fault, load.missing)
    if form.faults.keys() - unsaid or unsaid & set(DSR.minimum):
        assert load.every_fault
    assert all(DSR.form.by_name[name].label in load.missing or load.every_fault for name in unsaid)


def _all_asked(cells: dict[str, str], answers: dict[str, Answer]) -> bool:
    return {name for name, cell in cells.items() if cell and cell != "no"} <= answers.keys()


@FEW
@given(st.lists(typed(), min_size=2, max_size=12), st.booleans())
def test_rows_are_judged_among_others_as_alone(rows: list[dict[str, str]], is_update: bool) -> None:
    table, mapping = table_of_typed([rows[0] | {"last_name": "Lee", "date_of_birth": "28/02/1990"}, *rows])
    reader, together = RowReader(DSR, table, mapping, TODAY), RowJudge(DSR, TODAY)
    before = judge(DSR, reader.read(0), None, TODAY).answers if is_update else None

    for index in range(len(table.rows)):
        row = reader.read(index)
        found = (
            together.judge(row, before if index % 2 else None),
            judge(DSR, row, before if index % 2 else None, TODAY),
        )
        assert found[0] == found[1]


@FEW
@given(people())
def test_a_file_that_was_loaded_changes_nothing_a_second_time(rows: list[dict[str, str]]) -> None:
    headings = [*GOOD, "Latest update"]
    table = table_of(headings, [[row[heading] for heading in headings] for row in rows])
    reader = RowReader(DSR, table, mapped(DSR, table), TODAY)

    for index in range(len(rows)):
        first = judge(DSR, reader.read(index), None, TODAY)
        assert first == judge(DSR, reader.read(index), first.answers, TODAY)


@FEW
@given(st.dates(date(1900, 1, 1), TODAY), st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d %B %Y", "%d-%b-%Y", "%d.%m.%Y"]))
def test_a_date_is_the_same_day_in_every_form(day: date, form: str) -> None:
    cells = GOOD | {"Consent date": day.strftime(form)}
    table = table_of(list(cells), [list((GOOD | {"Consent date": "28/02/2020"}).values()), list(cells.values())])

    row = RowReader(DSR, table, mapped(DSR, table), TODAY).read(1)

    assert day.isoformat() == row.answers["consent_date"]


@FEW
@given(st.dates(TODAY - timedelta(days=109 * 365), TODAY))
def test_a_short_year_of_birth_is_never_another_year(born: date) -> None:
    """It is the right year, or the year must be written out."""
    cells = GOOD | {"D.O.B.": born.strftime("%d-%b-%y")}
    table = table_of(list(cells), [list(GOOD.values()), list(cells.values())])

    row = RowReader(DSR, table, mapped(DSR, table), TODAY).read(1)

    assert row.answers.get("date_of_birth") in (born.isoformat(), None)
    assert ("date_of_birth" in row.answers) == (not row.faults)


@pytest.mark.parametrize("register", [DSR, carers()], ids=["dsr", "carers"])
def test_the_forms_own_labels_and_options_map_themselves(register: object) -> None:
    definition = DSR if register is DSR else carers()
    questions = [question for question in definition.form.asked if question.options]
    longest = max(len(question.offered) for question in questions)
    rows = [
        [question.offered[index % len(question.offered)].label for question in questions] for index in range(longest)
    ]
    table = table_of(
        ["One", "Two", *(question.shown_label for question in questions)], [["1x", "2x", *row] for row in rows]
    )

    found = suggest(definition, table, None)

    assert [None, None, *(question.name for question in questions)] == [column.target for column in found.columns]
    unknown = {(value.question, value.written) for value in found.values if value.code is None}
    assert set() == unknown
