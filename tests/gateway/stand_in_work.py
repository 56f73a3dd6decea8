"""A stand-in for outcomes' tasks, and for referrals' names of their records, on a fake bus."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    DiscussTask,
    ListTasks,
    TaskCounts,
    Tasks,
    TaskSeen,
    TaskShown,
)
from shared.contracts.referrals.naming import NamedRecord, NamedRecords, NameRecords
from shared.messages import Nothing
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS

NOW = datetime(2026, 5, 4, 14, 5, tzinfo=UTC)
PEOPLE = {1: "Wendy White", 2: "Joe <b>Bloggs", 3: "Gordon Green", 4: "Ruby Scarlet"}

RATED = {3: "amber", 4: "amber"}
UPDATES = {2: "Seen at home. " * 40}
BORN = {4: date(2004, 8, 9)}
NONE = TaskCounts(urgent=0, unseen=0)


def a_task(number: int, minutes: int = 125, **changes: object) -> TaskShown:
    """Return a task for the record with this number, opened so many minutes ago."""
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
    """Return the same task, seen by this user five minutes ago."""
    return task.model_copy(update={"seen_by": name, "seen_at": NOW - timedelta(minutes=5)})


@dataclass
class StandInWork(StandIn):
    """
    The open tasks. Referrals names their records except those in `unknown`, and those `behind` do not stand for their
    person; `first` has already seen every task.
    """

    urgent: tuple[TaskShown, ...] = ()
    agenda: tuple[TaskShown, ...] = ()
    counts: TaskCounts = NONE
    more_agenda: bool = False
    met: int = 0
    discussed: tuple[TaskShown, ...] = ()
    behind: frozenset[UUID] = frozenset()
    first: str = ""
    unknown: frozenset[UUID] = frozenset()

    def table(self) -> tuple[Row, ...]:
        return (
            row(NameRecords, self._name),
            row(ListTasks, self._list),
            row(CountTasks, lambda _: self.counts),
            row(AcknowledgeTask, self._acknowledge),
            row(DiscussTask, lambda _: Nothing()),
        )

    def _list(self, _asked: ListTasks) -> Tasks:
        return Tasks(
            urgent=self.urgent,
            agenda=self.agenda,
            counts=self.counts,
            more_agenda=self.more_agenda,
            as_at=NOW,
            met=self.met,
            discussed=self.discussed,
        )

    def _name(self, asked: NameRecords) -> NamedRecords:
        known = [each for each in asked.record_ids if each not in self.unknown]
        return NamedRecords(records=tuple(self._named(each) for each in known))

    def _named(self, record_id: UUID) -> NamedRecord:
        return NamedRecord(
            record_id=record_id,
            name=PEOPLE[record_id.int],
            born=BORN.get(record_id.int),
            reference=f"DSR-7KQ2-M9X{record_id.int}",
            rating=RATED.get(record_id.int, "red"),
            rated_at=NOW,
            lead_professional="Lee Lead",
            lead_professional_contact="01632 960 001",
            latest_update=UPDATES.get(record_id.int, ""),
            stands=record_id not in self.behind,
        )

    def _acknowledge(self, asked: AcknowledgeTask) -> TaskSeen:
        name = self.first or "Jayne Billings"
        return TaskSeen(task_id=asked.task_id, seen_by=name, seen_at=NOW, is_asker=not self.first)
