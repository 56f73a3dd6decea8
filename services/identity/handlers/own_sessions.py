"""The sessions of a user, who sees them and may end them."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.store import sessions
from shared import audit
from shared.contracts.identity import EndOwnSession, ListOwnSessions, OwnSession, OwnSessions
from shared.database import transaction
from shared.messages import Nothing, must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class OwnSessionHandlers:
    """Lists and ends sessions of the visitor's own account, never those of another."""

    context: IdentityContext

    async def read(self, visitor: Visitor, _asked: ListOwnSessions) -> OwnSessions:
        found = await sessions.find_open(self.context.pool, visitor.user_id, self.context.lifetimes.idle)
        shown = [OwnSession(**vars(each), is_this=each.session_id == visitor.session_id) for each in found]
        return OwnSessions(sessions=tuple(shown))

    async def end(self, visitor: Visitor, asked: EndOwnSession) -> Nothing:
        async with transaction(self.context.pool) as db:
            ended = must_find(await sessions.end_own(db, asked.session_id, visitor.user_id))
            await audit.note(db, visitor, IdentityAction.OWN_SESSION_ENDED, [visitor.user_id, ended])
        await self.context.tell_revoked([ended])
        return Nothing()
