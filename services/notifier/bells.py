"""The bells that wake who waits for mail."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from services.notifier import rules
from services.notifier.rules import Lane
from services.notifier.store import NewMail


@dataclass(frozen=True)
class Bells:
    """Rung after a commit, so that nothing waits for the next look: for each lane, and for urgent mail that failed."""

    lanes: dict[Lane, asyncio.Event]
    alarm: asyncio.Event

    @classmethod
    def hung(cls) -> "Bells":
        return cls({lane: asyncio.Event() for lane in rules.LANES}, asyncio.Event())

    def ring(self, mails: Iterable[NewMail]) -> None:
        for mail in mails:
            self.lanes[mail.lane].set()
