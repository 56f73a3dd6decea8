"""The handler that adds a note to a record."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules import answers
from services.referrals.rules.saving import may_update
from services.referrals.store import history
from shared import audit
from shared.commands import carry_out
from shared.context import ServiceContext
from shared.contracts.referrals.reading import AddNote
from shared.database import Database
from shared.ids import new_id
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class NoteTaking:
    """The handler of notes. A note causes no event, and the record keeps its version."""

    context: ServiceContext

    async def add_note(self, visitor: Visitor, asked: AddNote) -> Nothing:
        text = answers.kept_text(asked.text)

        async def act(db: Database) -> Nothing:
            held = must_find(await history.hold_record(db, visitor, asked.record_id))
            if not may_update(visitor, held.created_by, is_held=held.is_held):
                raise Refused("not_yours")
            if not held.is_open:
                raise Refused("archived")
            await history.add_note(db, new_id(), asked.record_id, text, (visitor.user_id, visitor.full_name))
            await audit.note(db, visitor, ReferralsAction.RECORD_NOTE_ADDED, [asked.record_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)
