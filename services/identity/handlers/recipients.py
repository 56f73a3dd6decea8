"""The people whom the notifier may have to mail about a record."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.store import recipients
from services.identity.store.recipients import Addressee
from shared import audit
from shared.contracts.identity import FindRecipients, Recipients
from shared.database import Database, transaction
from shared.permissions import Caller


@dataclass(frozen=True)
class RecipientList:
    """Finds addresses for the notifier. This is the only way that addresses leave identity, and it is audited."""

    context: IdentityContext

    async def find(self, _caller: Caller, asked: FindRecipients) -> Recipients:
        async with transaction(self.context.pool) as db:
            administrators = await recipients.find_administrators(db, asked.register_code, asked.bodies)
            user = await self._find_user(db, asked)
            given = [each.account_id for each in (*administrators, *([user] if user else ()))]
            await audit.note(db, None, IdentityAction.ADDRESSES_GIVEN, given, register=asked.register_code)
        return Recipients(
            administrators=tuple(each.email for each in administrators), user=user.email if user else None
        )

    async def _find_user(self, db: Database, asked: FindRecipients) -> Addressee | None:
        if asked.user_id is None:
            return None
        return await recipients.find_user(db, asked.register_code, asked.bodies, asked.user_id, anywhere=asked.anywhere)
