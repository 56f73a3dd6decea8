"""Tests that an untidy file is read cell by cell as its author meant it, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from services.referrals.loading.files import read_table
from services.referrals.loading.table import FileTable, Limits, UnreadableFile
from tests.rules.loading.workbooks import add_sheet, first_sheet, package, with_cells, with_part, workbook

LIMITS = Limits(most_rows=1000, most_columns=50, most_cell=10_000)
HEAD = ("Surname", "Forename", "DOB", "RAG")
SMITH = ("Smith", "John", "17/06/1990", "Red")
LEE = ("Lee", "Ann", "25/12/1985", "Green")
PEOPLE: list[tuple[str, ...]] = [SMITH, LEE]
LINES = ["Surname,Forename,DOB,RAG", "Smith,John,17/06/1990,Red", "Lee,Ann,25/12/1985,Green"]


def read(content: bytes | str, name: str = "dsr.csv", sheet: str = "") -> FileTable:
    return read_table(content.encode() if isinstance(content, str) else content, name, LIMITS, sheet)


def lines(*rows: str, end: str = "\n") -> str:
    return end.join(rows) + end


@dataclass(frozen=True)
class Untidy:
    """A file, and what comes out of it. `skipped` are the rows of the file that are no data, and not blank."""

    content: bytes | str
    rows: list[tuple[str, ...]]
    headings: tuple[str, ...] = HEAD
    encoding: str = "utf-8"
    delimiter: str = ","
    header_row: int = 1
    skipped: tuple[int, ...] = ()


ZOE = ("O’Brien", "Zoë", "17/06/1990", "Red")
ACCENTED = lines(LINES[0], "O’Brien,Zoë,17/06/1990,Red", LINES[2])
FILES: dict[str, Untidy] = {
    "plain": Untidy(lines(*LINES), PEOPLE),
    "CRLF": Untidy(lines(*LINES, end="\r\n"), PEOPLE),
    "CR alone": Untidy(lines(*LINES, end="\r"), PEOPLE),
    "no line end at the end": Untidy("\n".join(LINES), PEOPLE),
    "UTF-8": Untidy(ACCENTED.encode(), [ZOE, LEE]),
    "UTF-8 with a mark": Untidy(b"\xef\xbb\xbf" + ACCENTED.encode(), [ZOE, LEE]),
    "UTF-16, little end first": Untidy(b"\xff\xfe" + ACCENTED.encode("utf-16-le"), [ZOE, LEE], encoding="utf-16-le"),
    "UTF-16, big end first": Untidy(b"\xfe\xff" + ACCENTED.encode("utf-16-be"), [ZOE, LEE], encoding="utf-16-be"),
    "UTF-16 without a mark": Untidy(ACCENTED.encode("utf-16-le"), [ZOE, LEE], encoding="utf-16-le"),
    "Windows": Untidy(ACCENTED.encode("cp1252"), [ZOE, LEE], encoding="cp1252"),
    "Windows in capitals": Untidy(
        lines(LINES[0], "MÜLLER,ZOË,17/06/1990,Red").encode("cp1252"),
        [("MÜLLER", "ZOË", "17/06/1990", "Red")],
        encoding="cp1252",
    ),
    "an old Mac": Untidy(ACCENTED.encode("mac-roman"), [ZOE, LEE], encoding="mac-roman"),
    "an old Mac with Siân and André": Untidy(
        lines(LINES[0], "André,Siân,17/06/1990,Red", end="\r").encode("mac-roman"),
        [("André", "Siân", "17/06/1990", "Red")],
        encoding="mac-roman",
    ),
    "semicolons": Untidy(lines(*LINES).replace(",", ";"), PEOPLE, delimiter=";"),
    "semicolons and commas in texts": Untidy(
        lines("Surname;Forename;DOB;RAG", "Smith, Jones;John;17/06/1990;Red, was amber", "Lee;Ann;25/12/1985;Green"),
        [("Smith, Jones", "John", "17/06/1990", "Red, was amber"), LEE],
        delimiter=";",
    ),
    "tabs": Untidy(lines(*LINES).replace(",", "\t"), PEOPLE, delimiter="\t"),
    "pipes": Untidy(lines(*LINES).replace(",", "|"), PEOPLE, delimiter="|"),
    "a line that names the delimiter": Untidy("sep=;\r\n" + lines(*LINES).replace(",", ";"), PEOPLE, delimiter=";"),
    "quotation marks": Untidy(
        lines(LINES[0], '"Smith, ""Jack""","John","17/06/1990","Red\nsince May"', LINES[2]),
        [('Smith, "Jack"', "John", "17/06/1990", "Red\nsince May"), LEE],
    ),
    "line breaks of Windows in a cell": Untidy(
        lines(LINES[0], 'Smith,John,17/06/1990,"Red\r\nsince May"', LINES[2], end="\r\n"),
        [("Smith", "John", "17/06/1990", "Red\nsince May"), LEE],
    ),
    "a loose quotation mark": Untidy(
        lines(LINES[0], '"Smith,John,17/06/1990,Red', 'Lee,"Ann",25/12/1985,Green'),
        [('"Smith', "John", "17/06/1990", "Red"), LEE],
    ),
    "two loose quotation marks around a row": Untidy(
        lines(LINES[0], '"Smith,John,17/06/1990,Red', 'Lee,Ann,25/12/1985,Green"', "May,Jo,01/01/2001,Red"),
        [
            ('"Smith', "John", "17/06/1990", "Red"),
            ("Lee", "Ann", "25/12/1985", 'Green"'),
            ("May", "Jo", "01/01/2001", "Red"),
        ],
    ),
    "a nickname in single-used marks": Untidy(
        lines(LINES[0], '"Robert "Bob" Smith",John,17/06/1990,Red', LINES[2]),
        [('Robert "Bob" Smith', "John", "17/06/1990", "Red"), LEE],
    ),
    "empty columns and rows at the end": Untidy(lines(*[row + ",,," for row in LINES], ",,,,,,", ",,,,,,"), PEOPLE),
    "an empty column in the middle": Untidy(
        lines("Surname,,Forename,DOB,RAG", "Smith,,John,17/06/1990,Red", "Lee,,Ann,25/12/1985,Green"), PEOPLE
    ),
    "a column without a heading": Untidy(
        lines("Surname,,Forename,DOB,RAG", "Smith,x,John,17/06/1990,Red", "Lee,y,Ann,25/12/1985,Green"),
        [("Smith", "x", "John", "17/06/1990", "Red"), ("Lee", "y", "Ann", "25/12/1985", "Green")],
        headings=("Surname", "Column B", "Forename", "DOB", "RAG"),
    ),
    "titles above, totals and notes below": Untidy(
        lines(
            "Dynamic Support Register,,,",
            "Exported on,17/06/2026,,",
            ",,,",
            *LINES,
            ",,,",
            "Total,2,,",
            "R = red,,,",
        ),
        PEOPLE,
        header_row=4,
        skipped=(1, 2, 8, 9),
    ),
    "blank rows": Untidy(lines("", LINES[0], "", LINES[1], ",,,", LINES[2], ""), PEOPLE, header_row=2),
    "a printed report with pages": Untidy(
        lines(LINES[0], LINES[1], "Page 1 of 2,,,", LINES[0], LINES[2], "Total: 2,,,", "End of report,,,"),
        PEOPLE,
        skipped=(3, 4, 6, 7),
    ),
    "a sparse row with words of a printed report": Untidy(
        lines(
            "Surname,Forename,DOB,RAG,A,B,C",
            "Smith,John,17/06/1990,Red,1x,1y,1z",
            "Lee,Confidential,-,,,,",
            "-,-,-,-,-,-,-",
            "May,Jo,01/01/2001,Red,2x,2y,2z",
        ),
        [
            ("Smith", "John", "17/06/1990", "Red", "1x", "1y", "1z"),
            ("Lee", "Confidential", "-", "", "", "", ""),
            ("May", "Jo", "01/01/2001", "Red", "2x", "2y", "2z"),
        ],
        headings=("Surname", "Forename", "DOB", "RAG", "A", "B", "C"),
        skipped=(4,),
    ),
    "groups above the headings": Untidy(lines("Person,,,Risk", *LINES), PEOPLE, header_row=2, skipped=(1,)),
    "months as headings": Untidy(
        lines("Surname,Forename,DOB,01/2026,02/2026,Mar-26", "Smith,John,17/06/1990,R,A,G", "Lee,Ann,25/12/1985,G,G,G"),
        [("Smith", "John", "17/06/1990", "R", "A", "G"), ("Lee", "Ann", "25/12/1985", "G", "G", "G")],
        headings=("Surname", "Forename", "DOB", "01/2026", "02/2026", "Mar-26"),
    ),
    "headings on several lines": Untidy(
        lines('"Surname","Fore-\nname","DOB\n(dd/mm/yyyy)",RAG', *LINES[1:]),
        PEOPLE,
        headings=("Surname", "Fore- name", "DOB (dd/mm/yyyy)", "RAG"),
    ),
    "blanks around": Untidy(
        lines(" Surname , Forename,DOB\u00a0,RAG", "\u00a0Smith, John ,17/06/1990, Red", LINES[2]), PEOPLE
    ),
    "text as a formula": Untidy(
        lines("Surname,Forename,NHS No,RAG", 'Smith,John,"=""9434765919""",Red'),
        [("Smith", "John", '="9434765919"', "Red")],
        headings=("Surname", "Forename", "NHS No", "RAG"),
    ),
    "a row whose comma has no marks": Untidy(
        lines(*LINES, "May,Jo,01/01/2001,Red,much better"), [*PEOPLE, ("May", "Jo", "01/01/2001", "Red", "much better")]
    ),
    "a row that ends early": Untidy(
        lines(LINES[0], *[LINES[1]] * 30, "May,Jo,01/01/2001"), [*[SMITH] * 30, ("May", "Jo", "01/01/2001")]
    ),
}


