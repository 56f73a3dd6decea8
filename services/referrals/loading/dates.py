"""Dates as spreadsheets have them: in which order day and month stand, short years, serial numbers, times."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.referrals.loading.sentences import (
    CLOCK,
    DAY_OR_MONTH,
    NO_DATE,
    OTHER_ORDER,
    SHORT_YEAR,
    SWAPPED,
    YEAR_ALONE,
)
from shared.cleaning import clean_line
from shared.values import EARLIEST_YEAR, Unreadable, age_on, plain_signs, read_date_parts

DayOrder = Literal["", "day_first", "month_first", "mixed"]

_ZONED = r"(?P<zone>z|[+-]\d\d:?\d\d)?"
_CLOCK = re.compile(
    rf"(?P<day>.*\d)[ t,]+(?P<time>\d{{1,2}}:\d\d(:\d\d([.,]\d+)?)?( ?[ap]\.?m\.?)?){_ZONED}", re.IGNORECASE
)
_MIDNIGHT = re.compile(r"0?0:00(:00([.,]0+)?)?|12:00(:00)? ?am", re.IGNORECASE)
_LATE = re.compile(r"23:00(:00|$)")  # midnight in summer, as programs write it that take it for winter time
_BY_NUMBERS = re.compile(r"(?P<first>\d{1,2}) ?[/. -] ?(?P<second>\d{1,2}) ?[/. -] ?(?P<year>\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[/. -](?P<month>\d{1,2})[/. -](?P<day>\d{1,2})")
_WEEKDAY = re.compile(r"(mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?[., ]+", re.IGNORECASE)
_NAMED = (
    re.compile(
        r"(?P<day>\d{1,2})(st|nd|rd|th)?( of)?[ ./-]*(?P<month>[a-z]{3,9})\.?,?[ ./-]*(?P<year>\d{4}|\d{2})",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<month>[a-z]{3,9})\.?[ -](?P<day>\d{1,2})(st|nd|rd|th)?,?[ -](?P<year>\d{4}|\d{2})", re.IGNORECASE),
)
_SERIAL = re.compile(r"(?P<days>[1-7]\d{4})([.,]\d+)?")
_EIGHT = re.compile(r"\d{8}")
_YEAR = re.compile(r"(19|20)\d\d")
_FIRST_OF_SERIALS = date(1899, 12, 30)
_OLDEST = 110
_MOST_YEARS_AHEAD = 20
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEW = 20  # one date of the other order among so many is a slip


class UnreadableDay(ValueError):
    """Raised for text that is no clear date. `says` is a sentence without the text."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says

    @property
    def is_date(self) -> bool:
        """Whether it is a date, but not clear which one."""
        return self.says not in (NO_DATE, YEAR_ALONE)


@dataclass(frozen=True)
class DayColumn:
    """
    How the dates of a column are read. `is_birth`: they are before today. `has_future`: they may be far after it.

    `is_doubtful`: its dates have days and months in both orders. `is_swapped`: a program has taken days for months.
    """

    order: DayOrder
    today: date
    is_birth: bool = False
    has_future: bool = False
    is_doubtful: bool = False
    is_swapped: bool = False


def find_day_order(columns: Iterable[Sequence[str]]) -> DayOrder:
    """Return the order of day and month in the dates of these columns; `mixed` if it cannot be told."""
    counted = list(map(_counted, columns))
    days_first, months_first, unclear = (sum(each[order] for each in counted) for order in range(3))
    if days_first > months_first * _FEW:
        return "day_first"
    if months_first > days_first * _FEW:
        return "month_first"
    return "mixed" if days_first or months_first or unclear else ""


