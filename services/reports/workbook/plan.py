"""What the process that makes a workbook is sent: its columns and words, followed by one line for each record."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

Source = Literal["record", "answer", "outcome", "outcome_answer"]
Kind = Literal["text", "day", "moment", "nhs_number", "codes", "age", "review"]

END = b"end\n"
"""The last line. If it is missing, the sender has died and there is no report."""


@dataclass(frozen=True)
class WorkbookColumn:
    """
    A column: where its values come from, and their kind.

    A code is shown as its label. So is a word in place of a date, such as not known. Of a review the labels are the
    intervals, by level, in days. `colours` are those of the fill behind a label, by code. `width` is in characters; 0
    follows the heading. `is_wrapped`: long texts are broken.
    """

    heading: str
    source: Source
    name: str
    kind: Kind = "text"
    labels: dict[str, str] = field(default_factory=dict)
    section: str = ""
    meaning: str = ""
    colours: dict[str, str] = field(default_factory=dict)
    width: int = 0
    is_wrapped: bool = False


@dataclass(frozen=True)
class Tallied:
    """
    A table of the summary: how many records have each value. `labels` gives the values in their order.

    With `bands` the value is a date of birth. Each band is a code, the day after which its people are born, and the
    last day on which they are born. With `at` each band is a code and its first and last age, on the date of that
    answer.
    """

    title: str
    count: str
    source: Source
    name: str
    labels: dict[str, str]
    not_recorded: str
    colours: dict[str, str] = field(default_factory=dict)
    bands: tuple[tuple[str, str, str], ...] = ()
    at: str = ""
    ages: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Plan:
    """
    A workbook without its rows. `facts` come first in the summary and the definitions: report, filters and time.

    The first `frozen` columns stay in view, and the first `printed` columns are printed. Ages are those on `day`, an
    ordinal of the calendar. `footer` has the gaps {page} and {pages}.
    """

    title: str
    day: int
    frozen: int
    printed: int
    footer: str
    columns: tuple[WorkbookColumn, ...]
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    headings: tuple[str, str, str]
    definitions: str
    apart: str
    records: str
    people: str
    continued: str
    notes: tuple[str, ...]
    summary: str
    tables: tuple[Tallied, ...]

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> "Plan":
        told = json.loads(line)
        columns = tuple(WorkbookColumn(**each) for each in told.pop("columns"))
        facts = tuple((each[0], each[1]) for each in told.pop("facts"))
        tables = tuple(Tallied(**each) for each in told.pop("tables"))
        told |= {"headings": tuple(told["headings"]), "notes": tuple(told["notes"])}
        return cls(columns=columns, facts=facts, tables=tables, **told)


def definition_rows(columns: Iterable[WorkbookColumn]) -> Sequence[tuple[str, str, str]]:
    return [(each.heading, each.section, each.meaning) for each in columns]
