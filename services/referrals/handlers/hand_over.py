"""Handlers that list all records that one user holds, and hand them over to another in one act."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules import rights
from services.referrals.store import hand_over as store
from services.referrals.store.hand_over import HeldNow
from services.referrals.store.holding import FEED_AGAIN
from shared import audit, outbox
from shared.commands import carry_out, unless_repeated
from shared.context import ServiceContext
from shared.contracts.identity import CheckGrant
from shared.contracts.referrals.events import HandedOverAs, RecordsHandedOver
from shared.contracts.referrals.hand_over import (
    HELD_AT_ONCE,
    MOST_AT_ONCE,
    MOST_NAMED,
    CheckHandOver,
    CountHeld,
    HandedOver,
    HandOver,
    HandOverChecked,
    HeldCount,
    HeldRecords,
    ListHeld,
)
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of


@dataclass(frozen=True, repr=False)
class Sorted:
    """The records of a hand-over: those that move now, those that the new holder may not see, and how many wait."""

    moving: Sequence[HeldNow]
    unseen: Sequence[HeldNow]
    later: int

    @property
    def seen(self) -> str:
        """A digest of the records that move and of the entries that name their holders."""
        named = (f"{each.record_id.hex}{each.holding_id.hex if each.holding_id else '-'}" for each in self.moving)
        return hashlib.sha256("\n".join(sorted(named)).encode()).hexdigest()


def sort_out(held: Sequence[HeldNow], new_holder: Visitor, kept: Collection[UUID]) -> Sorted:
    """Sort what a user holds by what becomes of it. `new_holder` has the rights of this moment."""
    asked = [each for each in held if each.record_id not in kept]
    code = new_holder.register_code
    compartments = {each.bodies: compartment_of(code, each.bodies) for each in asked}
    seen_by = {bodies: rights.may_hold(new_holder, each) for bodies, each in compartments.items()}
    moving = [each for each in asked if seen_by[each.bodies]]
    unseen = [each for each in asked if not seen_by[each.bodies]]
    return Sorted(moving[:MOST_AT_ONCE], unseen, len(moving[MOST_AT_ONCE:]))


@dataclass(frozen=True)
class HandOverHandlers:
    """Lists, checks and hands over. Before a user is named, identity says who they are and what they may do now."""

    context: ServiceContext

    async def list_held(self, visitor: Visitor, asked: ListHeld) -> HeldRecords:
        rights.check_may_hand_over_all(visitor, asked.user_id)
        day = self.context.day()
        async with transaction(self.context.pool, visitor) as db:
            total = await store.count_held(db, visitor, asked.user_id)
            full_name, page = await store.list_held(db, visitor, asked.user_id, asked.skip, HELD_AT_ONCE)
            covers = await store.find_covers_of(db, [each.record_id for each in page], day)
            covered = await store.list_covered(db, visitor, asked.user_id, day, MOST_NAMED)
            listed = {each.record_id for each in page} | {each.record_id for each in covered}
            if listed:
                await audit.note(db, visitor, ReferralsAction.RECORDS_LISTED, sorted(listed))
        records = tuple(each.model_copy(update={"covers": covers.get(each.record_id, ())}) for each in page)
        return HeldRecords(full_name=full_name, total=total, records=records, covered=covered)

    async def count_held(self, visitor: Visitor, asked: CountHeld) -> HeldCount:
        async with transaction(self.context.pool, visitor) as db:
            return HeldCount(
                held=await store.count_held(db, visitor, asked.user_id),
                covered=await store.count_covered(db, visitor, asked.user_id, self.context.day()),
            )

    async def check(self, visitor: Visitor, asked: CheckHandOver) -> HandOverChecked:
        rights.check_may_hand_over_all(visitor, asked.user_id)
        new_holder = await self._new_holder(visitor, asked)
        async with transaction(self.context.pool, visitor) as db:
            held = await store.find_held(db, visitor, asked.user_id)
            found = sort_out(held, new_holder, frozenset(asked.kept))
            named = [each.record_id for each in (*found.moving[:MOST_NAMED], *found.unseen[:MOST_NAMED])]
            if named:
                await audit.note(db, visitor, ReferralsAction.RECORDS_LISTED, sorted(named))
        return HandOverChecked(
            full_name=held[0].full_name if held else "",
            new_holder=new_holder.full_name,
            seen=found.seen,
            moving=len(found.moving),
            references=_references(found.moving),
            unseen=len(found.unseen),
            unseen_references=_references(found.unseen),
            later=found.later,
        )

    async def hand_over(self, visitor: Visitor, asked: HandOver) -> HandedOver:
        done = await unless_repeated(self.context.pool, visitor, asked, partial(self._hand_over, visitor, asked))
        self.context.wake()
        return done

    async def _hand_over(self, visitor: Visitor, asked: HandOver) -> HandedOver:
        rights.check_may_hand_over_all(visitor, asked.user_id)
        new_holder = await self._new_holder(visitor, asked)

        async def act(db: Database) -> HandedOver:
            await store.hold_held(db, visitor, asked.user_id)
            held = await store.find_held(db, visitor, asked.user_id)
            found = sort_out(held, new_holder, frozenset(asked.kept))
            if found.seen != asked.seen:
                raise Refused("changed")
            if not found.moving:
                raise Refused("nothing_to_move")
            await self._move(db, visitor, found.moving, new_holder)
            await self._tell(db, visitor, asked, found.moving)
            return HandedOver(moved=len(found.moving), left=len(held) - len(found.moving))

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _move(self, db: Database, visitor: Visitor, moving: Sequence[HeldNow], new_holder: Visitor) -> None:
        record_ids = [each.record_id for each in moving]
        new_ids = [new_id() for _ in moving]
        who, by = (new_holder.user_id, new_holder.full_name), (visitor.user_id, visitor.full_name)
        await store.replace_holders(db, new_ids, record_ids, who, self.context.day(), by)
        await db.execute(FEED_AGAIN, record_ids)
        noted = [[each, new_holder.user_id] for each in record_ids]
        await audit.note_each(db, visitor, ReferralsAction.RECORD_HOLDER_ASSIGNED, noted)

    async def _tell(self, db: Database, visitor: Visitor, asked: HandOver, moved: Sequence[HeldNow]) -> None:
        """Put one notice for each of the two users into the outbox. Nobody is told of what they did themselves."""
        bodies = compartment_of(visitor.register_code, {body for each in moved for body in each.bodies}).bodies
        told: tuple[tuple[HandedOverAs, UUID], ...] = (
            ("holder_named", asked.new_user_id),
            ("holder_replaced", asked.user_id),
        )
        for occasion, user_id in told:
            if user_id != visitor.user_id:
                notice = RecordsHandedOver(
                    event_id=new_id(),
                    occurred_at=self.context.clock(),
                    register_code=visitor.register_code,
                    bodies=bodies,
                    record_id=asked.command_id,
                    version=0,
                    occasion=occasion,
                    told=user_id,
                    references=_references(moved),
                    total=len(moved),
                )
                await outbox.put(db, notice)

    async def _new_holder(self, visitor: Visitor, asked: CheckHandOver | HandOver) -> Visitor:
        """Return the new holder as identity knows them now. Refused as `already_holds` or `not_a_colleague`."""
        if asked.new_user_id == asked.user_id:
            raise Refused("already_holds")
        question = CheckGrant(register_code=visitor.register_code, user_id=asked.new_user_id)
        try:
            who = self.context.sign(question, "name_holder", visitor.user_id)
            grant = await self.context.bus.ask(question, who=who)
        except Refused:
            raise Refused("not_a_colleague") from None
        named = grant.visitor
        if named.user_id != asked.new_user_id or not rights.may_be_named_by(visitor, named):
            raise Refused("not_a_colleague")
        return named


def _references(held: Sequence[HeldNow]) -> tuple[str, ...]:
    return tuple(each.reference for each in held[:MOST_NAMED])
