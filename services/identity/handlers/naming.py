"""Correct the name of a user, tell them, and keep the name that they had."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.handlers.managing import AccountChange, manage
from services.identity.mails import Recipient
from services.identity.rules import users as rules
from services.identity.rules.registration import read_names
from services.identity.store import accounts, names
from shared import audit, outbox
from shared.contracts.registration import InvalidRegistrant
from shared.contracts.users import CorrectName, UserShown
from shared.messages import Nothing, Refused
from shared.permissions import Visitor


@dataclass(frozen=True)
class NameHandlers:
    """Corrects names. What was written under the old name keeps it."""

    context: IdentityContext

    async def correct(self, visitor: Visitor, asked: CorrectName) -> Nothing:
        wanted = read_names(asked.first_name, asked.last_name)
        if isinstance(wanted, dict):
            raise Refused(InvalidRegistrant(wrong=wanted))

        async def act(act: AccountChange) -> Nothing:
            user = await act.hold(asked.user_id)
            rules.check_rename(act.asker, user, asked.seen_name, wanted)
            await names.keep(act.db, user.user_id, (user.first_name, user.last_name), visitor.user_id)
            await accounts.rename(act.db, user.user_id, *wanted)
            await audit.note(
                act.db, visitor, IdentityAction.NAME_CORRECTED, [user.user_id], fields=_changed(user, wanted)
            )
            to, contact = Recipient(user.email, wanted[0], visitor.register_code), visitor.register_code
            letter = self.context.mails.name_changed(to, visitor.full_name, self.context.contact(contact))
            await outbox.put_letter(act.db, letter)
            return Nothing()

        return await manage(self.context, visitor, asked, act)


def _changed(user: UserShown, wanted: tuple[str, str]) -> list[str]:
    """Return which of the two names change, for the audit."""
    pairs = zip(("first_name", "last_name"), (user.first_name, user.last_name), wanted, strict=True)
    return [field for field, before, after in pairs if before != after]
