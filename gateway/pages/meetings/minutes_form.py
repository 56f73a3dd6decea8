"""The form of one person's minutes, with the rating and the next review beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS
from gateway.ui.form import Choice, Field, Form, Posted
from gateway.ui.register_form import Drawing, draw
from shared.clock import london_today
from shared.contracts.meetings import Minutes
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.reading import RecordShown
from shared.contracts.referrals.saving import ReviewRecord
from shared.registers.definition.questions import QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.conditions import Answers
from shared.registers.form.kept import fits, form_for
from shared.registers.form.person import rating_of
from shared.registers.form.reading import DATE_PARTS, Checked, Raw
from shared.registers.form.showing import fill_fields
from shared.registers.load import UnknownRegister
from shared.values import Unreadable, read_date_parts, show_date

RATING, NEXT_REVIEW, REVIEWED = "item_rating", "item_next_review", "item_reviewed"
YES = "yes"


@dataclass(frozen=True)
class MinutesForm:
    """The questions of the minutes in the edition that they were taken in, and that edition."""

    edition: str
    questions: QuestionForm
    decision: str


@dataclass(frozen=True)
class ReviewBeside:
    """The review of a person's record that a save may record: what the form asks and the record's present values."""

    register: Definition
    record: RecordShown = field(repr=False)
    rating: str
    agreed: date | None
    is_offered: bool


def minutes_form(request: web.Request, edition: str, answers: Answers) -> MinutesForm:
    """Return the form of an edition of the register, or the newest one where that is not known here."""
    registers, newest = request.config_dict[REGISTERS], request[REGISTER]
    try:
        register = registers.find(newest.code, edition)
    except UnknownRegister:
        register = newest
    rules = register.meetings or newest.meetings
    if rules is None:
        raise web.HTTPNotFound
    known = [each.meetings.minutes for each in registers.editions(newest.code) if each.meetings]
    questions = form_for(rules.minutes, answers, newest.words("record.earlier"), known)
    return MinutesForm(register.edition, questions, rules.decision)


def filled(questions: QuestionForm, minutes: Minutes) -> dict[str, str | tuple[str, ...]]:
    """Return the answers as form fields. A draft may hold a date that is not complete."""
    fields = fill_fields(questions, minutes.answers)
    for question in questions.asked:
        answer = minutes.answers.get(question.name)
        if question.kind == "date" and isinstance(answer, str) and not fits(question, answer):
            parts = (*answer.split("/", 2), "", "")[:3]
            fields |= {f"{question.name}-{part}": typed for part, typed in zip(DATE_PARTS, parts, strict=True)}
    return fields


def draft_answers(questions: QuestionForm, raw: Raw, checked: Checked) -> dict[str, Answer]:
    """Return everything that was typed, including what could not be read, by question."""
    answers = dict(checked.answers)
    for question in questions.asked:
        if question.name in answers:
            continue
        typed = raw.get(question.name, "")
        if question.kind == "date":
            parts = [_first(raw.get(f"{question.name}-{part}", "")) for part in DATE_PARTS]
            typed = "/".join(parts) if any(parts) else ""
        if typed:
            answers[question.name] = tuple(typed) if question.kind == "choices" else _first(typed)
    return answers


def _first(typed: str | object) -> str:
    if isinstance(typed, str):
        return typed
    return str(next(iter(typed), "")) if isinstance(typed, tuple | list) else ""


# ------------------------------------------------------------------------------------------------------------- review
def review_beside(register: Definition, record: RecordShown | None) -> ReviewBeside | None:
    """Return the review that the page offers; None for a record that cannot be reviewed by the visitor."""
    if record is None or not record.is_open or not record.may_update:
        return None
    level = rating_of(register, record.answers)
    if level is None:
        return None
    is_ahead = record.review_agreed and record.review_due is not None and record.review_due > london_today()
    agreed = record.review_due if is_ahead else None
    return ReviewBeside(register, record, level.code, agreed, register.reviews is not None)


def review_fields(beside: ReviewBeside) -> list[Field]:
    """Return the fields of the review."""
    register, words = beside.register, beside.register.words
    if register.rating is None:
        return []
    question = register.form.by_name[register.rating.question]
    levels = tuple(Choice(each.code, each.label) for each in register.rating.levels)
    reviewed = (Choice(YES, words("meetings.reviewed")),)
    day = Field(NEXT_REVIEW, words("meetings.next_review"), kind="date", hint=interval_hint(beside))
    return [
        Field(RATING, question.label, kind="choice", choices=levels, inline=True),
        *([day] if beside.is_offered else []),
        Field(REVIEWED, words("meetings.review_label"), kind="choices", choices=reviewed),
    ]


def interval_hint(beside: ReviewBeside) -> str:
    """Return when the next review is due if no day is entered."""
    words, reviews = beside.register.words, beside.register.reviews
    days = reviews.days(beside.rating) if reviews else None
    if days is None:
        return words("meetings.next_review_none")
    return words("meetings.next_review_hint", day=show_date(london_today() + timedelta(days=days)))


def review_values(beside: ReviewBeside, *, is_done: bool) -> dict[str, str]:
    """Return the review as the page first shows it. What is not done yet counts as a review, unless it is unticked."""
    values = {RATING: beside.rating}
    if beside.agreed:
        day = beside.agreed
        parts = zip(DATE_PARTS, (day.day, day.month, day.year), strict=True)
        values |= {f"{NEXT_REVIEW}-{part}": str(number) for part, number in parts}
    return values | ({} if is_done else {REVIEWED: YES})


def typed_review(posted: Posted) -> dict[str, str]:
    """Return what was sent for the review, to be shown again."""
    names = (RATING, REVIEWED, *(f"{NEXT_REVIEW}-{part}" for part in DATE_PARTS))
    return {name: str(posted[name])[:100] for name in names if posted.get(name)}


def read_review(form: Form, beside: ReviewBeside | None, version: int) -> ReviewRecord | None:
    """Return the review to record; None if there is none, or if the form says what is wrong with it."""
    if beside is None:
        return None
    rating = form.value(RATING) or beside.rating
    if beside.register.rating is None or beside.register.rating.level(rating) is None:
        form.wrong(RATING, beside.register.words.group("faults")["unknown_option"].format(label=RATING))
        return None
    day = _next_day(beside.register.words, form)
    if form.errors:
        return None
    is_changed = rating != beside.rating or day != beside.agreed
    if not is_changed and not form.chosen(REVIEWED):
        return None
    return ReviewRecord(
        command_id=form.command,
        record_id=beside.record.record_id,
        version=version,
        rating=rating if rating != beside.rating else None,
        next_review=day,
    )


def _next_day(words: Words, form: Form) -> date | None:
    parts = [form.value(f"{NEXT_REVIEW}-{part}").strip() for part in DATE_PARTS]
    if NEXT_REVIEW not in form.fields or not any(parts):
        return None
    try:
        day = read_date_parts(*parts)
    except Unreadable as unreadable:
        said = words.group("faults")[unreadable.wrong].format(label=form.fields[NEXT_REVIEW].label)
        form.wrong(NEXT_REVIEW, said)
        return None
    if day <= london_today():
        form.wrong(NEXT_REVIEW, words("meetings.next_review_past"))
    return day


@dataclass(frozen=True, repr=False)
class DrawnItem:
    """The form of one item as the template renders it."""

    drawing: Drawing
    form: Form


def draw_item(
    register: Definition, minutes: MinutesForm, raw: Raw, beside: ReviewBeside | None, review: Mapping[str, str]
) -> DrawnItem:
    """Return the form of the minutes and of the review, with what was typed."""
    drawn = draw(minutes.questions, register.words, raw)
    extra = review_fields(beside) if beside else []
    form = Form({**drawn.form.fields, **{each.name: each for each in extra}}, {**raw, **review})
    return DrawnItem(drawn.drawing, form)
