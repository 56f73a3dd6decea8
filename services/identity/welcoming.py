"""The welcome of a new account: a temporary password, which only the reader of the mail knows."""

import secrets
from typing import Protocol
from uuid import UUID

from services.identity.keys import Keys
from services.identity.mails import Mails, Recipient
from services.identity.rules.log_in import TEMPORARY_LIFE
from services.identity.rules.passwords import Profile, temporary_password
from services.identity.store import accounts
from shared import outbox
from shared.database import Database


class WelcomeMailer(Protocol):
    """The parts that are needed to make a password and write the mail."""

    @property
    def keys(self) -> Keys: ...
    @property
    def mails(self) -> Mails: ...
    @property
    def profile(self) -> Profile: ...


async def welcome(db: Database, sender: WelcomeMailer, account_id: UUID, to: Recipient) -> None:
    """Make a temporary password, which replaces an earlier one, and mail it."""
    password = temporary_password(sender.profile, secrets.choice)
    keyed = sender.keys.temporary_password(account_id, password)
    expires_at = await accounts.set_temporary(db, account_id, keyed, TEMPORARY_LIFE)
    await outbox.put_letter(db, sender.mails.welcome(to, password, expires_at))
