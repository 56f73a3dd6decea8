"""The authenticator app of the visitor's own account: add it, remove it, and make new recovery codes."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from pyotp import random_base32

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.handlers.current_password import CurrentPassword
from services.identity.handlers.locks import lock
from services.identity.handlers.second_factor import CodeCount, count_code, give_back_code, use_code
from services.identity.limiting import too_many
from services.identity.rules import authenticator as rules
from services.identity.rules.log_in import APP_CONFIRMATIONS, Status
from services.identity.store import accounts, apps, attempts, limits, remembered, sessions
from services.identity.store.accounts import Account
from services.identity.store.apps import SealedApp
from shared import audit, outbox
from shared.contracts.authenticator import (
    AppBegun,
    AppState,
    BeginApp,
    ConfirmApp,
    ReadApp,
    RecoveryCodes,
    RemoveApp,
    RenewRecoveryCodes,
)
from shared.database import Database, transaction
from shared.messages import Fault, Message, NotAnswered, Nothing, Refused
from shared.permissions import Visitor

Reply = TypeVar("Reply", bound=Message)
Change = Callable[[Database, Account], Awaitable[Reply]]


@dataclass(frozen=True)
class OwnAppHandlers:
    """
    Handlers for the own app. Each change asks for the current password, and for a code if there is an app.

    Every change is audited, and the user gets a mail.
    """

    context: IdentityContext

    async def read(self, visitor: Visitor, _asked: ReadApp) -> AppState:
        async with transaction(self.context.pool) as db:
            found = await apps.read_state(db, visitor.user_id, self.context.needing_app)
        return AppState(**vars(found)) if found else AppState()

    async def begin(self, visitor: Visitor, asked: BeginApp) -> AppBegun:
        await self._check_password(visitor, asked.current_password)
        secret = random_base32()
        async with transaction(self.context.pool) as db:
            account = await self._hold(db, visitor)
            if await apps.has_in_use(db, account.account_id):
                raise Refused("app_before")
            sealed = self.context.keys.seal(account.account_id, secret)
            await apps.begin(db, account.account_id, visitor.session_id, sealed)
            await audit.note(db, visitor, IdentityAction.APP_BEGUN, [account.account_id])
        issuer = self.context.named(visitor.register_code).identity.site_name
        return AppBegun(secret=secret, uri=rules.uri_of(secret, account.email, issuer))

    async def confirm(self, visitor: Visitor, asked: ConfirmApp) -> RecoveryCodes:
        """Add the app if the code is of the secret that waits. End whatever was opened without the app."""
        async with transaction(self.context.pool) as db:
            counted = await limits.count(db, APP_CONFIRMATIONS, self.context.keys.window(str(visitor.user_id)))
        if counted.is_over:
            raise too_many(counted)
        async with transaction(self.context.pool) as db:
            account = await self._hold(db, visitor)
            begun = await apps.find_begun(db, account.account_id, visitor.session_id, rules.BEGUN_LIFE)
            if begun is None or await apps.has_in_use(db, account.account_id):
                raise Refused("not_begun")
            codes, ended = await self._add(db, visitor, account, begun, rules.plain(asked.code))
        self.context.wake()
        await self.context.tell_revoked(ended)
        return codes

    async def _add(
        self, db: Database, visitor: Visitor, account: Account, begun: SealedApp, code: str
    ) -> tuple[RecoveryCodes, tuple[UUID, ...]]:
        step = rules.step_of(self.context.keys.unseal(account.account_id, begun.sealed_secret), code, begun.now)
        if step is None:
            raise Refused("code_wrong")
        await apps.add(db, account.account_id, begun.sealed_secret, step)
        codes = await self._new_codes(db, account.account_id)
        await remembered.forget_all(db, account.account_id)
        await attempts.end_all(db, account.account_id)
        ended = await sessions.end_others(db, account.account_id, visitor.session_id)
        await sessions.set_method(db, visitor.session_id, "password_totp")
        await self._tell(db, visitor, account, IdentityAction.APP_ADDED)
        return codes, ended

    async def remove(self, visitor: Visitor, asked: RemoveApp) -> Nothing:
        """
        Remove the app.

        If a role needs one, no PIN takes its place: until another is added, only a recovery code does, for a time.
        Otherwise a stolen mailbox would be enough in between.
        """

        async def remove(db: Database, account: Account) -> Nothing:
            state = await apps.read_state(db, account.account_id, self.context.needing_app)
            if state and state.required:
                unknown = self.context.keys.seal(account.account_id, random_base32())
                await apps.reset(db, account.account_id, unknown, rules.RESET_LIFE)
            else:
                await apps.drop(db, account.account_id)
            await remembered.forget_all(db, account.account_id)
            await self._tell(db, visitor, account, IdentityAction.APP_REMOVED)
            return Nothing()

        return await self._change(visitor, asked.current_password, asked.code, remove)

    async def renew(self, visitor: Visitor, asked: RenewRecoveryCodes) -> RecoveryCodes:
        async def renew(db: Database, account: Account) -> RecoveryCodes:
            await self._tell(db, visitor, account, IdentityAction.RECOVERY_CODES_RENEWED)
            return await self._new_codes(db, account.account_id)

        return await self._change(visitor, asked.current_password, asked.code, renew)

    async def _change(self, visitor: Visitor, password: str, code: str, change: Change[Reply]) -> Reply:
        """
        Carry out a change of an app, if password and code are right.

        A wrong code counts as a wrong PIN does. The count is stored before the refusal, so that it stays.
        """
        await self._check_password(visitor, password)
        done: Reply | None = None
        ended: tuple[UUID, ...] = ()
        async with transaction(self.context.pool) as db:
            account = await self._hold(db, visitor)
            if not await apps.has_in_use(db, account.account_id):
                raise Refused("no_app")
            counted = await count_code(self.context, db, account.account_id)
            if counted.may_look and await use_code(self.context, db, account, code, visitor.register_code):
                await give_back_code(self.context, db, account.account_id)
                done = await change(db, account)
            else:
                ended = await self._note_wrong(db, visitor, account, counted)
        self.context.wake()
        await self.context.tell_revoked(ended)
        if done is None:
            raise NotAnswered(Fault.NOT_SIGNED_IN) if ended else Refused("code_wrong")
        return done

    async def _note_wrong(
        self, db: Database, visitor: Visitor, account: Account, counted: CodeCount
    ) -> tuple[UUID, ...]:
        await audit.note(db, visitor, IdentityAction.APP_CODE_WRONG, [account.account_id])
        if not counted.locks:
            return ()
        return await lock(self.context, db, account, Status.LOCKED, visitor.register_code)

    async def _check_password(self, visitor: Visitor, password: str) -> None:
        await CurrentPassword(self.context).check(visitor, password, IdentityAction.APP_CHANGE_REFUSED)

    async def _hold(self, db: Database, visitor: Visitor) -> Account:
        """Return the account, locked. A session that has ended since the request came in changes nothing."""
        account = await accounts.hold(db, visitor.user_id)
        session = await sessions.find_live(db, visitor.session_id, self.context.lifetimes.idle)
        if account is None or session is None:
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        return account

    async def _new_codes(self, db: Database, account_id: UUID) -> RecoveryCodes:
        codes = rules.new_recovery_codes(secrets.choice)
        hashes = [self.context.keys.recovery_code(account_id, rules.plain(code)) for code in codes]
        await apps.replace_recovery_codes(db, account_id, hashes)
        return RecoveryCodes(codes=codes)

    async def _tell(self, db: Database, visitor: Visitor, account: Account, action: IdentityAction) -> None:
        """Audit the change, and mail it to the user."""
        await audit.note(db, visitor, action, [account.account_id])
        to, contact = recipient_of(account, visitor.register_code), self.context.contact(visitor.register_code)
        write = {
            IdentityAction.APP_ADDED: self.context.mails.app_added,
            IdentityAction.APP_REMOVED: self.context.mails.app_removed,
            IdentityAction.RECOVERY_CODES_RENEWED: self.context.mails.recovery_codes_renewed,
        }[action]
        await outbox.put_letter(db, write(to, contact))
