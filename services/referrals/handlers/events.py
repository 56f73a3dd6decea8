"""Events about a record: a public event without personal data, and notices for the notifier."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shared.contracts.referrals.events import (
    Happening,
    RecordArchived,
    RecordCreated,
    RecordEnded,
    RecordEvent,
    RecordMoved,
    RecordNotice,
    RecordReinstated,
    RecordUpdated,
    RoutineNotice,
    Urgency,
    UrgentNotice,
)
from shared.contracts.referrals.saving import RecordReceipt
from shared.ids import new_id
from shared.messages import Event
from shared.registers.bodies import compartment_of
from shared.registers.definition.register import Definition

Told = TypeVar("Told", bound=RecordEvent)


@dataclass(frozen=True)
class RecordEvents:
    """
    Builds the events of one record at one moment. `submitted_by` is the user who added the record, where known.

    `bodies` are those of the record now. `bodies_before` are those that it had before an update. The public event goes
    to both, and notices to `bodies` alone.
    """

    register: Definition
    bodies: tuple[str, ...]
    receipt: RecordReceipt
    moment: datetime
    submitted_by: UUID | None = None
    bodies_before: tuple[str, ...] = ()

    def created(self, urgency: Urgency) -> list[Event]:
        """Return the events of a new record. The notice is urgent if the rating is urgent."""
        notice = self._notice(UrgentNotice if urgency == "urgent" else RoutineNotice, "record_created", urgency)
        return [self._event(RecordCreated), notice]

    def loaded(self) -> list[Event]:
        """Return the events of a new record from a spreadsheet. Nobody is mailed about a single row (R-USE-013)."""
        return [self._event(RecordCreated)]

    def updated(self, urgency: Urgency | None) -> list[Event]:
        """
        Return the events of an update.

        `urgency` is the urgency of a rating that needs a notice; None sends no notice.
        """
        if urgency is None:
            return [self._event(RecordUpdated), *self._moved()]
        notice = self._notice(UrgentNotice if urgency == "urgent" else RoutineNotice, "rating_changed", urgency)
        return [self._event(RecordUpdated), *self._moved(), notice]

    def archived(self, urgency: Urgency) -> list[Event]:
        """Return the events of an archive. The notice is never urgent, whatever the last rating was."""
        return [self._event(RecordArchived), self._notice(RoutineNotice, "record_ended", urgency)]

    def ended(self, urgency: Urgency | None) -> list[Event]:
        """
        Return the events of a record that ended by a date. The notice is never urgent, whatever the rating was.

        None sends no notice.
        """
        notices = [self._notice(RoutineNotice, "record_ended", urgency)] if urgency else []
        return [self._event(RecordEnded), *self._moved(), *notices]

    def reinstated(self, urgency: Urgency) -> list[Event]:
        """Return the events of a reinstatement, with an urgent notice if the rating is urgent."""
        notices = [self._notice(UrgentNotice, "rating_changed", urgency)] if urgency == "urgent" else []
        return [self._event(RecordReinstated), *notices]

    def colleague(self, occasion: Happening) -> Event:
        """Return the notice that tells a colleague, `submitted_by`, of a change of holder or cover."""
        return self._notice(RoutineNotice, occasion, "routine")

    def _moved(self) -> list[Event]:
        """Return a notice that the record has moved, if it has."""
        if not self.bodies_before or frozenset(self.bodies_before) == frozenset(self.bodies):
            return []
        moved = RecordMoved(
            event_id=new_id(),
            occurred_at=self.moment,
            register_code=self.register.code,
            bodies=self.bodies,
            record_id=self.receipt.record_id,
            version=self.receipt.version,
        )
        return [moved]

    def _event(self, kind: type[Told]) -> Told:
        return kind(
            event_id=new_id(),
            occurred_at=self.moment,
            register_code=self.register.code,
            bodies=compartment_of(self.register.code, (*self.bodies_before, *self.bodies)).bodies,
            record_id=self.receipt.record_id,
            version=self.receipt.version,
            noun=self.register.noun,
        )

    def _notice(self, kind: type[RecordNotice], occasion: Happening, urgency: Urgency) -> RecordNotice:
        return kind(
            event_id=new_id(),
            occurred_at=self.moment,
            register_code=self.register.code,
            bodies=self.bodies,
            record_id=self.receipt.record_id,
            version=self.receipt.version,
            reference=self.receipt.reference,
            occasion=occasion,
            urgency=urgency,
            submitted_by=self.submitted_by,
        )
