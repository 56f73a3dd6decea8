"""The current password, which is asked again before the account's password or authenticator app changes."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.keys import same
from services.identity.limiting import too_many
from services.identity.rules.log_in import PASSWORD_CHANGES
from services.identity.store import accounts, limits, sessions
from services.identity.store.accounts import Account
from services.identity.store.sessions import Session
from shared import audit
from shared.database import transaction
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Visitor


@dataclass(frozen=True)
class ConfirmedUser:
    """The account and the session of a visitor who enters their current password again."""

    account: Account
    session: Session


@dataclass(frozen=True)
class CurrentPassword:
    """Checks the current password of a visitor. Wrong ones count, however many pages ask for it."""

    context: IdentityContext

    async def check(self, visitor: Visitor, password: str, refused: IdentityAction) -> ConfirmedUser:
        """Return the user. Refused as `password_wrong`, which is audited as `refused`, or as `too_many`."""
        user = await self.count(visitor)
        if not await self.matches(visitor, user, password, refused):
            raise Refused("password_wrong")
        return user

    async def matches(self, visitor: Visitor, user: ConfirmedUser, password: str, refused: IdentityAction) -> bool:
        """Check the password of a user who was counted. A right one is not counted, and a wrong one is audited."""
        is_right = await self._is_current(user, password)
        async with transaction(self.context.pool) as db:
            if is_right:
                await limits.give_back(db, PASSWORD_CHANGES, self._key(visitor))
            else:
                await audit.note(db, visitor, refused, [visitor.user_id])
        return is_right

    async def count(self, visitor: Visitor) -> ConfirmedUser:
        """Count one more password before it is checked, and return whose it is. Refused as `too_many`."""
        async with transaction(self.context.pool) as db:
            counted = await limits.count(db, PASSWORD_CHANGES, self._key(visitor))
            session = await sessions.find_live(db, visitor.session_id, self.context.lifetimes.idle)
            account = await accounts.find_by_id(db, visitor.user_id)
        if session is None or account is None:
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        if counted.is_over:
            raise too_many(counted)
        return ConfirmedUser(account, session)

    def _key(self, visitor: Visitor) -> bytes:
        return self.context.keys.window(str(visitor.user_id))

    async def _is_current(self, user: ConfirmedUser, password: str) -> bool:
        """Check the current password: the temporary one, if that opened the session."""
        if user.session.must_change:
            keyed = self.context.keys.temporary_password(user.account.account_id, password)
            return same(user.account.temporary_hash, keyed)
        return await self.context.hashes.is_right(user.account.password_hash, password)
