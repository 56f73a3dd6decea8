"""Record an outcome, on a record that stays active or is archived with it."""

from dataclasses import dataclass

from services.outcomes import rules, store
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.ending import Endings
from services.outcomes.store import NewOutcome
from shared import audit, outbox
from shared.commands import answer_given, carry_out
from shared.contracts.outcomes import OutcomeReceipt, RecordOutcome
from shared.contracts.referrals.archiving import RecordChecked
from shared.database import Database
from shared.ids import new_id
from shared.permissions import Visitor


@dataclass(frozen=True)
class Recording:
    """Handler of new outcomes."""

    context: OutcomesContext
    endings: Endings

    async def record(self, visitor: Visitor, assertion: str, asked: RecordOutcome) -> OutcomeReceipt:
        receipt = await answer_given(self.context.pool, visitor, asked) or await self._check(visitor, assertion, asked)
        if not asked.ending:
            return receipt
        return await self.endings.go_forward(visitor, assertion, receipt.outcome_id)

    async def _check(self, visitor: Visitor, assertion: str, asked: RecordOutcome) -> OutcomeReceipt:
        register = self.context.register(visitor, asked.edition)
        answers = rules.checked_answers(register, asked, self.context.day())
        record = await self.context.check_record(assertion, asked.record_id)
        rules.check_takes_outcomes(record)
        outcome = NewOutcome(
            outcome_id=new_id(),
            edition=asked.edition,
            record_id=asked.record_id,
            record_version=asked.version,
            organisation_id=record.organisation_id,
            answers=answers,
            ending=asked.ending,
        )
        return await self._store(visitor, asked, record, outcome)

    async def _store(
        self, visitor: Visitor, asked: RecordOutcome, record: RecordChecked, outcome: NewOutcome
    ) -> OutcomeReceipt:
        """
        Store the outcome. The lock on the record keeps outcomes off a record that is being archived.

        Every archive begins with a row here, so this lock is enough.
        """

        async def act(db: Database) -> OutcomeReceipt:
            await store.hold_record(db, outcome.record_id)
            await store.mark_reversed(db, outcome.record_id, record.version)
            rules.check_not_ending(await store.find_ending_state(db, outcome.record_id))
            await store.add_outcome(db, visitor, outcome)
            act = OutcomesAction.OUTCOME_ARCHIVE_ASKED if outcome.ending else OutcomesAction.OUTCOME_RECORDED
            await audit.note(db, visitor, act, [outcome.outcome_id, outcome.record_id], outcome.answers)
            if not outcome.ending:
                await outbox.put(db, self.context.recorded(visitor.register_code, record, outcome.outcome_id))
            return OutcomeReceipt(outcome_id=outcome.outcome_id, pending=outcome.ending)

        receipt = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return receipt
