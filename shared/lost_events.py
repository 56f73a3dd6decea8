"""Events that a stream has acknowledged and then lost: found by what the stream holds, and marked for sending again."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from shared.bus.protocol import Bus, StreamPlace, StreamState
from shared.database import Database, DatabasePool, transaction
from shared.log import warn
from shared.messages import NotAnswered
from shared.streams import STREAM_OF

LOOK_EVERY_SECONDS = 10.0
LONGEST_UNSEEN_SECONDS = 60.0
SLACK = timedelta(hours=1)  # the stream and the database may have different clocks

HOLD_OUTBOX = "SELECT hold_outbox()"
FIND_LOST = "SELECT find_lost($1, $2, $3, $4, $5, $6, $7, $8)"
MOST_AT_ONCE = 5_000  # so that no statement takes longer than a connection allows: 3 seconds


class KnownStream:
    """What this process knows of one stream that its service publishes to: the state when it last looked."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.state: StreamState | None = None
        self.highest = 0
        self.went_back = False

    def is_unchanged(self, found: StreamState) -> bool:
        """Return whether nothing can be lost since the last look: the stream has only grown at its end."""
        known = self.state
        if known is None or self.went_back:
            return False
        same = (found.made_at, found.first, found.gaps) == (known.made_at, known.first, known.gaps)
        return same and found.last >= self.highest

    def forget(self) -> None:
        """Know nothing: the server was away, and may come back with another stream."""
        self.state, self.highest, self.went_back = None, 0, False

    def sees(self, found: StreamState) -> None:
        self.state, self.highest, self.went_back = found, found.last, False

    def stored(self, places: Sequence[StreamPlace]) -> None:
        """Note where the stream stored new messages. If it did so below an earlier one, it has gone back."""
        new = [each.sequence for each in places if not each.is_duplicate]
        if new:
            self.went_back = self.went_back or min(new) <= self.highest
            self.highest = max(new)


Seen = list[tuple[KnownStream, StreamState]]


class LostEvents:
    """
    Compares what was sent with what the streams hold, and marks what they have lost for sending again.

    A stream loses events when its store is lost, restored from an older copy, purged or damaged. `families` are the
    first words of the subjects that the service publishes. The first look comes before the first event is published,
    and another one follows each time that the bus was away.
    """

    def __init__(self, pool: DatabasePool, bus: Bus, families: Sequence[str]) -> None:
        self._pool = pool
        self._bus = bus
        self._streams = {family: KnownStream(family) for family in families}
        self._reconnects = -1
        self._next_look = 0.0
        self._unseen = 0

    async def look(self) -> None:
        """
        Look at each stream if it is time to. Do nothing while another replica publishes, and try again soon.

        If the database cannot compare in the time of a statement, try later: new events must leave all the same.
        """
        if not self._is_due():
            return
        seen: Seen = []
        try:
            async with transaction(self._pool) as db:
                if not await db.fetchval(HOLD_OUTBOX):
                    return
                await self._compare_all(db, seen)
        except asyncpg.QueryCanceledError as error:
            self._look_later(error)
            return
        for stream, found in seen:  # after the commit: what was rolled back is not known
            stream.sees(found)

    async def _compare_all(self, db: Database, seen: Seen) -> None:
        """Compare every stream, and add to `seen` each one that has changed."""
        if self._reconnects != self._bus.reconnects:
            self._reconnects = self._bus.reconnects
            for each in self._streams.values():
                each.forget()
        self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
        try:
            for each in self._streams.values():
                await self._compare(db, each, seen)
            self._unseen = 0
        except NotAnswered as error:  # not declared yet, or the permissions on NATS are older than this process
            self._look_later(error)

    def _look_later(self, error: Exception) -> None:
        self._unseen += 1
        wait = min(2.0**self._unseen, LONGEST_UNSEEN_SECONDS)
        self._next_look = time.monotonic() + wait
        warn("outbox.stream_unseen", again_in=wait, error=error)

    def _is_due(self) -> bool:
        if not self._streams:
            return False
        return self._reconnects != self._bus.reconnects or time.monotonic() >= self._next_look

    async def _compare(self, db: Database, stream: KnownStream, seen: Seen) -> None:
        """If the stream has changed, mark what it has lost, and add its state to `seen`."""
        found = await self._bus.look_at_stream(STREAM_OF[stream.family])
        if stream.is_unchanged(found):
            return
        held = (found.made_at, found.first, found.last, found.gaps, found.kept - SLACK)
        lost, more = 0, MOST_AT_ONCE
        while more == MOST_AT_ONCE:
            more = await db.fetchval(FIND_LOST, stream.family, *held, stream.went_back, MOST_AT_ONCE)
            lost += more
        if lost:
            warn("outbox.lost", stream=STREAM_OF[stream.family], events=lost)
        seen.append((stream, found))

    def stored(self, family: str, places: Sequence[StreamPlace]) -> None:
        """Note where a stream has stored the events just published. Look again soon if it has gone back."""
        if family in self._streams:
            self._streams[family].stored(places)
            if self._streams[family].went_back:
                self._next_look = 0.0

    def made_at(self, family: str) -> datetime | None:
        """Return when the stream was made that stores events of this family, as far as this process knows."""
        known = self._streams.get(family)
        return known.state.made_at if known is not None and known.state is not None else None
