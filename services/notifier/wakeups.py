"""The events that wake the senders, so that a mail need not wait for the next poll."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.notifier import rules
from services.notifier.rules import Lane
from services.notifier.store import NewMail


@dataclass(frozen=True)
class Wakeups:
    """Set after a commit: one event for each lane with new mail, and one for urgent mail that failed."""

    lanes: dict[Lane, asyncio.Event] = field(default_factory=lambda: {lane: asyncio.Event() for lane in rules.LANES})
    urgent_failed: asyncio.Event = field(default_factory=asyncio.Event)

    def set_for(self, mails: Iterable[NewMail]) -> None:
        for mail in mails:
            self.lanes[mail.lane].set()
