"""Where the table is in a file: its headings and rows among titles, totals, pages and notes."""

import re
from collections import Counter
from collections.abc import Sequence

from services.referrals.loading.headings import is_common
from services.referrals.loading.table import FileTable, Grid, Limits, UnreadableFile
from shared.cleaning import clean_line
from shared.contracts.referrals.loading import FileReading
from shared.values import match_key

_FIRST_ROWS = 200  # above the header
_MOST_SKIPPED = 500
_LONGEST_HEADING = 500
_LETTER = re.compile(r"[^\W\d_]")
_DATA = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}( .*)?|\d{1,2}(st|nd|rd|th)?[ -][a-z]{3,9}[ -]\d{2,4}|[^@\s]+@[^@\s]+\.[^@\s]+"
    r"|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(grand |sub[- ]?)?totals?\b.*|(row |record )?count\b.*|number of (rows|records|people)\b.*", re.IGNORECASE
)
_FURNITURE = re.compile(
    r"page \d+( of \d+)?|end of (report|list|file|register)|\(?continued.*|printed (on|by|at)\b.*"
    r"|(report )?(run|generated|produced|exported|created|printed) (on|by|at|from)\b.*"
    r"|official[- ]?(sensitive)?.*|confidential.*|\*+|-+|=+|_+",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d.,%£ ()-]*")


def find_table(grid: Grid, limits: Limits, reading: FileReading) -> FileTable:
    """Return the table in the cells of a file. Raise `UnreadableFile` if there is none, or if it is too large."""
    filled = [sum(map(bool, row)) for row in grid]
    at = _find_header(grid, filled)
    places, headings = _columns(grid, at, 0 if reading.sheet else 0.5)
    if len(places) > limits.most_columns:
        raise UnreadableFile("too_many_columns")
    rows, skipped = _data(grid, filled, at)
    if not rows:
        raise UnreadableFile("no_rows")
    if len(rows) > limits.most_rows:
        raise UnreadableFile("too_many_rows")
    picked = _picked([grid[number] for number in rows], places, len(grid[at]))
    if any(len(cell) > limits.most_cell for row in picked for cell in row):
        raise UnreadableFile("too_long_cell")
    told = tuple(number + 1 for number in skipped[:_MOST_SKIPPED])
    return FileTable(reading.model_copy(update={"header_row": at + 1, "skipped": told}), headings, picked)


def _find_header(grid: Grid, filled: Sequence[int]) -> int:
    """Return the number of the row with the headings: the first wide one of words alone, or a better one below it."""
    usual = _usual_width(filled)
    wide = [number for number in range(min(len(grid), _FIRST_ROWS)) if filled[number] >= max(2, usual / 2)]
    first = next((number for number in wide if _is_of_words(grid[number])), None)
    if first is None or sum(number < first for number in wide) > 1:  # data stands above: it is no row of headings
        raise UnreadableFile("no_header")
    near = [number for number in wide if first <= number <= first + 3 and _is_of_words(grid[number])]
    return max(near, key=lambda number: (sum(map(is_common, grid[number])), -number))


def _usual_width(filled: Sequence[int]) -> int:
    widths = sorted(width for width in filled if width)
    if not widths:
        raise UnreadableFile("no_rows")
    return widths[len(widths) * 3 // 4]


def _is_of_words(row: Sequence[str]) -> bool:
    """Return whether nearly all of these cells could be headings, and they are different ones."""
    cells = [cell for cell in row if cell]
    words = [cell for cell in cells if _LETTER.search(cell) and not _DATA.fullmatch(cell) and len(cell) <= 300]
    if len(words) * 2 >= len(cells) and sum(map(is_common, words)) >= 3:  # and perhaps months: Jan-24, Feb-24
        return True
    return len(words) * 10 >= len(cells) * 9 and len(set(words)) * 10 >= len(words) * 8


def _columns(grid: Grid, at: int, share: float) -> tuple[list[int], tuple[str, ...]]:
    """Return the places of the columns that hold anything, and their headings."""
    header, below = grid[at], grid[at + 1 :]
    headed = max((place for place, cell in enumerate(header) if cell), default=-1) + 1
    width = max(headed, _usual_length(below, share))
    used = {place for row in below for place, cell in enumerate(row[:width]) if cell}
    places = [place for place in range(width) if place in used or (place < headed and header[place])]
    named = [clean_line(header[place]) if place < headed else "" for place in places]
    headings = (
        name[:_LONGEST_HEADING] or f"Column {_letters(place)}" for place, name in zip(places, named, strict=True)
    )
    return places, tuple(headings)


def _usual_length(rows: Grid, share: float) -> int:
    """Return to which column this share of the rows reach. What stands farther right is out of its place."""
    lengths = Counter(max((place for place, cell in enumerate(row) if cell), default=-1) + 1 for row in rows)
    reached, least = 0, sum(times for length, times in lengths.items() if length) * share
    for length in sorted(lengths, reverse=True):
        reached += lengths[length]
        if reached > least:
            return length
    return 0


def _letters(place: int) -> str:
    """Return the name that spreadsheet programs give a column: A, B, … Z, AA."""
    first, second = divmod(place, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + second)


def _data(grid: Grid, filled: Sequence[int], at: int) -> tuple[list[int], list[int]]:
    """Return the numbers of the rows of data below the header, and of all other rows that hold anything."""
    header = list(map(match_key, grid[at]))
    width = sum(map(bool, header))
    last = max((number for number in range(at + 1, len(grid)) if filled[number] > min(2, width - 1)), default=at)
    rows, skipped = list[int](), [number for number in range(at) if filled[number]]
    for number in range(at + 1, len(grid)):
        if not filled[number]:
            continue
        is_note = number > last or _is_no_data(grid[number], filled[number], header, width)
        (skipped if is_note else rows).append(number)
    return rows, skipped


def _is_no_data(row: Sequence[str], filled: int, header: Sequence[str], width: int) -> bool:
    """Return whether a row is a total, a repeated header, or something printed between rows."""
    cells = [cell for cell in row if cell]
    if filled == 1 and width >= 3:
        return True
    if _TOTAL.fullmatch(cells[0]) and all(map(_NUMBER.fullmatch, cells[1:])):
        return True
    if all(map(_FURNITURE.fullmatch, cells)) or (filled <= 2 and any(map(_FURNITURE.fullmatch, cells))):
        return True
    same = sum(match_key(cell) == name for cell, name in zip(row, header, strict=False) if cell)
    return same * 10 >= filled * 9


def _picked(rows: Grid, places: Sequence[int], headed: int) -> list[tuple[str, ...]]:
    """
    Return the cells of these columns. A row with cells farther right, or that ends early among rows that do not, is
    kept as it is, so that it is seen to be out of place.
    """
    last = places[-1] + 1
    whole = sum(len(row) >= headed for row in rows) * 20 >= len(rows) * 19
    return [_pick(row, places, last, headed if whole else 0) for row in rows]


def _pick(row: Sequence[str], places: Sequence[int], last: int, least: int) -> tuple[str, ...]:
    if any(row[last:]) or len(row) < least:
        return (*row, "") if len(row) == len(places) else tuple(row)
    return tuple(row[place] if place < len(row) else "" for place in places)
