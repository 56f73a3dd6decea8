"""Decisions about mails: which lane, what follows from an answer, who is told of a record, how a person is greeted."""

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
AnyTemplate = Template | RecordTemplate
Stage = Literal["connection", "mail"]
Ending = Literal["accepted", "failed", "given_up"]

LANES: tuple[Lane, ...] = get_args(Lane)
TEMPLATES: tuple[AnyTemplate, ...] = (*get_args(Template), *get_args(RecordTemplate))
SOMEBODY_WAITS: frozenset[AnyTemplate] = frozenset({"pin", "urgent_record"})

# Waits between tries, the last one again and again. Somebody who waits for a code cannot wait a minute.
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
    """A letter from which no mail can be made, however often it is tried. Carries the reason as a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ServerAnswer:
    """
    What came of handing a mail over. `code` is the server's, or a word of ours when there was none.

    At the stage of the connection the answer is about us and the server; then it is about this mail.
    """

    stage: Stage
    code: str


@dataclass(frozen=True)
class TryAgain:
    """Not now; once more after so long."""

    after: timedelta


def lane_of(template: AnyTemplate) -> Lane:
    """Codes and urgent records never wait behind other mail."""
    return "now" if template in SOMEBODY_WAITS else "bulk"


def what_follows(answer: ServerAnswer, lane: Lane, attempts: int, age: timedelta) -> Ending | TryAgain:
    """
    What follows from the answer to the mail's n-th attempt.

    A server that refuses our connection, our log-in or our sender for good says nothing about this mail: operations
    can mend that, and the mail goes out then.
    """
    if answer.stage == "mail" and answer.code.startswith("2"):
        return "accepted"
    if answer.stage == "mail" and answer.code.startswith("5"):
        return "failed"
    waits = BACK_OFF[lane]
    wait = waits[min(attempts, len(waits)) - 1]
    return "given_up" if age + wait > GIVE_UP_AFTER else TryAgain(wait)


def recipient_of(text: str) -> str:
    """The address, which can hold no second line and no second address. Raises `NeverAMail`."""
    try:
        return read_email(text)
    except Unreadable:
        raise NeverAMail("recipient") from None


def check_values(values: Mapping[str, str]) -> None:
    """Every value is one line of text. Raises `NeverAMail`."""
    if not all(value.isprintable() and len(value) <= _LONGEST_VALUE for value in values.values()):
        raise NeverAMail("values")


def greeting(first_name: str) -> str:
    """
    By name when it can only be a name.

    Anybody may register somebody else's address under any name: a mail of ours must not carry their message or link.
    """
    is_name = 0 < len(first_name) <= _LONGEST_NAME and len(first_name.split()) <= 3
    letters = all(letter.isalpha() or letter in _IN_NAMES for letter in first_name)
    no_link = not any(before == "." and after.isalpha() for before, after in pairwise(first_name))
    return f"Dear {first_name}," if is_name and letters and no_link else "Hello,"


def rules_for(register: Definition, occasion: Occasion, urgency: Urgency) -> list[Notification]:
    """The register's rules that hold, the urgent first: who is told by two of them is told by the first."""
    found = [rule for rule in register.notifications if rule.concerns(occasion, urgency)]
    return sorted(found, key=lambda rule: not is_urgent(rule))


def is_urgent(rule: Notification) -> bool:
    """That nobody has seen an urgent record is urgent, whatever a definition calls it."""
    return rule.urgent or rule.occasion == "urgent_not_seen"


def template_of(rule: Notification) -> RecordTemplate:
    return "urgent_record" if is_urgent(rule) else "new_record"


def must_be_told(occasion: Occasion, urgency: Urgency) -> bool:
    """Whether it is a fault when a register names nobody for it."""
    return urgency == "urgent" or occasion == "record_created"


@dataclass(frozen=True, repr=False)
class FoundRecipients:
    """The addresses that identity has for a record."""

    administrators: tuple[str, ...] = ()
    submitter: str | None = None


def names(rules: Iterable[Notification], recipient: Recipient) -> bool:
    return any(recipient in rule.to for rule in rules)


def recipients_of(rules: Iterable[Notification], contact: Contact, found: FoundRecipients) -> dict[str, Notification]:
    """
    The addresses that rules name, each once, with the first of the rules that does.

    A register whose administrators are nobody's yet is told of at the address that its pages give.
    """
    known: dict[Recipient, tuple[str, ...]] = {
        "team": (contact.team_email,),
        "administrators": found.administrators or (contact.administrator_email,),
        "submitter": (found.submitter,) if found.submitter else (),
    }
    told: dict[str, Notification] = {}
    for rule in rules:
        for address in (*(each for name in rule.to for each in known[name]), *rule.addresses):
            told.setdefault(recipient_of(address), rule)
    return told
