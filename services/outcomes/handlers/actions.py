"""Actions as administrators, their colleagues and the leads of records read them. Each read is audited."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.outcomes import action_rules as rules
from services.outcomes import meeting_rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import actions as store
from services.outcomes.store.actions import Decided
from shared import audit
from shared.contracts.actions import (
    MOST_ACTIONS,
    MOST_OF_RECORD,
    ActionCounts,
    ActionPage,
    ActionRead,
    CountActions,
    ListActions,
    ListRecordActions,
    MeetingDecision,
    ReadAction,
    RecordActions,
)
from shared.contracts.identity import CheckGrant
from shared.database import transaction
from shared.messages import NotAnswered, Refused, must_find
from shared.permissions import Role, Visitor

GRANT_SECONDS = 1.0


@dataclass(frozen=True)
class ReadActions:
    """Handlers of the requests about actions that change nothing."""

    context: OutcomesContext

    async def count(self, visitor: Visitor, _asked: CountActions) -> ActionCounts:
        day = self.context.day()
        async with transaction(self.context.pool, visitor) as db:
            return await store.count_actions(db, visitor, day, day + timedelta(days=rules.SOON_DAYS))

    async def list_actions(self, visitor: Visitor, asked: ListActions) -> ActionPage:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.list_actions(
                db, visitor, asked.wanted, self.context.day(), asked.skip, MOST_ACTIONS + 1
            )
            shown = tuple(found[:MOST_ACTIONS])
            subjects = [each for action in shown for each in (action.action_id, action.record_id)]
            await audit.note(db, visitor, OutcomesAction.ACTION_LISTED, subjects)
        return ActionPage(actions=shown, more=len(found) > MOST_ACTIONS)

    async def read(self, visitor: Visitor, asked: ReadAction) -> ActionRead:
        async with transaction(self.context.pool, visitor) as db:
            action = must_find(await store.find_action(db, visitor, asked.action_id))
            entries = await store.list_entries(db, asked.action_id)
            await audit.note(db, visitor, OutcomesAction.ACTION_READ, [action.action_id, action.record_id])
        is_asked = action.is_open and not action.is_theirs and visitor.role is Role.ADMINISTRATOR
        has_left = is_asked and await self._has_left(visitor, action.colleague_id)
        return ActionRead(action=action, entries=entries, has_left=has_left)

    async def _has_left(self, visitor: Visitor, user_id: UUID) -> bool:
        """Return whether a user can have no actions in this register any more. If identity does not answer: no."""
        question = CheckGrant(register_code=visitor.register_code, user_id=user_id)
        try:
            who = self.context.sign(question, "action_owner", visitor.user_id)
            grant = await self.context.bus.ask(question, who=who, seconds=GRANT_SECONDS)
        except Refused:
            return True
        except NotAnswered:
            return False
        return grant.visitor.role not in rules.TAKES_ACTIONS

    async def list_of_record(self, visitor: Visitor, assertion: str, asked: ListRecordActions) -> RecordActions:
        """Ask referrals whether the visitor may see them, before anything is read."""
        record = await self.context.check_record(assertion, asked.record_id)
        rules.check_is_lead(visitor, record)
        async with transaction(self.context.pool, visitor) as db:
            await store.name_record(db, asked.record_id)
            actions = await store.list_of_record(db, visitor, asked.record_id, MOST_OF_RECORD)
            told = await store.list_told(db, asked.record_id)
            decided = await store.list_decisions(db, asked.record_id)
            subjects = [asked.record_id, *(each.action_id for each in actions)]
            await audit.note(db, visitor, OutcomesAction.ACTION_LISTED, subjects)
        may_add = visitor.role is Role.ADMINISTRATOR and record.is_open
        return RecordActions(
            record_id=asked.record_id,
            actions=actions,
            told=told,
            decisions=tuple(self._decision(visitor, each) for each in decided),
            may_add=may_add,
        )

    def _decision(self, visitor: Visitor, decided: Decided) -> MeetingDecision:
        said = meeting_rules.decided(self.context.register(visitor, decided.edition), decided.decision)
        return MeetingDecision(held_on=decided.held_on, meeting=decided.name, decision=said)
