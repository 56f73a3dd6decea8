"""The end of records by a date: the decisions of bodies, and the job that ends records on their day."""

from dataclasses import dataclass, replace

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.events import RecordEvents
from services.referrals.handlers.saving import check_saved, next_version, receipt_of
from services.referrals.rules import ending as rules
from services.referrals.rules.answers import kept_text
from services.referrals.rules.ending import End
from services.referrals.rules.saving import may_update
from services.referrals.store import ending as store
from services.referrals.store import saving
from services.referrals.store.ending import DueRecord
from services.referrals.store.saving import Present
from shared import outbox
from shared.commands import carry_out
from shared.context import ServiceContext
from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, scope_of, transaction
from shared.ids import new_id
from shared.messages import Event, Refused, must_find
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of
from shared.registers.definition.lifecycle import urgency_of
from shared.registers.form.person import rating_of

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class EndingHandlers:
    """Records what each body decides. The last decision ends the record if its day has come."""

    context: ServiceContext

    async def decide(self, visitor: Visitor, asked: DecideEnding) -> RecordReceipt:
        reason = kept_text(asked.reason)

        async def act(db: Database) -> RecordReceipt:
            await store.hold(db, asked.record_id)
            _, found = await saving.find_for_update(db, visitor, new_id(), asked.record_id)
            present = must_find(found)
            if not present.is_open:
                raise Refused("archived")
            if not may_update(visitor, present.created_by, is_held=present.is_held):
                raise Refused("not_yours")
            register = self.context.register(visitor, present.edition)
            rules.check_decision(register, visitor, present.answers, present.decided, asked)
            if await store.has_decided(db, asked.record_id, visitor.user_id):
                raise Refused("not_second")
            await store.add_decision(db, visitor, new_id(), asked, reason)
            decided = (*present.decided, asked.body)
            end = rules.end_of(register, present.state, present.answers, self.context.day(), decided, present.answers)
            return await self._save(db, visitor, present, end)

        receipt = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return receipt

    async def _save(self, db: Database, visitor: Visitor, present: Present, end: End) -> RecordReceipt:
        register = self.context.register(visitor, present.edition)
        version = next_version(present, compartment_of(register.code, present.bodies), end)
        if end.is_open:
            version = replace(version, act="decided", action=ReferralsAction.RECORD_ENDING_DECIDED)
        receipt = receipt_of(present, version, present.rating)
        telling = RecordEvents(register, present.bodies, receipt, self.context.clock(), present.created_by)
        urgency = urgency_of(rating_of(register, present.answers))
        events = telling.updated(None) if end.is_open else telling.ended(urgency)
        check_saved(await saving.store_version(db, scope_of(visitor), version, None, events))
        return receipt


@dataclass(frozen=True)
class DueRecords:
    """Ends the records whose day has come. Any replica may do it, and doing it twice changes nothing."""

    context: ServiceContext

    async def end(self) -> bool:
        """End some records in one transaction. Return True if there may be more."""
        registers = self.context.registers
        served = [each for each in registers.newest() if not registers.is_withheld(each.code)]
        by_date = [(each.code, each.lifecycle.ends_by("date")) for each in served]
        states = {code: transition.to_state for code, transition in by_date if transition}
        async with transaction(self.context.background) as db:
            ended = await store.end_due(db, self.context.day(), states, MOST_AT_ONCE)
            for record in ended:
                for event in self._events(record):
                    await outbox.put(db, event)
        if ended:
            self.context.wake()
        return len(ended) == MOST_AT_ONCE

    def _events(self, record: DueRecord) -> list[Event]:
        register = self.context.registers.find(record.register_code)
        receipt = RecordReceipt(
            record_id=record.record_id, reference=record.reference, version=record.version, is_open=False
        )
        telling = RecordEvents(register, record.bodies, receipt, self.context.clock(), record.created_by)
        level = register.rating.level(record.rating) if register.rating and record.rating else None
        return telling.ended(urgency_of(level))
