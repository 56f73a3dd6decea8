"""Displaying answers: labels for codes, dates for reading, changes between versions, and refilled form fields."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.registers.definition.questions import NOT_KNOWN, Question, QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers, codes_of
from shared.registers.form.kept import earlier_answers, fits
from shared.registers.form.reading import DATE_PARTS, not_known_field
from shared.values import day_of, show_date, show_nhs_number


@dataclass(frozen=True)
class AnswerRow:
    """One answered question, for a page that shows a record."""

    section: str
    name: str
    label: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class AnswerChange:
    """The answers to one question before and after a change; empty where there was none."""

    name: str
    label: str
    before: str = field(repr=False)
    after: str = field(repr=False)


def show_answer(question: Question, answer: Answer | None) -> str:
    """Return an answer in words, or an empty string without an answer."""
    if answer is None:
        return ""
    if not isinstance(answer, str) or not fits(question, answer):
        return ", ".join(question.labels.get(code, code) for code in codes_of(answer))
    if question.kind == "date":
        day = day_of(answer)
        return show_date(day) if day else (question.not_known or answer)
    if question.kind == "nhs_number":
        return show_nhs_number(answer)
    return question.labels.get(answer, answer)


def body_label(register: Definition, body: str) -> str:
    """Return the label of a body that a record names, written `list:code`. Without a label, return its code."""
    listed, _, code = body.partition(":")
    named = (register.form.by_name[name] for name in (register.scope.by if register.scope else ()))
    return next((each.labels[code] for each in named if each.body_list == listed and code in each.labels), code)


def as_text(form: QuestionForm, answers: Answers) -> list[AnswerRow]:
    """Return every answer in the order of the form, including those to retired questions."""
    return [
        AnswerRow(section.title, question.name, question.label, show_answer(question, answers[question.name]))
        for section in form.sections
        for question in section.questions
        if question.name in answers
    ]


def differences(form: QuestionForm, before: Answers, after: Answers) -> list[AnswerChange]:
    """Return what changed between two versions, in the order of the form."""
    return [
        AnswerChange(q.name, q.label, show_answer(q, before.get(q.name)), show_answer(q, after.get(q.name)))
        for q in form.all_questions
        if before.get(q.name) != after.get(q.name)
    ]


def earlier_rows(form: QuestionForm, answers: Answers) -> list[AnswerRow]:
    """Return the answers that the form cannot ask again, for a page to show next to the form."""
    return as_text(form, earlier_answers(form, answers))


def fill_fields(form: QuestionForm, answers: Answers) -> dict[str, str | tuple[str, ...]]:
    """Return stored answers as form fields, so that a saved record can be edited in its form."""
    return {
        field: value
        for question in form.asked
        if question.name in answers and fits(question, answers[question.name])
        for field, value in _fields(question, answers[question.name])
    }


def _fields(question: Question, answer: Answer) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    if question.kind == "date" and answer == NOT_KNOWN:
        yield not_known_field(question), "yes"
    elif question.kind == "date" and (day := day_of(answer)):
        for part, number in zip(DATE_PARTS, (day.day, day.month, day.year), strict=True):
            yield f"{question.name}-{part}", str(number)
    elif question.kind == "nhs_number" and isinstance(answer, str):
        yield question.name, show_nhs_number(answer)
    else:
        yield question.name, answer
