"""What operations may ask of every service: how much waits in it, and whether anything was set aside."""

from typing import ClassVar

from shared.messages import Message, Request


class Backlog(Message):
    """Counts only. `unsent` waits for the bus, `set_aside` waits for a person."""

    unsent: int
    set_aside: int


class ReadIdentityBacklog(Request[Backlog]):
    """How much waits in identity."""

    subject: ClassVar[str] = "ask.identity.read_backlog"


class ReadReferralsBacklog(Request[Backlog]):
    """How much waits in referrals."""

    subject: ClassVar[str] = "ask.referrals.read_backlog"


class ReadOutcomesBacklog(Request[Backlog]):
    """How much waits in outcomes."""

    subject: ClassVar[str] = "ask.outcomes.read_backlog"


class ReadNotifierBacklog(Request[Backlog]):
    """How much waits in the notifier."""

    subject: ClassVar[str] = "ask.notifier.read_backlog"


class ReadReportsBacklog(Request[Backlog]):
    """How much waits in reports."""

    subject: ClassVar[str] = "ask.reports.read_backlog"
