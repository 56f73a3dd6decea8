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

Needed = Literal["always", "if_it_applies", "if_known", "no"]


@dataclass(frozen=True)
class LoadColumn:
    """
    One column: its heading, and the question or other fact that it holds. `section` is empty for the latter.

    `needed` is for a person who is not on the register. `if_it_applies`: where the answers before call for it.
    `if_known`: the form demands it, but a loaded row may lack it (R-LOAD-004).
    """

    heading: str
    name: str
    section: str = ""
    needed: Needed = "no"
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
            needed=_needed(register, question),
            question=question,
        )
        for section in register.form.sections
        for question in section.questions
        if question.name in asked
    )
    return (*beside, *answers)


def has_rating_date_column(register: Definition) -> bool:
    """Return whether a column may say since when a rating stands. Where the form asks it, the answer says so."""
    return register.rating is not None and register.rating.given_on is None


def _needed(register: Definition, question: Question) -> Needed:
    decides = register.consent is not None and register.consent.gate == "required"
    if question.name in register.minimum or (decides and question.name in _of_consent(register)):
        return "if_it_applies" if question.show_if or question.unless else "always"
    return "if_known" if question.required else "no"


def _of_consent(register: Definition) -> frozenset[str]:
    return register.consent.needed if register.consent else frozenset()
