"""The password step of a log-in."""

import secrets
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.handlers.locks import lock
from services.identity.handlers.remembered import is_let_through, is_offered
from services.identity.keys import hash_of, same
from services.identity.limiting import too_many
from services.identity.rules import log_in as rules
from services.identity.rules.log_in import LOG_INS_OPENED, PASSWORDS_FOR_EMAIL, Limit, WindowCount
from services.identity.store import accounts, apps, attempts, devices, limits
from services.identity.store.accounts import NOBODY, Account
from services.identity.store.attempts import NewAttempt
from shared import audit, outbox
from shared.contracts.identity import Attempt, LogIn
from shared.database import Database, transaction
from shared.ids import new_id, new_token
from shared.messages import NotAnswered, Refused
from shared.values import Unreadable, read_email

UNREADABLE_ADDRESS = ""


class PasswordMatch(Enum):
    """Which of an account's two passwords matched."""

    LASTING = "lasting"
    TEMPORARY = "temporary"


@dataclass(frozen=True)
class Guess:
    """
    One password before it is checked.

    `number`: how many wrong passwords in a row this is, if it is wrong. None means that the account's lasting password
    must not be checked. `over`: the full window, for which nothing but a temporary password is checked.
    """

    account: Account | None
    device_id: UUID | None
    windows: tuple[tuple[Limit, bytes], ...] = field(repr=False)
    number: int | None
    over: WindowCount | None

    @property
    def account_id(self) -> UUID | None:
        return self.account.account_id if self.account else None


