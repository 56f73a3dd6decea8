"""Helpers for tests of tasks: deliver the events of referrals, move the clock, and read the tasks."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.outcomes.handlers.watching import CONSUMER, TaskEscalation, Watching
from shared.contracts.outcomes import (
    AcknowledgeTask,
    ListTasks,
    TaskKind,
    Tasks,
    TaskSeen,
    TaskShown,
    UrgentNotSeen,
)
from shared.contracts.referrals.events import RecordEvent
from shared.contracts.referrals.saving import RecordReceipt
from shared.permissions import Visitor
from shared.registers.load import Registers
from tests.services.outcomes.rig import Rig
from tests.services.referrals.builders import colleague_of, new_id
from tests.services.referrals.rig import Owner

RED, AMBER, GREEN = "red", "amber", "green"

FIND_TASKS = """
    SELECT kind, opened_at, closed_at, seen_by_name, told_again_at
    FROM task
    WHERE record_id = $1
    ORDER BY opened_at, closed_at NULLS LAST
"""


@dataclass
class Clock:
    """A clock that runs ahead of the real one by `ahead`."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Watch:
    """The tasks of one rig, as the service, visitors and the schema's owner see them."""

    rig: Rig
    clock: Clock
    watching: Watching
    escalation: TaskEscalation

    @classmethod
    def over(cls, rig: Rig, registers: Registers) -> "Watch":
        clock = Clock()
        context = replace(rig.context, registers=registers, clock=clock)
        return cls(rig, clock, Watching(context), TaskEscalation(context))

    async def hear(self) -> None:
        """Deliver all events that referrals has stored so far."""
        while await self.rig.referrals.relay.carry_batch():
            pass

    def deaf(self) -> None:
        """Stop delivering events from now on."""
        self.rig.referrals.wire.followers.pop(CONSUMER, None)

    async def listed(self, visitor: Visitor, **skip: int) -> Tasks:
        return await self.rig.ask(visitor, ListTasks(**skip))

    async def the_urgent(self, visitor: Visitor) -> TaskShown:
        (task,) = (await self.listed(visitor)).urgent
        return task

    async def waiting(self, visitor: Visitor) -> dict[UUID, TaskKind]:
        """Return the records with open tasks in the visitor's scope, and the kind of each task."""
        found = await self.listed(visitor)
        urgent: dict[UUID, TaskKind] = {each.record_id: "urgent" for each in found.urgent}
        return urgent | {each.record_id: "agenda" for each in found.agenda}

    async def see(self, visitor: Visitor, task: TaskShown) -> TaskSeen:
        return await self.rig.ask(visitor, AcknowledgeTask(command_id=new_id(), task_id=task.task_id))

    async def told_again(self, record_id: UUID) -> list[UrgentNotSeen]:
        while await self.rig.relay.carry_batch():
            pass
        sent = self.rig.referrals.wire.published
        events = [
            UrgentNotSeen.model_validate_json(body)
            for subject, body, _ in sent
            if subject.endswith(f".{UrgentNotSeen.kind}")
        ]
        return [event for event in events if event.record_id == record_id]


async def kinds(owner: Owner, record: RecordReceipt) -> list[tuple[str, bool]]:
    """Return every task of the record, closed ones too, and whether it is open."""
    return [(row["kind"], row["closed_at"] is None) for row in await owner.rows(FIND_TASKS, record.record_id)]


async def events_of(rig: Rig, record: RecordReceipt) -> list[RecordEvent]:
    """Return the events of referrals about the record, in the order of its versions."""
    told = [each for each in await rig.referrals.told(record.record_id) if isinstance(each, RecordEvent)]
    return sorted(told, key=lambda each: each.version)


async def a_record(watch: Watch, administrator: Visitor, rating: str = RED, **changes: str) -> RecordReceipt:
    """Add a record as a colleague of the administrator, and let outcomes handle its event."""
    receipt = await watch.rig.referrals.submit(colleague_of(administrator), risk_level=rating, **changes)
    await watch.hear()
    return receipt


async def rerated(watch: Watch, administrator: Visitor, receipt: RecordReceipt, rating: str) -> RecordReceipt:
    updated = await watch.rig.referrals.update(administrator, receipt, risk_level=rating)
    await watch.hear()
    return updated
