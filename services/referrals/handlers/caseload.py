"""The handler of what a user looks after, which their home page shows."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store import caseload as store
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.caseload import Caseload, ReadCaseload
from shared.database import transaction
from shared.permissions import Visitor


@dataclass(frozen=True)
class CaseloadHandlers:
    """Reads the asker's own records, and those that are new with them."""

    context: ServiceContext

    async def read(self, visitor: Visitor, _asked: ReadCaseload) -> Caseload:
        async with transaction(self.context.pool, visitor) as db:
            own = await store.own_records(db, visitor) if visitor.own_records_only else None
            new = await store.new_records(db, visitor)
            named = {each.record_id for each in (*new, own and own.oldest) if each}
            if named:
                await audit.note(db, visitor, ReferralsAction.RECORDS_LISTED, sorted(named))
        return Caseload(own=own, new=new)
