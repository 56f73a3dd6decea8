"""Workbooks made for tests, and what is wrong with some of them."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | float | bool | date | datetime | time | None
Rows = Sequence[Sequence[Value]]


def workbook(rows: Rows, change: Callable[[Workbook], None] | None = None, title: str = "Register") -> bytes:
    """Return a workbook with these rows on its first sheet, after `change`."""
    book = Workbook()
    sheet = first_sheet(book)
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if change:
        change(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def first_sheet(book: Workbook) -> Worksheet:
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def add_sheet(book: Workbook, title: str, rows: Rows, state: str = "visible") -> None:
    sheet = book.create_sheet(title)
    sheet.sheet_state = state
    for row in rows:
        sheet.append(list(row))


def with_part(content: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """Return the workbook with one of its parts changed."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            text = old.read(part)
            new.writestr(part, change(text.decode()) if part == name else text)
    return written.getvalue()


def with_cells(content: bytes, cells: Iterable[tuple[str, str]]) -> bytes:
    """Return the workbook with the XML of some cells of the first sheet replaced."""

    def change(sheet: str) -> str:
        for place, xml in cells:
            sheet, times = re.subn(rf'<c r="{place}"[^>]*?(/>|>.*?</c>)', xml, sheet, count=1)
            assert times == 1, place
        return sheet

    return with_part(content, "xl/worksheets/sheet1.xml", change)


def package(parts: dict[str, bytes]) -> bytes:
    """Return a zip file of these parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return written.getvalue()