@pytest.mark.requirement("R-LOAD-002")
@pytest.mark.parametrize("untidy", FILES.values(), ids=FILES)
def test_an_untidy_file_is_read_cell_by_cell(untidy: Untidy) -> None:
    table = read(untidy.content)

    assert (untidy.headings, untidy.rows) == (table.headings, table.rows)
    assert (untidy.encoding, untidy.delimiter) == (table.reading.encoding, table.reading.delimiter)
    assert (untidy.header_row, untidy.skipped) == (table.reading.header_row, table.reading.skipped)


def title_rows(book: Workbook) -> None:
    sheet = first_sheet(book)
    sheet.insert_rows(1, 2)
    sheet["A1"] = "Dynamic Support Register"
    sheet.merge_cells("A1:D1")


def other_sheets(book: Workbook) -> None:
    book.move_sheet(first_sheet(book), 1)
    add_sheet(book, "Lists", [("RAG", "Place"), ("Red", "North"), ("Green", "South")])
    add_sheet(book, "Old", [HEAD, ("Gone", "Jo", "01/01/1950", "Red")], "hidden")
    add_sheet(book, "Cover", [("Read me",), ("Names are on the next sheet",)])
    book.move_sheet("Cover", -3)


def merged_down(book: Workbook) -> None:
    first_sheet(book).merge_cells("D2:D3")


