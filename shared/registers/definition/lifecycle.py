"""The lifecycle of a record in a definition: consent, rating, receipt, ending, duplicates and notifications."""

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from shared.registers.definition.base import (
    Code,
    EmailAddress,
    Flag,
    Gaps,
    Model,
    Number,
    QuestionName,
    Role,
    Text,
    Texts,
)
from shared.registers.definition.questions import Conditions

Urgency = Literal["routine", "alert", "urgent"]
Colour = Literal["green", "amber", "red", "blue", "grey"]
"""The palette of marks. Each colour has a shape of its own on the page."""
Occasion = Literal[
    "record_created",
    "rating_changed",
    "urgent_not_seen",
    "outcome_recorded",
    "record_ended",
    "record_left",
    "holder_named",
    "holder_replaced",
    "cover_begun",
    "cover_ended",
]
Recipient = Literal["team", "submitter", "administrators", "colleague"]
"""`colleague`: the user whom the occasion is about, such as a new holder."""
Promise = Literal["watched", "crisis", "new_records_told"]
"""What no edition of a register may leave out, if an earlier one promised it."""

MailText = Annotated[str, AfterValidator(Gaps("register", "reference", "address", "team"))]


class Passage(Model):
    """A heading and the paragraphs under it."""

    heading: Text
    paragraphs: Texts


class GateRule(Model):
    """
    One combination of answers, and whether it accepts or refuses a person.

    With an age, the person must also be `youngest` to `oldest` years old on the date answered to `on`.
    """

    when: Conditions = ()
    youngest: Number | None = Field(default=None, ge=0, le=150)
    oldest: Number | None = Field(default=None, ge=0, le=150)
    on: QuestionName | None = None
    verdict: Literal["accepted", "refused"]

    @property
    def goes_by_age(self) -> bool:
        return self.youngest is not None or self.oldest is not None

    def holds_age(self, age: int) -> bool:
        return (self.youngest or 0) <= age and (self.oldest is None or age <= self.oldest)


class ConsentGate(Model):
    """
    Who may be put on the register. The first rule that holds decides. If none holds, the person is refused.

    With the gate off, every person is accepted; the questions are asked all the same.
    """

    gate: Literal["required", "off"]
    rules: tuple[GateRule, ...] = Field(alias="rule", min_length=1)
    refusal: Passage

    @property
    def needed(self) -> frozenset[str]:
        """The questions that the rules depend on."""
        return frozenset(name for rule in self.rules for condition in rule.when for name in condition)


class Level(Model):
    """
    One level of the rating. Shown by word, colour and the colour's own shape, never by colour alone.

    `next_steps` are shown when a record is added with this rating. `changed_steps` are shown when its rating changes to
    this one; without them, `next_steps` are shown then too.
    """

    code: Code
    label: Text
    colour: Colour
    urgency: Urgency
    next_steps: Texts
    changed_steps: Texts = ()

    @property
    def steps_after_change(self) -> Texts:
        return self.changed_steps or self.next_steps


class Rating(Model):
    """
    The question whose answer says how urgently a record needs action.

    `given_on` is the question for the day on which people came to the rating. A spreadsheet's ratings stand since then.
    """

    question: QuestionName
    given_on: QuestionName | None = None
    levels: tuple[Level, ...] = Field(alias="level", min_length=2)

    def level(self, code: str) -> Level | None:
        return next((level for level in self.levels if level.code == code), None)

    @property
    def by_urgency(self) -> tuple[Level, ...]:
        """The levels, the most urgent first. Of equally urgent ones, the one listed later comes first."""
        urgencies = get_args(Urgency)
        places = {level.code: (urgencies.index(level.urgency), place) for place, level in enumerate(self.levels)}
        return tuple(sorted(self.levels, key=lambda level: places[level.code], reverse=True))

    def highest(self, codes: Iterable[str]) -> Level | None:
        """Return the most urgent of these levels."""
        found = set(codes)
        return next((level for level in self.by_urgency if level.code in found), None)


def urgency_of(level: Level | None) -> Urgency:
    """Return how soon a user must act on a rating. A record without a rating is routine."""
    return level.urgency if level else "routine"


class Receipt(Model):
    """
    The page after a record is added: when the register is watched, and what to do in a crisis.

    Either text is left out by saying why: `no_watch`, `no_crisis`. The reasons are for readers of the definition alone.
    """

    heading: Text
    paragraphs: Texts
    watched: Text | None = None
    no_watch: Text | None = None
    crisis: Text | None = None
    no_crisis: Text | None = None


