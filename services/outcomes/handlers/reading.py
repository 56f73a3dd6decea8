"""List the outcomes of a record. The read is audited before the reply."""

from dataclasses import dataclass

from services.outcomes import rules
from services.outcomes.action_rules import check_is_lead
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import outcomes as store
from services.outcomes.store.outcomes import Listed
from shared import audit
from shared.contracts.outcomes import MOST_AT_ONCE, ListOutcomes, Outcomes, OutcomeShown, ReadToldOutcome, ToldOutcome
from shared.contracts.referrals.archiving import RecordChecked
from shared.database import transaction
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.scope import reads_ended

ROOM = 400_000  # bytes of answers, well below the limit of one message


@dataclass(frozen=True)
class ReadOutcomeHandler:
    """Handlers of requests that change nothing."""

    context: OutcomesContext

    async def list_outcomes(self, visitor: Visitor, assertion: str, asked: ListOutcomes) -> Outcomes:
        """
        Read the outcomes first, then check that the record is still active.

        In this order, an outcome that archived its record is never shown on a record that seems active. If the record
        has ended, and the visitor may open it, read them again: then the outcome that ended it is among them.
        """
        listed = await self._list(visitor, asked)
        record = await self.context.check_record(assertion, asked.record_id)
        if not record.is_open:
            listed = await self._list_of_ended(visitor, asked)
        found = _outcomes(asked, listed, record)
        async with transaction(self.context.pool, visitor) as db:
            shown = [each.outcome_id for each in found.outcomes]
            await audit.note(db, visitor, OutcomesAction.OUTCOME_LISTED, [asked.record_id, *shown])
        return found

    async def read_told(self, visitor: Visitor, assertion: str, asked: ReadToldOutcome) -> ToldOutcome:
        """Ask referrals whether the visitor may update the record, before anything is read."""
        record = await self.context.check_record(assertion, asked.record_id)
        check_is_lead(visitor, record)
        register = self.context.registers.find(visitor.register_code)
        told = register.outcome.told if register.outcome else ()
        async with transaction(self.context.pool, visitor) as db:
            found = await store.read_told(db, asked.record_id, told)
            if found.outcome_id is not None:
                await audit.note(
                    db, visitor, OutcomesAction.OUTCOME_TOLD_READ, [asked.record_id, found.outcome_id], found.answers
                )
        return found

    async def _list(self, visitor: Visitor, asked: ListOutcomes) -> Listed:
        async with transaction(self.context.pool, visitor) as db:
            return await store.list_outcomes(db, visitor.register_code, asked.record_id, asked.skip, MOST_AT_ONCE + 1)

    async def _list_of_ended(self, visitor: Visitor, asked: ListOutcomes) -> Listed:
        """Refused as `not_found` if the role may not open ended records, or the outcome that ends it is pending."""
        if not reads_ended(self.context.registers.newest_of(visitor.register_code), visitor):
            raise Refused("not_found")
        listed = await self._list(visitor, asked)
        if listed.being_archived:
            raise Refused("not_found")
        return listed


def _outcomes(asked: ListOutcomes, listed: Listed, record: RecordChecked) -> Outcomes:
    taken = rules.fitting(listed.sizes, MOST_AT_ONCE, ROOM)
    shown = zip(listed.outcomes[:taken], listed.versions[:taken], strict=True)
    return Outcomes(
        record_id=asked.record_id,
        outcomes=tuple(_as_it_stands(each, seen, record) for each, seen in shown),
        recorded=listed.recorded,
        more=taken < len(listed.outcomes),
        being_archived=listed.being_archived,
        is_open=record.is_open,
    )


def _as_it_stands(outcome: OutcomeShown, seen: int, record: RecordChecked) -> OutcomeShown:
    archived = outcome.ending and outcome.counted
    return outcome.model_copy(update={"reversed": rules.was_reversed(ending=archived, seen=seen, record=record)})