def formats(book: Workbook) -> None:
    sheet = first_sheet(book)
    sheet["C2"].number_format = "[$-809]dd mmmm yyyy;@"
    sheet["C3"].number_format = "mm-dd-yy"


def stray_format(book: Workbook) -> None:
    first_sheet(book).cell(row=1_000_000, column=300).number_format = "0.00"


BOOKS: dict[str, tuple[bytes, list[tuple[str, ...]]]] = {
    "text": (workbook([HEAD, *PEOPLE]), PEOPLE),
    "titles, merged": (workbook([HEAD, *PEOPLE], title_rows), PEOPLE),
    "other sheets": (workbook([HEAD, *PEOPLE], other_sheets), PEOPLE),
    "true dates": (
        workbook(
            [
                HEAD,
                ("Smith", "John", date(1990, 3, 4), "Red"),
                ("Lee", "Ann", datetime.fromisoformat("1985-12-25T14:30"), "Red"),
            ]
        ),
        [("Smith", "John", "1990-03-04", "Red"), ("Lee", "Ann", "1985-12-25 14:30", "Red")],
    ),
    "dates in other formats": (
        workbook([HEAD, ("Smith", "John", date(1990, 3, 4), "Red"), ("Lee", "Ann", date(1985, 1, 2), "Red")], formats),
        [("Smith", "John", "1990-03-04", "Red"), ("Lee", "Ann", "1985-01-02", "Red")],
    ),
    "numbers and booleans": (
        workbook([HEAD, ("Smith", 9434765919, 32933, True), ("Lee", 9434765919.0, 1.5, False)]),
        [("Smith", "9434765919", "32933", "TRUE"), ("Lee", "9434765919", "1.5", "FALSE")],
    ),
    "a number that has lost digits": (workbook([HEAD, ("Smith", 9.4e16, "x", "y")]), [("Smith", "9.4e+16", "x", "y")]),
    "a cell merged downwards": (
        workbook([HEAD, SMITH, ("Lee", "Ann", "25/12/1985", None)], merged_down),
        [SMITH, ("Lee", "Ann", "25/12/1985", "Red")],
    ),
    "a format far away": (workbook([HEAD, *PEOPLE], stray_format), PEOPLE),
    "rows that start farther down and right": (
        workbook([(), (), ("", "", *HEAD), ("", "", *SMITH), ("", "", *LEE)]),
        PEOPLE,
    ),
    "the calendar of old Macs": (
        with_part(
            workbook([HEAD, ("Smith", "John", date(1990, 3, 4), "Red")]),
            "xl/workbook.xml",
            lambda xml: xml.replace("<workbookPr", '<workbookPr date1904="1"'),
        ),
        [("Smith", "John", "1994-03-05", "Red")],
    ),
    "a formula's error, and one without a result": (
        with_cells(
            workbook([HEAD, ("Smith", "John", "x", "y"), ("Lee", "=1+1", "z", "w")]),
            [("C2", '<c r="C2" t="e"><f>VLOOKUP(1,2,3)</f><v>#N/A</v></c>')],
        ),
        [("Smith", "John", "#N/A", "y"), ("Lee", "#CALC!", "z", "w")],
    ),
    "a formula whose result is empty": (
        with_cells(workbook([HEAD, ("Smith", "John", "x", "y")]), [("C2", '<c r="C2" t="str"><f>""</f><v></v></c>')]),
        [("Smith", "John", "", "y")],
    ),
}


