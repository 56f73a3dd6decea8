"""Rules about drafts: what is kept, under which name, how many, and for how long."""

from datetime import date, datetime, timedelta

from shared.contracts.referrals.drafts import DRAFT_DAYS, MOST_DRAFTS, TooManyDrafts, Typed
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.person import name_typed
from shared.registers.form.reading import field_names, read_answers

DRAFT_ROOM = 400_000  # bytes of one draft, well under the largest message of the bus
MOST_CLOSED = 100  # closed ids of one user; each matters only while a save is under way


def draft_typed(register: Definition, sent: Typed) -> dict[str, tuple[str, ...]]:
    """Return the sent fields that belong to the form, unchecked. Refused as `too_big`."""
    asked = {field for question in register.form.asked for field in field_names(question)}
    typed = {name: tuple(values) for name, values in sent.items() if name in asked}
    if sum(len(each.encode()) for values in typed.values() for each in values) > DRAFT_ROOM:
        raise Refused("too_big")
    return typed


def draft_name(register: Definition, typed: Typed) -> str:
    """Return the name under which a user recognises a draft: the person's name as far as it was typed."""
    return name_typed(register, typed)[:200]


def refuses_consent(register: Definition, typed: Typed, day: date) -> bool:
    """Check whether consent is refused by what was typed so far. Unanswered consent is not refused."""
    checked = read_answers(register.form, typed, register.words, day)
    return consent_verdict(register, checked.answers) == "refused"


def check_draft(*, sent: bool, discarded: bool, others: int) -> None:
    """
    Check that a draft may be saved. `others` counts the user's other drafts.

    Refused as `sent`, `discarded` or `too_many`.
    """
    if sent:
        raise Refused("sent")
    if discarded:
        raise Refused("discarded")
    if others >= MOST_DRAFTS:
        raise Refused(TooManyDrafts(most=MOST_DRAFTS))


def drafts_end(moment: datetime) -> datetime:
    """Return the cut-off time: drafts that were last saved before it are deleted."""
    return moment - timedelta(days=DRAFT_DAYS)
