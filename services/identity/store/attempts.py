"""Unfinished log-ins: the password was right, and the PIN or a code of the authenticator app is awaited."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.database import Database

OPEN = """
    INSERT INTO attempt
        (attempt_id, token_hash, account_id, register_code, device_id, temporary_hash, by_app, remembered, pin_hash,
        pin_expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + $10::interval)
    RETURNING pin_expires_at
"""
END_OLDEST = """
    UPDATE attempt SET state = 'over'
    WHERE attempt_id IN (
        SELECT attempt_id FROM attempt
        WHERE account_id = $1 AND state = 'waiting'
        ORDER BY opened_at DESC, attempt_id
        OFFSET $2
    )
"""
TAKE_TRY = """
    UPDATE attempt SET tries = tries + 1
    WHERE token_hash = $1 AND state = 'waiting' AND tries < $2
    RETURNING attempt_id, register_code, device_id, temporary_hash, by_app, remembered, tries, pin_hash,
        pin_expires_at > clock_timestamp() AS pin_is_live
"""
RENEW_PIN = """
    UPDATE attempt
    SET pin_hash = $3, pin_sent_at = clock_timestamp(), pin_expires_at = clock_timestamp() + $4::interval
    WHERE attempt_id = $1 AND state = 'waiting' AND tries < $2
        AND pin_sent_at <= clock_timestamp() - $5::interval
    RETURNING pin_expires_at
"""
FIND_WAITING = """
    SELECT attempt_id, register_code, pin_sent_at + $4::interval AS resend_at FROM attempt
    WHERE token_hash = $1 AND state = 'waiting' AND tries < $2 AND NOT by_app AND NOT remembered
        AND opened_at > clock_timestamp() - $3::interval
"""
SET_STATE = "UPDATE attempt SET state = $2 WHERE attempt_id = $1 AND state = 'waiting'"
CANCEL = """
    UPDATE attempt SET state = 'cancelled'
    WHERE token_hash = $1 AND state = 'waiting'
    RETURNING account_id, register_code
"""
END_ALL = "UPDATE attempt SET state = 'over' WHERE account_id = $1 AND state = 'waiting'"
SWEEP = """
    DELETE FROM attempt
    WHERE opened_at < clock_timestamp() - $1::interval AND pin_expires_at < clock_timestamp()
"""


@dataclass(frozen=True)
class NewAttempt:
    """
    A log-in whose password was right. `temporary_hash`: of the temporary password, if that was used.

    `by_app`: it waits for a code of the authenticator app, not for a PIN. `remembered`: it needs neither.
    """

    attempt_id: UUID
    account_id: UUID
    register_code: str
    device_id: UUID | None
    temporary_hash: bytes | None = field(repr=False)
    by_app: bool
    remembered: bool


@dataclass(frozen=True)
class Try:
    """One PIN or code before it is checked; it is already counted. `pin_is_live`: the log-in still takes one."""

    attempt_id: UUID
    register_code: str
    device_id: UUID | None
    temporary_hash: bytes | None = field(repr=False)
    by_app: bool
    remembered: bool
    tries: int
    pin_hash: bytes = field(repr=False)
    pin_is_live: bool


@dataclass(frozen=True)
class Waiting:
    """A log-in whose PIN is awaited. `resend_at`: when another PIN may be sent."""

    attempt_id: UUID
    register_code: str
    resend_at: datetime


async def open_attempt(
    db: Database, attempt: NewAttempt, token_hash: bytes, pin_hash: bytes, life: timedelta, live_at_most: int
) -> datetime:
    """Open a log-in, and return when its PIN expires. End the account's oldest log-ins above `live_at_most`."""
    about = (attempt.account_id, attempt.register_code, attempt.device_id, attempt.temporary_hash)
    how = (attempt.by_app, attempt.remembered)
    expires_at: datetime = await db.fetchval(OPEN, attempt.attempt_id, token_hash, *about, *how, pin_hash, life)
    await db.execute(END_OLDEST, attempt.account_id, live_at_most)
    return expires_at


async def take_try(db: Database, token_hash: bytes, most: int) -> Try | None:
    """Count one more PIN before it is checked. Return None if the log-in has used all its tries."""
    row = await db.fetchrow(TAKE_TRY, token_hash, most)
    return None if row is None else Try(**row)


async def find_waiting(
    db: Database, token_hash: bytes, tries: int, life: timedelta, resend_after: timedelta
) -> Waiting | None:
    row = await db.fetchrow(FIND_WAITING, token_hash, tries, life, resend_after)
    return None if row is None else Waiting(**row)


async def renew_pin(
    db: Database, attempt_id: UUID, tries: int, pin_hash: bytes, life: timedelta, after: timedelta
) -> datetime | None:
    """
    Replace the PIN, and return when the new one expires. The count of tries stays.

    Return None when the last PIN was sent within `after`.
    """
    expires_at: datetime | None = await db.fetchval(RENEW_PIN, attempt_id, tries, pin_hash, life, after)
    return expires_at


async def set_state(db: Database, attempt_id: UUID, state: str) -> None:
    await db.execute(SET_STATE, attempt_id, state)


async def cancel(db: Database, token_hash: bytes) -> tuple[UUID, str] | None:
    """Cancel the waiting log-in, and return its account and register."""
    row = await db.fetchrow(CANCEL, token_hash)
    return None if row is None else (row["account_id"], row["register_code"])


async def end_all(db: Database, account_id: UUID) -> None:
    await db.execute(END_ALL, account_id)


async def sweep(db: Database, life: timedelta) -> None:
    await db.execute(SWEEP, life)
