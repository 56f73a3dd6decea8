"""What every handler of outcomes works with: the shared parts, how a record stands, and what an outcome publishes."""

from uuid import UUID

from shared.context import ServiceContext
from shared.contracts.outcomes import OutcomeRecorded
from shared.contracts.referrals.archiving import CheckRecord, RecordChecked
from shared.ids import new_id

# Asking, archiving and giving up follow one upon the other while the gateway waits for five seconds.
CHECK_SECONDS = 1.5


class OutcomesContext(ServiceContext):
    """Shared by the handlers of one process."""

    async def check_record(self, assertion: str, record_id: UUID) -> RecordChecked:
        """How referrals has the record. Refused as `not_found` when the visitor of the assertion may not see it."""
        return await self.bus.ask(CheckRecord(record_id=record_id), who=assertion, seconds=CHECK_SECONDS)

    def recorded(self, register_code: str, record: RecordChecked, outcome_id: UUID) -> OutcomeRecorded:
        """The event that says that an outcome counts."""
        return OutcomeRecorded(
            event_id=new_id(),
            occurred_at=self.clock(),
            register_code=register_code,
            organisation_id=record.organisation_id,
            record_id=record.record_id,
            version=record.version,
            outcome_id=outcome_id,
        )
