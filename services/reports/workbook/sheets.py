"""
Writes cells: texts, dates and numbers, and nothing that Excel would run or follow.

No other module writes cells. Text appears as users typed it: a leading equals sign does not make a formula, an address
does not become a link, and markup is escaped.
"""

import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from services.reports.workbook.package import DAY, HEADING, SharedTexts, SheetRows, write_package


@dataclass(frozen=True)
class Styled:
    """A text with a style of its own."""

    text: str = field(repr=False)
    style: int


Cell = str | date | int | Styled | None

MOST_UPRIGHT = 6
LOWEST_CHART = 288
LAST_ROW = 1_048_575
LONGEST_TEXT = 32_767  # in UTF-16 code units, as Excel counts
SHORT = LONGEST_TEXT // 2  # this many characters always fit
LONGEST_NAME = 31
LONGEST_FOOTER = 200
A4 = 9
NOT_IN_NAMES = str.maketrans("[]:*?/\\", "()    -")
FIRST_DAY = date(1900, 3, 1)  # Excel counts a 29 February 1900, so its earlier days are wrong
DAY_ZERO = date(1899, 12, 30)


class TooLong(ValueError):
    """The content does not fit. The error does not repeat it."""


def escaped(text: str) -> str:
    """
    Return the text as a file holds it: markup is escaped, and so are characters that XML cannot hold.

    Raises `TooLong`.
    """
    if len(text) > LONGEST_TEXT:
        raise TooLong
    if text.isprintable() and not ("<" in text or "&" in text or ">" in text or "_x" in text):
        return text  # true of nearly all texts, and the fastest check
    plain = _LOOKS_ESCAPED.sub(r"_x005F\1", text)
    return escape(_CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", plain))


_LOOKS_ESCAPED = re.compile(r"(_x[0-9a-fA-F]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class SheetFile:
    """A sheet in the making. Its rows, made of written cells, go to a separate file."""

    def __init__(self, frame: Worksheet, file: Path) -> None:
        self.frame = frame
        self._file = file
        self._rows = file.open("w", encoding="utf-8", newline="")
        self._last, self._columns = 1, 1

    def put(self, row: int, written: Iterable[str], columns: int) -> None:
        """Write a row. Rows must come in order. Raises `TooLong` if the sheet is full."""
        if row > LAST_ROW:
            raise TooLong
        number = str(row + 1)
        self._last, self._columns = row + 1, max(self._columns, columns)
        self._rows.write(f'<row r="{number}">{"".join(written).replace(ROW, number)}</row>')

    def end(self) -> SheetRows:
        self._rows.close()
        return SheetRows(self._file, f"A1:{_letters(self._columns - 1)}{self._last}")


class Texts:
    """
    The texts of all sheets, which cells name by number.

    Only cells that are written once and used often share a number, so that memory does not grow with the report.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written = file.open("w", encoding="utf-8", newline="")
        self._kept = 0

    def keep(self, text: str) -> int:
        """Write a text and return its number."""
        as_it_is = _EVERY_SPACE if text[0].isspace() or text[-1].isspace() or not text.isprintable() else ""
        self._written.write(f"<si><t{as_it_is}>{escaped(text)}</t></si>")
        self._kept += 1
        return self._kept - 1

    def end(self) -> SharedTexts:
        self._written.close()
        return SharedTexts(self._file, self._kept)


def written_cell(texts: Texts, col: int, cell: Cell, style: int) -> str:
    """Return the cell as a file holds it, except for its row number. An empty value gives no cell."""
    if isinstance(cell, Styled):
        return written_cell(texts, col, cell.text, cell.style)
    if cell is None or cell == "":
        return ""
    begin = f'<c r="{_letters(col)}{ROW}"'
    if isinstance(cell, str):
        return f'{begin}{_styled(style)} t="s"><v>{texts.keep(cell)}</v></c>'
    if isinstance(cell, date):
        return f"{begin}{_styled(DAY)}><v>{(cell - DAY_ZERO).days}</v></c>"
    return f"{begin}{_styled(style)}><v>{cell}</v></c>"


def _styled(style: int) -> str:
    return f' s="{style}"' if style else ""


ROW = "\0"
"""Stands for the row number in a written cell. No text contains it, because `escaped` replaces this character."""
_EVERY_SPACE = ' xml:space="preserve"'


@cache
def _letters(col: int) -> str:
    """Return the letters of a column: 0 is A, 26 is AA."""
    before, last = divmod(col, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


def pieces(text: str) -> list[str]:
    """Return the text in as many parts as it needs cells."""
    return [text] if len(text) <= SHORT else list(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    start = units = 0
    for place, character in enumerate(text):
        width = 2 if ord(character) > 0xFFFF else 1
        if units + width > LONGEST_TEXT:
            yield text[start:place]
            start, units = place, 0
        units += width
    yield text[start:]


def _parts(cell: Cell) -> Sequence[Cell]:
    if isinstance(cell, Styled):
        return [Styled(text, cell.style) for text in pieces(cell.text)]
    return pieces(cell) if isinstance(cell, str) else [cell]


def lines_of(cells: Sequence[Cell], continued: str) -> Iterator[list[Cell]]:
    """
    Yield the cells, and a further line for each continuation of a text.

    The first cell of a further line holds the words of `continued`.
    """
    parts = [_parts(cell) for cell in cells]
    for line in range(max(map(len, parts), default=1)):
        row = [each[line] if line < len(each) else None for each in parts]
        if line:
            row[0] = continued.format(reference=parts[0][0])
        yield row


@dataclass(frozen=True)
class ChartOf:
    """A chart of labels and counts in the rows from `first_row` on. The chart is placed next to them at row `place`."""

    title: str
    first_row: int
    rows: tuple[tuple[str, int], ...]
    colours: tuple[str, ...]
    place: int


class Book:
    """A workbook in a private folder. The file exists once the block has ended without an error."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._frame = io.BytesIO()
        self._workbook = Workbook(self._frame, {"in_memory": True})
        self._sheets: list[SheetFile] = []
        self._texts = Texts(file.with_suffix(".texts"))
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        rows = {f"xl/worksheets/sheet{n}.xml": sheet.end() for n, sheet in enumerate(self._sheets, start=1)}
        texts = self._texts.end()
        if kind is None:
            self._workbook.close()
            write_package(self._frame.getvalue(), rows, texts, self._file)

    def add_sheet(self, title: str, widths: Sequence[int], footer: str = "") -> SheetFile:
        """Add a sheet that prints on landscape pages, no wider than one of them, with this text at the foot."""
        name = _sheet_name(title, self._names)
        self._names.add(name.casefold())
        frame = self._workbook.add_worksheet(name)
        for col, width in enumerate(widths):
            frame.set_column(col, col, width)
        frame.set_paper(A4)
        frame.set_landscape()
        frame.fit_to_pages(1, 0)
        frame.set_footer(_footer(footer))
        sheet = SheetFile(frame, self._file.with_suffix(f".{len(self._sheets)}"))
        self._sheets.append(sheet)
        return sheet

    def put(self, sheet: SheetFile, row: int, cells: Sequence[Cell], *, bold: bool = False) -> None:
        """Write a row. Each text must fit into its cell: `lines_of` makes sure of that."""
        style = HEADING if bold else 0
        written = (written_cell(self._texts, col, cell, style) for col, cell in enumerate(cells))
        sheet.put(row, written, len(cells))

    def written(self, col: int, cell: Cell) -> str:
        """Return a written cell of a column, to be used in many rows."""
        return written_cell(self._texts, col, cell, 0)

    def write_lines(
        self,
        title: str,
        lines: Iterable[Sequence[Cell]],
        bold: Collection[int],
        widths: Sequence[int],
        footer: str = "",
    ) -> SheetFile:
        """Write the lines to a new sheet. `bold` holds the numbers of the lines that are headings."""
        sheet = self.add_sheet(title, widths, footer)
        for row, cells in enumerate(lines):
            self.put(sheet, row, cells, bold=row in bold)
        return sheet

    def add_chart(self, sheet: SheetFile, drawn: ChartOf) -> None:
        """
        Add an Excel chart of cells in the sheet.

        It also stores their values, for programs that do not compute them.
        """
        chart = self._workbook.add_chart({"type": "column" if len(drawn.rows) <= MOST_UPRIGHT else "bar"})
        if chart is None or not drawn.rows:
            return
        last = drawn.first_row + len(drawn.rows) - 1
        series = {
            "categories": [sheet.frame.name, drawn.first_row, 0, last, 0],
            "values": [sheet.frame.name, drawn.first_row, 1, last, 1],
            "categories_data": [label for label, _ in drawn.rows],
            "values_data": [count for _, count in drawn.rows],
            "points": [{"fill": {"color": colour}, "border": {"color": "#212B32"}} for colour in drawn.colours],
            "data_labels": {"value": True},
            "gap": 60,
        }
        chart.add_series(series)
        chart.set_title({"name": drawn.title, "name_font": {"size": 12}})
        chart.set_legend({"none": True})
        chart.set_size({"width": 620, "height": max(LOWEST_CHART, 20 * len(drawn.rows))})
        chart.set_x_axis({"num_format": "0"} if len(drawn.rows) > MOST_UPRIGHT else {})
        chart.set_y_axis({"reverse": True} if len(drawn.rows) > MOST_UPRIGHT else {"num_format": "0", "min": 0})
        sheet.frame.insert_chart(drawn.place, 3, chart, {"description": drawn.title})


@dataclass(frozen=True)
class TableLook:
    """
    How a table looks: its headings, the widths of its columns, and what stays in view, prints, or stands at the foot.

    Without `widths` they follow the headings. Without `printed` every column prints.
    """

    headings: Sequence[str]
    continued: str
    widths: Sequence[int] = ()
    frozen: int = 1
    printed: int = 0
    footer: str = ""


class Table:
    """
    Rows under a heading that stays in view. Each column has a filter. A full sheet is continued on another.

    A text that is too long for a cell continues in the next row, whose first cell says so in the words of `continued`.
    """

    def __init__(self, book: Book, title: str, look: TableLook, last_row: int = LAST_ROW) -> None:
        self._book = book
        self._title = title
        self._look = look
        self._last_row = last_row
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        look = self._look
        widths = [width or _width_of(heading) for heading, width in zip_longest(look.headings, look.widths)]
        title = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.add_sheet(title, widths, look.footer)
        self._sheet.frame.freeze_panes(1, look.frozen)
        self._sheet.frame.repeat_rows(0)
        self._book.put(self._sheet, 0, look.headings, bold=True)
        self._row = 0

    def add(self, cells: Sequence[Cell]) -> None:
        lines = list(lines_of(cells, self._look.continued))
        self._make_room(len(lines))
        for line in lines:
            self._row += 1
            self._book.put(self._sheet, self._row, line)

    def add_written(self, cells: Sequence[str]) -> None:
        """Add a row of written cells, in which no text was too long."""
        self._make_room(1)
        self._row += 1
        self._sheet.put(self._row, cells, len(self._look.headings))

    def _make_room(self, lines: int) -> None:
        if self._row + lines > self._last_row:
            self.close()
            self._begin()

    def close(self) -> None:
        """Set the filters and what is printed, whose range is known once all rows are written."""
        frame, columns = self._sheet.frame, len(self._look.headings)
        frame.autofilter(0, 0, self._row, columns - 1)
        frame.print_area(0, 0, self._row, (self._look.printed or columns) - 1)


def _width_of(heading: str) -> int:
    return min(max(len(heading) + 2, 14), 40)


def _footer(text: str) -> str:
    """
    Return a footer with the text at the left and the number of the page at the right.

    A tab ends what stands at the left. At the right, `{page}` and `{pages}` stand for the numbers.
    """
    left, _, right = text.replace("&", "&&").partition("\t")
    return f"&L{left[:LONGEST_FOOTER]}&R{right.format(page='&P', pages='&N')}"


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return as much of the title as a sheet's name can hold, cut at a word, and different from the names taken."""
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
