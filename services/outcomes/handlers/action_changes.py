"""What happens to actions: they are added, changed, followed up, reported done, confirmed, returned or cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.outcomes import action_rules as rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import actions as store
from services.outcomes.store import endings
from services.outcomes.store.actions import HeldAction, NewAction, NewEntry, Who
from services.outcomes.store.outcomes import follow_record, hold_record
from shared import audit, outbox
from shared.commands import carry_out, unless_repeated
from shared.compartments import add_compartment
from shared.contracts.actions import (
    MOST_ENTRIES,
    MOST_OF_RECORD,
    ActionOwner,
    ActionReceipt,
    ActionsDue,
    ActionState,
    AddAction,
    ChangeAction,
    DecideAction,
    DueAction,
    DueReason,
    EntryKind,
    FollowUpAction,
    RecordPlanTold,
    ReportAction,
    Verdict,
)
from shared.contracts.identity import CheckGrant
from shared.contracts.referrals.archiving import RecordChecked
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of

DECIDED: dict[Verdict, tuple[EntryKind, OutcomesAction]] = {
    "close": ("closed", OutcomesAction.ACTION_CLOSED),
    "return": ("returned", OutcomesAction.ACTION_RETURNED),
    "cancel": ("cancelled", OutcomesAction.ACTION_CANCELLED),
}


@dataclass(frozen=True)
class ChangeActions:
    """
    Handlers of the commands about actions. Identity says who a colleague is, before an action is given to them.
    """

    context: OutcomesContext

    async def add(self, visitor: Visitor, assertion: str, asked: AddAction) -> ActionReceipt:
        rules.check_meets(self.context.latest(visitor))
        receipt = await unless_repeated(self.context.pool, visitor, asked, lambda: self._add(visitor, assertion, asked))
        self.context.wake()
        return receipt

    async def _add(self, visitor: Visitor, assertion: str, asked: AddAction) -> ActionReceipt:
        day = self.context.day()
        rules.check_said(asked.text)
        rules.check_due(asked.due_on, day)
        record = await self.context.check_record(assertion, asked.record_id)
        if not record.is_open:
            raise Refused("archived")
        compartment = compartment_of(visitor.register_code, record.bodies)
        who = await self._who(visitor, asked.owner, compartment)
        await add_compartment(self.context.pool, visitor.register_code, compartment)
        action = NewAction(
            action_id=new_id(),
            compartment_id=compartment.compartment_id,
            record_id=asked.record_id,
            meeting_id=asked.meeting_id,
            reference=record.reference,
            locality=record.locality,
            text=asked.text,
            due_on=asked.due_on,
            who=who,
            told=rules.told_at_once(asked.due_on, day),
        )
        return await self._store(await self.context.reach(visitor), asked, action, record)

    async def _store(
        self, visitor: Visitor, asked: AddAction, action: NewAction, record: RecordChecked
    ) -> ActionReceipt:
        """Store the action, unless an outcome is archiving the record: that one has counted the open actions."""

        async def act(db: Database) -> ActionReceipt:
            await hold_record(db, action.record_id)
            await endings.mark_reversed(db, action.record_id, record.version)
            if await endings.find_ending_state(db, action.record_id) is not None:
                raise Refused("archived")
            if await store.count_open(db, action.record_id) >= MOST_OF_RECORD:
                raise Refused("too_many")
            await store.add_action(db, visitor, action)
            await store.add_entry(db, visitor, action.action_id, NewEntry("added", who=("", action.who.said)))
            if self.context.registers.is_scoped_by_bodies(visitor.register_code):
                await follow_record(db, action.record_id, record.version)
            await audit.note(db, visitor, OutcomesAction.ACTION_ADDED, [action.action_id, action.record_id])
            due = DueAction(
                action_id=action.action_id, reference=action.reference, due_on=action.due_on, why="assigned"
            )
            await self._tell(db, visitor, action.who.colleague_id, record.bodies, due)
            return ActionReceipt(action_id=action.action_id, version=1, state="open")

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _who(self, visitor: Visitor, owner: ActionOwner, compartment: Compartment) -> Who:
        """Return who does the action, as identity knows the colleague now. Refused as `not_a_colleague`."""
        question = CheckGrant(register_code=visitor.register_code, user_id=owner.colleague_id)
        try:
            who = self.context.sign(question, "action_owner", visitor.user_id)
            grant = await self.context.bus.ask(question, who=who)
        except Refused:
            raise Refused("not_a_colleague") from None
        if grant.visitor.user_id != owner.colleague_id or not rules.may_take(grant.visitor, compartment):
            raise Refused("not_a_colleague")
        return Who(owner.colleague_id, grant.visitor.full_name, owner.outsider, owner.service)

    async def _tell(
        self, db: Database, visitor: Visitor, colleague_id: UUID, bodies: Sequence[str], due: DueAction
    ) -> None:
        """Put the notice to the colleague into the outbox. Nobody is told of what they did themselves."""
        if colleague_id == visitor.user_id:
            return
        notice = ActionsDue(
            event_id=new_id(),
            occurred_at=self.context.clock(),
            register_code=visitor.register_code,
            bodies=tuple(bodies),
            record_id=due.action_id,
            version=1,
            recipient=colleague_id,
            actions=(due,),
            total=1,
        )
        await outbox.put(db, notice)

    async def change(self, visitor: Visitor, asked: ChangeAction) -> ActionReceipt:
        receipt = await unless_repeated(self.context.pool, visitor, asked, lambda: self._change(visitor, asked))
        self.context.wake()
        return receipt

    async def _change(self, visitor: Visitor, asked: ChangeAction) -> ActionReceipt:
        """Another owner is asked of identity before the transaction. Under its lock the action is judged again."""
        async with transaction(self.context.pool, visitor) as db:
            seen = must_find(await store.find_action(db, visitor, asked.action_id))
            compartment = must_find(await store.find_compartment(db, visitor, asked.action_id))
        is_same = seen.colleague_id == asked.owner.colleague_id
        who = (
            Who(seen.colleague_id, seen.colleague, asked.owner.outsider, asked.owner.service)
            if is_same
            else await self._who(visitor, asked.owner, compartment)
        )

        async def act(db: Database) -> ActionReceipt:
            held = await self._held(db, visitor, asked.action_id, asked.version)
            if held.state != "open":
                raise Refused("not_open")
            if held.due_on != asked.due_on:
                rules.check_due(asked.due_on, self.context.day())
            if held.due_on != asked.due_on or held.who != who:
                await self._store_change(db, visitor, held, asked, who, compartment)
                return ActionReceipt(action_id=asked.action_id, version=held.version + 1, state="open")
            return ActionReceipt(action_id=asked.action_id, version=held.version, state="open")

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _store_change(
        self, db: Database, visitor: Visitor, held: HeldAction, asked: ChangeAction, who: Who, compartment: Compartment
    ) -> None:
        told = rules.told_at_once(asked.due_on, self.context.day())
        await store.change_action(db, held.action_id, asked.due_on, who, told)
        due = (held.due_on, asked.due_on) if held.due_on != asked.due_on else (None, None)
        names = (held.who.said, who.said) if held.who != who else ("", "")
        await store.add_entry(db, visitor, held.action_id, NewEntry("changed", due=due, who=names))
        await audit.note(db, visitor, OutcomesAction.ACTION_CHANGED, [held.action_id, held.record_id])
        if who.colleague_id != held.who.colleague_id:
            await self._tell(db, visitor, who.colleague_id, compartment.bodies, _due(held, asked.due_on, "assigned"))

    async def _held(self, db: Database, visitor: Visitor, action_id: UUID, version: int) -> HeldAction:
        """Lock the action as it was read. Refused as `not_found` or `conflict`."""
        held = must_find(await store.hold_action(db, visitor, action_id))
        rules.check_version(held.version, version)
        return held

    async def follow_up(self, visitor: Visitor, asked: FollowUpAction) -> Nothing:
        """Write a line of the log. It changes no version, so that it disturbs nobody who changes the action."""
        rules.check_said(asked.text)
        if asked.contacted_on is not None:
            rules.check_happened(asked.contacted_on, self.context.day())

        async def act(db: Database) -> Nothing:
            held = must_find(await store.hold_action(db, visitor, asked.action_id))
            if held.state in ("closed", "cancelled"):
                raise Refused("ended")
            if await store.count_entries(db, asked.action_id) >= MOST_ENTRIES:
                raise Refused("too_many")
            kind: EntryKind = "comment" if asked.contacted_on is None else "contact"
            entry = NewEntry(kind, asked.text, asked.contacted_on, asked.contacted_by)
            await store.add_entry(db, visitor, asked.action_id, entry)
            await audit.note(db, visitor, OutcomesAction.ACTION_FOLLOWED_UP, [asked.action_id, held.record_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def report(self, visitor: Visitor, asked: ReportAction) -> ActionReceipt:
        rules.check_said(asked.result)

        async def act(db: Database) -> ActionReceipt:
            held = await self._held(db, visitor, asked.action_id, asked.version)
            if held.state != "open":
                raise Refused("not_open")
            await store.set_state(db, held.action_id, "reported", asked.result)
            await store.add_entry(db, visitor, held.action_id, NewEntry("reported", asked.result))
            await audit.note(db, visitor, OutcomesAction.ACTION_REPORTED, [held.action_id, held.record_id])
            return ActionReceipt(action_id=held.action_id, version=held.version + 1, state="reported")

        return await carry_out(self.context.pool, visitor, asked, act)

    async def decide(self, visitor: Visitor, asked: DecideAction) -> ActionReceipt:
        async def act(db: Database) -> ActionReceipt:
            held = await self._held(db, visitor, asked.action_id, asked.version)
            rules.check_verdict(held.state, asked.verdict, asked.reason)
            compartment = must_find(await store.find_compartment(db, visitor, asked.action_id))
            state: ActionState = rules.ENDS_AS[asked.verdict]
            ended_at = None if state == "open" else self.context.clock()
            kind, action = DECIDED[asked.verdict]
            await store.set_state(db, held.action_id, state, ended_at=ended_at)
            await store.add_entry(db, visitor, held.action_id, NewEntry(kind, asked.reason))
            await audit.note(db, visitor, action, [held.action_id, held.record_id])
            if state == "open":
                due = _due(held, held.due_on, "returned")
                await self._tell(db, visitor, held.who.colleague_id, compartment.bodies, due)
            return ActionReceipt(action_id=held.action_id, version=held.version + 1, state=state)

        receipt = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return receipt

    async def tell_plan(self, visitor: Visitor, assertion: str, asked: RecordPlanTold) -> Nothing:
        rules.check_meets(self.context.latest(visitor))
        return await unless_repeated(
            self.context.pool, visitor, asked, lambda: self._tell_plan(visitor, assertion, asked)
        )

    async def _tell_plan(self, visitor: Visitor, assertion: str, asked: RecordPlanTold) -> Nothing:
        rules.check_said(asked.told_by or asked.why_not)
        if asked.told_on is not None:
            rules.check_happened(asked.told_on, self.context.day())
        record = await self.context.check_record(assertion, asked.record_id)
        rules.check_is_lead(visitor, record)
        if not record.is_open:
            raise Refused("archived")
        compartment = compartment_of(visitor.register_code, record.bodies)
        await add_compartment(self.context.pool, visitor.register_code, compartment)

        async def act(db: Database) -> Nothing:
            await store.name_record(db, asked.record_id)
            await hold_record(db, asked.record_id)
            if await store.count_told(db, asked.record_id) >= MOST_ENTRIES:
                raise Refused("too_many")
            await store.add_told(db, visitor, compartment.compartment_id, asked)
            if self.context.registers.is_scoped_by_bodies(visitor.register_code):
                await follow_record(db, asked.record_id, record.version)
            await audit.note(db, visitor, OutcomesAction.PLAN_TOLD, [asked.record_id], [asked.party])
            return Nothing()

        return await carry_out(self.context.pool, await self.context.reach(visitor), asked, act)


def _due(held: HeldAction, due_on: date, why: DueReason) -> DueAction:
    return DueAction(action_id=held.action_id, reference=held.reference, due_on=due_on, why=why)
