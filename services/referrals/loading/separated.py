"""The rows of a text file: which sign separates its cells, and the cells between quotation marks."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from services.referrals.loading.table import Grid

DELIMITERS = ",;\t|"
_NAMED = re.compile(r'\s*"?sep=(.)"?[ ,;\t|]*(\r\n|\r|\n|$)', re.IGNORECASE)
_SAMPLE = 200_000


def split_text(text: str, most_cell: int) -> tuple[Grid, str]:
    """Return the rows of a text, and the sign between its cells. A first line such as `sep=;` names that sign."""
    named = _NAMED.match(text)
    if named:
        text, delimiter = text[named.end() :], named[1]
    else:
        delimiter = _find_delimiter(text)
    return _split(text, delimiter, most_cell), delimiter


def _find_delimiter(text: str) -> str:
    """Return the sign by which most rows have the same number of cells, and many."""
    sample = text if len(text) <= _SAMPLE else text[:_SAMPLE].rpartition("\n")[0] or text[:_SAMPLE]
    return max(DELIMITERS, key=lambda sign: _evenness(_widths(sample, sign)))


def _widths(sample: str, delimiter: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error:
        return [line.count(delimiter) + 1 for line in sample.splitlines()]


def _evenness(widths: list[int]) -> float:
    counted = Counter(width for width in widths if width > 1)
    if not counted:
        return 0
    width, times = max(counted.items(), key=lambda item: (item[1], item[0]))
    return float(times / len(widths) * min(width, 8) ** 0.5)


def _split(text: str, delimiter: str, most_cell: int) -> Grid:
    width = _usual(_widths(text[:_SAMPLE], delimiter))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return list(_split_tolerantly(text, delimiter, most_cell, width))
    if any(_holds_rows(cell, delimiter, width) for row in rows for cell in row if "\n" in cell or "\r" in cell):
        return list(_split_tolerantly(text, delimiter, most_cell, width))
    return rows


def _usual(widths: list[int]) -> int:
    return Counter(widths).most_common(1)[0][0] if widths else 1


def _holds_rows(cell: str, delimiter: str, width: int) -> bool:
    """Return whether a cell of several lines has swallowed rows: a quotation mark before it was not closed."""
    return width > 2 and any(line.count(delimiter) >= width - 1 for line in cell.splitlines())


def _split_tolerantly(text: str, delimiter: str, most_cell: int, width: int) -> Iterator[list[str]]:
    """
    Yield the rows of a text with loose quotation marks. One that is not closed before the row ends is an ordinary sign.
    """
    ends = re.compile(rf"{re.escape(delimiter)}|\r\n|\r|\n|\Z")
    closing = re.compile(rf'"+(?=[ ]*(?:{re.escape(delimiter)}|\r|\n|\Z))')
    place, row = 0, list[str]()
    while place < len(text):
        cell = _quoted(text, place, closing, most_cell)
        if cell is None or _holds_rows(cell, delimiter, width):
            end = ends.search(text, place)
            row.append(text[place : end.start() if end else None])
        else:
            end = ends.search(text, place + len(cell))
            row.append(cell[1:-1].replace('""', '"'))
        place = end.end() if end else len(text)
        if end is None or end[0] != delimiter:
            yield row
            row = []
    if row:
        yield [*row, ""]


def _quoted(text: str, place: int, closing: re.Pattern[str], most_cell: int) -> str | None:
    """Return the cell between quotation marks at this place, with them; None if there is none."""
    if not text.startswith('"', place):
        return None
    for found in closing.finditer(text, place + 1, place + most_cell + 3):
        if (found.end() - found.start()) % 2:  # of two marks together, neither closes
            return text[place : found.end()]
    return None
