"""Handlers of the list of records whose consent is to be confirmed (R-LOAD-003)."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store import consent as store
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.consent import (
    CONSENTS_ON_A_PAGE,
    ConsentCount,
    ConsentsToConfirm,
    CountConsentsToConfirm,
    ListConsentsToConfirm,
)
from shared.database import transaction
from shared.permissions import Visitor


@dataclass(frozen=True)
class ConsentHandlers:
    """Reads which records in the asker's sight wait for their consent to be confirmed."""

    context: ServiceContext

    async def list_waiting(self, visitor: Visitor, asked: ListConsentsToConfirm) -> ConsentsToConfirm:
        async with transaction(self.context.pool, visitor) as db:
            records = await store.list_waiting(db, visitor, (asked.page - 1) * CONSENTS_ON_A_PAGE)
            count = await store.count_waiting(db, visitor, self.context.day())
            if records:
                shown = [each.record_id for each in records]
                await audit.note(db, visitor, ReferralsAction.CONSENTS_TO_CONFIRM_LISTED, shown)
        return ConsentsToConfirm(records=records, count=count)

    async def count_waiting(self, visitor: Visitor, _asked: CountConsentsToConfirm) -> ConsentCount:
        async with transaction(self.context.pool, visitor) as db:
            return await store.count_waiting(db, visitor, self.context.day())
