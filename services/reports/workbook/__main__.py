"""
Makes one workbook: reads a plan and then rows, line by line, and writes the whole file at the end.

    python -m services.reports.workbook FOLDER

Nothing is written to the output unless the end of the rows has been read. Working files are kept in the folder, which
is deleted at the end.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, TypedDict

from services.reports.workbook.cells import Cells, Values
from services.reports.workbook.plan import END, Plan, definition_rows
from services.reports.workbook.sheets import SHORT, Book, Cell, Table, TableLook, lines_of
from services.reports.workbook.summary import Summary
from shared import log


class WorkbookRow(TypedDict):
    """A record as it is read. `apart` says that the age is unknown, so it is unclear if the record belongs here."""

    record: Values
    answers: Values
    outcomes: Sequence[tuple[Values, Values]]
    apart: bool


class Interrupted(Exception):
    """The rows stopped before the line that ends them."""


def main(folder: Path) -> int:
    """Return the exit code: 0 only if the whole file was written to the output."""
    log.set_up("reports")
    file = folder / "report.xlsx"
    try:
        write_workbook(sys.stdin.buffer, file)
        with file.open("rb") as whole:
            shutil.copyfileobj(whole, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except (Interrupted, BrokenPipeError):
        return 1
    except Exception as error:  # noqa: BLE001  stops every error here: its text might be about a person
        log.warn("workbook.failed", error=error)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def write_workbook(lines: BinaryIO, file: Path) -> None:
    """Write the workbook. Raises `Interrupted` if the rows end too soon."""
    plan = Plan.of_line(lines.readline())
    with Book(file) as book:
        sheets = Sheets(book, plan)
        for line in lines:
            if line == END:
                break
            sheets.add(json.loads(line), short=len(line) <= SHORT)
        else:
            raise Interrupted
        sheets.finish()


class Sheets:
    """The sheets of a report: its records, records whose age is not known, the summary and the definitions."""

    def __init__(self, book: Book, plan: Plan) -> None:
        self._book = book
        self._plan = plan
        self._cells = Cells(plan.columns, book.written, date.fromordinal(plan.day))
        self._summary = Summary(plan.tables)
        self._records = 0
        self._table = self._new_table(plan.title)
        self._apart: Table | None = None

    def _new_table(self, title: str) -> Table:
        plan = self._plan
        headings, widths = [each.heading for each in plan.columns], [each.width for each in plan.columns]
        look = TableLook(headings, plan.continued, widths, plan.frozen, plan.printed, plan.footer)
        return Table(self._book, title, look)

    def add(self, row: WorkbookRow, *, short: bool) -> None:
        """Add a record. `short` says that no text is too long for a cell."""
        self._records += 1
        self._summary.add(row["record"], row["answers"], row["outcomes"])
        table, values = self._table_of(row), (row["record"], row["answers"], row["outcomes"])
        if short:
            for written in self._cells.written(*values):
                table.add_written(written)
        else:
            for cells in self._cells.lines(*values):
                table.add(cells)

    def _table_of(self, row: WorkbookRow) -> Table:
        if not row["apart"]:
            return self._table
        self._apart = self._apart or self._new_table(self._plan.apart)
        return self._apart

    def finish(self) -> None:
        for table in (self._table, self._apart):
            if table is not None:
                table.close()
        plan = self._plan
        said: list[Sequence[Cell]] = [*plan.facts, (plan.records, self._records), (plan.people, self._summary.people)]
        facts = [line for fact in said for line in lines_of(fact, plan.continued)]
        self._summary.write(self._book, plan.summary, facts, plan.footer)
        _write_definitions(self._book, plan, facts)


def _write_definitions(book: Book, plan: Plan, facts: Sequence[Sequence[Cell]]) -> None:
    notes: list[tuple[Cell, ...]] = [(note,) for note in plan.notes]
    meanings = [line for row in definition_rows(plan.columns) for line in lines_of(row, plan.continued)]
    lines: list[Sequence[Cell]] = [*facts, (), plan.headings, *meanings, (), *notes]
    book.write_lines(plan.definitions, lines, bold=(len(facts) + 1,), widths=(38, 30, 100), footer=plan.footer)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
