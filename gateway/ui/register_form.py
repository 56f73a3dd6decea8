"""A register's form as a page shows it: the definition's questions as fields, with answers and errors."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from gateway.ui.form import Choice, Field, Form, Kind, Posted, by_name
from gateway.ui.shell import Same
from shared.registers.definition import questions
from shared.registers.definition.questions import Option, Question, Section
from shared.registers.definition.words import Words
from shared.registers.form.conditions import Answer, Answers, codes_of
from shared.registers.form.reading import Checked, Raw, not_known_field, sure_field

KINDS: dict[questions.Kind, Kind] = {
    "text": "text",
    "long_text": "long_text",
    "yes_no": "choice",
    "choice": "choice",
    "choices": "choices",
    "select": "select",
    "date": "date",
    "nhs_number": "whole_number",
    "postcode": "text",
    "email": "email",
    "phone": "text",
}


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """
    One question on the page. `condition` and `exception` are for the script that hides questions; the server decides
    what applies. `when` says the condition in words, for those without scripts.
    """

    question: Question
    condition: str
    exception: str
    not_known: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class FormPart:
    section: Section
    asked: tuple[AskedQuestion, ...]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A definition's form without answers: the sections in order, and the fields by name."""

    heading: str
    guidance: tuple[str, ...]
    parts: tuple[FormPart, ...]
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class RegisterForm:
    """What the template renders: the definition's form, and the `Form` with answers and errors."""

    drawing: Drawing
    form: Form
    words: Words


def draw(
    form: questions.QuestionForm, words: Words, raw: Raw | None = None, kept: Answers | None = None
) -> RegisterForm:
    """
    Return the form, empty or with what was typed. A retired option stays available if the record's answers (`kept`)
    have it.
    """
    drawing = _drawing(Same(form), Same(words), tuple(_retired(form, kept or {})))
    return RegisterForm(drawing, Form(drawing.fields, raw), words)


def _retired(form: questions.QuestionForm, kept: Answers) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the questions whose answers have retired options, with these options."""
    for question in form.asked:
        chosen = codes_of(kept.get(question.name))
        if codes := tuple(option.code for option in question.options if option.retired and option.code in chosen):
            yield question.name, codes


@lru_cache(maxsize=30)
def _drawing(
    same: Same[questions.QuestionForm], words: Same[Words], retired: tuple[tuple[str, tuple[str, ...]], ...]
) -> Drawing:
    form, kept = same.value, dict(retired)
    fields = [field_of(question, words.value, kept.get(question.name, ())) for question in form.asked]
    fields += [_not_known(question) for question in form.asked if question.not_known]
    parts = tuple(
        FormPart(
            section,
            tuple(_asked(question, form, words.value) for question in section.questions if not question.retired),
        )
        for section in form.sections
        if any(not question.retired for question in section.questions)
    )
    return Drawing(form.heading, form.guidance, parts, by_name(fields))


def typed(posted: Posted, form: questions.QuestionForm) -> dict[str, tuple[str, ...]]:
    """Return what the browser sent for the questions of this form, without the token and buttons."""
    known = {question.name for question in form.asked}
    values: dict[str, tuple[str, ...]] = {}
    for name in posted:
        if name.partition("-")[0] in known:
            sent = (value for value in posted.getall(name) if isinstance(value, str))
            values[name] = tuple(value.replace("\r\n", "\n") for value in sent if value)
    return values


def hidden_fields(fields: Raw) -> list[tuple[str, str]]:
    """Return what was typed as name and value pairs, for hidden inputs."""
    return [
        (name, value) for name, values in fields.items() for value in ((values,) if isinstance(values, str) else values)
    ]


def mark(drawn: RegisterForm, checked: Checked) -> None:
    """
    Mark each faulty question, in the form and in the summary.

    An unlikely answer gets a checkbox with which the user confirms it. One that was confirmed keeps it.
    """
    for name, message in checked.faults.items():
        drawn.form.wrong(name, message)
    confirmable = {**{name: checked.answers[name] for name in checked.sure}, **checked.doubts}
    boxes = by_name(_sure(drawn.words, name, answer) for name, answer in confirmable.items())
    drawn.form.fields = {**drawn.form.fields, **boxes}


def _sure(words: Words, name: str, answer: Answer) -> Field:
    confirmed = answer if isinstance(answer, str) else ""
    choice = Choice(confirmed, words("contradictions.sure"))
    return Field(name=sure_field(name), label="", kind="choices", choices=(choice,))


def _asked(question: Question, form: questions.QuestionForm, words: Words) -> AskedQuestion:
    condition = json.dumps(question.show_if) if question.show_if else ""
    exception = json.dumps(question.unless) if question.unless else ""
    not_known = not_known_field(question) if question.not_known else ""
    return AskedQuestion(question, condition, exception, not_known, _when(question, form, words))


def _when(question: Question, form: questions.QuestionForm, words: Words) -> str:
    """Return on which answers the question depends, as a text; empty for one that is always asked."""
    ways = [
        words("form.and").join(
            words("form.answered", question=asked.label, answers=words("form.or").join(asked.labels[c] for c in codes))
            for name, codes in each.items()
            if (asked := form.by_name.get(name))
        )
        for each in question.show_if
    ]
    return words("form.only_if", conditions=words("form.or").join(ways)) if any(ways) else ""


def field_of(question: Question, words: Words, kept: tuple[str, ...] = ()) -> Field:
    """Return a question as a field. `kept` are the codes that the record already has."""
    choices = tuple(_choice(option, words) for option in question.offered_to(kept))
    if question.kind == "select":
        choices = (Choice("", words("form.choose")), *choices)
    may_clear = question.kind in ("yes_no", "choice") and not question.required
    return Field(
        name=question.name,
        label=_label(question),
        kind=KINDS[question.kind],
        hint=question.hint or (words("dates.hint") if question.kind == "date" else ""),
        choices=choices,
        width=0 if question.width == "full" else int(question.width),
        inline=question.kind in ("yes_no", "choice") and len(choices) <= 3,
        clear=words("form.clear") if may_clear else "",
        no_answer=words("form.no_answer") if may_clear else "",
    )


def _label(question: Question) -> str:
    """Return the label. The star of a dependent question is hidden without scripts, where it may not apply."""
    if not (question.required and question.show_if):
        return question.shown_label
    return Markup('{}<span class="ics-star">*</span>').format(question.label)


def _choice(option: Option, words: Words) -> Choice:
    label = words("settings.lists.retired", label=option.label) if option.retired else option.label
    return Choice(option.code, label, option.hint or "", option.group or "")


def _not_known(question: Question) -> Field:
    name = not_known_field(question)
    return Field(name=name, label="", kind="choices", choices=(Choice("yes", question.not_known or ""),))
