"""Stands in for what outcomes knows of tasks, and for referrals which names their records, on a fake bus."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from shared.bus import Context
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    ListTasks,
    TaskCounts,
    Tasks,
    TaskSeen,
    TaskShown,
)
from shared.contracts.referrals import NamedRecord, NamedRecords, NameRecords
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, NotAnswered, Refused, Request
from tests.gateway.stand_in_identity import ORGANISATIONS

NOW = datetime(2026, 5, 4, 14, 5, tzinfo=UTC)
PEOPLE = {1: "Wendy White", 2: "Joe <b>Bloggs", 3: "Gordon Green", 4: "Ruby Scarlet"}

NONE = TaskCounts(urgent=0, unseen=0)

Asked = TypeVar("Asked", bound=Request[Message])


def a_task(number: int, minutes: int = 125, **changes: object) -> TaskShown:
    """Of the person of this number, opened so many minutes ago."""
    fields = {
        "task_id": UUID(int=100 + number),
        "record_id": UUID(int=number),
        "organisation_id": ORGANISATIONS[0].organisation_id,
        "reference": f"DSR-7KQ2-M9X{number}",
        "locality": "south_staffordshire",
        "opened_at": NOW - timedelta(minutes=minutes),
    }
    return TaskShown.model_validate(fields | changes)


def seen_by(name: str, task: TaskShown) -> TaskShown:
    """The same, seen by somebody five minutes ago."""
    return task.model_copy(update={"seen_by": name, "seen_at": NOW - timedelta(minutes=5)})


@dataclass
class StandInWork:
    """`asked` is every request in its order; `failing` says which kinds are refused or not answered, and how."""

    urgent: tuple[TaskShown, ...] = ()
    agenda: tuple[TaskShown, ...] = ()
    counts: TaskCounts = NONE
    more_agenda: bool = False
    first: str = ""
    unknown: frozenset[UUID] = frozenset()
    asked: list[Request[Message]] = field(default_factory=list)
    failing: dict[type[Request[Message]], Refused | NotAnswered] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        referrals, outcomes = FakeBus("referrals", wire), FakeBus("outcomes", wire)
        await referrals.answer(NameRecords, self._noting(self._name))
        await outcomes.answer(ListTasks, self._noting(self._list))
        await outcomes.answer(CountTasks, self._noting(self._count))
        await outcomes.answer(AcknowledgeTask, self._noting(self._acknowledge))

    def heard(self, kind: type[Asked]) -> list[Asked]:
        return [each for each in self.asked if isinstance(each, kind)]

    def _noting(self, reply: Callable[[Asked], Awaitable[Message]]) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            self.asked.append(asked)
            if failure := self.failing.get(type(asked)):
                raise failure
            return await reply(asked)

        return handler

    async def _list(self, _asked: ListTasks) -> Tasks:
        return Tasks(
            urgent=self.urgent, agenda=self.agenda, counts=self.counts, more_agenda=self.more_agenda, as_at=NOW
        )

    async def _count(self, _asked: CountTasks) -> TaskCounts:
        return self.counts

    async def _name(self, asked: NameRecords) -> NamedRecords:
        known = [each for each in asked.record_ids if each not in self.unknown]
        return NamedRecords(records=tuple(_named(each) for each in known))

    async def _acknowledge(self, asked: AcknowledgeTask) -> TaskSeen:
        name = self.first or "Jayne Billings"
        return TaskSeen(task_id=asked.task_id, seen_by=name, seen_at=NOW, is_asker=not self.first)


def _named(record_id: UUID) -> NamedRecord:
    return NamedRecord(
        record_id=record_id,
        name=PEOPLE[record_id.int],
        reference=f"DSR-7KQ2-M9X{record_id.int}",
        rating="red",
        rated_at=NOW,
        lead_professional="Lee Lead",
    )
