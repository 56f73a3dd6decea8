"""The rules of actions: who may be given one, when it may be due, and what may become of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.cleaning import says_something
from shared.contracts.actions import ActionState, DueReason, Verdict
from shared.contracts.referrals.archiving import RecordChecked
from shared.contracts.referrals.saving import Conflict
from shared.messages import Refused
from shared.permissions import Role, Visitor
from shared.registers.bodies import Compartment
from shared.registers.definition.register import Definition
from shared.values import LONDON

SOON_DAYS = 3
"""So many days before an action is due its colleague is reminded."""
OVERDUE_EVERY_DAYS = 7
"""The team is told of an overdue action on the first day, and again after so many days."""
MAILED_FROM_HOUR = 7
"""Reminders go out from this hour in London."""
FURTHEST_DAYS = 731
LONGEST_AGO_DAYS = 366
TAKES_ACTIONS = frozenset({Role.STANDARD, Role.ADMINISTRATOR})
ENDS_AS: dict[Verdict, ActionState] = {"close": "closed", "return": "open", "cancel": "cancelled"}


def check_meets(register: Definition) -> None:
    """Check that the register has actions: they are agreed at its meetings. Refused as `no_meetings`."""
    if register.meetings is None:
        raise Refused("no_meetings")


def check_is_lead(visitor: Visitor, record: RecordChecked) -> None:
    """
    Check that a user who is no administrator may see the actions of a record: they may update it.

    Refused as `not_found`.
    """
    if visitor.role is not Role.ADMINISTRATOR and not (record.may_update and record.is_open):
        raise Refused("not_found")


def check_said(text: str) -> None:
    """Check that a text holds a letter or a digit. Refused as `empty`."""
    if not says_something(text):
        raise Refused("empty")


def check_due(due_on: date, day: date) -> None:
    """Refused as `past` or `too_far`."""
    if due_on < day:
        raise Refused("past")
    if due_on - day > timedelta(days=FURTHEST_DAYS):
        raise Refused("too_far")


def check_happened(on: date, day: date) -> None:
    """Check the day of a contact or a conversation. Refused as `future` or `too_long_ago`."""
    if on > day:
        raise Refused("future")
    if day - on > timedelta(days=LONGEST_AGO_DAYS):
        raise Refused("too_long_ago")


def may_take(colleague: Visitor, compartment: Compartment) -> bool:
    """Return whether a user, with their present rights, may be given an action on a record of this compartment."""
    return colleague.role in TAKES_ACTIONS and colleague.may_reach(compartment)


def check_version(present: int, seen: int) -> None:
    """Refused as `conflict` if the action was changed since it was read."""
    if present != seen:
        raise Refused(Conflict(version=present))


def check_verdict(state: ActionState, verdict: Verdict, reason: str) -> None:
    """Refused as `ended`, `not_reported`, or `empty` where a reason is missing."""
    if state in ("closed", "cancelled"):
        raise Refused("ended")
    if verdict != "cancel" and state != "reported":
        raise Refused("not_reported")
    if verdict != "close":
        check_said(reason)


@dataclass(frozen=True)
class Told:
    """Of which due date the colleague need not be reminded any more: before the day, and on it."""

    soon: date | None
    on_the_day: date | None


def told_at_once(due_on: date, day: date) -> Told:
    """Return what a mail about a new due date or owner replaces: the reminders that would follow at once."""
    is_soon = due_on <= day + timedelta(days=SOON_DAYS)
    return Told(due_on if is_soon else None, due_on if due_on <= day else None)


def is_time_to_mail(moment: datetime) -> bool:
    return moment.astimezone(LONDON).hour >= MAILED_FROM_HOUR


def why_due(due_on: date, day: date) -> DueReason:
    """Return why a reminder names an action."""
    if due_on > day:
        return "soon"
    return "today" if due_on == day else "overdue"
