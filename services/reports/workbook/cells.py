"""Turns a record into the cells of its rows: codes become labels, dates become days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial

from services.reports.workbook.due import due_on
from services.reports.workbook.package import FILLS, WRAPPED
from services.reports.workbook.plan import Kind, Source, WorkbookColumn
from services.reports.workbook.sheets import FIRST_DAY, Cell, Styled
from shared.values import age_on, day_of, london_day, show_date, show_nhs_number

MOST_KNOWN = 2_000
LONGEST_KNOWN = 200
UTC = "+00:00"
HOUR = len("2026-06-30T12")

Value = str | int | list[str] | None
Values = Mapping[str, Value]
Maker = Callable[[Value], Cell]
Writer = Callable[[int, Cell], str]

PLACES: dict[Source, int] = {"record": 0, "answer": 1, "outcome": 2, "outcome_answer": 3}
NOTHING: Values = {}


class Cells:
    """Makes the cells of records, in the order of the columns. Frequent values are written only once."""

    def __init__(self, columns: Sequence[WorkbookColumn], written: Writer, day: date) -> None:
        self._columns = [
            (PLACES[each.source], each.name, maker_of(each, day), partial(written, col))
            for col, each in enumerate(columns)
        ]
        self._known = [(place, name, _Known(make, write)) for place, name, make, write in self._columns]

    def lines(self, record: Values, answers: Values, outcomes: Sequence[tuple[Values, Values]]) -> Iterator[list[Cell]]:
        """Yield one line for each outcome, or one line for a record without outcomes."""
        for outcome in outcomes or [(NOTHING, NOTHING)]:
            values = (record, answers, *outcome)
            yield [make(values[place].get(name)) for place, name, make, _ in self._columns]

    def written(
        self, record: Values, answers: Values, outcomes: Sequence[tuple[Values, Values]]
    ) -> Iterator[list[str]]:
        """Yield the same lines as written cells. No text of the record may be too long for a cell."""
        for outcome in outcomes or [(NOTHING, NOTHING)]:
            values = (record, answers, *outcome)
            yield [
                known[tuple(value) if isinstance(value := values[place].get(name), list) else value]
                for place, name, known in self._known
            ]


class _Known(dict[str | int | tuple[str, ...] | None, str]):
    """The written cells of one column by value. Keeps a number of short ones, since most values are repeated."""

    def __init__(self, make: Maker, write: Callable[[Cell], str]) -> None:
        super().__init__()
        self._make = make
        self._write = write

    def __missing__(self, value: str | int | tuple[str, ...] | None) -> str:
        cell = self._write(self._make(list(value) if isinstance(value, tuple) else value))
        if len(self) < MOST_KNOWN and len(cell) < LONGEST_KNOWN:
            self[value] = cell
        return cell


def maker_of(column: WorkbookColumn, day: date) -> Maker:
    """Return what makes a cell of a value. Ages are those on the day."""
    if column.kind == "review":
        return partial(_review, {level: int(days) for level, days in column.labels.items()})
    write = partial(_age, day) if column.kind == "age" else WRITERS[column.kind]
    make = partial(cell_of, column.labels, write)
    if column.colours:
        return partial(_filled, make, {code: FILLS[colour] for code, colour in column.colours.items()})
    return partial(_wrapped, make) if column.is_wrapped else make


def _filled(make: Maker, fills: Mapping[str, int], value: Value) -> Cell:
    """Return the label with its fill. A code that no longer has a fill is a plain text."""
    cell = make(value)
    return Styled(cell, fills[value]) if isinstance(value, str) and isinstance(cell, str) and value in fills else cell


def _wrapped(make: Maker, value: Value) -> Cell:
    cell = make(value)
    return Styled(cell, WRAPPED) if isinstance(cell, str) else cell


def _review(days: Mapping[str, int], value: Value) -> Cell:
    """Return the day on which the next review is due."""
    if not isinstance(value, list):
        return None
    name, text = value
    due = due_on(name, text, days)
    return _shown(due) if due else None


def _age(day: date, born: str) -> Cell:
    found = day_of(born)
    return age_on(found, day) if found and found <= day else None


def cell_of(labels: Mapping[str, str], write: Callable[[str], Cell], value: Value) -> Cell:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list):
        return ", ".join(labels.get(code, code) for code in value)
    return labels[value] if value in labels else write(value)


def _day(text: str) -> Cell:
    """Return the day; a text that is none is shown as it is, since the question may have been of another kind."""
    day = day_of(text)
    return _shown(day) if day else text


def _moment(text: str) -> Cell:
    """Return the day in London. It is worked out once for each hour, since many records share an hour."""
    return _day_of_hour(text[:HOUR]) if text.endswith(UTC) else _shown(london_day(datetime.fromisoformat(text)))


@lru_cache(maxsize=10_000)
def _day_of_hour(hour: str) -> Cell:
    return _shown(london_day(datetime.fromisoformat(f"{hour}:00:00{UTC}")))


def _shown(day: date) -> Cell:
    return day if day >= FIRST_DAY else show_date(day)


WRITERS: dict[Kind, Callable[[str], Cell]] = {
    "text": str,
    "codes": str,
    "day": _day,
    "moment": _moment,
    "nhs_number": show_nhs_number,
}
