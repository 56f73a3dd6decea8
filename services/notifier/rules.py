"""The rules of mails: their lane, their retries, their recipients and their greeting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal, get_args

from shared.contracts.notifier import Template
from shared.registers.definition.lifecycle import Notification, Occasion, Recipient, Urgency
from shared.registers.definition.register import Contact, Definition
from shared.values import Unreadable, read_email

Lane = Literal["now", "bulk"]
RecordTemplate = Literal["new_record", "urgent_record"]
ManyTemplate = Literal["records_loaded", "records_handed_over"]
ActionTemplate = Literal["actions_due"]
ReviewTemplate = Literal["reviews_due"]
AnyTemplate = Template | RecordTemplate | ManyTemplate | ActionTemplate | ReviewTemplate
Stage = Literal["connection", "mail"]
Ending = Literal["accepted", "failed", "given_up"]

LANES: tuple[Lane, ...] = get_args(Lane)
TEMPLATES: tuple[AnyTemplate, ...] = (
    *get_args(Template),
    *get_args(RecordTemplate),
    *get_args(ManyTemplate),
    *get_args(ActionTemplate),
    *get_args(ReviewTemplate),
)
SOMEBODY_WAITS: frozenset[AnyTemplate] = frozenset({"pin", "urgent_record"})

# Waits between tries; the last one repeats. A user who waits for a PIN cannot wait a minute, so the first are short.
_MINUTES = tuple(timedelta(minutes=each) for each in (1, 2, 5, 10, 30))
BACK_OFF: dict[Lane, tuple[timedelta, ...]] = {
    "now": (*(timedelta(seconds=each) for each in (0, 2, 5, 15, 30)), *_MINUTES),
    "bulk": (timedelta(0), *_MINUTES),
}
GIVE_UP_AFTER = timedelta(hours=72)

_IN_NAMES = frozenset(" -'’.")
_LONGEST_NAME = 40
_LONGEST_VALUE = 2_000


class NeverAMail(Exception):
    """A message that can never become a mail, however often it is retried. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ServerAnswer:
    """
    The result of handing over a mail. `code` is the server's, or our own word when the server gave none.

    At the stage "connection" the answer concerns our connection. At the stage "mail" it concerns this mail.
    """

    stage: Stage
    code: str

    @property
    def is_accepted(self) -> bool:
        return self.stage == "mail" and self.code.startswith("2")


@dataclass(frozen=True)
class TryAgain:
    """Try again after this time."""

    after: timedelta


def lane_of(template: AnyTemplate) -> Lane:
    """Return the template's lane. PINs and urgent records never wait behind other mail."""
    return "now" if template in SOMEBODY_WAITS else "bulk"


def what_follows(answer: ServerAnswer, lane: Lane, attempts: int, age: timedelta) -> Ending | TryAgain:
    """
    Return what follows from the answer to the mail's latest attempt.

    Even a permanent refusal of our connection, log-in or sender says nothing about this mail. The mail is retried,
    because operators can fix the cause. A mail that was too old at its first attempt, since the installation was held,
    is tried once after each wait before it is given up.
    """
    if answer.is_accepted:
        return "accepted"
    if answer.stage == "mail" and answer.code.startswith("5"):
        return "failed"
    waits = BACK_OFF[lane]
    wait = waits[min(attempts, len(waits)) - 1]
    return "given_up" if attempts > len(waits) and age + wait > GIVE_UP_AFTER else TryAgain(wait)


def recipient_of(text: str) -> str:
    """Return the address, which is a single line and a single address. Raise `NeverAMail` otherwise."""
    try:
        return read_email(text)
    except Unreadable:
        raise NeverAMail("recipient") from None


def check_values(values: Mapping[str, str]) -> None:
    """Check that every value is one line of text. Raise `NeverAMail` otherwise."""
    if not all(value.isprintable() and len(value) <= _LONGEST_VALUE for value in values.values()):
        raise NeverAMail("values")


def greeting(first_name: str) -> str:
    """
    Return a greeting by name, if the text can only be a name.

    Anyone may register another person's address under any name. Our mail must not contain their message or link.
    """
    is_name = 0 < len(first_name) <= _LONGEST_NAME and len(first_name.split()) <= 3
    letters = all(letter.isalpha() or letter in _IN_NAMES for letter in first_name)
    no_link = not any(before == "." and after.isalpha() for before, after in pairwise(first_name))
    return f"Dear {first_name}," if is_name and letters and no_link else "Hello,"


def rules_for(register: Definition, occasion: Occasion, urgency: Urgency) -> list[Notification]:
    """
    Return the register's rules that apply, urgent ones first. The first rule that names a recipient decides their mail.
    """
    found = [rule for rule in register.notifications if rule.concerns(occasion, urgency)]
    return sorted(found, key=lambda rule: not is_urgent(rule))


def rules_of(register: Definition, occasion: Occasion) -> list[Notification]:
    """Return the register's rules for an occasion, whatever the urgency."""
    return [rule for rule in register.notifications if rule.occasion == occasion]


def is_urgent(rule: Notification) -> bool:
    """Check whether a rule is urgent. A rule for unseen urgent records always is, whatever the definition says."""
    return rule.urgent or rule.occasion == "urgent_not_seen"


def template_of(rule: Notification) -> RecordTemplate:
    return "urgent_record" if is_urgent(rule) else "new_record"


def must_be_told(register: Definition, occasion: Occasion, urgency: Urgency) -> bool:
    """
    Check whether a register must name at least one recipient for this.

    It may decide that nobody is mailed about a new record that is not urgent.
    """
    decided = register.untold is not None and register.untold.of_new_records == "none"
    return urgency == "urgent" or (occasion == "record_created" and not decided)


@dataclass(frozen=True, repr=False)
class FoundRecipients:
    """The addresses that identity gives for a record. `submitter` is the colleague where a notice is about one."""

    administrators: tuple[str, ...] = ()
    submitter: str | None = None


def names(rules: Iterable[Notification], recipient: Recipient) -> bool:
    return any(recipient in rule.to for rule in rules)


def recipients_of(rules: Iterable[Notification], contact: Contact, found: FoundRecipients) -> dict[str, Notification]:
    """
    Return the addresses that the rules name, each with the first rule that names it.

    If a record has no administrators, the administrators' address on the register's pages is used.
    """
    known: dict[Recipient, tuple[str, ...]] = {
        "team": (contact.team_email,),
        "administrators": found.administrators or (contact.administrator_email,),
        "submitter": (found.submitter,) if found.submitter else (),
        "colleague": (found.submitter,) if found.submitter else (),
    }
    told: dict[str, Notification] = {}
    for rule in rules:
        for address in (*(each for name in rule.to for each in known[name]), *rule.addresses):
            told.setdefault(recipient_of(address), rule)
    return told
