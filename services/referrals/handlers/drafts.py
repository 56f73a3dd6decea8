"""Handlers of drafts: forms that a user has started and not yet sent."""

from dataclasses import dataclass
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules import drafts
from services.referrals.store import drafts as store
from services.referrals.store.drafts import DraftRow
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.drafts import (
    DiscardDraft,
    Drafts,
    DraftSaved,
    DraftShown,
    ListDrafts,
    ReadDraft,
    SaveDraft,
)
from shared.database import Database, transaction
from shared.messages import Nothing, Refused
from shared.permissions import Visitor


@dataclass(frozen=True)
class Drafting:
    """The handlers that save, list, read and discard a user's own drafts."""

    context: ServiceContext

    async def save(self, visitor: Visitor, asked: SaveDraft) -> DraftSaved:
        """Save the draft. On refused consent, store nothing and delete the draft saved before."""
        register = self.context.register(visitor, asked.edition)
        typed = drafts.draft_typed(register, asked.typed)
        name = drafts.draft_name(register, typed)
        draft = DraftRow(asked.draft_id, register.edition, name, typed, asked.seen.save_id)
        refuses = drafts.refuses_consent(register, typed, self.context.day())
        async with transaction(self.context.pool, visitor) as db:
            saved = await self._save(db, visitor, asked, draft, refuses=refuses)
        if saved is None:
            raise Refused("no_consent")
        return saved

    async def _save(
        self, db: Database, visitor: Visitor, asked: SaveDraft, draft: DraftRow, *, refuses: bool
    ) -> DraftSaved | None:
        """Save the draft. On refused consent delete it instead, and return None."""
        moment = self.context.clock()
        state = await store.hold(db, visitor, draft.draft_id)
        drafts.check_draft(state, asked.seen)
        if refuses:
            await self._forget(db, visitor, draft.draft_id)
            return None
        version = await store.save(db, visitor, draft, moment)
        if not state.kept:
            await audit.note(db, visitor, ReferralsAction.DRAFT_STARTED, [draft.draft_id])
        return DraftSaved(saved_at=moment, version=version)

    async def list_drafts(self, visitor: Visitor, _asked: ListDrafts) -> Drafts:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.find_all(db, visitor)
            if found:
                await audit.note(db, visitor, ReferralsAction.DRAFT_LISTED, [each.draft_id for each in found])
        return Drafts(drafts=tuple(found))

    async def read(self, visitor: Visitor, asked: ReadDraft) -> DraftShown:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.find(db, visitor, asked.draft_id)
            if found is None:
                drafts.check_not_sent(await store.find_state(db, visitor, asked.draft_id))
                raise Refused("not_found")
            await audit.note(db, visitor, ReferralsAction.DRAFT_READ, [asked.draft_id])
        return found

    async def forget(self, visitor: Visitor, draft_id: UUID) -> None:
        """Delete the draft. It may be saved again."""
        async with transaction(self.context.pool, visitor) as db:
            await store.hold(db, visitor, draft_id)
            await self._forget(db, visitor, draft_id)

    async def discard(self, visitor: Visitor, asked: DiscardDraft) -> Nothing:
        """
        Delete the draft and close its id, so that a save under way cannot bring it back.

        Any id can be closed, so only the user's newest closed ids are kept.
        """
        async with transaction(self.context.pool, visitor) as db:
            await store.hold(db, visitor, asked.draft_id)
            await self._forget(db, visitor, asked.draft_id)
            await store.close(db, visitor, asked.draft_id, self.context.clock())
            await store.drop_oldest_closed(db, visitor, drafts.MOST_CLOSED)
        return Nothing()

    async def _forget(self, db: Database, visitor: Visitor, draft_id: UUID) -> None:
        if await store.forget(db, visitor, draft_id):
            await audit.note(db, visitor, ReferralsAction.DRAFT_DISCARDED, [draft_id])
