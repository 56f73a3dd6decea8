"""
The one module that writes cells: texts, dates and numbers, and nothing that Excel would carry out or follow.

What people typed stands in the cell as they typed it. A text that begins with an equals sign is a text here, an address
is no link, and what looks like markup is escaped.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Self

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from shared.values import show_date

Cell = str | date | int | None

LAST_ROW = 1_048_575
LONGEST_TEXT = 32_767  # in units of UTF-16, as Excel counts
LONGEST_NAME = 31
NOT_IN_NAMES = str.maketrans("[]:*?/\\", "()    -")
FIRST_DAY = date(1900, 3, 1)  # Excel counts a 29 February 1900, so days before are not what they seem
INERT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class _PlainWorksheet(Worksheet):
    """Writes every text as plain text; the original takes one that looks like formatted runs for markup."""

    def _xml_rich_inline_string(self, string: str, attributes: Sequence[tuple[str, object]] = ()) -> None:
        self._xml_inline_string(string, True, attributes)


def pieces(text: str) -> list[str]:
    """The text in as many parts as it needs cells."""
    if len(text) * 2 <= LONGEST_TEXT:
        return [text]
    return list(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    start = units = 0
    for place, character in enumerate(text):
        width = 2 if ord(character) > 0xFFFF else 1
        if units + width > LONGEST_TEXT:
            yield text[start:place]
            start, units = place, 0
        units += width
    yield text[start:]


def lines_of(cells: Sequence[Cell], continued: str) -> Iterator[list[Cell]]:
    """The cells, and a line more for each time that a text goes on, which `continued` says of the first cell."""
    parts = [pieces(cell) if isinstance(cell, str) else [cell] for cell in cells]
    for line in range(max(map(len, parts), default=1)):
        row = [each[line] if line < len(each) else None for each in parts]
        if line:
            row[0] = continued.format(reference=parts[0][0])
        yield row


class TooLong(ValueError):
    """A text was to be written that would have been cut. Says nothing of the text."""


class Book:
    """A workbook in a folder that nobody else may read; the file is there once the block has ended well."""

    def __init__(self, file: Path) -> None:
        options = {"constant_memory": True, "tmpdir": str(file.parent), **INERT}
        self._workbook = Workbook(str(file), options)
        self._workbook.worksheet_class = _PlainWorksheet
        self.heading: Format = self._workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.day: Format = self._workbook.add_format({"num_format": "dd/mm/yyyy", "align": "left"})
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._workbook.close()

    def add_sheet(self, title: str) -> Worksheet:
        name = _sheet_name(title, self._names)
        self._names.add(name.casefold())
        return self._workbook.add_worksheet(name)

    def put(self, sheet: Worksheet, row: int, cells: Sequence[Cell], style: Format | None = None) -> None:
        """Write one row; rows come in order, and what is empty stays empty."""
        for col, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, col, cell, style)
            elif isinstance(cell, date) and cell >= FIRST_DAY:
                sheet.write_datetime(row, col, datetime.combine(cell, time()), style or self.day)
            elif cell:
                text = cell if isinstance(cell, str) else show_date(cell)
                if sheet.write_string(row, col, text, style):
                    raise TooLong

    def write_lines(
        self, title: str, lines: Iterable[Sequence[Cell]], bold: Iterable[int], widths: Sequence[int]
    ) -> None:
        """A sheet of its own for these lines."""
        sheet = self.add_sheet(title)
        for col, width in enumerate(widths):
            sheet.set_column(col, col, width)
        marked = set(bold)
        for row, cells in enumerate(lines):
            self.put(sheet, row, cells, self.heading if row in marked else None)


class Table:
    """
    Rows under one heading, which stays in sight; each column can be filtered. Full sheets go on in another.

    A text that is too long for a cell goes on in the row beneath, whose first cell says so in the words of `continued`.
    """

    def __init__(
        self, book: Book, title: str, headings: Sequence[str], continued: str, last_row: int = LAST_ROW
    ) -> None:
        self._book = book
        self._title = title
        self._headings = headings
        self._continued = continued
        self._last_row = last_row
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_sheet(self._title if self._sheets == 1 else f"{self._title} {self._sheets}")
        for col, heading in enumerate(self._headings):
            self._sheet.set_column(col, col, min(max(len(heading) + 2, 14), 40))
        self._sheet.freeze_panes(1, 1)
        self._book.put(self._sheet, 0, self._headings, self._book.heading)
        self._row = 0

    def add(self, cells: Sequence[Cell]) -> None:
        lines = list(lines_of(cells, self._continued))
        if self._row + len(lines) > self._last_row:
            self.close()
            self._begin()
        for line in lines:
            self._row += 1
            self._book.put(self._sheet, self._row, line)

    def close(self) -> None:
        """Once all rows are there it is known what the filters are for."""
        self._sheet.autofilter(0, 0, self._row, len(self._headings) - 1)


def _sheet_name(title: str, taken: set[str]) -> str:
    """As much of the title as a sheet's name can hold, cut at a word, and unlike any other."""
    plain = " ".join(title.translate(NOT_IN_NAMES).split()).strip("'") or "-"
    number = ""
    while True:
        name = _cut(plain, LONGEST_NAME - len(number)) + number
        if name.casefold() not in taken:
            return name
        number = f" {int(number or 1) + 1}"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = text[:longest].rpartition(" ")[0].rstrip(" (&–-,'")
    return kept or text[:longest]
