"""The context that all handlers of outcomes share: the shared parts, the check of a record, and the outcome event."""

from dataclasses import dataclass
from uuid import UUID

from services.outcomes.store.tasks import AgendaTask
from shared.context import ServiceContext
from shared.contracts.outcomes import OutcomeRecorded, OutcomeTold, RecordDiscussed
from shared.contracts.referrals.archiving import CheckRecord, RecordChecked
from shared.ids import new_id
from shared.registers.bodies import Compartment

# The check, the archive and the refusal run in sequence while the gateway waits for five seconds.
CHECK_SECONDS = 1.5


@dataclass(frozen=True)
class CountedOutcome:
    """An outcome that counts from now on. `version` is the version of its record, which lies in the compartment."""

    outcome_id: UUID
    register_code: str
    record_id: UUID
    version: int
    compartment: Compartment


class OutcomesContext(ServiceContext):
    """The shared parts, with the check of a record and the event of an outcome."""

    async def check_record(self, assertion: str, record_id: UUID, edition: str | None = None) -> RecordChecked:
        """
        Return the record's current status in referrals. Refused as `not_found` if the visitor may not see it.

        `edition` is that of an outcome to be recorded.
        """
        question = CheckRecord(record_id=record_id, edition=edition)
        return await self.bus.ask(question, who=assertion, seconds=CHECK_SECONDS)

    def recorded(self, outcome: CountedOutcome) -> OutcomeRecorded:
        """Return the event that says that an outcome counts."""
        return OutcomeRecorded(
            event_id=new_id(),
            occurred_at=self.clock(),
            register_code=outcome.register_code,
            bodies=outcome.compartment.bodies,
            record_id=outcome.record_id,
            version=outcome.version,
            outcome_id=outcome.outcome_id,
        )

    def told_of(self, outcome: CountedOutcome, reference: str, recipient: UUID) -> OutcomeTold:
        """Return the notice that tells a user who created or holds a record of an outcome that counts."""
        return OutcomeTold(
            event_id=new_id(),
            occurred_at=self.clock(),
            register_code=outcome.register_code,
            bodies=outcome.compartment.bodies,
            record_id=outcome.record_id,
            version=outcome.version,
            reference=reference,
            recipient=recipient,
        )

    def discussed(self, register_code: str, task: AgendaTask, *, discussed: bool) -> RecordDiscussed:
        """Return the event that says that a meeting discussed a record, or that this was said in error."""
        return RecordDiscussed(
            event_id=new_id(),
            occurred_at=self.clock(),
            register_code=register_code,
            bodies=task.compartment.bodies,
            record_id=task.record_id,
            version=task.version,
            discussed=discussed,
        )
