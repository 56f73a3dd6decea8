"""Handlers that say who looked at a record, and check for other services who may know it."""

from dataclasses import dataclass
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store import looking as store
from services.referrals.store.looking import LookedAt
from shared import audit
from shared.context import ServiceContext
from shared.contracts.looks import CheckLooks, LooksAllowed, ReadRecordLooks, RecordLooks
from shared.database import Database, transaction
from shared.messages import Refused, must_find
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of
from shared.registers.scope import reads_ended


@dataclass(frozen=True)
class LookingHandlers:
    """Only a record that the visitor can open says who looked at it. Reading that is audited like any other look."""

    context: ServiceContext

    async def read(self, visitor: Visitor, asked: ReadRecordLooks) -> RecordLooks:
        async with transaction(self.context.pool, visitor) as db:
            record = await self._find(db, visitor, asked.record_id)
            found = await store.read_looks(db, asked, compartment_of(visitor.register_code, record.bodies))
            await audit.note(db, visitor, ReferralsAction.RECORD_LOOKS_READ, [asked.record_id])
        return RecordLooks(
            looks=found.looks, more=found.more, user_ids=found.user_ids, reference=record.reference, name=record.name
        )

    async def check(self, visitor: Visitor, asked: CheckLooks) -> LooksAllowed:
        async with transaction(self.context.pool, visitor) as db:
            record = await self._find(db, visitor, asked.record_id)
        return LooksAllowed(record_id=asked.record_id, bodies=record.bodies)

    async def _find(self, db: Database, visitor: Visitor, record_id: UUID) -> LookedAt:
        found = must_find(await store.find_looked_at(db, visitor, record_id))
        if not found.is_open and not reads_ended(self.context.registers.newest_of(visitor.register_code), visitor):
            raise Refused("not_found")
        return found