@pytest.mark.requirement("R-LOAD-002")
@pytest.mark.parametrize(("content", "rows"), BOOKS.values(), ids=BOOKS)
def test_an_untidy_workbook_is_read_cell_by_cell(content: bytes, rows: list[tuple[str, ...]]) -> None:
    table = read(content, "dsr.xlsx")

    assert (HEAD, rows) == (table.headings, table.rows)


def test_the_other_visible_sheets_are_named_and_can_be_chosen() -> None:
    content = workbook([HEAD, *PEOPLE], other_sheets)

    first, chosen = read(content, "dsr.xlsx"), read(content, "dsr.xlsx", "Lists")

    assert ("Register", {"Cover", "Lists"}) == (first.reading.sheet, set(first.reading.other_sheets))
    assert [("Red", "North"), ("Green", "South")] == chosen.rows


def test_a_workbook_under_a_false_name_is_read_by_its_content() -> None:
    assert PEOPLE == read(workbook([HEAD, *PEOPLE]), "dsr.csv").rows


def far_right(book: Workbook) -> None:
    first_sheet(book).cell(300, 16_384, "x")


def far_below(book: Workbook) -> None:
    first_sheet(book).cell(1_048_576, 5, "x")


OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
UNREADABLE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "nothing": (b"", "no_rows"),
    "blank lines": (b"\n\n , \n", "no_rows"),
    "a header alone": (LINES[0].encode(), "no_rows"),
    "data without a header": (lines(*LINES[1:]).encode(), "no_header"),
    "data without a header, and a row of words": (
        lines(*LINES[1:], *LINES[1:], "May,Jo,unknown,Green", LINES[1]).encode(),
        "no_header",
    ),
    "a letter": (b"Dear all,\nplease find the names below.\nYours\n", "no_header"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "wrong_type"),
    "a page of the web": (b"\n<html><table><tr><td>Surname</td></tr></table></html>", "wrong_type"),
    "XML": (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook></Workbook>", "wrong_type"),
    "an old workbook": (OLD_OFFICE + "Workbook".encode("utf-16-le"), "wrong_type"),
    "a workbook with a password": (OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "password"),
    "an OpenDocument sheet": (
        package({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}),
        "wrong_type",
    ),
    "a zip file of a text": (package({"dsr.csv": lines(*LINES).encode()}), "wrong_type"),
    "a binary workbook": (package({"xl/workbook.bin": b"x"}), "wrong_type"),
    "a broken zip file": (b"PK\x03\x04" + bytes(100), "not_a_table"),
    "a workbook without sheets": (package({"xl/workbook.xml": b"<workbook/>"}), "not_a_table"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "wrong_type"),
    "bytes": (bytes(range(256)) * 4, "not_a_table"),
    "broken UTF-16": (b"\xff\xfe\x00\xd8a", "not_a_table"),
    "UTF-32": (lines(*LINES).encode("utf-32"), "not_a_table"),
    "too many rows": (lines(LINES[0], *[LINES[1]] * 1001).encode(), "too_many_rows"),
    "too many columns": (
        lines(",".join(f"Heading {n}x" for n in range(51)), ",".join("a" * 51)).encode(),
        "too_many_columns",
    ),
    "a cell too long": (lines(LINES[0], f"Smith,John,17/06/1990,{'x' * 10_001}").encode(), "too_long_cell"),
    "a value in the last column": (
        lambda: workbook([HEAD, *[SMITH] * 300], far_right),
        "too_many_columns",
    ),
    "a value in the last row": (
        lambda: workbook([HEAD, SMITH], far_below),
        "too_many_rows",
    ),
}