def has_dates(cells: Iterable[str]) -> bool:
    """Return whether at least half of the cells that hold anything are dates in numbers."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(_BY_NUMBERS.match(cell) is not None for cell in filled) * 2 >= len(filled)


def _counted(cells: Iterable[str]) -> tuple[int, int, int]:
    """Return how many dates have their day first, their month first, or could be read in both orders."""
    found = [(int(parts["first"]), int(parts["second"])) for cell in cells if (parts := _BY_NUMBERS.match(cell))]
    days_first = sum(first > 12 and _is_day_of(first, second) for first, second in found)
    months_first = sum(second > 12 and _is_day_of(second, first) for first, second in found)
    return days_first, months_first, sum(first != second and 0 < max(first, second) <= 12 for first, second in found)


def _is_day_of(day: int, month: int) -> bool:
    """Return whether a month has this day. What is no day in either order tells nothing of the order."""
    return 1 <= month <= 12 and day <= _LONGEST_MONTHS[month - 1]


def is_doubtful(cells: Sequence[str], order: DayOrder) -> bool:
    """Return whether these dates contradict the order: those that fit both orders may then mean either."""
    days_first, months_first, _ = _counted(cells)
    fits, other = (months_first, days_first) if order == "month_first" else (days_first, months_first)
    return other > 0 and fits <= other * _FEW


def is_swapped(cells: Sequence[str]) -> bool:
    """
    Return whether a spreadsheet program has read the dates of this column in the wrong order of day and month.

    It then makes true dates of those that fit, all of them up to the 12th, and leaves the others as text.
    """
    days_first, months_first, unclear = _counted(cells)
    true = [int(parts["day"]) for cell in cells if (parts := _YEAR_FIRST.match(cell))]
    return bool(true) and max(true) <= 12 and days_first + months_first > 0 and not unclear


def read_day(text: str, column: DayColumn) -> date:
    """Return the date that a cell holds. Raise `UnreadableDay` if it could mean another day."""
    if parts := _BY_NUMBERS.fullmatch(text):
        return _by_order(int(parts["first"]), int(parts["second"]), parts["year"], column)
    written = _without_time(plain_signs(clean_line(text)).strip("'\", "))
    if written != text and (parts := _BY_NUMBERS.fullmatch(written)):
        return _by_order(int(parts["first"]), int(parts["second"]), parts["year"], column)
    if parts := _YEAR_FIRST.fullmatch(written):
        day = _real(parts["year"], parts["month"], parts["day"])
        if column.is_swapped and day.day != day.month:
            raise UnreadableDay(SWAPPED)
        return day
    bare = _WEEKDAY.sub("", written, count=1)
    for form in _NAMED:
        if parts := form.fullmatch(bare):
            return _real(_whole_year(parts["year"], column), parts["month"], parts["day"])
    return _by_number(written)


def _without_time(written: str) -> str:
    """Return a date without its time of day. One in another zone than the day's may belong to the next day."""
    found = _CLOCK.fullmatch(written)
    if found is None:
        return written
    if _LATE.match(found["time"]) or (found["zone"] and not _MIDNIGHT.fullmatch(found["time"])):
        raise UnreadableDay(CLOCK)
    return found["day"]


def _by_order(first: int, second: int, year: str, column: DayColumn) -> date:
    both = max(first, second) <= 12 and first != second
    if both and (column.is_doubtful or column.order not in ("day_first", "month_first")):
        raise UnreadableDay(DAY_OR_MONTH)
    day_first = column.order != "month_first" if max(first, second) <= 12 or column.order != "" else first > 12
    day, month = (first, second) if day_first else (second, first)
    if month > 12 >= day:
        raise UnreadableDay(OTHER_ORDER)
    return _real(_whole_year(year, column), str(month), str(day))


def _by_number(written: str) -> date:
    if found := _SERIAL.fullmatch(written):
        return _FIRST_OF_SERIALS + timedelta(days=int(found["days"]))
    if _EIGHT.fullmatch(written):
        years = {written[:4]: (written[4:6], written[6:]), written[4:]: (written[2:4], written[:2])}
        likely = [(year, *rest) for year, rest in years.items() if _YEAR.fullmatch(year) and int(rest[0]) <= 12]
        if len(likely) == 1:
            return _real(*likely[0])
    raise UnreadableDay(YEAR_ALONE if _YEAR.fullmatch(written) else NO_DATE)


def _whole_year(year: str, column: DayColumn) -> str:
    """
    Return a year with four digits. A birth is never put into the future, and a year that could mean two is refused.
    """
    if len(year) == 4:
        return year
    this = column.today.year
    late = this - this % 100 + int(year)
    if column.is_birth:
        if late > this:
            return str(late - 100)
        if age_on(date(late - 100, 12, 31), column.today) < _OLDEST:
            raise UnreadableDay(SHORT_YEAR)
        return str(late)
    ahead = _MOST_YEARS_AHEAD if column.has_future else 0
    return str(late if late <= this + ahead else late - 100)


def _real(year: str, month: str, day: str) -> date:
    try:
        if month.isdigit() and int(year) >= EARLIEST_YEAR:
            return date(int(year), int(month), int(day))
        return read_date_parts(day, month, year)
    except (Unreadable, ValueError):
        raise UnreadableDay(NO_DATE) from None