@dataclass(frozen=True)
class PasswordStep:
    """
    Takes address and password, and answers with a log-in that waits for its PIN, or for a code of the account's app.

    Every guess is counted before it is checked, and costs one real hash whether or not the account exists. An unknown
    address, a wrong password and a locked account take the same steps and give the same answer.
    """

    context: IdentityContext

    async def log_in(self, asked: LogIn) -> Attempt:
        self.context.named(asked.register_code)
        self.context.hashes.check_room()
        guess = await self._count(asked)
        match = await self._look(guess, asked.password)
        if guess.over and not match:
            raise too_many(guess.over)
        attempt = await self._accept(asked, guess, match) if match else None
        if attempt is None:
            await self._refuse(asked, guess)
            raise Refused("wrong_details")
        return attempt

    async def _count(self, asked: LogIn) -> Guess:
        async with transaction(self.context.pool) as db:
            email = _readable(asked.email)
            account = await accounts.find_by_email(db, email)
            account_id = account.account_id if account else NOBODY
            device_id = await devices.find(db, account_id, hash_of(asked.device_token or ""))
            windows = () if device_id else self._windows(asked.address, email)
            over = await _count_windows(db, windows)
            number = None if over else await _count_guess(db, account_id, device_id)
        return Guess(account, device_id, windows, number, over)

    def _windows(self, address: str, email: str) -> tuple[tuple[Limit, bytes], ...]:
        """
        Return the windows that count guesses from unknown browsers: of the network, the email, and everywhere.

        A known browser has its own count, so a flood of guesses cannot shut it out.
        """
        shared, key = self.context.shared_limits, self.context.keys.window
        return (
            (shared.passwords_from_network, key(rules.network_of(address))),
            (PASSWORDS_FOR_EMAIL, key(email)),
            (shared.passwords_from_everywhere, key("everywhere")),  # last: all log-ins wait for this row
        )

    async def _look(self, guess: Guess, password: str) -> PasswordMatch | None:
        """
        Return which password matched, if any.

        A temporary password is checked whatever the counts say: it is too long to guess. So nobody's wrong guesses can
        shut out a user who reads their own mail.
        """
        if guess.account and self._is_temporary(guess.account, password):
            return PasswordMatch.TEMPORARY
        if guess.over:
            return None
        account = guess.account if guess.number is not None else None
        try:
            right = await self.context.hashes.is_right(account.password_hash if account else None, password)
        except NotAnswered:
            await self._give_back(guess)
            raise
        return PasswordMatch.LASTING if right else None

    def _is_temporary(self, account: Account, password: str) -> bool:
        keyed = self.context.keys.temporary_password(account.account_id, password)
        is_open = account.status in rules.open_to(known_device=False, temporary=True)
        return is_open and account.temporary_is_live and same(account.temporary_hash, keyed)

    async def _give_back(self, guess: Guess) -> None:
        """Undo the count of a password that could not be checked."""
        async with transaction(self.context.pool) as db:
            await _give_back_windows(db, guess)
            if guess.number is not None and guess.device_id:
                await devices.give_back(db, guess.device_id)
            elif guess.number is not None and guess.account_id:
                await accounts.give_back(db, guess.account_id)

    async def _accept(self, asked: LogIn, guess: Guess, match: PasswordMatch) -> Attempt | None:
        """
        Open a log-in that waits for its PIN. Return None if the account was locked in the meantime.

        Refused as `too_many` when so many log-ins were opened lately that more would flood the mailbox.
        """
        async with transaction(self.context.pool) as db:
            await _give_back_windows(db, guess)
            if guess.account is None or not await _clear_count(db, guess.account, guess.device_id, match):
                return None
            opened_lately = await self._count_opened(db, guess.account)
            temporary = guess.account.temporary_hash if match is PasswordMatch.TEMPORARY else None
            attempt = await self._attempt(db, asked, guess, guess.account.account_id, temporary)
            token = "" if opened_lately.is_over else await self._open(db, guess.account, attempt)
            offered = await is_offered(self.context, db, attempt.account_id, by_app=attempt.by_app)
        if opened_lately.is_over:
            raise too_many(opened_lately)
        self.context.wake()
        days = self.context.remembering.days if offered else 0
        how = {"by_app": attempt.by_app, "remembered": attempt.remembered, "remember_days": days}
        return Attempt.model_validate({"attempt_token": token, **how})

    async def _attempt(
        self, db: Database, asked: LogIn, guess: Guess, account_id: UUID, temporary: bytes | None
    ) -> NewAttempt:
        """Return the log-in to open. After a temporary password a code is asked in every browser."""
        device_id, register = guess.device_id, asked.register_code
        token = None if temporary else asked.remember_token
        let_through = await is_let_through(self.context, db, account_id, device_id, token, register)
        by_app = await apps.has(db, account_id)
        return NewAttempt(new_id(), account_id, register, device_id, temporary, by_app, let_through)

    async def _count_opened(self, db: Database, account: Account) -> WindowCount:
        return await limits.count(db, LOG_INS_OPENED, self.context.keys.window(str(account.account_id)))

    async def _open(self, db: Database, account: Account, attempt: NewAttempt) -> str:
        """
        Store the log-in and mail its PIN. One that waits for an app or for no code gets none: a random hash is stored.
        """
        token, pin, life = new_token(), rules.new_pin(secrets.randbelow), self.context.lifetimes.pin
        takes_pin = not (attempt.by_app or attempt.remembered)
        keyed = self.context.keys.pin(attempt.attempt_id, pin) if takes_pin else secrets.token_bytes(32)
        expires_at = await attempts.open_attempt(db, attempt, hash_of(token), keyed, life, rules.LIVE_ATTEMPTS)
        if takes_pin:
            to = recipient_of(account, attempt.register_code)
            await outbox.put_letter(db, self.context.mails.pin(to, pin, int(life.total_seconds() // 60), expires_at))
        await audit.note(db, None, IdentityAction.LOG_IN_BEGUN, [account.account_id], register=attempt.register_code)
        return token

    async def _refuse(self, asked: LogIn, guess: Guess) -> None:
        async with transaction(self.context.pool) as db:
            known = [guess.account_id] if guess.account_id else ()
            await audit.note(db, None, _event_of(guess), known, register=asked.register_code)
            ended = await self._lock_after(db, asked, guess)
        self.context.wake()
        await self.context.tell_revoked(ended)

    async def _lock_after(self, db: Database, asked: LogIn, guess: Guess) -> tuple[UUID, ...]:
        status = rules.lock_after_wrong_password(guess.number or 0, known_device=guess.device_id is not None)
        if guess.account is None or status is None:
            return ()
        return await lock(self.context, db, guess.account, status, asked.register_code)


def _event_of(guess: Guess) -> IdentityAction:
    closed = guess.account is not None and guess.number is None
    return IdentityAction.LOG_IN_NOT_HEARD if closed else IdentityAction.LOG_IN_REFUSED


def _readable(email: str) -> str:
    """Return the address as it is stored, or a key that no account has if the address is unreadable."""
    try:
        return read_email(email)
    except Unreadable:
        return UNREADABLE_ADDRESS


async def _count_windows(db: Database, windows: tuple[tuple[Limit, bytes], ...]) -> WindowCount | None:
    """Count one guess in each window, and return the full window that stops it. A window that fills up is audited."""
    if not windows:
        return None
    network, email, everywhere = [await limits.count(db, limit, key) for limit, key in windows]
    if rules.reached_first((network, everywhere)):
        await audit.note(db, None, IdentityAction.LIMIT_REACHED)
    return rules.full_window(network, everywhere, email)


async def _count_guess(db: Database, account_id: UUID, device_id: UUID | None) -> int | None:
    states = rules.open_to(known_device=device_id is not None)
    if device_id:
        return await devices.raise_count(db, device_id, states, rules.WRONG_PASSWORDS)
    return await accounts.raise_count(db, account_id, states, rules.WRONG_PASSWORDS)


async def _clear_count(db: Database, account: Account, device_id: UUID | None, match: PasswordMatch) -> bool:
    """Reset the count after a right password. Return False if the account no longer lets this browser in."""
    states = rules.open_to(known_device=device_id is not None, temporary=match is PasswordMatch.TEMPORARY)
    if device_id is None:
        return await accounts.clear_count(db, account.account_id, states)
    held = await accounts.hold(db, account.account_id)
    await devices.clear_count(db, device_id)
    return held is not None and held.status in states


async def _give_back_windows(db: Database, guess: Guess) -> None:
    for limit, key in guess.windows:
        await limits.give_back(db, limit, key)
