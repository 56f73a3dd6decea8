"""Browsers in which a user has completed a log-in before."""

from datetime import timedelta
from uuid import UUID

from services.identity.rules.log_in import Status
from shared.database import Database

FIND_DEVICE = "SELECT device_id FROM device WHERE account_id = $1 AND token_hash = $2"
RAISE_COUNT = """
    UPDATE device
    SET wrong_passwords = device.wrong_passwords + 1, counted_at = clock_timestamp()
    FROM account
    WHERE device.device_id = $1 AND account.account_id = device.account_id
        AND account.status = ANY($2) AND device.wrong_passwords < $3
    RETURNING device.wrong_passwords
"""
GIVE_BACK = "UPDATE device SET wrong_passwords = greatest(wrong_passwords - 1, 0) WHERE device_id = $1"
CLEAR_COUNT = "UPDATE device SET wrong_passwords = 0 WHERE device_id = $1"
CLEAR_COUNTS = "UPDATE device SET wrong_passwords = 0 WHERE account_id = $1"
SETTLE_COUNTS = """
    UPDATE device
    SET wrong_passwords = $1 - 1
    WHERE wrong_passwords >= $1 AND counted_at < clock_timestamp() - $2::interval
"""
KNOW = """
    INSERT INTO device (device_id, account_id, token_hash) VALUES ($1, $2, $3)
    ON CONFLICT (device_id) DO UPDATE SET token_hash = $3, wrong_passwords = 0, used_at = clock_timestamp()
"""
FORGET_OLDEST = """
    DELETE FROM device
    WHERE device_id IN (SELECT device_id FROM device WHERE account_id = $1 ORDER BY used_at DESC OFFSET $2)
"""
FORGET_ALL = "DELETE FROM device WHERE account_id = $1"
SWEEP = "DELETE FROM device WHERE used_at < clock_timestamp() - $1::interval"


async def find(db: Database, account_id: UUID, token_hash: bytes) -> UUID | None:
    device_id: UUID | None = await db.fetchval(FIND_DEVICE, account_id, token_hash)
    return device_id


async def raise_count(db: Database, device_id: UUID, states: tuple[Status, ...], most: int) -> int | None:
    """Count one more wrong password before it is checked. Return None if the limit is reached: do not check it then."""
    number: int | None = await db.fetchval(RAISE_COUNT, device_id, states, most)
    return number


async def give_back(db: Database, device_id: UUID) -> None:
    await db.execute(GIVE_BACK, device_id)


async def clear_count(db: Database, device_id: UUID) -> None:
    await db.execute(CLEAR_COUNT, device_id)


async def clear_counts(db: Database, account_id: UUID) -> None:
    await db.execute(CLEAR_COUNTS, account_id)


async def settle_counts(db: Database, most: int, older_than: timedelta) -> None:
    await db.execute(SETTLE_COUNTS, most, older_than)


async def know(db: Database, device_id: UUID, account_id: UUID, token_hash: bytes, most: int) -> None:
    """Store this browser under this token. Delete the account's least recently used browsers above `most`."""
    await db.execute(KNOW, device_id, account_id, token_hash)
    await db.execute(FORGET_OLDEST, account_id, most)


async def forget_all(db: Database, account_id: UUID) -> None:
    await db.execute(FORGET_ALL, account_id)


async def sweep(db: Database, unused_for: timedelta) -> None:
    await db.execute(SWEEP, unused_for)
