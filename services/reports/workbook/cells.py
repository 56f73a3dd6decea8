"""From a record as it is kept to the cells of its rows: labels for codes, days for dates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.reports.workbook.plan import Column, Kind, Source
from services.reports.workbook.sheets import Cell
from shared.values import london_day, show_nhs_number

Value = str | int | list[str] | None
Values = Mapping[str, Value]
NOTHING: Values = {}


@dataclass(frozen=True)
class Row:
    """
    A record with its outcomes, the oldest first.

    `apart`: the report is of certain ages, and this person's date of birth is not known.
    """

    record: Values
    answers: Values
    outcomes: Sequence[tuple[Values, Values]]
    apart: bool

    def lines(self, columns: Sequence[Column]) -> Iterator[list[Cell]]:
        """One line for each outcome; one for a record that has none."""
        for outcome, outcome_answers in self.outcomes or [(NOTHING, NOTHING)]:
            places: dict[Source, Values] = {
                "record": self.record,
                "answer": self.answers,
                "outcome": outcome,
                "outcome_answer": outcome_answers,
            }
            yield [cell_of(column, places[column.source].get(column.name)) for column in columns]


def cell_of(column: Column, value: Value) -> Cell:
    if isinstance(value, list):
        return ", ".join(column.labels.get(code, code) for code in value)
    if not isinstance(value, str):
        return value
    return column.labels[value] if value in column.labels else _written(column.kind, value)


def _written(kind: Kind, text: str) -> Cell:
    match kind:
        case "day":
            return date.fromisoformat(text)
        case "moment":
            return london_day(datetime.fromisoformat(text))
        case "nhs_number":
            return show_nhs_number(text)
        case "text" | "codes":
            return text
