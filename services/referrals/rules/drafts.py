"""Rules about drafts: what is kept, under which name, how many, and for how long."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.contracts.referrals.drafts import (
    DRAFT_DAYS,
    MOST_DRAFTS,
    DraftChanged,
    DraftSeen,
    DraftSent,
    TooManyDrafts,
    Typed,
)
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.person import name_typed
from shared.registers.form.reading import field_names, read_answers

DRAFT_ROOM = 400_000  # bytes of one draft, well under the largest message of the bus
MOST_CLOSED = 100  # closed ids of one user; each matters only while a save is under way


@dataclass(frozen=True)
class DraftVersion:
    """A saved draft: its version, the id of its last save, and when that was."""

    version: int
    save_id: UUID | None
    saved_at: datetime


@dataclass(frozen=True)
class DraftState:
    """What has happened to a draft's id. `others` counts its owner's other drafts."""

    sent: bool
    record_id: UUID | None
    discarded: bool
    kept: DraftVersion | None
    others: int


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


def check_draft(state: DraftState, seen: DraftSeen) -> None:
    """
    Check that a page may save a draft, of which it has seen this.

    Refused as `sent`, `discarded`, `draft_changed` or `too_many`.
    """
    if state.sent:
        raise Refused(DraftSent(record_id=state.record_id))
    if state.discarded:
        raise Refused("discarded")
    if state.kept and is_behind(state.kept, seen):
        raise Refused(DraftChanged(version=state.kept.version, saved_at=state.kept.saved_at))
    if state.others >= MOST_DRAFTS:
        raise Refused(TooManyDrafts(most=MOST_DRAFTS))


def check_not_sent(state: DraftState) -> None:
    """Check that the user has not sent the form of this draft. Refused as `sent`."""
    if state.record_id is not None:
        raise Refused(DraftSent(record_id=state.record_id))


def is_behind(kept: DraftVersion, seen: DraftSeen) -> bool:
    """Return whether another page has saved the draft since. A page's own save without an answer does not count."""
    return kept.version != seen.version and kept.save_id != seen.save_id


def drafts_end(moment: datetime) -> datetime:
    """Return the cut-off time: drafts that were last saved before it are deleted."""
    return moment - timedelta(days=DRAFT_DAYS)
