"""What wakes the senders, so that a mail need not wait for the next poll."""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.notifier import rules
from services.notifier.adding import NewMail
from services.notifier.rules import Lane


@dataclass
class LaneWakeup:
    """
    The event that wakes a lane's senders, and since when no mail of the lane is left to claim.

    It lets one sender of the process look into the queue for all of the lane.
    """

    event: asyncio.Event = field(default_factory=asyncio.Event)
    _changes: int = 0
    _empty_since: float = -math.inf

    def set(self) -> None:
        """Wake the senders. Call this after a commit that queued a mail."""
        self.may_have_more()
        self.event.set()

    def may_have_more(self) -> None:
        self._changes += 1
        self._empty_since = -math.inf

    def before_claim(self) -> int:
        """Return what `found_empty` must be given, so that it does not hide a mail that is queued meanwhile."""
        return self._changes

    def found_empty(self, before: int, now: float) -> None:
        if before == self._changes:
            self._empty_since = now

    def is_empty(self, now: float, seconds: float) -> bool:
        """Check whether a sender found within these seconds that no mail is left to claim."""
        return now - self._empty_since < seconds


@dataclass(frozen=True)
class Wakeups:
    """Set after a commit: one wakeup for each lane with new mail, and one event for urgent mail that failed."""

    lanes: dict[Lane, LaneWakeup] = field(default_factory=lambda: {lane: LaneWakeup() for lane in rules.LANES})
    urgent_failed: asyncio.Event = field(default_factory=asyncio.Event)

    def set_for(self, mails: Iterable[NewMail]) -> None:
        for mail in mails:
            self.lanes[mail.lane].set()
