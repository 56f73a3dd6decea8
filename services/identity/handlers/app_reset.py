"""An administrator resets the authenticator app of a user who has lost their phone."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.handlers.managing import asker_of
from services.identity.mails import Recipient
from services.identity.resetting import reset_app
from services.identity.rules import users as rules
from services.identity.store import users
from shared import audit
from shared.contracts.users import AppReset, ResetApp
from shared.database import transaction
from shared.messages import must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class AppResets:
    """
    Resets the app of a user whom the asker manages.

    It is no command that can be repeated: its reply holds a secret, which is stored nowhere.
    """

    context: IdentityContext

    async def reset(self, visitor: Visitor, asked: ResetApp) -> AppReset:
        async with transaction(self.context.pool, visitor) as db:
            await users.queue_up(db)
            asker = await asker_of(db, visitor)
            user = must_find(await users.hold_user(db, visitor.register_code, asked.user_id))
            rules.check_app_reset(asker, user)
            to, contact = Recipient(user.email, user.first_name, visitor.register_code), visitor.register_code
            code, ended = await reset_app(db, self.context, user.user_id, to, self.context.contact(contact))
            await audit.note(db, visitor, IdentityAction.APP_RESET, [user.user_id])
        self.context.wake()
        await self.context.tell_revoked(ended)
        return AppReset(code=code)
