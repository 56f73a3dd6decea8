"""Browsers in which no code is asked for some days: their tokens, each used once, and when that ends."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.database import Database

SPEND = """
    UPDATE remembered_token AS token SET spent = true
    FROM device
    WHERE token.token_hash = $1 AND NOT token.spent
        AND device.device_id = token.device_id AND device.device_id = $2 AND device.account_id = $3
        AND device.remembered_until > clock_timestamp()
    RETURNING device.remembered_by_app
"""
FIND_COPIED = """
    SELECT token.device_id FROM remembered_token AS token
    JOIN device ON device.device_id = token.device_id
    WHERE token.token_hash = $1 AND device.account_id = $2 AND device.remembered_until > clock_timestamp()
"""
IS_REMEMBERED = "SELECT EXISTS (SELECT FROM device WHERE device_id = $1 AND remembered_until > clock_timestamp())"
REMEMBER = """
    UPDATE device
    SET remembered_until = clock_timestamp() + $2::interval, remembered_by_app = $3, browser = $4
    WHERE device_id = $1
"""
FIND_UNTIL = "SELECT remembered_until FROM device WHERE device_id = $1"
ADD_NEXT = "INSERT INTO remembered_token (token_hash, device_id) VALUES ($1, $2)"
FORGET = "UPDATE device SET remembered_until = NULL WHERE device_id = $1 AND account_id = $2 RETURNING device_id"
FORGET_ALL = "UPDATE device SET remembered_until = NULL WHERE account_id = $1 AND remembered_until IS NOT NULL"
DROP_TOKENS = """
    DELETE FROM remembered_token
    USING device
    WHERE device.device_id = remembered_token.device_id AND device.account_id = $1 AND device.remembered_until IS NULL
"""
LIST = """
    SELECT device_id, browser, remembered_until AS until FROM device
    WHERE account_id = $1 AND remembered_until > clock_timestamp()
    ORDER BY remembered_until DESC, device_id
"""


@dataclass(frozen=True)
class RememberedBrowser:
    """A browser in which no code is asked, as its user sees it."""

    device_id: UUID
    browser: str
    until: datetime


@dataclass(frozen=True)
class NewRemembered:
    """How a browser is to be remembered. `by_app`: its user entered a code of the app."""

    token_hash: bytes = field(repr=False)
    by_app: bool
    browser: str
    life: timedelta


async def spend(db: Database, token_hash: bytes, device_id: UUID, account_id: UUID) -> bool | None:
    """
    Use up the token of this browser. Return whether a code of the app led to it.

    Return None if it is not the newest token of this browser, or the time is over.
    """
    by_app: bool | None = await db.fetchval(SPEND, token_hash, device_id, account_id)
    return by_app


async def find_copied(db: Database, token_hash: bytes, account_id: UUID) -> UUID | None:
    """Return the browser of a token that could not be used up: it was used before, or comes from another browser."""
    device_id: UUID | None = await db.fetchval(FIND_COPIED, token_hash, account_id)
    return device_id


async def is_remembered(db: Database, device_id: UUID) -> bool:
    found: bool = await db.fetchval(IS_REMEMBERED, device_id)
    return found


async def remember(db: Database, device_id: UUID, new: NewRemembered) -> None:
    """Remember the browser from now on, under this token."""
    await db.execute(REMEMBER, device_id, new.life, new.by_app, new.browser)
    await db.execute(ADD_NEXT, new.token_hash, device_id)


async def renew(db: Database, device_id: UUID, token_hash: bytes) -> datetime | None:
    """Add the next token, and return until when it may be used. The time itself is not extended."""
    await db.execute(ADD_NEXT, token_hash, device_id)
    until: datetime | None = await db.fetchval(FIND_UNTIL, device_id)
    return until


async def forget(db: Database, device_id: UUID, account_id: UUID) -> UUID | None:
    """Ask for a code in this browser of the account again. Return None if the account has no such browser."""
    forgotten: UUID | None = await db.fetchval(FORGET, device_id, account_id)
    await db.execute(DROP_TOKENS, account_id)
    return forgotten


async def forget_all(db: Database, account_id: UUID) -> None:
    """Ask for a code in every browser of the account again."""
    await db.execute(FORGET_ALL, account_id)
    await db.execute(DROP_TOKENS, account_id)


async def list_all(db: Database, account_id: UUID) -> list[RememberedBrowser]:
    return [RememberedBrowser(**row) for row in await db.fetch(LIST, account_id)]
