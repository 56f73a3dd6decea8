"""Requests that operators make of every service: how much waits in it, and whether events are set aside."""

from typing import ClassVar

from shared.messages import Message, Request


class Backlog(Message):
    """Counts only. `unsent` messages wait for the bus; `set_aside` events wait for an operator."""

    unsent: int
    set_aside: int


class ReadIdentityBacklog(Request[Backlog]):
    """Count what waits in identity."""

    subject: ClassVar[str] = "ask.identity.read_backlog"


class ReadReferralsBacklog(Request[Backlog]):
    """Count what waits in referrals."""

    subject: ClassVar[str] = "ask.referrals.read_backlog"


class ReadOutcomesBacklog(Request[Backlog]):
    """Count what waits in outcomes."""

    subject: ClassVar[str] = "ask.outcomes.read_backlog"


class ReadNotifierBacklog(Request[Backlog]):
    """Count what waits in the notifier."""

    subject: ClassVar[str] = "ask.notifier.read_backlog"


class ReadReportsBacklog(Request[Backlog]):
    """Count what waits in reports."""

    subject: ClassVar[str] = "ask.reports.read_backlog"
