"""The table of an Excel workbook: its sheets, true dates and numbers, merged cells, and formulas without a result."""

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from services.referrals.loading.finding import find_table
from services.referrals.loading.headings import is_common
from services.referrals.loading.table import FileTable, Grid, Limits, UnreadableFile
from shared.contracts.referrals.loading import FileReading

Value = int | float | str | bool | time | date | datetime | timedelta
Place = tuple[int, int]

MOST_INFLATED = 120_000_000
_MOST_PARTS = 5_000
_MOST_CELLS = 3_000_000
_MOST_SHEETS = 20
_EXACT = 10**15  # above it, a spreadsheet's numbers have lost digits
_PIECE = 1_000_000

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CELLS = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]{1,3})([0-9]{1,7})\"[^>/]*>")
_ERRORS = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=\"e\"[^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<", re.DOTALL)
_UNWORKED = re.compile(
    rb"<(?:\w+:)?c\s((?:(?!\bt=)[^>])*?)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
NO_RESULT = "#CALC!"
"""Stands for a formula whose result the file does not have."""


def read_workbook(content: bytes, limits: Limits, wanted: str) -> FileTable:
    """Return the table of the sheet `wanted`, or of the visible one with the most common headings."""
    package = _Package(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            return _best_table(book, package, limits, wanted)
    except PasswordError:
        raise UnreadableFile("password") from None
    except CalamineError:
        raise UnreadableFile("not_a_table") from None


def _best_table(book: CalamineWorkbook, package: "_Package", limits: Limits, wanted: str) -> FileTable:
    shown = [
        each.name
        for each in book.sheets_metadata
        if each.typ is SheetTypeEnum.WorkSheet and each.visible is SheetVisibleEnum.Visible
    ]
    faults, tables = list[UnreadableFile](), list[FileTable]()
    for name in shown[:_MOST_SHEETS]:
        if wanted in ("", name):
            others = tuple(other for other in shown if other != name)
            try:
                reading = FileReading(sheet=name, other_sheets=others)
                tables.append(find_table(_grid(book, package, name, limits), limits, reading))
            except UnreadableFile as unreadable:
                faults.append(unreadable)
    if not tables:
        raise _telling(faults)
    return max(tables, key=lambda table: sum(map(is_common, table.headings)))


def _telling(faults: list[UnreadableFile]) -> UnreadableFile:
    """Return the fault that helps most: a sheet that is too large, else the first."""
    large = (each for each in faults if each.fault.startswith("too_"))
    return next(large, faults[0] if faults else UnreadableFile("no_header"))


def _grid(book: CalamineWorkbook, package: "_Package", name: str, limits: Limits) -> Grid:
    broken = package.check_sheet(name, limits)
    sheet = book.get_sheet_by_name(name)
    grid = [list(map(_as_text, row)) for row in sheet.to_python(skip_empty_area=False)]
    for (row, column), text in broken.items():
        _put(grid, row, column, text)
    _fill_merged(grid, sheet)
    return grid


def _put(grid: Grid, row: int, column: int, text: str) -> None:
    while len(grid) <= row:
        grid.append([])
    grid[row] += [""] * (column + 1 - len(grid[row]))
    grid[row][column] = text


def _fill_merged(grid: Grid, sheet: CalamineSheet) -> None:
    """Write the value of cells that are merged downwards into each of their rows, as a reader sees it."""
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        if top < len(grid) and left < len(grid[top]) and (text := grid[top][left]):
            for row in grid[top + 1 : bottom + 1]:
                if left < len(row) and not row[left]:
                    row[left] = text


def _as_text(value: Value) -> str:
    """Return a cell as text. Dates are written 2022-06-17, so that day and month cannot be mistaken."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return str(int(value)) if value == value // 1 and abs(value) < _EXACT else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


@dataclass(frozen=True)
class _Part:
    name: str
    size: int


class _Package:
    """The parts of a workbook, each of which is looked at before the library unpacks it."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise UnreadableFile("not_a_table") from None
        entries = self._zip.infolist()
        self._names = {entry.filename.lower(): entry.filename for entry in entries}
        if "xl/workbook.xml" not in self._names:
            raise UnreadableFile("wrong_type")
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableFile("password")
        if len(entries) > _MOST_PARTS or sum(entry.file_size for entry in entries) > MOST_INFLATED * 2:
            raise UnreadableFile("too_much_work")
        for name in ("xl/sharedstrings.xml", "xl/styles.xml"):
            if name in self._names:
                self._inflate(self._names[name])
        self._sheets = dict(self._find_sheets())

    def check_sheet(self, name: str, limits: Limits) -> dict[Place, str]:
        """
        Return the cells that the library would show as empty: errors, and formulas without a result.

        Raise `UnreadableFile` for a sheet that is too large: the library makes room for every cell up to the last.
        """
        part = self._sheets.get(name)
        if part is None:
            raise UnreadableFile("not_a_table")
        content = self._inflate(part)
        _check_size(content, limits)
        broken = {
            place: text
            for cell, text in _ERRORS.findall(content)
            if (place := _place_of(cell))
            for text in [text.decode()]
        }
        return broken | {place: NO_RESULT for cell in _UNWORKED.findall(content) if (place := _place_of(cell))}

    def _find_sheets(self) -> Iterator[tuple[str, str]]:
        relations = self._names.get("xl/_rels/workbook.xml.rels")
        targets = {
            each.get("Id", ""): each.get("Target", "")
            for each in (
                _attributes(found) for found in _RELATION.findall(self._inflate(relations) if relations else b"")
            )
        }
        for found in _SHEET.findall(self._inflate(self._names["xl/workbook.xml"])):
            written = _attributes(found)
            target = targets.get(next((text for key, text in written.items() if key.endswith(":id")), ""), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path.lower() in self._names:
                yield written.get("name", ""), self._names[path.lower()]

    def _inflate(self, name: str) -> bytes:
        """Return a part of the file. Its real size counts, and not the one that the file claims."""
        pieces, size = list[bytes](), 0
        try:
            with self._zip.open(name) as part:
                while piece := part.read(_PIECE):
                    pieces.append(piece)
                    size += len(piece)
                    if size > MOST_INFLATED:
                        raise UnreadableFile("too_much_work")
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise UnreadableFile("not_a_table") from None
        return b"".join(pieces)


def _check_size(content: bytes, limits: Limits) -> None:
    if content.count(b"<c ") + content.count(b"<c>") + content.count(b":c ") > _MOST_CELLS:
        raise UnreadableFile("too_much_work")
    found = _CELLS.findall(content)
    width = max(map(_column_number, {letters for letters, _ in found}), default=0)
    height = max((int(row) for _, row in found), default=0)
    if width * height > _MOST_CELLS:
        raise UnreadableFile("too_many_rows" if height > limits.most_rows + 1000 else "too_many_columns")


def _attributes(written: bytes) -> dict[str, str]:
    return {
        name.decode(): html.unescape((double or single).decode("utf-8", "replace"))
        for name, double, single in _ATTRIBUTE.findall(written)
    }


def _place_of(cell: bytes) -> Place | None:
    found = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", _attributes(cell).get("r", ""))
    return (int(found[2]) - 1, _column_number(found[1].encode()) - 1) if found else None


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
