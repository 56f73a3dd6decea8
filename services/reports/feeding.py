"""Keeps the copies equal to their sources: woken by events, by a poll as a fallback, and rebuilt each night."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from services.reports.context import ReportsContext
from services.reports.rules.counting import Counted, counted_by, counted_later, counted_of
from services.reports.rules.weeks import first_week, moves_of
from services.reports.store import feeds
from services.reports.store.feeds import CopiedOutcome, CopiedPage, CopiedRecord, FeedState, Lane, RecountedCopy
from shared.contracts.outcomes import FedOutcome, ReadOutcomeFeed
from shared.contracts.referrals.feed import FedRecord, ReadFeed
from shared.database import DatabasePool, transaction
from shared.inbox import is_new
from shared.jobs import Job
from shared.log import log, warn
from shared.messages import Event
from shared.registers.bodies import ORGANISATION, Compartment, compartment_of
from shared.tasks import end

POLL_SECONDS = 2.0
POLL_FALLBACK = timedelta(seconds=30)
FRESH = timedelta(hours=1)


class Source(Protocol):
    """A service whose feed is copied."""

    @property
    def name(self) -> feeds.Source: ...

    async def read(self, after: int) -> CopiedPage: ...


@dataclass(frozen=True)
class Records:
    """The records of referrals, each with the answers that it is counted by."""

    context: ReportsContext
    name: feeds.Source = "referrals"

    async def read(self, after: int) -> CopiedPage:
        asked = ReadFeed(after=after)
        page = await self.context.bus.ask(asked, who=self.context.sign(asked, "feed"))
        day = self.context.day()
        rows = [_record_row(record, counted_of(record, self.context.registers, day)) for record in page.records]
        return CopiedPage(after, page.last, page.more, rows, page.gone)


@dataclass(frozen=True)
class OutcomeCopier:
    """The outcomes of the records, once outcomes lists them in its feed."""

    context: ReportsContext
    name: feeds.Source = "outcomes"

    async def read(self, after: int) -> CopiedPage:
        asked = ReadOutcomeFeed(after=after)
        page = await self.context.bus.ask(asked, who=self.context.sign(asked, "feed"))
        return CopiedPage(after, page.last, page.more, [_outcome_row(each) for each in page.outcomes], page.gone)


def _record_row(record: FedRecord, counted: Counted) -> CopiedRecord:
    compartment = _compartment_of(record.register_code, record.bodies)
    is_of_organisation = compartment.bodies[0].startswith(ORGANISATION)
    return CopiedRecord(
        record_id=record.record_id,
        sequence=record.sequence,
        register_code=record.register_code,
        edition=record.edition,
        reference=record.reference,
        version=record.version,
        organisation_id=record.organisation_id,
        compartment_id=compartment.compartment_id,
        bodies=None if is_of_organisation else compartment.bodies,
        state=record.state,
        is_open=record.is_open,
        created_by=record.created_by,
        created_at=record.created_at,
        updated_at=record.updated_at,
        rated_at=record.rated_at,
        ended_at=record.ended_at,
        born=record.born,
        answers=record.answers,
        counted=counted.items,
        recount_on=counted.until,
        moves=moves_of(record),
        holder=record.holder,
        person_id=record.person_id,
        sort_name=record.sort_name,
        leaving=record.leaving,
    )


@lru_cache(maxsize=5_000)
def _compartment_of(register_code: str, bodies: tuple[str, ...]) -> Compartment:
    """Return a compartment, which many records share."""
    return compartment_of(register_code, bodies)


def _outcome_row(outcome: FedOutcome) -> CopiedOutcome:
    return CopiedOutcome(
        outcome_id=outcome.outcome_id,
        record_id=outcome.record_id,
        sequence=outcome.sequence,
        edition=outcome.edition,
        recorded_by=outcome.recorded_by,
        recorded_at=outcome.recorded_at,
        answers=outcome.answers,
    )


@dataclass(frozen=True)
class ReadPage:
    """A page and when it was asked for."""

    page: CopiedPage
    asked_at: datetime


@dataclass(frozen=True)
class FeedCopier:
    """Copies one source. Every replica runs it: what one replica has copied, the others skip."""

    context: ReportsContext
    source: Source
    poll_seconds: float = POLL_SECONDS
    net: timedelta = POLL_FALLBACK

    @property
    def _pool(self) -> DatabasePool:
        return self.context.background

    @property
    def job(self) -> Job:
        name, wakeup = self.source.name, self.context.news[self.source.name]
        return Job(f"feed.{name}", self.look, every=self.poll_seconds, wakeup=wakeup)

    async def look(self) -> None:
        """
        Copy what is new if an event asked for it or the last complete copy is too old.

        Then continue a rebuild that is under way.
        """
        state = await feeds.read_feed(self._pool, self.source.name)
        if self._is_due(state):
            await self.catch_up()
        if state.rebuild_sequence is not None:
            await self.rebuild(state.rebuild_sequence)

    def _is_due(self, state: FeedState) -> bool:
        return state.wanted or state.complete_at is None or self.context.clock() - state.complete_at > self.net

    async def catch_up(self) -> None:
        """Copy everything that is committed by now."""
        await feeds.take_wish(self._pool, self.source.name)
        more, ahead = True, None
        while more:
            state = await feeds.read_feed(self._pool, self.source.name)
            more, ahead = await self._copy_page("live", state.sequence, ahead)

    async def rebuild(self, reached: int) -> None:
        """Copy everything again, page by page, and meanwhile keep copying what is new."""
        more, ahead = await self._copy_page("rebuild", reached, None)
        while more:
            state = await feeds.read_feed(self._pool, self.source.name)
            if state.rebuild_sequence is None:
                return
            if self._is_due(state):
                await self.catch_up()
                ahead = None  # it may be older than what was copied just now
            more, ahead = await self._copy_page("rebuild", state.rebuild_sequence, ahead)
        await self._end_rebuild()

    async def _end_rebuild(self) -> None:
        state = await feeds.read_feed(self._pool, self.source.name)
        if state.rebuild_sequence is None:
            return
        wrong = await feeds.end_rebuild(self._pool, self.source.name, state.rebuild_sequence)
        if wrong is not None:
            (warn if wrong else log)("feed.rebuilt", source=self.source.name, wrong=wrong)

    async def _copy_page(self, lane: Lane, after: int, ahead: ReadPage | None) -> tuple[bool, ReadPage | None]:
        """
        Copy a page, which may have been read ahead, and meanwhile read the next one.

        Return whether there may be more: a further page, or one that another replica applied first. Also return the
        next page if it was read.
        """
        if ahead is None or ahead.page.seen != after:
            ahead = await self._read(after)
        page = ahead.page
        following = asyncio.create_task(self._read(page.last)) if page.more else None
        try:
            applied = await self._apply(lane, ahead)
            return page.more or not applied, await following if following else None
        finally:
            if following:
                await end([following])

    async def _read(self, after: int) -> ReadPage:
        asked_at = self.context.clock()
        return ReadPage(await self.source.read(after), asked_at)

    async def _apply(self, lane: Lane, read: ReadPage) -> bool:
        complete_at = None if read.page.more else read.asked_at
        return await feeds.apply(self._pool, self.source.name, lane, read.page, complete_at)


@dataclass(frozen=True)
class Listening:
    """Handles the events: each requests a refresh, in the transaction that stores the event in the inbox."""

    context: ReportsContext
    consumer: str

    async def take(self, event: Event) -> None:
        source: feeds.Source = "outcomes" if event.told_by == "outcomes" else "referrals"
        async with transaction(self.context.background) as db:
            if await is_new(db, self.consumer, event):
                await feeds.want(db, source)
        self.context.news[source].set()


@dataclass(frozen=True)
class AgeBandRefresh:
    """
    Recounts records whose age band changed overnight, and rolls up old weekly totals.

    Until it has run, the dashboard corrects its own numbers, so its counts are right from midnight.
    """

    context: ReportsContext

    async def run(self) -> None:
        while await self.recount():
            pass
        await self.fold()

    async def fold(self) -> None:
        """Roll up the weeks that a dashboard no longer shows, so that it reads few rows however old a register is."""
        await feeds.fold_weeks(self.context.background, first_week(self.context.day()))

    async def recount(self) -> int:
        """Recount some of the overdue records, and return how many changed."""
        day = self.context.day()
        overdue = await feeds.find_overdue(self.context.background, day)
        known = [each for each in overdue if each.register_code in self.context.registers]
        return await feeds.recount(self.context.background, [self._anew(each, day) for each in known])

    def _anew(self, copy: feeds.OverdueCopy, day: date) -> RecountedCopy:
        register = self.context.registers.find(copy.register_code)
        counted = counted_later(register, copy.counted, copy.born, day)
        return RecountedCopy(copy.record_id, copy.sequence, counted.items, counted.until)


@dataclass(frozen=True)
class NightlyRebuild:
    """Compares the copies with their sources each night, and at a start if records are now counted differently."""

    context: ReportsContext
    sources: Sequence[Source]

    async def recount(self) -> None:
        """Begin to copy all records again if the registers now count other questions than the copies do."""
        wanted = counted_by(self.context.registers)
        state = await feeds.read_feed(self.context.background, "referrals")
        if state.counted_by == wanted:
            return
        if state.sequence:
            await feeds.begin_rebuild(self.context.background, "referrals")
        await feeds.keep_counted_by(self.context.background, "referrals", wanted)

    async def night(self) -> None:
        """
        Check the tallies, then begin to copy every source again.

        Only one replica begins the rebuild; all of them may check the tallies.
        """
        await self.prove()
        for source in self.sources:
            await feeds.begin_rebuild(self.context.background, source.name, FRESH)

    async def prove(self) -> int:
        """
        Compare the tallies with the copies, correct them and return how many were wrong.

        Also rolls up the weeks that are no longer shown.
        """
        async with transaction(self.context.background) as db:
            wrong = await feeds.prove_tallies(db, first_week(self.context.day()))
        (warn if wrong else log)("tallies.proved", wrong=wrong)
        return wrong
