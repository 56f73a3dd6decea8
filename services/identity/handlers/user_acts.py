"""Acts on an account: unlock, welcome again, end sessions, deactivate, activate and remove from a register."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.identity.add_ons import note_grants
from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.handlers.managing import AccountChange, manage, tell_masters
from services.identity.mails import Recipient
from services.identity.rules import users as rules
from services.identity.store import accounts, devices, users
from services.identity.unlocking import unlock
from services.identity.welcoming import welcome
from shared import audit
from shared.accounts import UserAct
from shared.contracts.users import ActOnUser, UserShown
from shared.messages import Nothing, Refused
from shared.permissions import Visitor

NOTED = {
    UserAct.UNLOCK: IdentityAction.ACCOUNT_UNLOCKED,
    UserAct.WELCOME: IdentityAction.WELCOMED_AGAIN,
    UserAct.END_SESSIONS: IdentityAction.SESSIONS_ENDED,
    UserAct.DEACTIVATE: IdentityAction.ACCOUNT_DEACTIVATED,
    UserAct.ACTIVATE: IdentityAction.ACCOUNT_ACTIVATED,
    UserAct.REMOVE: IdentityAction.GRANT_TAKEN,
}


@dataclass(frozen=True)
class UserActs:
    """Carries out an act that the rules allow, and writes it to the audit."""

    context: IdentityContext

    @property
    def _done(self) -> dict[UserAct, Callable[[AccountChange, UserShown], Awaitable[None]]]:
        return {
            UserAct.UNLOCK: self._unlock,
            UserAct.WELCOME: self._welcome,
            UserAct.END_SESSIONS: self._end_sessions,
            UserAct.DEACTIVATE: self._deactivate,
            UserAct.ACTIVATE: self._activate,
            UserAct.REMOVE: self._remove,
        }

    async def act(self, visitor: Visitor, asked: ActOnUser) -> Nothing:
        async def act(act: AccountChange) -> Nothing:
            user = await act.hold(asked.user_id)
            rules.check_act(act.asker, user, asked.act)
            await self._done[asked.act](act, user)
            await audit.note(act.db, visitor, NOTED[asked.act], [user.user_id])
            return Nothing()

        return await manage(self.context, visitor, asked, act, rules.permission_for(asked.act))

    async def _unlock(self, act: AccountChange, user: UserShown) -> None:
        await unlock(act.db, self.context.keys, user.user_id)

    async def _welcome(self, act: AccountChange, user: UserShown) -> None:
        await welcome(
            act.db, self.context, user.user_id, Recipient(user.email, user.first_name, act.visitor.register_code)
        )

    async def _end_sessions(self, act: AccountChange, user: UserShown) -> None:
        await act.throw_out(user.user_id)

    async def _deactivate(self, act: AccountChange, user: UserShown) -> None:
        """Deactivate the account on every register that it serves. Refused as `last_administrator`."""
        if await users.is_last_administrator(act.db, user.user_id, None):
            raise Refused("last_administrator")
        await accounts.disable(act.db, user.user_id)
        await devices.forget_all(act.db, user.user_id)
        await act.throw_out(user.user_id)

    async def _activate(self, act: AccountChange, user: UserShown) -> None:
        await accounts.enable(act.db, user.user_id)

    async def _remove(self, act: AccountChange, user: UserShown) -> None:
        if await users.is_last_administrator(act.db, user.user_id, act.visitor.register_code):
            raise Refused("last_administrator")
        await users.drop_grant(act.db, user.user_id, act.visitor.register_code)
        await note_grants(act.db, act.visitor, user.user_id, user.access.grants, ())
        await act.throw_out(user.user_id)
        await tell_masters(self.context, act, user.user_id, user.access.role, None)
