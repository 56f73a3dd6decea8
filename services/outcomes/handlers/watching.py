"""Keep tasks in line with ratings: after events, in a nightly comparison with referrals, and by escalation."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from services.outcomes import rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.rules import TaskChange
from services.outcomes.store import standings, tasks
from services.outcomes.store.tasks import NotSeen
from shared import audit, outbox
from shared.compartments import add_compartment
from shared.contracts.outcomes import UrgentNotSeen
from shared.contracts.referrals.events import RecordArchived, RecordEnded, RecordEvent, RecordReinstated
from shared.contracts.referrals.standing import ListStandings, ReadStanding, RecordStanding, Standings
from shared.database import Database, transaction
from shared.ids import new_id
from shared.inbox import is_new
from shared.messages import Message, Refused, Request
from shared.registers.bodies import compartment_of

Reply = TypeVar("Reply", bound=Message)

CONSUMER = "outcomes--event"
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)
MOST_TOLD_AT_ONCE = 100


@dataclass(frozen=True)
class Watching:
    """
    Opens and closes tasks as ratings change.

    An event only says that a record has changed. Referrals gives the current rating, which is never older than the
    event. So events may come late, twice or not at all.
    """

    context: OutcomesContext

    async def take(self, event: RecordEvent) -> None:
        standing = await self.read_standing(event.record_id)
        async with transaction(self.context.pool) as db:
            if await is_new(db, CONSUMER, event):
                away = event.version if isinstance(event, RecordArchived | RecordEnded | RecordReinstated) else None
                await bring_into_line(db, event.record_id, standing, self.context.clock(), away)

    async def read_standing(self, record_id: UUID) -> RecordStanding | None:
        """Return the record's current rating from referrals, or None if the record no longer exists."""
        try:
            return await self._ask(ReadStanding(record_id=record_id))
        except Refused as refusal:
            if refusal.code != "not_found":
                raise
            return None

    async def compare(self) -> None:
        """Compare every task with referrals, page by page, and correct it."""
        after: UUID | None = FIRST_ID
        while after is not None:
            page = await self._ask(ListStandings(after=after))
            await self._compare_page(after, page)
            after = page.last

    async def _compare_page(self, after: UUID, page: Standings) -> None:
        """
        Correct the tasks of one page. Records with a task that are missing from the page are asked for one at a time.
        """
        calling = [each.record_id for each in page.standings]
        async with transaction(self.context.pool) as db:
            known = await standings.find_standings(db, calling)
            waiting = await standings.records_with_tasks(db, after, page.last or LAST_ID)
        for standing in page.standings:
            held = known.get(standing.record_id)
            if held is None or rules.change_of(held, standing) != TaskChange():
                await self._compare_one(standing.record_id, standing)
        for record_id in set(waiting) - set(calling):
            await self._compare_one(record_id, await self.read_standing(record_id))

    async def _compare_one(self, record_id: UUID, standing: RecordStanding | None) -> None:
        async with transaction(self.context.pool) as db:
            await bring_into_line(db, record_id, standing, self.context.clock())

    async def _ask(self, request: Request[Reply]) -> Reply:
        """Ask referrals in the name of this service."""
        return await self.context.bus.ask(request, who=self.context.sign(request, "tasks"))


async def bring_into_line(
    db: Database, record_id: UUID, standing: RecordStanding | None, moment: datetime, away: int | None = None
) -> None:
    """
    Open and close tasks as the rating requires, unless a newer version is known. A deleted record has no task.

    What is stored about a record follows it into its compartment.

    `away`: the version with which the record was archived, ended or reinstated.
    """
    if standing:
        await add_compartment(db, standing.register_code, compartment_of(standing.register_code, standing.bodies))
    held = await standings.hold_standing(db, record_id, standing)
    change = rules.change_of(held, standing, away) if standing else TaskChange(close=held.task)
    if change.close:
        await standings.close_task(db, change.close.task_id, moment)
        await _note(db, OutcomesAction.TASK_CLOSED, change.close.task_id, record_id, change.close.register_code)
    if change.open and standing:
        task_id = new_id()
        await standings.open_task(db, task_id, change.open, standing)
        await _note(db, OutcomesAction.TASK_OPENED, task_id, record_id, standing.register_code)
    if change.keep and standing:
        await standings.keep_task(db, change.keep.task_id, standing)
    if standing and standing.version >= held.known:
        await standings.move_record(db, standing)


async def _note(db: Database, action: OutcomesAction, task_id: UUID, record_id: UUID, register_code: str) -> None:
    await audit.note(db, None, action, [task_id, record_id], register=register_code)


@dataclass(frozen=True)
class TaskEscalation:
    """Publishes an event for each urgent task that no one has seen within its register's time limit, once."""

    context: OutcomesContext

    async def tell_again(self) -> bool:
        """Publish the events. Return True if any were published, because there may be more."""
        now = self.context.clock()
        limits = ((each.code, each.lifecycle.urgent_minutes) for each in self.context.registers.newest())
        registers, opened_by = rules.opened_by(limits, now)
        async with transaction(self.context.pool) as db:
            taken = await tasks.take_not_seen(db, registers, opened_by, now, MOST_TOLD_AT_ONCE)
            for task in taken:
                await _note(db, OutcomesAction.TASK_TOLD_AGAIN, task.task_id, task.record_id, task.register_code)
                await outbox.put(db, self._event(task))
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
