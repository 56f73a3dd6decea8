"""Change a password, mail a temporary one, and read the password rule."""

import secrets
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.handlers.current_password import CurrentPassword
from services.identity.handlers.locks import mail_locked
from services.identity.handlers.opening import open_session
from services.identity.limiting import too_many
from services.identity.rules import log_in as rules
from services.identity.rules.log_in import (
    OPEN_TO_KNOWN_DEVICES,
    REMINDERS_IN_DAY,
    REMINDERS_IN_HOUR,
    Status,
)
from services.identity.rules.passwords import context_words, temporary_password
from services.identity.store import accounts, attempts, devices, limits, organisations, sessions
from services.identity.store.accounts import NOBODY, Account
from services.identity.store.sessions import Session
from shared import audit, outbox
from shared.contracts.identity import (
    ChangePassword,
    PasswordRule,
    PasswordUnmet,
    PasswordWrong,
    ReadPasswordRule,
    RemindPassword,
    SessionOpened,
)
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Fault, NotAnswered, Nothing, Refused
from shared.permissions import Visitor
from shared.values import Unreadable, read_email


@dataclass(frozen=True)
class PasswordChange:
    """The account whose password changes, the session that asks, and words that others know about the person."""

    account: Account
    session: Session
    words: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class ChangeOfPassword:
    """Takes the current password and a new one. Every session ends, and a new one is opened for this browser."""

    context: IdentityContext

    async def change(self, visitor: Visitor, asked: ChangePassword) -> SessionOpened:
        change = await self._confirmed(visitor, asked)
        self._check_new(change, asked)
        new_hash = await self.context.hashes.make(asked.new_password)
        async with transaction(self.context.pool) as db:
            opened, ended = await self._replace(db, visitor, change, new_hash)
        self.context.wake()
        await self.context.tell_revoked(ended)
        return opened

    async def _confirmed(self, visitor: Visitor, asked: ChangePassword) -> PasswordChange:
        """Return the change. A wrong current password is refused together with what is wrong with the new one."""
        current = CurrentPassword(self.context)
        user = await current.count(visitor)
        async with transaction(self.context.pool) as db:
            worked_for = await organisations.names_of_account(db, visitor.user_id)
        account = user.account
        words = context_words((account.first_name, account.last_name, account.email, *worked_for))
        if not await current.matches(visitor, user, asked.current_password, IdentityAction.PASSWORD_CHANGE_REFUSED):
            raise Refused(PasswordWrong(sentences=self.context.profile.unmet(asked.new_password, words)))
        return PasswordChange(account, user.session, words)

    def _check_new(self, change: PasswordChange, asked: ChangePassword) -> None:
        if unmet := self.context.profile.unmet(asked.new_password, change.words):
            raise Refused(PasswordUnmet(sentences=unmet))
        if asked.new_password == asked.current_password:
            raise Refused("password_unchanged")
        if not asked.confirmed:
            raise Refused("not_confirmed")

    async def _replace(
        self, db: Database, visitor: Visitor, change: PasswordChange, new_hash: str
    ) -> tuple[SessionOpened, tuple[UUID, ...]]:
        account, earlier = change.account, change.session
        if not await accounts.set_password(db, account, new_hash, OPEN_TO_KNOWN_DEVICES):
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        await attempts.end_all(db, account.account_id)
        ended = await sessions.end_all(db, account.account_id)
        if earlier.session_id not in ended:  # it ended while the password was hashed
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        await devices.forget_all(db, account.account_id)
        session = replace(earlier, session_id=new_id(), must_change=False)
        opened = await open_session(self.context, db, session, device_id=None)
        contact = self.context.contact(visitor.register_code)
        letter = self.context.mails.password_changed(recipient_of(account, visitor.register_code), contact)
        await outbox.put_letter(db, letter)
        others = (session.session_id,)
        await audit.note(db, visitor, IdentityAction.PASSWORD_CHANGED, [account.account_id, *others])
        return opened, ended


@dataclass(frozen=True)
class Reminders:
    """Mails a temporary password if the address has an account. The answer is the same either way."""

    context: IdentityContext

    async def remind(self, asked: RemindPassword) -> Nothing:
        self.context.named(asked.register_code)
        async with transaction(self.context.pool) as db:
            network = self.context.keys.window(rules.network_of(asked.address))
            counted = await limits.count(db, self.context.shared_limits.reminders_from_network, network)
            if not counted.is_over:
                await self._remind(db, asked)
        if counted.is_over:
            raise too_many(counted)
        self.context.wake()
        return Nothing()

    async def _remind(self, db: Database, asked: RemindPassword) -> None:
        try:
            email = read_email(asked.email)
        except Unreadable:
            return
        if await self._is_one_of_few(db, self.context.keys.window(email)):
            await self._mail(db, await accounts.find_by_email(db, email), asked.register_code)

    async def _is_one_of_few(self, db: Database, key: bytes) -> bool:
        """
        Count this reminder, and return whether it is within the limits.

        Only reminders within the hourly limit count for the day. Otherwise one minute of requests would use up the day.
        """
        if (await limits.count(db, REMINDERS_IN_HOUR, key)).is_over:
            return False
        return not (await limits.count(db, REMINDERS_IN_DAY, key)).is_over

    async def _mail(self, db: Database, account: Account | None, register_code: str) -> None:
        """
        Mail a temporary password, or that the account is locked: then an administrator must unlock it.

        The lasting password stays valid. Otherwise anyone who knows an address could lock its owner out. An account
        that is only closed to unknown browsers gets one too, and opens when it is used.
        """
        account_id = account.account_id if account and account.status in OPEN_TO_KNOWN_DEVICES else NOBODY
        password = temporary_password(self.context.profile, secrets.choice)
        keyed = self.context.keys.temporary_password(account_id, password)
        expires_at = await accounts.set_temporary(db, account_id, keyed, rules.TEMPORARY_LIFE)
        known = [account.account_id] if account else ()
        await audit.note(db, None, IdentityAction.PASSWORD_REMINDED, known, register=register_code)
        if account is not None and expires_at is not None:
            letter = self.context.mails.reminder(recipient_of(account, register_code), password, expires_at)
            await outbox.put_letter(db, letter)
        elif account is not None and account.status is Status.LOCKED:
            await mail_locked(self.context, db, account, Status.LOCKED, register_code)


@dataclass(frozen=True)
class RuleInForce:
    """Reads the password rule. The page prints the sentences of the same profile that is enforced."""

    context: IdentityContext

    async def read(self, _asked: ReadPasswordRule) -> PasswordRule:
        return PasswordRule(profile=self.context.profile.name, sentences=self.context.profile.sentences)
