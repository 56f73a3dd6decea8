"""The work list: tasks that wait for an administrator, and who has seen them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.outcomes import rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import tasks as store
from services.outcomes.store.outcomes import StoredOutcome, find_last
from services.outcomes.store.tasks import AgendaTask, Urgent
from shared import audit, outbox
from shared.commands import carry_out
from shared.contracts.outcomes import (
    MOST_TASKS,
    AcknowledgeTask,
    CountTasks,
    DiscussTask,
    LastOutcome,
    ListTasks,
    ReadTask,
    RecordTask,
    TaskCounts,
    Tasks,
    TaskSeen,
    TaskShown,
)
from shared.database import Database, transaction
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor

MOST_DISCUSSED = 50


@dataclass(frozen=True)
class TaskList:
    """Handlers of administrators' requests about tasks."""

    context: OutcomesContext

    async def list_tasks(self, visitor: Visitor, asked: ListTasks) -> Tasks:
        as_at = self.context.clock()
        async with transaction(self.context.pool, visitor) as db:
            urgent = await store.list_tasks(db, visitor, "urgent", asked.skip_urgent, MOST_TASKS)
            agenda = await store.list_tasks(db, visitor, "agenda", asked.skip_agenda, MOST_TASKS + 1)
            counts = await store.count_tasks(db, visitor)
            met = await store.count_met(db, visitor)
            discussed = await store.list_discussed(db, visitor, MOST_DISCUSSED)
            shown = agenda[:MOST_TASKS]
            record_ids = [each.record_id for each in (*urgent, *shown, *discussed)]
            last = await find_last(db, visitor, record_ids)
            await audit.note(db, visitor, OutcomesAction.TASK_LISTED, record_ids)
        return Tasks(
            urgent=self._with_outcomes(visitor, urgent, last),
            agenda=self._with_outcomes(visitor, shown, last),
            counts=counts,
            more_agenda=len(agenda) > MOST_TASKS,
            as_at=as_at,
            met=met,
            discussed=self._with_outcomes(visitor, discussed, last),
        )

    def _with_outcomes(
        self, visitor: Visitor, tasks: Sequence[TaskShown], last: Mapping[UUID, StoredOutcome]
    ) -> tuple[TaskShown, ...]:
        """Return the tasks with the last outcome of their records."""

        def of(outcome: StoredOutcome) -> LastOutcome:
            register = self.context.registers.find(visitor.register_code, outcome.edition)
            return LastOutcome(recorded_at=outcome.recorded_at, said=rules.said_by(register, outcome.answers))

        return tuple(
            each.model_copy(update={"last_outcome": of(last[each.record_id])}) if each.record_id in last else each
            for each in tasks
        )

    async def discuss(self, visitor: Visitor, asked: DiscussTask) -> Nothing:
        """Take a task off the agenda, or put it back. If another user was first, nothing changes."""

        async def act(db: Database) -> Nothing:
            task = must_find(await store.hold_agenda(db, visitor, asked.task_id))
            if task.closed:
                raise Refused("closed")
            if task.version != asked.version:
                raise Refused("changed")
            if task.discussed != asked.discussed:
                await self._discuss(db, visitor, asked, task)
            return Nothing()

        done = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return done

    async def _discuss(self, db: Database, visitor: Visitor, asked: DiscussTask, task: AgendaTask) -> None:
        moment = self.context.clock() if asked.discussed else None
        by = (visitor.user_id, visitor.full_name) if asked.discussed else None
        await store.mark_discussed(db, asked.task_id, moment, by)
        action = OutcomesAction.TASK_DISCUSSED if asked.discussed else OutcomesAction.TASK_PUT_BACK
        await audit.note(db, visitor, action, [asked.task_id, task.record_id])
        await outbox.put(db, self.context.discussed(visitor.register_code, task, discussed=asked.discussed))

    async def count_tasks(self, visitor: Visitor, _asked: CountTasks) -> TaskCounts:
        async with transaction(self.context.pool, visitor) as db:
            return await store.count_tasks(db, visitor)

    async def read_task(self, visitor: Visitor, asked: ReadTask) -> RecordTask:
        async with transaction(self.context.pool, visitor) as db:
            return RecordTask(record_id=asked.record_id, task=await store.find_urgent(db, visitor, asked.record_id))

    async def acknowledge(self, visitor: Visitor, asked: AcknowledgeTask) -> TaskSeen:
        """Mark the task as seen. It stays open until its record's rating changes."""

        async def act(db: Database) -> TaskSeen:
            task = must_find(await store.hold_urgent(db, visitor, asked.task_id))
            if task.closed:
                raise Refused("closed")
            return _seen_before(visitor, asked, task) or await self._mark(db, visitor, asked, task)

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _mark(self, db: Database, visitor: Visitor, asked: AcknowledgeTask, task: Urgent) -> TaskSeen:
        moment = self.context.clock()
        await store.mark_seen(db, visitor, asked.task_id, moment)
        await audit.note(db, visitor, OutcomesAction.TASK_SEEN, [asked.task_id, task.record_id])
        return TaskSeen(task_id=asked.task_id, seen_by=visitor.full_name, seen_at=moment, is_asker=True)


def _seen_before(visitor: Visitor, asked: AcknowledgeTask, task: Urgent) -> TaskSeen | None:
    if task.seen_at is None or task.seen_by_name is None:
        return None
    is_asker = task.seen_by == visitor.user_id
    return TaskSeen(task_id=asked.task_id, seen_by=task.seen_by_name, seen_at=task.seen_at, is_asker=is_asker)
