"""The second step of a log-in: verify a PIN or a code of the authenticator app, send a PIN again, cancel."""

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.handlers.ending import end_oldest, end_session
from services.identity.handlers.locks import lock
from services.identity.handlers.opening import open_session
from services.identity.handlers.remembered import is_offered, remember, renew, with_token
from services.identity.handlers.second_factor import UsedCode, count_code, give_back_code, use_code
from services.identity.keys import hash_of, same
from services.identity.limiting import too_many
from services.identity.rules import log_in as rules
from services.identity.rules.log_in import RESENDS, Status
from services.identity.store import accounts, apps, attempts, limits, remembered
from services.identity.store.accounts import Account
from services.identity.store.attempts import Try
from services.identity.store.sessions import Method, Session
from shared import audit, log, outbox
from shared.contracts.identity import CancelAttempt, PinRefused, ResendPin, SessionOpened, TooManyTries, VerifyPin
from shared.database import DATABASE_FAULTS, Database, transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused


@dataclass(frozen=True)
class PinVerdict:
    """
    The result of one code. The log-in is over if no session was opened and no tries are left.

    `ended`: the sessions that this code ended. `email`: of the account whose session was opened.
    """

    opened: SessionOpened | None = None
    tries_left: int = 0
    ended: tuple[UUID, ...] = ()
    email: str = field(default="", repr=False)


