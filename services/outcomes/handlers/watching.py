"""Keep tasks in line with ratings: after events, in a nightly comparison with referrals, and by escalation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from services.outcomes import rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.rules import KnownRecord, TaskChange
from services.outcomes.store import standings as store
from services.outcomes.store import tasks
from services.outcomes.store.reminders import place_actions
from services.outcomes.store.standings import NewTask
from services.outcomes.store.tasks import NotSeen
from shared import audit, outbox
from shared.audit import Noted
from shared.compartments import add_compartment
from shared.contracts.outcomes import UrgentNotSeen
from shared.contracts.referrals.events import RecordEvent
from shared.contracts.referrals.standing import (
    MOST_STANDINGS,
    ListStandings,
    ReadStandings,
    RecordStanding,
    Standings,
)
from shared.database import Database, transaction
from shared.ids import new_id
from shared.inbox import new_ones
from shared.messages import Message, Request
from shared.registers.bodies import compartment_of

Reply = TypeVar("Reply", bound=Message)
Item = TypeVar("Item")

CONSUMER = "outcomes--event"
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)
MOST_TOLD_AT_ONCE = 100
MOST_CORRECTED_AT_ONCE = 20
NOT_AWAY: Mapping[UUID, int] = MappingProxyType({})


@dataclass(frozen=True)
class Watching:
    """
    Opens and closes tasks as ratings change.

    An event only says that a record has changed. Referrals gives the current rating, which is never older than the
    event. So events may come late, twice or not at all.
    """

    context: OutcomesContext

    async def take(self, event: RecordEvent) -> None:
        await self.take_together([event])

    async def take_together(self, events: Sequence[RecordEvent]) -> None:
        """Handle events, of any registers and compartments, with one request to referrals and in one transaction."""
        standings = await self.read_standings([each.record_id for each in events])
        async with transaction(self.context.background) as db:
            new = await new_ones(db, CONSUMER, events)
            changed = {each.record_id: standings[each.record_id] for each in new}
            await bring_all_into_line(db, changed, self.context.clock(), rules.went_away(new))

    async def read_standings(self, record_ids: Iterable[UUID]) -> dict[UUID, RecordStanding | None]:
        """Return the current rating of each record from referrals, or None if the record no longer exists."""
        standings: dict[UUID, RecordStanding | None] = dict.fromkeys(record_ids)
        for asked in portions(list(standings), MOST_STANDINGS):
            found = await self._ask(ReadStandings(record_ids=tuple(asked)))
            standings |= {each.record_id: each for each in found.standings}
        return standings

    async def compare(self) -> None:
        """Compare every task with referrals, page by page, and correct it."""
        after: UUID | None = FIRST_ID
        while after is not None:
            page = await self._ask(ListStandings(after=after))
            await self._compare_page(after, page)
            after = page.last

    async def _compare_page(self, after: UUID, page: Standings) -> None:
        """Correct the tasks of one page. Records with a task that are missing from the page are asked for."""
        calling = [each.record_id for each in page.standings]
        async with transaction(self.context.background) as db:
            known = await store.find_standings(db, calling)
            waiting = await store.records_with_tasks(db, after, page.last or LAST_ID)
        wrong = {each.record_id: each for each in page.standings if _is_wrong(known.get(each.record_id), each)}
        await self._correct(wrong | await self.read_standings(set(waiting) - set(calling)))

    async def _correct(self, standings: Mapping[UUID, RecordStanding | None]) -> None:
        """Correct the tasks of these records, some in each transaction, so that no lock is held for long."""
        for record_ids in portions(list(standings), MOST_CORRECTED_AT_ONCE):
            async with transaction(self.context.background) as db:
                some = {each: standings[each] for each in record_ids}
                await bring_all_into_line(db, some, self.context.clock())

    async def _ask(self, request: Request[Reply]) -> Reply:
        """Ask referrals in the name of this service."""
        return await self.context.bus.ask(request, who=self.context.sign(request, "tasks"))


def portions(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    """Split a sequence into parts of at most this length."""
    return (items[start : start + most] for start in range(0, len(items), most))


async def bring_into_line(db: Database, record_id: UUID, standing: RecordStanding | None, moment: datetime) -> None:
    """Open and close the task of one record, as `bring_all_into_line` does."""
    await bring_all_into_line(db, {record_id: standing}, moment)


async def bring_all_into_line(
    db: Database,
    standings: Mapping[UUID, RecordStanding | None],
    moment: datetime,
    away: Mapping[UUID, int] = NOT_AWAY,
) -> None:
    """
    Open and close tasks as the ratings require, unless a newer version is known. A deleted record has no task.

    What is stored about a record follows it into its compartment.

    `away`: the version with which a record was archived, ended or reinstated.
    """
    await _add_compartments(db, standings.values())
    held = await store.hold_standings(db, standings)
    await store.note_open(db, held, standings, moment)
    changes = TaskChanges()
    for record_id, standing in standings.items():
        changes.add(record_id, standing, _change_of(held[record_id], standing, away.get(record_id)))
    await changes.store(db, moment)
    newest = {key: each for key, each in standings.items() if each and each.version >= held[key].known}
    await place_actions(db, {key: each.locality for key, each in newest.items()})


def _change_of(held: KnownRecord, standing: RecordStanding | None, away: int | None = None) -> TaskChange:
    return rules.change_of(held, standing, away) if standing else TaskChange(close=held.task)


def _is_wrong(held: KnownRecord | None, standing: RecordStanding) -> bool:
    """Return whether the task of a record does not match its rating, or nothing is known of the record."""
    return held is None or rules.change_of(held, standing) != TaskChange()


@dataclass(frozen=True)
class TaskChanges:
    """The changes to the tasks of several records, stored and audited together."""

    closed: list[UUID] = field(default_factory=list)
    opened: list[NewTask] = field(default_factory=list)
    kept: list[tuple[UUID, RecordStanding]] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)

    def add(self, record_id: UUID, standing: RecordStanding | None, change: TaskChange) -> None:
        if change.close:
            task_id, register = change.close.task_id, change.close.register_code
            self.closed.append(task_id)
            self.noted.append(Noted(OutcomesAction.TASK_CLOSED, (task_id, record_id), register))
        if change.open and standing:
            task = store.new_task(new_id(), change.open, standing)
            self.opened.append(task)
            self.noted.append(Noted(OutcomesAction.TASK_OPENED, (task.task_id, record_id), task.register_code))
        if change.keep and standing:
            self.kept.append((change.keep.task_id, standing))

    async def store(self, db: Database, moment: datetime) -> None:
        """Store the changes. Closing comes first, because a record has one open task at most."""
        await store.close_tasks(db, self.closed, moment)
        await store.open_tasks(db, self.opened)
        await store.keep_tasks(db, self.kept)
        await audit.note_all(db, self.noted)


async def _add_compartments(db: Database, standings: Iterable[RecordStanding | None]) -> None:
    """Store the compartments of these records, in the order of their ids, so that no two processes wait in a circle."""
    there = {(compartment_of(each.register_code, each.bodies), each.register_code) for each in standings if each}
    for compartment, register_code in sorted(there, key=lambda each: each[0].compartment_id):
        await add_compartment(db, register_code, compartment)


def _told_again(task: NotSeen) -> Noted:
    return Noted(OutcomesAction.TASK_TOLD_AGAIN, (task.task_id, task.record_id), task.register_code)


@dataclass(frozen=True)
class TaskEscalation:
    """Publishes an event for each urgent task that no one has seen within its register's time limit, once."""

    context: OutcomesContext

    async def tell_again(self) -> bool:
        """Publish the events. Return True if any were published, because there may be more."""
        now = self.context.clock()
        limits = ((each.code, each.lifecycle.urgent_minutes) for each in self.context.registers.newest())
        registers, opened_by = rules.opened_by(limits, now)
        async with transaction(self.context.background) as db:
            taken = await tasks.take_not_seen(db, registers, opened_by, now, MOST_TOLD_AT_ONCE)
            for task in taken:
                await outbox.put(db, self._event(task))
            await audit.note_all(db, [_told_again(task) for task in taken])
        if taken:
            self.context.wake()
        return bool(taken)

    def _event(self, task: NotSeen) -> UrgentNotSeen:
        return UrgentNotSeen(
            event_id=new_id(),
            occurred_at=self.context.clock(),
            register_code=task.register_code,
            bodies=task.compartment.bodies,
            record_id=task.record_id,
            version=task.record_version,
            reference=task.reference,
        )
