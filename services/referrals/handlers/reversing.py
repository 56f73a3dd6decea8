"""Handlers that reverse an archive made in error: one administrator asks, and a second one decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.events import RecordEvents
from services.referrals.handlers.saving import audited_duplicates, check_saved, content_of, next_version, receipt_of
from services.referrals.rules import answers as texts
from services.referrals.rules import lists, rights
from services.referrals.rules.ending import End, without_end
from services.referrals.rules.saving import check_matches
from services.referrals.store import reversing as store
from services.referrals.store import saving
from services.referrals.store.ended import find_lately
from services.referrals.store.reversing import Reversal
from services.referrals.store.saving import Content, NewVersion, Present, Saved
from shared import audit
from shared.commands import carry_out
from shared.context import ServiceContext
from shared.contracts.referrals.reversing import (
    MOST_LATELY,
    MOST_REVERSALS,
    ArchivedLately,
    AskReversal,
    CountReversals,
    DecideReversal,
    ListReversals,
    ReversalCount,
    Reversals,
)
from shared.database import Database, scope_of, transaction
from shared.ids import new_id
from shared.messages import Event, Nothing, Refused, must_find
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of
from shared.registers.definition.lifecycle import urgency_of
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.person import rating_of
from shared.registers.form.showing import differences
from shared.registers.references import read_reference
from shared.registers.scope import reads_ended


@dataclass(frozen=True)
class Reversing:
    """
    The handlers of reversals. Confirming a reversal is a single transaction in this service.

    The outcomes service needs no message for it. It treats an archive as reversed if the record is active and has a
    later version than that archive left.
    """

    context: ServiceContext

    async def request(self, visitor: Visitor, asked: AskReversal) -> Nothing:
        reference = read_reference(self.context.registers.reference_prefixes(visitor.register_code), asked.reference)
        reason = texts.kept_text(asked.reason)

        async def act(db: Database) -> Nothing:
            record = must_find(await store.find_archived(db, visitor, reference) if reference else None)
            if record.is_open:
                raise Refused("not_archived")
            if not self.context.register(visitor, record.edition).lifecycle.is_reversible(record.state):
                raise Refused("not_reversible")
            await store.add_reversal(db, visitor, new_id(), record, reason)
            await audit.note(db, visitor, ReferralsAction.RECORD_REVERSAL_ASKED, [record.record_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def list_open(self, visitor: Visitor, _asked: ListReversals) -> Reversals:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.list_reversals(db, visitor, MOST_REVERSALS + 1)
            shown = lists.fitting(found[:MOST_REVERSALS])
            lately = await self._ended_lately(db, visitor)
            listed = [*(each.record_id for each in shown), *(each.record_id for each in lately)]
            await audit.note(db, visitor, ReferralsAction.RECORD_REVERSALS_LISTED, listed)
        return Reversals(reversals=shown, more=len(found) > len(shown), lately=lately)

    async def _ended_lately(self, db: Database, visitor: Visitor) -> tuple[ArchivedLately, ...]:
        """Return the records that ended last and may be put back. They are for roles that may open such a record."""
        register = self.context.registers.newest_of(visitor.register_code)
        if register is None or not reads_ended(register, visitor):
            return ()
        states = [each.to_state for each in register.lifecycle.transitions if each.reversible]
        return await find_lately(db, visitor, states, MOST_LATELY)

    async def count_open(self, visitor: Visitor, _asked: CountReversals) -> ReversalCount:
        async with transaction(self.context.pool, visitor) as db:
            return ReversalCount(waiting=await store.count_waiting(db, visitor))

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

        async with audited_duplicates(self.context, visitor):
            answer = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return answer

    async def _decline(self, db: Database, visitor: Visitor, reversal: Reversal) -> None:
        await audit.note(db, visitor, ReferralsAction.RECORD_REVERSAL_DECLINED, [reversal.record_id])

    async def _reinstate(self, db: Database, visitor: Visitor, reversal: Reversal) -> None:
        """
        Put the record back as it was before it ended.

        A day on which it would end again is taken out of its answers. In a register that refuses duplicates, it is
        compared with the records that were added in the meantime, as a new one is.
        """
        _, present = await saving.find_for_update(db, visitor, new_id(), reversal.record_id)
        if present is None or present.is_open or present.version != reversal.record_version:
            raise Refused("decided")
        register = self.context.register(visitor, present.edition)
        answers = without_end(register, present.answers)
        version = _reinstated(register, present, answers)
        receipt = receipt_of(present, version, present.rating)
        telling = RecordEvents(register, present.bodies, receipt, self.context.clock())
        events = telling.reinstated(urgency_of(rating_of(register, answers)))
        saved = await _store(db, visitor, register, version, _content(register, present, answers), events)
        check_saved(saved)


def _reinstated(register: Definition, present: Present, answers: Answers) -> NewVersion:
    """Return the version that puts a record back in the state from which it ended, with these answers."""
    state = register.lifecycle.state_before(present.state)
    changes = differences(register.form, present.answers, answers)
    return replace(
        next_version(present, compartment_of(register.code, present.bodies), End(state, is_open=True, withdraws=True)),
        act="reinstated",
        action=ReferralsAction.RECORD_REINSTATED,
        was_open=False,
        changes=tuple((each.name, present.answers.get(each.name), answers.get(each.name)) for each in changes),
    )


def _content(register: Definition, present: Present, answers: Answers) -> Content | None:
    """Return the content to store, with its keys where duplicates are refused; None if nothing of it matters."""
    if register.duplicates.entry == "refused":
        return content_of(register, answers, reference=present.reference)
    before, reference = present.answers, present.reference
    return content_of(register, answers, before, reference=reference) if answers != present.answers else None


async def _store(
    db: Database,
    visitor: Visitor,
    register: Definition,
    version: NewVersion,
    content: Content | None,
    events: Sequence[Event],
) -> Saved:
    """
    Store the version unless the person was added again in the meantime.

    Refused as `duplicate` or `duplicate_unseen`. The keys stay locked between the two checks, so nobody adds the person
    between them.
    """
    saved = await saving.store_version(db, scope_of(visitor), version, content, events)
    if saved.verdict != "matches" or content is None:
        return saved
    check_matches(register, content.answers, saved.matches, saved.seen)
    judged = replace(content, judged=saved.matches)
    return await saving.store_version(db, scope_of(visitor), version, judged, events)
