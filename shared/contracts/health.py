"""Requests that operators make of every service: how many messages are unsent, and how many events are set aside."""

from typing import ClassVar

from shared.messages import Message, Request


class Backlog(Message):
    """Counts only. `unsent` messages wait for the bus; `set_aside` events wait for an operator."""

    unsent: int
    set_aside: int


class ReadIdentityBacklog(Request[Backlog]):
    """Count the unsent messages and the set-aside events of identity."""

    subject: ClassVar[str] = "ask.identity.read_backlog"


class ReadReferralsBacklog(Request[Backlog]):
    """Count the unsent messages and the set-aside events of referrals."""

    subject: ClassVar[str] = "ask.referrals.read_backlog"


class ReadOutcomesBacklog(Request[Backlog]):
    """Count the unsent messages and the set-aside events of outcomes."""

    subject: ClassVar[str] = "ask.outcomes.read_backlog"


class ReadNotifierBacklog(Request[Backlog]):
    """Count the unsent messages and the set-aside events of the notifier."""

    subject: ClassVar[str] = "ask.notifier.read_backlog"


class ReadReportsBacklog(Request[Backlog]):
    """Count the unsent messages and the set-aside events of reports."""

    subject: ClassVar[str] = "ask.reports.read_backlog"
