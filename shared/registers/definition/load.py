"""How a register's records are loaded from a spreadsheet."""

from typing import Literal

from pydantic import Field

from shared.registers.definition.base import Code, Model, Number, QuestionName, Texts

MOST_MB = 10
MOST_ROWS = 10_000

RowProblem = Literal[
    "reference_wrong",
    "reference_unknown",
    "reference_missing",
    "traced_other",
    "traced_before",
    "number_elsewhere",
    "ask_team",
    "several",
    "ended",
    "twice",
    "other_person",
    "other_number",
    "not_yours",
    "out_of_reach",
    "organisation_unknown",
    "organisation_elsewhere",
    "organisation_fixed",
    "changed",
    "taken",
]
"""What is wrong with a row of a spreadsheet, besides its cells: the words `load_row` say it."""


class SpreadsheetLoad(Model):
    """
    The limits of a file that is loaded, and further words that files have for questions and options.

    `headings` are further headings of columns, by question. `values` are further spellings of options, by question and
    code.
    """

    most_mb: Number = Field(default=MOST_MB, ge=1, le=MOST_MB)
    most_rows: Number = Field(default=MOST_ROWS, ge=1, le=MOST_ROWS)
    headings: dict[QuestionName, Texts] = Field(default={})
    values: dict[QuestionName, dict[Code, Texts]] = Field(default={})

    @property
    def most_bytes(self) -> int:
        """The size of the largest file."""
        return self.most_mb * 1_048_576
