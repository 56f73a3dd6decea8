"""Questions, their options and conditions, and the forms made of them."""

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field

from shared.registers.definition.base import Code, Flag, Gaps, Link, Model, Number, QuestionName, Text, Texts

Kind = Literal[
    "text",
    "long_text",
    "yes_no",
    "choice",
    "choices",
    "select",
    "date",
    "nhs_number",
    "postcode",
    "email",
    "phone",
]
OPTION_KINDS: frozenset[Kind] = frozenset({"yes_no", "choice", "choices", "select"})
ONE_OPTION_KINDS: frozenset[Kind] = OPTION_KINDS - {"choices"}
NOT_KNOWN = "not_known"

_LONGEST: dict[Kind, int] = {"long_text": 10_000, "email": 254, "phone": 40, "postcode": 20, "nhs_number": 40}
_LONGEST_LINE = 200


class Option(Model):
    """
    One answer to choose from. Records store its code; its label may be reworded.

    `retired`: no longer offered. Old answers keep it and stay readable.
    """

    code: Code
    label: Text
    group: Text | None = None
    hint: Text | None = None
    retired: Flag = False


def _codes(written: object) -> object:
    return (written,) if isinstance(written, str) else written


def _conditions(written: object) -> object:
    return (written,) if isinstance(written, dict) else written


Condition = dict[QuestionName, Annotated[tuple[Code, ...], BeforeValidator(_codes)]]
"""Each question named must have one of the answers given for it."""
Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_conditions)]
"""One of the conditions must hold. An empty tuple always holds."""


class GuidanceTopic(Model):
    """One heading of a guidance, often about one option."""

    heading: Text
    lines: Texts


class Guidance(Model):
    """Help that opens on the page next to its question."""

    title: Text
    topics: tuple[GuidanceTopic, ...] = Field(alias="topic", min_length=1)
    link: Link | None = None


class AgeRule(Model):
    """
    The person must not be older than `last` years; else the form says `said`. With `when`, only where that holds.

    The age is taken on the date answered to `on`, or on the day of the check if there is no such date. An accepted
    answer is not checked again until one of these answers changes.
    """

    when: Conditions = ()
    last: Number = Field(ge=0, le=120)
    on: QuestionName | None = None
    said: Text


SaidOfAge = Annotated[str, AfterValidator(Gaps("born", "age", "day"))]
SaidOfOrder = Annotated[str, AfterValidator(Gaps("first", "first_day", "then", "then_day"))]


class OrderRule(Model):
    """None of the dates `then` may be before the date `first`. Dates that are missing or not known are not compared."""

    kind: Literal["order"]
    first: QuestionName
    then: tuple[QuestionName, ...] = Field(min_length=1)
    said: SaidOfOrder | None = None


class AgeRange(Model):
    """
    Where `when` holds and `without` have no answer, the person must be `youngest` to `oldest` years old.

    The age is taken from the date `birth` on the date answered to `on`, or on the day of the check if there is none.
    The form says `said` at the questions `at`. If `asked`, the user may confirm that the answer is right all the same.
    """

    kind: Literal["age"]
    birth: QuestionName
    on: QuestionName | None = None
    when: Conditions = ()
    without: tuple[QuestionName, ...] = ()
    youngest: Number = Field(default=0, ge=0, le=150)
    oldest: Number = Field(default=150, ge=0, le=150)
    at: tuple[QuestionName, ...] = Field(min_length=1)
    asked: Flag = False
    said: SaidOfAge

    @property
    def judged(self) -> tuple[QuestionName, ...]:
        """The questions on whose answers the rule depends."""
        on = () if self.on is None else (self.on,)
        return (self.birth, *on, *(name for condition in self.when for name in condition), *self.without)


ConsistencyRule = Annotated[OrderRule | AgeRange, Field(discriminator="kind")]
"""A rule between answers: what it refuses, or asks about, says opposite things of one person."""


class Question(Model):
    """
    One question. Its name never changes; `retired` takes it off the form and keeps old answers readable.

    It is asked when `show_if` holds and `unless` does not. `ages` apply to a date of birth. If `editable`, the
    register's administrators maintain the options, starting from those written here.
    """

    name: QuestionName
    label: Text
    kind: Kind
    required: Flag = False
    missing: Text | None = None
    hint: Text | None = None
    guidance: Guidance | None = None
    options: tuple[Option, ...] = ()
    editable: Flag = False
    list_name: Code | None = Field(default=None, alias="list")
    show_if: Conditions = ()
    unless: Conditions = ()
    ages: tuple[AgeRule, ...] = Field(default=(), alias="age")
    retired: Flag = False
    max_length: Number | None = Field(default=None, ge=1, le=10_000)
    width: Literal["2", "4", "5", "10", "20", "full"] = "full"
    not_known: Text | None = None
    allow_future: Flag = False
    not_before: QuestionName | None = None

    @property
    def body_list(self) -> str:
        """The list that the codes of bodies belong to, where the answer is a body that may see the record."""
        return self.list_name or self.name

    @property
    def shown_label(self) -> str:
        """The label on forms, marked with * when an answer is required."""
        return f"{self.label}*" if self.required else self.label

    @property
    def longest(self) -> int:
        return self.max_length or _LONGEST.get(self.kind, _LONGEST_LINE)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Option code → label, including retired options."""
        return {option.code: option.label for option in self.options}

    @cached_property
    def offered(self) -> tuple[Option, ...]:
        """The options offered for a new answer."""
        return tuple(option for option in self.options if not option.retired)

    def offered_to(self, chosen: tuple[str, ...]) -> tuple[Option, ...]:
        """Return the options offered when these were chosen before: retired ones stay if chosen."""
        return tuple(option for option in self.options if not option.retired or option.code in chosen)


class Section(Model):
    """Questions under one heading."""

    title: Text
    guidance: Texts = ()
    links: tuple[Link, ...] = Field(default=(), alias="link")
    questions: tuple[Question, ...] = Field(alias="question", min_length=1)


class QuestionForm(Model):
    """
    Sections of questions, asked in the order written. A question may depend only on earlier ones.

    `rules` are checked over all answers together. In an outcome form they may name the person's date of birth too.

    `told`, of an outcome form, are the answers that users who are no administrators read on a record that they keep.
    """

    heading: Text
    told: tuple[QuestionName, ...] = ()
    guidance: Texts = ()
    rules: tuple[ConsistencyRule, ...] = Field(default=(), alias="rule")
    sections: tuple[Section, ...] = Field(alias="section", min_length=1)

    @cached_property
    def all_questions(self) -> tuple[Question, ...]:
        """Every question, including retired ones."""
        return tuple(question for section in self.sections for question in section.questions)

    @cached_property
    def by_name(self) -> dict[str, Question]:
        return {question.name: question for question in self.all_questions}

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        return tuple(question for question in self.all_questions if not question.retired)

    def with_questions(self, change: Callable[[Question], Question]) -> Self:
        """Return a copy of the form with `change` applied to each question."""
        sections = tuple(
            section.model_copy(update={"questions": tuple(change(question) for question in section.questions)})
            for section in self.sections
        )
        return self.model_copy(update={"sections": sections})
