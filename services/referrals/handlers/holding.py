"""Handlers that name the holder of a record and the users who cover it, and the job that tells of covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.events import RecordEvents
from services.referrals.rules import rights
from services.referrals.rules.rights import Cover, RecordHolder
from services.referrals.store import holding as store
from services.referrals.store.archiving import find_state
from services.referrals.store.holding import ChangedCover, Kept
from shared import audit, outbox
from shared.commands import carry_out, unless_repeated
from shared.context import ServiceContext
from shared.contracts.identity import CheckGrant
from shared.contracts.referrals.events import Happening
from shared.contracts.referrals.holding import AddCover, AssignHolder, EndCover, Holdings, ReadHoldings
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Event, Nothing, Refused, must_find
from shared.permissions import Visitor
from shared.registers.scope import reads_ended

MOST_COVERS_AT_ONCE = 500


@dataclass(frozen=True)
class HoldingHandlers:
    """
    The handlers of holders and covers. Before a user is named, identity says who they are and what they may do now.
    """

    context: ServiceContext

    async def assign(self, visitor: Visitor, asked: AssignHolder) -> Nothing:
        done = await unless_repeated(self.context.pool, visitor, asked, partial(self._assign, visitor, asked))
        self.context.wake()
        return done

    async def _assign(self, visitor: Visitor, asked: AssignHolder) -> Nothing:
        colleague = await self._colleague(visitor, asked.record_id, asked.user_id)

        async def act(db: Database) -> Nothing:
            record, holder = await _keep(db, visitor, asked.record_id)
            rights.check_may_assign(visitor, holder)
            rights.check_assignment(asked, holder)
            by = (visitor.user_id, visitor.full_name)
            who = (colleague.user_id, colleague.full_name)
            await store.replace_holder(db, new_id(), asked.record_id, who, self.context.day(), by)
            told: list[tuple[Happening, UUID]] = [("holder_named", asked.user_id)]
            told += [("holder_replaced", holder.user_id)] if holder.user_id != asked.user_id else []
            await self._tell(db, visitor, asked.record_id, record, told)
            await audit.note(db, visitor, ReferralsAction.RECORD_HOLDER_ASSIGNED, [asked.record_id, asked.user_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def add_cover(self, visitor: Visitor, asked: AddCover) -> Nothing:
        done = await unless_repeated(self.context.pool, visitor, asked, partial(self._add_cover, visitor, asked))
        self.context.wake()
        return done

    async def _add_cover(self, visitor: Visitor, asked: AddCover) -> Nothing:
        rights.check_cover(asked, self.context.day())
        colleague = await self._colleague(visitor, asked.record_id, asked.user_id)
        cover = Cover(asked.user_id, asked.from_day, asked.until_day)

        async def act(db: Database) -> Nothing:
            record, holder = await _keep(db, visitor, asked.record_id)
            rights.check_born(cover, record.born)
            rights.check_beside(cover, holder.user_id, await store.find_covers(db, asked.record_id, self.context.day()))
            by = (visitor.user_id, visitor.full_name)
            begins = asked.from_day <= self.context.day()
            await store.add_cover(db, new_id(), asked.record_id, cover, colleague.full_name, by, begins=begins)
            told: list[tuple[Happening, UUID]] = [("holder_named", asked.user_id)]
            told += [("cover_begun", holder.user_id)] if begins else []
            await self._tell(db, visitor, asked.record_id, record, told)
            await audit.note(db, visitor, ReferralsAction.RECORD_COVER_ADDED, [asked.record_id, asked.user_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def end_cover(self, visitor: Visitor, asked: EndCover) -> Nothing:
        async def act(db: Database) -> Nothing:
            await _keep(db, visitor, asked.record_id)
            by = (visitor.user_id, visitor.full_name)
            if await store.end_cover(db, asked.record_id, asked.holding_id, by):
                await audit.note(db, visitor, ReferralsAction.RECORD_COVER_ENDED, [asked.record_id, asked.holding_id])
            elif not await store.is_cover(db, asked.record_id, asked.holding_id):
                raise Refused("not_found")
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def read(self, visitor: Visitor, asked: ReadHoldings) -> Holdings:
        may_be_ended = reads_ended(self.context.registers.newest_of(visitor.register_code), visitor)
        async with transaction(self.context.pool, visitor) as db:
            found = must_find(await find_state(db, visitor, asked.record_id))
            if not found.is_open and not may_be_ended:
                raise Refused("not_found")
            await audit.note(db, visitor, ReferralsAction.RECORD_HOLDINGS_READ, [asked.record_id])
            return await store.find_named(db, asked.record_id)

    async def _tell(
        self, db: Database, visitor: Visitor, record_id: UUID, record: Kept, told: Sequence[tuple[Happening, UUID]]
    ) -> None:
        """Put the notices to colleagues into the outbox. Nobody is told of what they did themselves."""
        register = self.context.registers.find(visitor.register_code)
        receipt = RecordReceipt(record_id=record_id, reference=record.reference, version=record.version)
        for occasion, user_id in told:
            if user_id != visitor.user_id:
                events = RecordEvents(register, record.bodies, receipt, self.context.clock(), user_id)
                await outbox.put(db, events.colleague(occasion))

    async def _colleague(self, visitor: Visitor, record_id: UUID, user_id: UUID) -> Visitor:
        """Return the user to be named, as identity knows them now. Refused as `not_found` or `not_a_colleague`."""
        async with transaction(self.context.pool, visitor) as db:
            compartment = must_find(await store.find_compartment(db, visitor, record_id))
        question = CheckGrant(register_code=visitor.register_code, user_id=user_id)
        try:
            who = self.context.sign(question, "name_holder", visitor.user_id)
            grant = await self.context.bus.ask(question, who=who)
        except Refused:
            raise Refused("not_a_colleague") from None
        if grant.visitor.user_id != user_id or not rights.may_hold(grant.visitor, compartment):
            raise Refused("not_a_colleague")
        return grant.visitor


async def _keep(db: Database, visitor: Visitor, record_id: UUID) -> tuple[Kept, RecordHolder]:
    """Lock the record's holdings, and return the record with its holder. Refused as `not_found` or `archived`."""
    kept = must_find(await store.keep(db, visitor, record_id))
    if not kept.is_open:
        raise Refused("archived")
    return kept, await store.find_holder(db, record_id, kept.created_by)


@dataclass(frozen=True)
class CoverNotices:
    """Tells who covers a record and who holds it when the cover begins and when it is over. Any replica may do it."""

    context: ServiceContext

    async def tell(self) -> bool:
        """Tell of some covers in one transaction. Return True if there may be more."""
        registers = self.context.registers
        served = [each.code for each in registers.newest() if not registers.is_withheld(each.code)]
        async with transaction(self.context.background) as db:
            changed = await store.tell_covers(db, self.context.day(), served, MOST_COVERS_AT_ONCE)
            for cover in changed:
                for user_id in cover.told:
                    await outbox.put(db, self._notice(cover, user_id))
        if changed:
            self.context.wake()
        return len(changed) == MOST_COVERS_AT_ONCE

    def _notice(self, cover: ChangedCover, user_id: UUID) -> Event:
        register = self.context.registers.find(cover.register_code)
        receipt = RecordReceipt(record_id=cover.record_id, reference=cover.reference, version=cover.version)
        events = RecordEvents(register, cover.bodies, receipt, self.context.clock(), user_id)
        return events.colleague("cover_ended" if cover.is_over else "cover_begun")
