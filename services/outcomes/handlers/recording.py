"""Record an outcome, on a record that stays active or is archived with it."""

from dataclasses import dataclass, replace

from services.outcomes import rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import CountedOutcome, OutcomesContext
from services.outcomes.handlers.ending import Endings
from services.outcomes.store import actions, endings, outcomes
from services.outcomes.store.outcomes import NewOutcome
from shared import audit, outbox
from shared.commands import carry_out, unless_repeated
from shared.compartments import add_compartment
from shared.contracts.outcomes import OutcomeReceipt, RecordOutcome
from shared.contracts.referrals.archiving import RecordChecked
from shared.database import Database
from shared.ids import new_id
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of
from shared.registers.form.conditions import Answer


@dataclass(frozen=True)
class Recording:
    """Handler of new outcomes."""

    context: OutcomesContext
    endings: Endings

    async def record(self, visitor: Visitor, assertion: str, asked: RecordOutcome) -> OutcomeReceipt:
        receipt = await unless_repeated(
            self.context.pool, visitor, asked, lambda: self._check(visitor, assertion, asked)
        )
        if not asked.ending:
            return receipt
        return await self.endings.go_forward(await self.context.reach(visitor), assertion, receipt.outcome_id)

    async def _check(self, visitor: Visitor, assertion: str, asked: RecordOutcome) -> OutcomeReceipt:
        register = self.context.register(visitor, asked.edition)
        rules.checked_answers(register, asked, self.context.day())
        record = await self.context.check_record(assertion, asked.record_id, asked.edition)
        rules.check_takes_outcomes(record)
        answers = rules.checked_answers(register, asked, self.context.day(), record.born)
        compartment = compartment_of(visitor.register_code, record.bodies)
        await add_compartment(self.context.pool, visitor.register_code, compartment)
        outcome = NewOutcome(
            outcome_id=new_id(),
            edition=asked.edition,
            record_id=asked.record_id,
            record_version=asked.version,
            compartment_id=compartment.compartment_id,
            answers=answers,
            ending=asked.ending,
        )
        counted = CountedOutcome(
            outcome_id=outcome.outcome_id,
            register_code=visitor.register_code,
            record_id=record.record_id,
            version=record.version,
            compartment=compartment,
        )
        return await self._store(await self.context.reach(visitor), asked, outcome, counted, record)

    async def _store(
        self,
        visitor: Visitor,
        asked: RecordOutcome,
        outcome: NewOutcome,
        counted: CountedOutcome,
        record: RecordChecked,
    ) -> OutcomeReceipt:
        """
        Store the outcome. The lock on the record keeps outcomes off a record that is being archived.

        Every archive begins with a row here, so this lock is enough. No action is added meanwhile either, so those that
        are open are counted here: they demand a reason in words.
        """

        async def act(db: Database) -> OutcomeReceipt:
            await outcomes.hold_record(db, outcome.record_id)
            await endings.mark_reversed(db, outcome.record_id, counted.version)
            rules.check_not_ending(await endings.find_ending_state(db, outcome.record_id))
            leaving = await self._leaving(db, visitor, asked, record.rating)
            await outcomes.add_outcome(db, visitor, replace(outcome, leaving=leaving))
            if self.context.registers.is_scoped_by_bodies(visitor.register_code):
                await outcomes.follow_record(db, outcome.record_id, counted.version)
            act = OutcomesAction.OUTCOME_ARCHIVE_ASKED if outcome.ending else OutcomesAction.OUTCOME_RECORDED
            await audit.note(db, visitor, act, [outcome.outcome_id, outcome.record_id], {**outcome.answers, **leaving})
            if not outcome.ending:
                await outbox.put(db, self.context.recorded(counted))
                for user_id in record.kept_by:
                    if user_id != visitor.user_id:
                        await outbox.put(db, self.context.told_of(counted, record.reference, user_id))
            return OutcomeReceipt(outcome_id=outcome.outcome_id, pending=outcome.ending)

        receipt = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return receipt

    async def _leaving(
        self, db: Database, visitor: Visitor, asked: RecordOutcome, rating: str | None
    ) -> dict[str, Answer]:
        """Return why the record ends, as answers to store; none if it does not end. Refused as `invalid_answers`."""
        if not asked.ending:
            return {}
        register = self.context.register(visitor, asked.edition)
        waiting = await actions.count_open(db, asked.record_id)
        return rules.checked_leaving(register, asked, self.context.day(), rating, waiting)
