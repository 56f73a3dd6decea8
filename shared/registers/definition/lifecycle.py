"""How a record comes onto a register, is rated, watched, told of, and leaves: the consent gate to the ending."""

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from shared.registers.definition.base import (
    Code,
    EmailAddress,
    Gaps,
    Model,
    QuestionName,
    Role,
    Text,
    Texts,
)
from shared.registers.definition.questions import Conditions

Urgency = Literal["routine", "alert", "urgent"]
Colour = Literal["green", "amber", "red", "blue", "grey"]
"""The palette of marks. Each colour has a shape of its own on the page."""
Occasion = Literal["record_created", "rating_changed", "urgent_not_seen", "outcome_recorded", "record_ended"]
Recipient = Literal["team", "submitter", "administrators"]

MailText = Annotated[str, AfterValidator(Gaps("register", "reference", "address", "team"))]


class Passage(Model):
    """A heading and the paragraphs under it."""

    heading: Text
    paragraphs: Texts


class GateRule(Model):
    """One combination of answers, and whether it lets a person onto the register."""

    when: Conditions = Field(min_length=1)
    verdict: Literal["accepted", "refused"]


class ConsentGate(Model):
    """
    Who may be put on the register at all. The first rule that holds decides; when none does, the answer is no.

    With the gate off, everybody may; the questions are asked all the same.
    """

    gate: Literal["required", "off"]
    rules: tuple[GateRule, ...] = Field(alias="rule", min_length=1)
    refusal: Passage


class Level(Model):
    """One level of the rating. Shown by word, colour and the colour's own shape, never by colour alone."""

    code: Code
    label: Text
    colour: Colour
    urgency: Urgency
    next_steps: Texts


class Rating(Model):
    """The one question whose answer says how soon somebody must act."""

    question: QuestionName
    levels: tuple[Level, ...] = Field(alias="level", min_length=2)

    def level(self, code: str) -> Level | None:
        return next((level for level in self.levels if level.code == code), None)

    def highest(self, codes: Iterable[str]) -> Level | None:
        """The most urgent of these levels; of two that are as urgent, the one that is listed later."""
        urgencies = get_args(Urgency)
        found = [level for level in self.levels if level.code in set(codes)]
        return max(reversed(found), key=lambda level: urgencies.index(level.urgency), default=None)


class Receipt(Model):
    """What is said after a record was added: when the register is watched, what to do in a crisis."""

    heading: Text
    paragraphs: Texts
    watched: Text
    crisis: Text


class Lifecycle(Model):
    """
    The words for a record's states, and how it ends.

    `archive`: by an outcome that archives it. `end_date`: by the answer to `end_question`. `never`: it stays.
    """

    active: Text
    ended: Text
    ending: Literal["archive", "end_date", "never"]
    end_question: QuestionName | None = None
    urgent_minutes: int = Field(default=60, ge=5, le=1440)


class Duplicates(Model):
    """
    When two records are about one person, by roles in the order tried; and what is said if the match may not be seen.

    `silent`: the record is taken and both are flagged for the register's team. `said`: it is refused, and the page says
    whom to ask.
    """

    match: tuple[tuple[Role, ...], ...] = Field(min_length=1)
    unseen: Literal["silent", "said"]


class Notification(Model):
    """Who is told on an occasion, and in which words. `urgency` narrows it to records rated so."""

    occasion: Occasion
    urgency: tuple[Urgency, ...] = ()
    to: tuple[Recipient, ...] = ()
    addresses: tuple[EmailAddress, ...] = ()
    mail: Code
    urgent: bool = False

    def concerns(self, occasion: Occasion, urgency: Urgency) -> bool:
        return self.occasion == occasion and (not self.urgency or urgency in self.urgency)


class MailTemplate(Model):
    """The words of one notification: a reference and a link, never anything about the person."""

    code: Code
    subject: MailText
    body: tuple[MailText, ...] = Field(min_length=1)