@pytest.mark.parametrize(("content", "fault"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_table_is_named(content: bytes | Callable[[], bytes], fault: str) -> None:
    with pytest.raises(UnreadableFile) as unreadable:
        read(content if isinstance(content, bytes) else content())

    assert fault == unreadable.value.fault


@pytest.mark.slow
def test_a_sheet_of_all_columns_is_refused() -> None:
    content = workbook([[f"Heading {n}x" for n in range(16_384)], ["a"] * 16_384])

    with pytest.raises(UnreadableFile) as unreadable:
        read(content, "dsr.xlsx")

    assert "too_many_columns" == unreadable.value.fault


@pytest.mark.slow
def test_a_zip_bomb_is_not_unpacked() -> None:
    book = workbook([HEAD, *PEOPLE])
    bomb = with_part(book, "xl/worksheets/sheet1.xml", lambda xml: xml + " " * 130_000_000)

    with pytest.raises(UnreadableFile) as unreadable:
        read(bomb, "dsr.xlsx")

    assert (True, "too_much_work") == (len(bomb) < 1_000_000, unreadable.value.fault)


def test_a_sheet_that_is_not_there_is_no_table() -> None:
    with pytest.raises(UnreadableFile) as unreadable:
        read(workbook([HEAD, *PEOPLE]), "dsr.xlsx", "Elsewhere")

    assert "no_header" == unreadable.value.fault


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (("17/06/1990", "01/02/1990"), "day_first"),
        (("06/17/1990", "01/02/1990"), "month_first"),
        (("01/02/1990", "03/04/1990"), "mixed"),
        (("17/06/1990", "06/17/1990"), "mixed"),
        (("1990-06-17", "17 June 1990"), ""),
        (("01/01/1990", "02/02/1990"), ""),
        (("31/02/1990", "02/03/1990"), "mixed"),
        (("3/4/89", "12.05.1985", "1/1/1950", "31/02/1990"), "mixed"),
    ],
)
def test_the_order_of_day_and_month_is_told_only_if_the_dates_tell_it(days: tuple[str, ...], order: str) -> None:
    table = read(lines(LINES[0], *(f"Smith,John,{day},Red" for day in days)))

    assert order == table.reading.day_order
