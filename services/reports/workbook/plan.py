"""What the process that makes a workbook is told: its columns, its words, and then one line for each record."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

Source = Literal["record", "answer", "outcome", "outcome_answer"]
Kind = Literal["text", "day", "moment", "nhs_number", "codes"]

END = b"end\n"
"""The last line. Where it is missing, whoever sent the rows has died, and there is no report."""


@dataclass(frozen=True)
class WorkbookColumn:
    """
    One column: where its values come from, and what they are.

    A code becomes its label, and so does a word in place of a date, such as not known.
    """

    heading: str
    source: Source
    name: str
    kind: Kind = "text"
    labels: dict[str, str] = field(default_factory=dict)
    section: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Tallied:
    """
    One table of the summary: how many records there are with each value, which `labels` name in their order.

    With `bands` the value is a date of birth: each is a code, the day after which they are born, and the last such day.
    """

    title: str
    count: str
    source: Source
    name: str
    labels: dict[str, str]
    not_recorded: str
    colours: dict[str, str] = field(default_factory=dict)
    bands: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Plan:
    """A whole workbook but its rows. `facts` stand above the definitions: the report, its filters, its moment."""

    title: str
    columns: tuple[WorkbookColumn, ...]
    facts: tuple[tuple[str, str], ...]
    headings: tuple[str, str, str]
    definitions: str
    apart: str
    records: str
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
