"""The outcomes of a record: audited before the reply."""

from dataclasses import dataclass

from services.outcomes import rules, store
from services.outcomes.handlers.desk import Desk
from services.outcomes.store import Listed
from shared import audit
from shared.contracts.outcomes import MOST_AT_ONCE, ListOutcomes, Outcomes
from shared.database import transaction
from shared.messages import Refused
from shared.permissions import Visitor

ROOM = 400_000  # bytes of answers, well below what one message carries


@dataclass(frozen=True)
class Reading:
    """The handler of what changes nothing."""

    desk: Desk

    async def list_outcomes(self, visitor: Visitor, assertion: str, asked: ListOutcomes) -> Outcomes:
        """
        First the outcomes, then whether the record is still active.

        In this order an outcome that has archived its record is never shown on a record that seems active.
        """
        async with transaction(self.desk.pool, visitor) as db:
            listed = await store.list_outcomes(db, visitor.register_code, asked.record_id, asked.skip, MOST_AT_ONCE + 1)
        record = await self.desk.check_record(assertion, asked.record_id)
        if record.archived:
            raise Refused("not_found")
        found = _outcomes(asked, listed)
        async with transaction(self.desk.pool, visitor) as db:
            shown = [each.outcome_id for each in found.outcomes]
            await audit.note(db, visitor, "outcome.listed", [asked.record_id, *shown])
        return found


def _outcomes(asked: ListOutcomes, listed: Listed) -> Outcomes:
    taken = rules.fitting(listed.sizes, MOST_AT_ONCE, ROOM)
    return Outcomes(
        record_id=asked.record_id,
        outcomes=tuple(listed.outcomes[:taken]),
        recorded=listed.recorded,
        more=taken < len(listed.outcomes),
        being_archived=listed.being_archived,
    )
