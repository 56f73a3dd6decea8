"""The password step of a log-in."""

import secrets
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.handlers.locks import lock
from services.identity.keys import hash_of, same
from services.identity.rules import log_in as rules
from services.identity.rules.log_in import LOG_INS_OPENED, PASSWORDS_FROM_EVERYWHERE, PASSWORDS_FROM_NETWORK, Limit
from services.identity.store import accounts, attempts, devices, limits
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

    `number`: how many wrong passwords in a row this is, if it is wrong. None means that it must not be checked.
    """

    account: Account | None
    device_id: UUID | None
    windows: tuple[tuple[Limit, bytes], ...] = field(repr=False)
    number: int | None
    is_over_limit: bool

    @property
    def account_id(self) -> UUID | None:
        return self.account.account_id if self.account else None


@dataclass(frozen=True)
class PasswordStep:
    """
    Takes address and password, and answers with a log-in that waits for its PIN.

    Every guess is counted before it is checked, and costs one real hash whether or not the account exists. An unknown
    address, a wrong password and a locked account take the same steps and give the same answer.
    """

    context: IdentityContext

    async def log_in(self, asked: LogIn) -> Attempt:
        self.context.named(asked.register_code)
        self.context.hashes.check_room()
        guess = await self._count(asked)
        if guess.is_over_limit:
            raise Refused("too_many")
        match = await self._look(guess, asked.password)
        attempt = await self._accept(asked, guess, match) if match else None
        if attempt is None:
            await self._refuse(asked, guess)
            raise Refused("wrong_details")
        return attempt

    async def _count(self, asked: LogIn) -> Guess:
        async with transaction(self.context.pool) as db:
            account = await accounts.find_by_email(db, _readable(asked.email))
            account_id = account.account_id if account else NOBODY
            device_id = await devices.find(db, account_id, hash_of(asked.device_token or ""))
            windows = () if device_id else self._windows(asked.address)
            over = await self._count_windows(db, windows)
            number = None if over else await _count_guess(db, account_id, device_id)
        return Guess(account, device_id, windows, number, over)

    def _windows(self, address: str) -> tuple[tuple[Limit, bytes], ...]:
        """
        Return the windows that count guesses from unknown browsers.

        A known browser has its own count, so a flood of guesses cannot shut it out.
        """
        network = rules.network_of(address)
        return (
            (PASSWORDS_FROM_EVERYWHERE, self.context.keys.window("everywhere")),
            (PASSWORDS_FROM_NETWORK, self.context.keys.window(network)),
        )

    async def _count_windows(self, db: Database, windows: tuple[tuple[Limit, bytes], ...]) -> bool:
        """Count one guess, and return whether any window is full. Only the first guess over a limit is audited."""
        over = False
        for limit, key in windows:
            counted = await limits.count(db, limit, key)
            if counted == limit.most + 1:
                await audit.note(db, None, IdentityAction.LIMIT_REACHED)
            over = over or counted > limit.most
        return over

    async def _look(self, guess: Guess, password: str) -> PasswordMatch | None:
        account = guess.account if guess.number is not None else None
        try:
            right = await self.context.hashes.is_right(account.password_hash if account else None, password)
        except NotAnswered:
            await self._give_back(guess)
            raise
        if right:
            return PasswordMatch.LASTING
        return PasswordMatch.TEMPORARY if account and self._is_temporary(account, password) else None

    def _is_temporary(self, account: Account, password: str) -> bool:
        keyed = self.context.keys.temporary_password(account.account_id, password)
        return account.temporary_is_live and same(account.temporary_hash, keyed)

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
            if guess.account is None or not await _clear_count(db, guess.account, guess.device_id):
                return None
            key = self.context.keys.window(str(guess.account.account_id))
            is_flood = await limits.count(db, LOG_INS_OPENED, key) > LOG_INS_OPENED.most
            temporary = guess.account.temporary_hash if match is PasswordMatch.TEMPORARY else None
            opened = NewAttempt(new_id(), guess.account.account_id, asked.register_code, guess.device_id, temporary)
            token = "" if is_flood else await self._open(db, guess.account, opened)
        if is_flood:
            raise Refused("too_many")
        self.context.wake()
        return Attempt(attempt_token=token)

    async def _open(self, db: Database, account: Account, attempt: NewAttempt) -> str:
        token, pin, life = new_token(), rules.new_pin(secrets.randbelow), self.context.lifetimes.pin
        keyed = self.context.keys.pin(attempt.attempt_id, pin)
        expires_at = await attempts.open_attempt(db, attempt, hash_of(token), keyed, life, rules.LIVE_ATTEMPTS)
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


async def _count_guess(db: Database, account_id: UUID, device_id: UUID | None) -> int | None:
    states = rules.open_to(known_device=device_id is not None)
    if device_id:
        return await devices.raise_count(db, device_id, states, rules.WRONG_PASSWORDS)
    return await accounts.raise_count(db, account_id, states, rules.WRONG_PASSWORDS)


async def _clear_count(db: Database, account: Account, device_id: UUID | None) -> bool:
    """Reset the count after a right password. Return False if the account no longer lets this browser in."""
    if device_id is None:
        return await accounts.clear_count(db, account.account_id, rules.open_to(known_device=False))
    held = await accounts.hold(db, account.account_id)
    await devices.clear_count(db, device_id)
    return held is not None and held.status in rules.open_to(known_device=True)


async def _give_back_windows(db: Database, guess: Guess) -> None:
    for limit, key in guess.windows:
        await limits.give_back(db, limit, key)
