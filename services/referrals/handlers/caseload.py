"""The handler of what a user looks after, which their home page shows."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules.reviewing import due_time
from services.referrals.store import caseload as store
from services.referrals.store.reviews import count_due
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.caseload import Caseload, ReadCaseload
from shared.contracts.referrals.reviews import DueCounts
from shared.database import Database, transaction
from shared.permissions import Visitor


@dataclass(frozen=True)
class CaseloadHandlers:
    """Reads the asker's own records, those that are new with them, and how many reviews are due."""

    context: ServiceContext

    async def read(self, visitor: Visitor, _asked: ReadCaseload) -> Caseload:
        async with transaction(self.context.pool, visitor) as db:
            own = await store.own_records(db, visitor) if visitor.own_records_only else None
            new = await store.new_records(db, visitor)
            reviews = await self._reviews(db, visitor)
            named = {each.record_id for each in (*new, own and own.oldest) if each}
            if named:
                await audit.note(db, visitor, ReferralsAction.RECORDS_LISTED, sorted(named))
        return Caseload(own=own, new=new, reviews=reviews)

    async def _reviews(self, db: Database, visitor: Visitor) -> DueCounts:
        register, day = self.context.registers.newest_of(visitor.register_code), self.context.day()
        if register is None or register.reviews is None:
            return DueCounts()
        return await count_due(db, visitor, due_time(register, ["overdue"], day), due_time(register, ["soon"], day))
