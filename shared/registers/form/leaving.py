"""The questions that are asked when an outcome ends a record: why it leaves the register."""

from collections.abc import Iterator, Sequence

from shared.registers.definition.lifecycle import urgency_of
from shared.registers.definition.questions import Question, QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.kept import form_for
from shared.registers.form.showing import AnswerRow, as_text


def is_urgent(register: Definition, rating: str | None) -> bool:
    """Return whether a record with this rating is urgent."""
    level = register.rating.level(rating) if register.rating and rating else None
    return urgency_of(level) == "urgent"


def leaving_form(register: Definition, *, must_write: bool) -> QuestionForm | None:
    """
    Return the form that asks why a record ends; None if the register does not ask.

    `must_write`: the rating is urgent or an action is not done, so the written reason is asked and required.
    """
    form, transition = register.leaving, register.lifecycle.ends_by("outcome")
    if form is None or transition is None:
        return None
    if not must_write or transition.written is None:
        return form
    written = transition.written

    def demanded(question: Question) -> Question:
        return question.model_copy(update=DEMANDED) if question.name == written else question

    return form.with_questions(demanded)


DEMANDED = {"required": True, "show_if": (), "unless": ()}
"""What makes a question one that every user must answer."""


def leaving_rows(editions: Sequence[Definition], leaving: Answers, earlier: str) -> list[AnswerRow]:
    """Return why a record left its register, in the words of the newest edition that asks. `earlier` heads the rest."""
    forms = [each.leaving for each in editions if each.leaving]
    if not forms or not leaving:
        return []
    return as_text(form_for(forms[0], leaving, earlier, forms), leaving)


def reason_of(rows: Sequence[AnswerRow]) -> str:
    """Return the reason in one line, for a list: every answer but none of the questions."""
    return ": ".join(_lines(rows))


def _lines(rows: Sequence[AnswerRow]) -> Iterator[str]:
    for row in rows:
        yield " ".join(row.text.split())