class RecordState(Model):
    """A state of a record. A record in an open state counts, is listed and is searched."""

    code: Code
    label: Text
    is_open: Flag = Field(alias="open")


class Confirmation(Model):
    """The page that asks whether a record shall really end, with the texts of its two buttons."""

    heading: Text
    paragraphs: Texts
    yes: Text
    no: Text


class Transition(Model):
    """
    A way in which a record gets from an open state to a closed one.

    `by` an outcome: at once, with an outcome that ends the record. With `when`, only answers of the outcome form for
    which it holds end a record, and a user who saves such answers is asked whether it ends. `written` is a text of the
    form `leaving` that must be given for a record whose rating is urgent, or with an action that is not done.

    `by` a date: on the day that is the answer to `question`, once a user has confirmed it. `decisions` are questions of
    the scope: each body that they name must decide by itself before the record ends. If `reversible`, two
    administrators together can undo it as an error.
    """

    code: Code
    from_state: Code = Field(alias="from")
    to_state: Code = Field(alias="to")
    by: Literal["outcome", "date"]
    when: Conditions = ()
    question: QuestionName | None = None
    decisions: tuple[QuestionName, ...] = ()
    written: QuestionName | None = None
    confirm: Confirmation | None = None
    reversible: Flag = False


class Lifecycle(Model):
    """The states of a record, the first that of a new one, and the transitions between them."""

    states: tuple[RecordState, ...] = Field(alias="state", min_length=1)
    transitions: tuple[Transition, ...] = Field(default=(), alias="transition")
    urgent_minutes: Number = Field(default=60, ge=5, le=1440)

    @property
    def first_state(self) -> str:
        """The code of the state of a new record."""
        return self.states[0].code

    def ends_by(self, means: Literal["outcome", "date"]) -> Transition | None:
        """Return the transition by which a record ends in this way, if the register has one."""
        return next((each for each in self.transitions if each.by == means), None)

    def state_before(self, code: str) -> str:
        """Return the state from which a record came to this one; the first state if the register no longer says."""
        return next((each.from_state for each in self.transitions if each.to_state == code), self.first_state)

    def is_reversible(self, code: str) -> bool:
        """Return whether a record that ended in this state may be put back as ended in error."""
        return any(each.to_state == code and each.reversible for each in self.transitions)

    def label(self, code: str) -> str:
        return next((each.label for each in self.states if each.code == code), code)


class DuplicateRule(Model):
    """
    The roles by which two records are compared.

    `only_without`: the rule counts only if one of the two records has no answer for that role.
    """

    match: tuple[Role, ...] = Field(min_length=1)
    only_without: Literal["nhs_number"] | None = None


Likeness = Literal["names_swapped", "middle_name", "name_spelling", "date_slip"]
"""Why the register's team is shown two records that the rules for duplicates do not catch."""
LIKENESSES: tuple[Likeness, ...] = ("names_swapped", "middle_name", "name_spelling", "date_slip")


class Duplicates(Model):
    """
    The rules for likely duplicates, in the order tried, and what happens to an entry that matches.

    `asked`: the user is shown the matches and may add the record all the same. `refused`: the record is not added, nor
    an update saved that would make one. `unseen` applies when the asker may not see the match. `silent`: the record is
    added and both are flagged for the register's team. `said`: it is refused, and the page says whom to ask.

    `team` is what else is flagged for the team alone, and stops nobody.
    """

    entry: Literal["asked", "refused"] = "asked"
    rules: tuple[DuplicateRule, ...] = Field(alias="rule", min_length=1)
    unseen: Literal["silent", "said"]
    team: tuple[Likeness, ...] = LIKENESSES


class Notification(Model):
    """Who is mailed on an occasion, and with which text. `urgency` limits it to records with such a rating."""

    occasion: Occasion
    urgency: tuple[Urgency, ...] = ()
    to: tuple[Recipient, ...] = ()
    addresses: tuple[EmailAddress, ...] = ()
    mail: Code
    urgent: Flag = False

    def concerns(self, occasion: Occasion, urgency: Urgency) -> bool:
        return self.occasion == occasion and (not self.urgency or urgency in self.urgency)


class UntoldRecords(Model):
    """The decision that nobody is mailed of a new record, and why. A register that mails nobody needs it."""

    of_new_records: Literal["none"]
    reason: Text


class MailTemplate(Model):
    """The words of one notification: a reference and a link, never anything about the person."""

    code: Code
    subject: MailText
    body: tuple[MailText, ...] = Field(min_length=1)
