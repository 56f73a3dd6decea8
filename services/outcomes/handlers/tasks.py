"""The work list: tasks that wait for an administrator, and who has seen them."""

from dataclasses import dataclass

from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import tasks as store
from services.outcomes.store.tasks import Urgent
from shared import audit
from shared.commands import carry_out
from shared.contracts.outcomes import (
    MOST_TASKS,
    AcknowledgeTask,
    CountTasks,
    ListTasks,
    ReadTask,
    RecordTask,
    TaskCounts,
    Tasks,
    TaskSeen,
)
from shared.database import Database, transaction
from shared.messages import Refused, must_find
from shared.permissions import Visitor


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
            shown = agenda[:MOST_TASKS]
            await audit.note(db, visitor, OutcomesAction.TASK_LISTED, [each.record_id for each in (*urgent, *shown)])
        more = len(agenda) > MOST_TASKS
        return Tasks(urgent=urgent, agenda=shown, counts=counts, more_agenda=more, as_at=as_at)

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
