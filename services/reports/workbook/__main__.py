"""
Makes one workbook: a plan and then rows come in, line by line, and the whole file goes out at the end.

    python -m services.reports.workbook FOLDER

Nothing goes out unless the end of the rows has come in. What is kept meanwhile is kept in the folder, and goes with it.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from services.reports.workbook.cells import Cells
from services.reports.workbook.plan import END, Plan, definition_rows
from services.reports.workbook.sheets import SHORT, Book, Cell, Table, lines_of
from services.reports.workbook.summary import Summary
from shared import log


class Interrupted(Exception):
    """The rows ended before their end had come."""


def main(folder: Path) -> int:
    """The exit code: 0 only when the whole file went out."""
    log.set_up("reports")
    file = folder / "report.xlsx"
    try:
        write_workbook(sys.stdin.buffer, file)
        with file.open("rb") as whole:
            shutil.copyfileobj(whole, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except (Interrupted, BrokenPipeError):
        return 1
    except Exception as error:  # noqa: BLE001  the edge of a process: its text might be about a person
        log.warn("workbook.failed", error=error)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def write_workbook(lines: BinaryIO, file: Path) -> None:
    """Raises `Interrupted` when the rows end too soon."""
    plan = Plan.of_line(lines.readline())
    headings = [column.heading for column in plan.columns]
    with Book(file) as book:
        table = Table(book, plan.title, headings, plan.continued)
        apart: Table | None = None
        cells, summary, records = Cells(plan.columns), Summary(plan.tables), 0
        for line in lines:
            if line == END:
                break
            records += 1
            row = json.loads(line)
            if row["apart"] and apart is None:
                apart = Table(book, plan.apart, headings, plan.continued)
            summary.add(row["record"], row["answers"])
            for each in cells.lines(row["record"], row["answers"], row["outcomes"]):
                (apart if row["apart"] and apart else table).add(each, short=len(line) <= SHORT)
        else:
            raise Interrupted
        for filled in (table, apart):
            if filled is not None:
                filled.close()
        said: list[Sequence[Cell]] = [*plan.facts, (plan.records, records)]
        facts = [line for fact in said for line in lines_of(fact, plan.continued)]
        summary.write(book, plan.summary, facts)
        _write_definitions(book, plan, facts)


def _write_definitions(book: Book, plan: Plan, facts: Sequence[Sequence[Cell]]) -> None:
    notes: list[tuple[Cell, ...]] = [(note,) for note in plan.notes]
    meanings = [line for row in definition_rows(plan.columns) for line in lines_of(row, plan.continued)]
    lines: list[Sequence[Cell]] = [*facts, (), plan.headings, *meanings, (), *notes]
    book.write_lines(plan.definitions, lines, bold=(len(facts) + 1,), widths=(38, 30, 100))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