@dataclass(frozen=True)
class PinStep:
    """
    Takes the PIN, or the code of the app, of a log-in whose password was right.

    A try counts before the code is checked. The limits are five for a log-in, and ten an hour and twenty a day for an
    account. The account's row stays locked meanwhile, so parallel guesses cannot exceed the limits.
    """

    context: IdentityContext

    async def verify(self, asked: VerifyPin) -> SessionOpened:
        async with transaction(self.context.pool) as db:
            verdict = await self._try(db, asked)
        self.context.wake()
        await self.context.tell_revoked(verdict.ended)
        if verdict.opened is not None:
            await self._forget_counts_of(verdict.email)
            return verdict.opened
        if verdict.tries_left:
            raise Refused(PinRefused(tries_left=verdict.tries_left))
        raise Refused("attempt_over")

    async def _forget_counts_of(self, email: str) -> None:
        """
        Reset what others may have used up for this address: guesses during a flood, and mails with passwords.

        In its own transaction: guesses and reminders lock these windows before the account's row, so a deadlock could
        follow otherwise. For the same reason the windows are taken in their order.

        The session is open already, so a failure is logged alone: during a flood of guesses a window may stay locked.
        """
        try:
            async with transaction(self.context.pool) as db:
                for limit in rules.COUNTED_BY_EMAIL:
                    await limits.forget(db, (limit,), self.context.keys.window(email))
        except DATABASE_FAULTS as error:
            log.warn("log_in.counts_not_forgotten", error=error)

    async def _try(self, db: Database, asked: VerifyPin) -> PinVerdict:
        token_hash, pin = hash_of(asked.attempt_token), "".join(asked.pin.split())
        account = await accounts.hold_of_attempt(db, token_hash)
        tried = await attempts.take_try(db, token_hash, rules.PIN_TRIES)
        if account is None or tried is None:
            return PinVerdict()
        counted = await count_code(self.context, db, account.account_id)
        used = await self._used(db, account, tried, pin) if counted.may_look and tried.pin_is_live else None
        if used is not None:
            return await self._complete(db, account, tried, asked, used)
        return await self._refuse(db, account, tried, locks=counted.locks)

    async def _used(self, db: Database, account: Account, tried: Try, code: str) -> UsedCode | None:
        """
        Check the code that this log-in waits for, and use it up. A remembered browser needs none.

        A PIN that was mailed before the account got an app opens nothing.
        """
        if tried.remembered and tried.device_id:
            return UsedCode.NONE_NEEDED if await remembered.is_remembered(db, tried.device_id) else None
        if tried.by_app:
            return await use_code(self.context, db, account, code, tried.register_code)
        is_pin = same(tried.pin_hash, self.context.keys.pin(tried.attempt_id, code))
        return UsedCode.PIN if is_pin and not await apps.has(db, account.account_id) else None

    async def _refuse(self, db: Database, account: Account, tried: Try, *, locks: bool) -> PinVerdict:
        wrong = IdentityAction.APP_CODE_WRONG if tried.by_app else IdentityAction.PIN_WRONG
        await audit.note(db, None, wrong, [account.account_id], register=tried.register_code)
        if locks:
            return PinVerdict(ended=await lock(self.context, db, account, Status.LOCKED, tried.register_code))
        if tried.tries == rules.PIN_TRIES:
            await attempts.set_state(db, tried.attempt_id, "over")
        return PinVerdict(tries_left=rules.PIN_TRIES - tried.tries)

    async def _complete(
        self, db: Database, account: Account, tried: Try, asked: VerifyPin, used: UsedCode
    ) -> PinVerdict:
        """
        Open the session, and end the browser's earlier one: the new cookie replaces the earlier cookie.

        The user's oldest sessions end if they have more than the installation allows.
        """
        await give_back_code(self.context, db, account.account_id)
        if not await self._is_still_open(db, account, tried):
            await attempts.set_state(db, tried.attempt_id, "over")
            return PinVerdict()
        await attempts.set_state(db, tried.attempt_id, "done")
        await self._open_again(db, account, tried.register_code)
        has_temporary, who, register = tried.temporary_hash is not None, account.account_id, tried.register_code
        method: Method = "password_totp" if tried.by_app else "password_pin"
        session = Session(new_id(), who, method, has_temporary, asked.browser, asked.address)
        ended = await end_session(self.context, db, asked.earlier_session, actor=who, register=register)
        oldest = await end_oldest(self.context, db, who, register)
        device_id = tried.device_id or new_id()
        opened = await open_session(self.context, db, session, device_id)
        opened = await self._remembered(db, who, device_id, asked, used, opened)
        await accounts.note_log_in(db, who)
        await audit.note(db, None, IdentityAction.LOGGED_IN, [who, session.session_id], register=register, actor=who)
        opened = opened.model_copy(update={"ended_others": len(oldest)})
        return PinVerdict(opened, ended=(*ended, *oldest), email=account.email)

    async def _remembered(
        self, db: Database, account_id: UUID, device_id: UUID, asked: VerifyPin, used: UsedCode, opened: SessionOpened
    ) -> SessionOpened:
        """Remember the browser if the user asks for it and it is offered, or renew its token."""
        if used is UsedCode.NONE_NEEDED:
            return with_token(opened, *await renew(db, device_id))
        await remembered.forget(db, device_id, account_id)
        by_app = used is UsedCode.OF_APP
        if not (asked.remember and await is_offered(self.context, db, account_id, by_app=by_app)):
            return opened
        token = await remember(self.context, db, account_id, device_id, asked.browser, by_app=by_app)
        await audit.note(db, None, IdentityAction.DEVICE_REMEMBERED, [account_id, device_id], actor=account_id)
        return with_token(opened, *token)

    async def _is_still_open(self, db: Database, account: Account, tried: Try) -> bool:
        """
        Check that the account still accepts this log-in, and use up its temporary password.

        The account may have been locked since the password was checked.
        """
        has_temporary = tried.temporary_hash is not None
        if account.status not in rules.open_to(known_device=tried.device_id is not None, temporary=has_temporary):
            return False
        if tried.temporary_hash is None:
            return True
        return await accounts.use_temporary(db, account.account_id, tried.temporary_hash)

    async def _open_again(self, db: Database, account: Account, register: str) -> None:
        """Reset the count of wrong passwords. Open the account to all browsers if it was closed to unknown ones."""
        await accounts.open_again(db, account.account_id, rules.OPEN_TO_KNOWN_DEVICES)
        if account.status is Status.LOCKED_TO_STRANGERS:
            who = account.account_id
            await audit.note(db, None, IdentityAction.ACCOUNT_OPENED_AGAIN, [who], register=register, actor=who)

    async def resend(self, asked: ResendPin) -> Nothing:
        async with transaction(self.context.pool) as db:
            refusal = await self._renew(db, hash_of(asked.attempt_token))
        if refusal is not None:
            raise refusal
        self.context.wake()
        return Nothing()

    async def _renew(self, db: Database, token_hash: bytes) -> Refused | None:
        """Mail a new PIN. Return None, or the refusal."""
        account = await accounts.hold_of_attempt(db, token_hash)
        waiting = await attempts.find_waiting(db, token_hash, rules.PIN_TRIES, rules.ATTEMPT_LIFE, rules.RESEND_AFTER)
        if account is None or waiting is None:
            return Refused("attempt_over")
        key = self.context.keys.window(str(account.account_id))
        resent = await limits.count(db, RESENDS, key)
        if resent.is_over:
            return too_many(resent)
        pin, life = rules.new_pin(secrets.randbelow), self.context.lifetimes.pin
        keyed = self.context.keys.pin(waiting.attempt_id, pin)
        expires_at = await attempts.renew_pin(
            db, waiting.attempt_id, rules.PIN_TRIES, keyed, life, after=rules.RESEND_AFTER
        )
        if expires_at is None:
            await limits.give_back(db, RESENDS, key)
            return Refused(TooManyTries(limit=RESENDS.name, until=waiting.resend_at))
        to = recipient_of(account, waiting.register_code)
        await outbox.put_letter(db, self.context.mails.pin(to, pin, int(life.total_seconds() // 60), expires_at))
        await audit.note(db, None, IdentityAction.PIN_RESENT, [account.account_id], register=waiting.register_code)
        return None

    async def cancel(self, asked: CancelAttempt) -> Nothing:
        """Cancel a log-in that waits. Succeed also if it is unknown or already over."""
        async with transaction(self.context.pool) as db:
            cancelled = await attempts.cancel(db, hash_of(asked.attempt_token))
            if cancelled is not None:
                account_id, register_code = cancelled
                await audit.note(db, None, IdentityAction.ATTEMPT_CANCELLED, [account_id], register=register_code)
        return Nothing()
