"""The context that all handlers and jobs of the notifier share."""

from dataclasses import dataclass, field

from services.notifier.telling import MailWriter
from services.notifier.wakeups import Wakeups
from shared.context import ServiceContext


@dataclass(frozen=True, kw_only=True)
class NotifierContext(ServiceContext):
    """The shared parts, the writer of mails about records, and the events that wake the senders."""

    mails: MailWriter
    wakeups: Wakeups = field(default_factory=Wakeups)
