"""What is told of a record: a public event without anything about the person, and a notice for the notifier."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from services.referrals import rules
from services.referrals.handlers.desk import new_id
from shared.contracts.referrals import (
    RecordArchived,
    RecordCreated,
    RecordEvent,
    RecordNotice,
    RecordReceipt,
    RecordReinstated,
    RecordUpdated,
    RoutineNotice,
    UrgentNotice,
)
from shared.messages import Event
from shared.registers.definition import Definition

Told = TypeVar("Told", bound=RecordEvent)


@dataclass(frozen=True)
class Telling:
    """The events of one record at one moment."""

    register: Definition
    organisation_id: UUID
    receipt: RecordReceipt
    moment: datetime

    def created(self, *, urgent: bool) -> list[Event]:
        """Every new record is noticed, urgently when it is rated so."""
        notice = self._notice(UrgentNotice if urgent else RoutineNotice, "record_created")
        return [self._event(RecordCreated), notice]

    def updated(self, *, urgent: bool) -> list[Event]:
        """`urgent`: it was not before."""
        notices = [self._notice(UrgentNotice, "rating_changed")] if urgent else []
        return [self._event(RecordUpdated), *notices]

    def archived(self) -> RecordArchived:
        return self._event(RecordArchived)

    def reinstated(self, *, urgent: bool) -> list[Event]:
        """An urgent record waits for somebody again."""
        notices = [self._notice(UrgentNotice, "rating_changed")] if urgent else []
        return [self._event(RecordReinstated), *notices]

    def _event(self, kind: type[Told]) -> Told:
        return kind(
            event_id=new_id(),
            occurred_at=self.moment,
            register_code=self.register.code,
            organisation_id=self.organisation_id,
            record_id=self.receipt.record_id,
            version=self.receipt.version,
            noun=rules.noun_of(self.register),
        )

    def _notice(self, kind: type[RecordNotice], occasion: Literal["record_created", "rating_changed"]) -> RecordNotice:
        return kind(
            event_id=new_id(),
            occurred_at=self.moment,
            register_code=self.register.code,
            organisation_id=self.organisation_id,
            record_id=self.receipt.record_id,
            version=self.receipt.version,
            reference=self.receipt.reference,
            occasion=occasion,
        )
