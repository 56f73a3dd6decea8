"""Decisions about drafts: what is kept of them, under which name, how many, and how long."""

from datetime import date, datetime, timedelta

from shared.contracts.referrals.drafts import DRAFT_DAYS, MOST_DRAFTS, Typed
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.person import name_typed
from shared.registers.form.reading import field_names, read_answers

DRAFT_ROOM = 400_000  # bytes of one draft: well under what the bus carries


def draft_typed(register: Definition, sent: Typed) -> dict[str, tuple[str, ...]]:
    """What the form asks of what was sent, unchecked. Refused as `too_big`."""
    asked = {field for question in register.form.asked for field in field_names(question)}
    typed = {name: tuple(_storable(each) for each in values) for name, values in sent.items() if name in asked}
    if sum(len(each.encode()) for values in typed.values() for each in values) > DRAFT_ROOM:
        raise Refused("too_big")
    return typed


def _storable(text: str) -> str:
    """A NUL can come only from a program, and no database takes it."""
    return text.replace("\0", "")


def draft_name(register: Definition, typed: Typed) -> str:
    """By which people know a draft again: the person's name as far as it was typed."""
    return name_typed(register, typed)[:200]


def refuses_consent(register: Definition, typed: Typed, day: date) -> bool:
    """Whether the gate is shut for what was typed so far; a gate that is not answered yet is open."""
    checked = read_answers(register.form, typed, register.words, day)
    return consent_verdict(register, checked.answers) == "refused"


def check_draft(*, sent: bool, discarded: bool, others: int) -> None:
    """Whether a draft may be saved beside so many others. Refused as `sent`, `discarded` or `too_many`."""
    if sent:
        raise Refused("sent")
    if discarded:
        raise Refused("discarded")
    if others >= MOST_DRAFTS:
        raise Refused("too_many", most=MOST_DRAFTS)


def drafts_end(moment: datetime) -> datetime:
    """What was last saved before this is deleted."""
    return moment - timedelta(days=DRAFT_DAYS)
