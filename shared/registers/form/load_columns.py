"""The columns of a spreadsheet that is made for a register: those of its template, and of the guide to it."""

from dataclasses import dataclass
from typing import Literal

from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from shared.values import match_key

BesideAnswers = Literal["reference", "organisation", "added_on"]
HEADINGS: dict[BesideAnswers, str] = {
    "reference": "Reference",
    "organisation": "Organisation",
    "added_on": "Date added to register",
}
"""What a row can say besides answers. A spreadsheet with these headings is understood without further help."""


@dataclass(frozen=True)
class LoadColumn:
    """One column: its heading, and the question or other fact that it holds. `section` is empty for the latter."""

    heading: str
    name: str
    section: str = ""
    is_required: bool = False
    question: Question | None = None


def load_columns(register: Definition) -> tuple[LoadColumn, ...]:
    """Return the columns in the order of the form, after those of what a row can say besides answers."""
    asked = {question.name for question in register.form.asked}
    labels = {match_key(question.label) for question in register.form.asked}
    beside = (LoadColumn(heading, name) for name, heading in HEADINGS.items() if match_key(heading) not in labels)
    answers = (
        LoadColumn(
            heading=question.shown_label,
            name=question.name,
            section=section.title,
            is_required=question.required or question.name in register.minimum,
            question=question,
        )
        for section in register.form.sections
        for question in section.questions
        if question.name in asked
    )
    return (*beside, *answers)
