"""Lock an account: its state, its sessions and log-ins, one mail and one audit entry."""

from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.rules.log_in import LOCK_MAILS, Status
from services.identity.store import accounts, attempts, limits, remembered, sessions
from services.identity.store.accounts import Account
from shared import audit, outbox
from shared.database import Database


async def lock(
    context: IdentityContext, db: Database, account: Account, status: Status, register_code: str
) -> tuple[UUID, ...]:
    """
    Lock the account, or close it to unknown browsers, once. Return the ended sessions, to be broadcast after commit.

    Closing it to unknown browsers ends no session. Otherwise a stranger could log users out.
    """
    unless = (status, Status.LOCKED, Status.DISABLED)
    if not await accounts.set_status(db, account.account_id, status, unless=unless):
        return ()
    event = IdentityAction.ACCOUNT_LOCKED if status is Status.LOCKED else IdentityAction.ACCOUNT_LOCKED_TO_STRANGERS
    await audit.note(db, None, event, [account.account_id], register=register_code)
    await mail_locked(context, db, account, status, register_code)
    if status is not Status.LOCKED:
        return ()
    await remembered.forget_all(db, account.account_id)
    await attempts.end_all(db, account.account_id)
    return await sessions.end_all(db, account.account_id)


async def mail_locked(
    context: IdentityContext, db: Database, account: Account, status: Status, register_code: str
) -> None:
    """Mail the user that the account is locked, and who can open it, at most three times a day."""
    if (await limits.count(db, LOCK_MAILS, context.keys.window(str(account.account_id)))).is_over:
        return
    to, contact = recipient_of(account, register_code), context.contact(register_code)
    write = context.mails.locked if status is Status.LOCKED else context.mails.locked_to_strangers
    await outbox.put_letter(db, write(to, contact))
