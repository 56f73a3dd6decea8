"""Tables for tests, as they come out of a file, and what is made of them."""

from collections.abc import Sequence
from datetime import date

from services.referrals.loading.dates import DayOrder
from services.referrals.loading.files import read_table
from services.referrals.loading.judging import Judged, RowJudge
from services.referrals.loading.mapping import FileMapping, check, suggest
from services.referrals.loading.rows import ReadRow, RowReader
from services.referrals.loading.table import FileTable, Limits
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from tests.rules.loading.workbooks import Rows, workbook

TODAY = date(2026, 11, 30)
LIMITS = Limits(most_rows=20_000, most_columns=200, most_cell=10_000)

GOOD: dict[str, str] = {
    "Surname": "Smith",
    "Forename(s)": "John",
    "D.O.B.": "17/06/1990",
    "NHS No": "943 476 5919",
    "LD/Autism": "LD",
    "Ethnicity": "White British",
    "Locality/Team": "South Staffs",
    "Lead professional": "Ann Lee",
    "RAG": "R",
    "Capacity": "Y",
    "Consent given": "Y",
}
"""A row of the DSR that can be loaded, under headings of a team's file."""
GOOD_ANSWERS = {
    "capacity_to_consent": "yes",
    "consent_given": "yes",
    "first_name": "John",
    "last_name": "Smith",
    "date_of_birth": "1990-06-17",
    "nhs_number": "9434765919",
    "learning_disability_or_autism": "learning_disability",
    "ethnicity": "A",
    "locality": "south_staffordshire",
    "lead_professional": "Ann Lee",
    "risk_level": "red",
}


def text_file(headings: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in f'{delimiter}"\n\r') else cell

    return "".join(delimiter.join(map(quoted, row)) + end for row in (headings, *rows))


def table_of(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> FileTable:
    return read_table(text_file(headings, rows).encode(), "dsr.csv", LIMITS)


def book_of(rows: Rows) -> FileTable:
    return read_table(workbook(rows), "dsr.xlsx", LIMITS)


def table_with(**other: str) -> FileTable:
    """Return a table with a good row, and one that has these cells in place of its own or besides them."""
    cells = GOOD | other
    return table_of(list(cells), [[GOOD.get(heading, "") for heading in cells], list(cells.values())])


def mapped(register: Definition, table: FileTable, day_order: DayOrder = "") -> FileMapping:
    """Return the mapping that is suggested for a table, as a user sends it who changes nothing."""
    found = suggest(register, table, None).columns
    return check(register, table, FileMapping({each.place: each.target or "" for each in found}, {}, day_order))


def read_rows(register: Definition, table: FileTable, day_order: DayOrder = "", today: date = TODAY) -> list[ReadRow]:
    reader = RowReader(register, table, mapped(register, table, day_order), today)
    return [reader.read(index) for index in range(len(table.rows))]


def judge_rows(register: Definition, table: FileTable, before: Answers | None = None) -> list[Judged]:
    judge = RowJudge(register, TODAY)
    return [judge.judge(row, before) for row in read_rows(register, table)]


def told(judged: Judged) -> list[tuple[str, str]]:
    return [(fault.heading, fault.says) for fault in judged.every_fault]
