"""Handlers that reverse an archive made in error: one administrator asks, and a second one decides."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.telling import RecordEvents
from services.referrals.rules import answers, lists, ratings, rights, search
from services.referrals.store import reversing as store
from services.referrals.store.archiving import add_version
from services.referrals.store.reversing import Reversal
from services.referrals.store.scope import bodies_of
from shared import audit, outbox
from shared.commands import carry_out
from shared.context import ServiceContext
from shared.contracts.referrals.reversing import MOST_REVERSALS, AskReversal, DecideReversal, ListReversals, Reversals
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class Reversing:
    """
    The handlers of reversals. Confirming a reversal is a single transaction in this service.

    The outcomes service needs no message for it. It treats an archive as reversed if the record is active and has a
    later version than that archive left.
    """

    context: ServiceContext

    async def request(self, visitor: Visitor, asked: AskReversal) -> Nothing:
        reference = search.read_reference(visitor.register_code, asked.reference)
        reason = answers.kept_text(asked.reason)

        async def act(db: Database) -> Nothing:
            record = must_find(await store.find_archived(db, visitor, reference) if reference else None)
            if record.is_open:
                raise Refused("not_archived")
            await store.add_reversal(db, visitor, new_id(), record, reason)
            await audit.note(db, visitor, ReferralsAction.RECORD_REVERSAL_ASKED, [record.record_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def list_open(self, visitor: Visitor, _asked: ListReversals) -> Reversals:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.list_reversals(db, visitor, MOST_REVERSALS + 1)
            shown = lists.fitting(found[:MOST_REVERSALS])
            await audit.note(db, visitor, ReferralsAction.RECORD_REVERSALS_LISTED, [each.record_id for each in shown])
        return Reversals(reversals=shown, more=len(found) > len(shown))

    async def decide(self, visitor: Visitor, asked: DecideReversal) -> Nothing:
        async def act(db: Database) -> Nothing:
            reversal = must_find(await store.hold_reversal(db, visitor, asked.reversal_id))
            if reversal.state != "open":
                raise Refused("decided")
            if asked.confirmed:
                rights.check_is_second(visitor, reversal.asked_by)
            await store.decide(db, visitor, asked.reversal_id, confirmed=asked.confirmed)
            await (self._reinstate if asked.confirmed else self._decline)(db, visitor, reversal)
            return Nothing()

        answer = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return answer

    async def _decline(self, db: Database, visitor: Visitor, reversal: Reversal) -> None:
        await audit.note(db, visitor, ReferralsAction.RECORD_REVERSAL_DECLINED, [reversal.record_id])

    async def _reinstate(self, db: Database, visitor: Visitor, reversal: Reversal) -> None:
        record = await store.reinstate(db, reversal)
        if record is None:
            raise Refused("decided")
        await add_version(db, reversal.record_id, record, "reinstated", (visitor.user_id, visitor.full_name))
        await audit.note(db, visitor, ReferralsAction.RECORD_REINSTATED, [reversal.record_id])
        register = self.context.register(visitor, record["edition"])
        receipt = RecordReceipt(
            record_id=reversal.record_id,
            reference=record["reference"],
            version=record["version"],
            rating=record["rating"],
        )
        telling = RecordEvents(register, bodies_of(record), receipt, self.context.clock())
        level = register.rating.level(record["rating"]) if register.rating and record["rating"] else None
        for event in telling.reinstated(ratings.urgency_of(level)):
            await outbox.put(db, event)
