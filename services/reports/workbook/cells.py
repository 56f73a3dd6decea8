"""From a record as it is kept to the cells of its rows: labels for codes, days for dates."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial

from services.reports.workbook.plan import Column, Kind, Source
from services.reports.workbook.sheets import FIRST_DAY, Cell
from shared.values import london_day, show_date, show_nhs_number

Value = str | int | list[str] | None
Values = Mapping[str, Value]
Maker = Callable[[Value], Cell]

PLACES: dict[Source, int] = {"record": 0, "answer": 1, "outcome": 2, "outcome_answer": 3}
NOTHING: Values = {}


class Cells:
    """Makes the cells of records, in the order of the columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(PLACES[each.source], each.name, maker_of(each)) for each in columns]

    def lines(self, record: Values, answers: Values, outcomes: Sequence[tuple[Values, Values]]) -> Iterator[list[Cell]]:
        """One line for each outcome; one for a record that has none."""
        for outcome in outcomes or [(NOTHING, NOTHING)]:
            values = (record, answers, *outcome)
            yield [make(values[place].get(name)) for place, name, make in self._columns]


def maker_of(column: Column) -> Maker:
    return partial(cell_of, column.labels, WRITERS[column.kind])


def cell_of(labels: Mapping[str, str], write: Callable[[str], Cell], value: Value) -> Cell:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list):
        return ", ".join(labels.get(code, code) for code in value)
    return labels[value] if value in labels else write(value)


def _day(text: str) -> Cell:
    return _shown(date.fromisoformat(text))


def _moment(text: str) -> Cell:
    """The day in London."""
    return _shown(london_day(datetime.fromisoformat(text)))


def _shown(day: date) -> Cell:
    return day if day >= FIRST_DAY else show_date(day)


WRITERS: dict[Kind, Callable[[str], Cell]] = {
    "text": str,
    "codes": str,
    "day": _day,
    "moment": _moment,
    "nhs_number": show_nhs_number,
}
