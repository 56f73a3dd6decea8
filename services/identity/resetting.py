"""Reset an authenticator app that its user no longer has."""

import secrets
from typing import Protocol
from uuid import UUID

from pyotp import random_base32

from services.identity.keys import Keys
from services.identity.mails import Mails, Recipient
from services.identity.rules import authenticator as rules
from services.identity.store import apps, attempts, remembered, sessions
from shared import outbox
from shared.database import Database


class AppResetter(Protocol):
    """The parts that are needed to reset an app and write the mail."""

    @property
    def keys(self) -> Keys: ...
    @property
    def mails(self) -> Mails: ...
    @property
    def needing_app(self) -> tuple[str, ...]: ...


async def reset_app(
    db: Database, resetter: AppResetter, account_id: UUID, to: Recipient, contact: str
) -> tuple[str | None, tuple[UUID, ...]]:
    """
    Reset the app, end all sessions and log-ins, and mail the user. The caller audits it.

    Return a code that takes the place of the app once, to be given to the user in person. Otherwise a stolen mailbox
    would be enough to log in and add another app. Without a role that needs an app there is no code: a PIN is mailed
    again. Return also the ended sessions, to be broadcast after commit.
    """
    state = await apps.read_state(db, account_id, resetter.needing_app)
    code = await _replace(db, resetter.keys, account_id) if state and state.required else None
    if code is None:
        await apps.drop(db, account_id)
    await remembered.forget_all(db, account_id)
    await attempts.end_all(db, account_id)
    await outbox.put_letter(db, resetter.mails.app_reset(to, contact))
    return code, await sessions.end_all(db, account_id)


async def _replace(db: Database, keys: Keys, account_id: UUID) -> str | None:
    (code,) = rules.new_recovery_codes(secrets.choice, 1)
    if not await apps.reset(db, account_id, keys.seal(account_id, random_base32()), rules.RESET_LIFE):
        return None
    await apps.replace_recovery_codes(db, account_id, [keys.recovery_code(account_id, rules.plain(code))])
    return code
