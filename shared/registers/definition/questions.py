"""Questions, their options, their conditions, and the forms made of them."""

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field

from shared.registers.definition.base import Code, Link, Model, QuestionName, Text, Texts

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
    One answer that may be chosen. Its code is kept with the record; its label may be reworded.

    `retired` offers it no more: where it was chosen it stays, and can be read for ever.
    """

    code: Code
    label: Text
    group: Text | None = None
    hint: Text | None = None
    retired: bool = False


def _codes(written: object) -> object:
    return (written,) if isinstance(written, str) else written


def _conditions(written: object) -> object:
    return (written,) if isinstance(written, dict) else written


Condition = dict[QuestionName, Annotated[tuple[Code, ...], BeforeValidator(_codes)]]
"""Every question named must have one of the answers beside it."""
Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_conditions)]
"""One of the conditions must hold; none at all always holds."""


class GuidanceTopic(Model):
    """One heading of a guidance, often about one option."""

    heading: Text
    lines: Texts


class Guidance(Model):
    """Help that opens on the page beside its question."""

    title: Text
    topics: tuple[GuidanceTopic, ...] = Field(alias="topic", min_length=1)
    link: Link | None = None


class AgeRule(Model):
    """
    Where the condition holds, nobody older than `last` may be born on this day: else `said`.

    Their age is that of the day which was answered to `on`; of the day on which all this is said, where it was not.
    Said once, it is not judged again until one of these answers is changed.
    """

    when: Conditions = Field(min_length=1)
    last: int = Field(ge=0, le=120)
    on: QuestionName
    said: Text


class Question(Model):
    """
    One question. Its name never changes; `retired` takes it off the form and keeps old answers readable.

    It is asked when `show_if` holds, and not when `unless` does. `ages` belong to the date of a birth. The options of
    an `editable` one are kept by the register's administrators, who begin with those that are written here.
    """

    name: QuestionName
    label: Text
    kind: Kind
    required: bool = False
    missing: Text | None = None
    hint: Text | None = None
    guidance: Guidance | None = None
    options: tuple[Option, ...] = ()
    editable: bool = False
    list_name: Code | None = Field(default=None, alias="list")
    show_if: Conditions = ()
    unless: Conditions = ()
    ages: tuple[AgeRule, ...] = Field(default=(), alias="age")
    retired: bool = False
    max_length: int | None = Field(default=None, ge=1, le=10_000)
    width: Literal["2", "4", "5", "10", "20", "full"] = "full"
    not_known: Text | None = None
    allow_future: bool = False
    not_before: QuestionName | None = None

    @property
    def shown_label(self) -> str:
        """The label as forms show it: marked when an answer is needed."""
        return f"{self.label}*" if self.required else self.label

    @property
    def longest(self) -> int:
        return self.max_length or _LONGEST.get(self.kind, _LONGEST_LINE)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Option code → label, of those that are offered no more too."""
        return {option.code: option.label for option in self.options}

    @cached_property
    def offered(self) -> tuple[Option, ...]:
        """What somebody may choose who has not chosen yet."""
        return tuple(option for option in self.options if not option.retired)

    def offered_to(self, chosen: tuple[str, ...]) -> tuple[Option, ...]:
        """What somebody may choose who has chosen so before."""
        return tuple(option for option in self.options if not option.retired or option.code in chosen)


class Section(Model):
    """Questions under one heading."""

    title: Text
    guidance: Texts = ()
    links: tuple[Link, ...] = Field(default=(), alias="link")
    questions: tuple[Question, ...] = Field(alias="question", min_length=1)


class QuestionForm(Model):
    """Sections of questions, asked in the order in which they stand; a question may depend on earlier ones only."""

    heading: Text
    guidance: Texts = ()
    sections: tuple[Section, ...] = Field(alias="section", min_length=1)

    @cached_property
    def all_questions(self) -> tuple[Question, ...]:
        """Retired ones too."""
        return tuple(question for section in self.sections for question in section.questions)

    @cached_property
    def by_name(self) -> dict[str, Question]:
        return {question.name: question for question in self.all_questions}

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        return tuple(question for question in self.all_questions if not question.retired)

    def with_questions(self, change: Callable[[Question], Question]) -> Self:
        """The same form, each of its questions as `change` gives it back."""
        sections = tuple(
            section.model_copy(update={"questions": tuple(change(question) for question in section.questions)})
            for section in self.sections
        )
        return self.model_copy(update={"sections": sections})
