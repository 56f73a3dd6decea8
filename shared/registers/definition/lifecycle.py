"""The lifecycle of a record in a definition: consent, rating, receipt, ending, duplicates and notifications."""

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
    """One combination of answers, and whether it accepts or refuses a person."""

    when: Conditions = Field(min_length=1)
    verdict: Literal["accepted", "refused"]


class ConsentGate(Model):
    """
    Who may be put on the register. The first rule that holds decides. If none holds, the person is refused.

    With the gate off, every person is accepted; the questions are asked all the same.
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
    """The question whose answer says how urgently a record needs action."""

    question: QuestionName
    levels: tuple[Level, ...] = Field(alias="level", min_length=2)

    def level(self, code: str) -> Level | None:
        return next((level for level in self.levels if level.code == code), None)

    def highest(self, codes: Iterable[str]) -> Level | None:
        """Return the most urgent of these levels. Between equally urgent ones, return the one listed later."""
        urgencies = get_args(Urgency)
        found = [level for level in self.levels if level.code in set(codes)]
        return max(reversed(found), key=lambda level: urgencies.index(level.urgency), default=None)


class Receipt(Model):
    """The page after a record is added: when the register is watched, and what to do in a crisis."""

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
    The rules for likely duplicates, as lists of roles in the order tried.

    `unseen` applies when the asker may not see the match. `silent`: the record is added and both are flagged for the
    register's team. `said`: it is refused, and the page says whom to ask.
    """

    match: tuple[tuple[Role, ...], ...] = Field(min_length=1)
    unseen: Literal["silent", "said"]


class Notification(Model):
    """Who is told on an occasion, and by which mail. `urgency` limits it to records with such a rating."""

    occasion: Occasion
    urgency: tuple[Urgency, ...] = ()
    to: tuple[Recipient, ...] = ()
    addresses: tuple[EmailAddress, ...] = ()
    mail: Code
    urgent: bool = False

    def concerns(self, occasion: Occasion, urgency: Urgency) -> bool:
        return self.occasion == occasion and (not self.urgency or urgency in self.urgency)


class UntoldRecords(Model):
    """The decision that nobody is mailed of a new record, and why. A register that tells nobody needs it."""

    of_new_records: Literal["none"]
    reason: Text


class MailTemplate(Model):
    """The words of one notification: a reference and a link, never anything about the person."""

    code: Code
    subject: MailText
    body: tuple[MailText, ...] = Field(min_length=1)
