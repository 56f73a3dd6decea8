"""Accounts: names, passwords, counts of wrong passwords, and states."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.identity.rules.log_in import Status
from shared.database import Database, execute_for_each
from shared.registers.form.person import searchable
from shared.values import sort_key

NOBODY = UUID(int=0)

FIND_ACCOUNT = """
    SELECT
        account_id, email, first_name, last_name, master_admin, status, password_hash, temporary_hash,
        temporary_used_at IS NULL AND coalesce(temporary_expires_at > clock_timestamp(), false) AS temporary_is_live
    FROM account
"""
FIND_BY_EMAIL = f"{FIND_ACCOUNT} WHERE email = $1"
FIND_BY_ID = f"{FIND_ACCOUNT} WHERE account_id = $1"
HOLD = f"{FIND_BY_ID} FOR NO KEY UPDATE"
HOLD_OF_ATTEMPT = f"""
    {FIND_ACCOUNT}
    WHERE account_id = (SELECT attempt.account_id FROM attempt WHERE attempt.token_hash = $1)
    FOR NO KEY UPDATE
"""  # noqa: S608 - constants alone
ADD_ACCOUNT = """
    INSERT INTO account (account_id, email, first_name, last_name, master_admin, search, sort_name)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (email) DO NOTHING
    RETURNING account_id
"""
# A row that a log-in or another sweep holds is left for the next sweep.
TAKE_UNSORTED = """
    SELECT account_id, first_name, last_name FROM account
    WHERE sort_name IS NULL
    LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED
"""
RENAME = "UPDATE account SET first_name = $2, last_name = $3, search = $4, sort_name = $5 WHERE account_id = $1"
NOTE_LOG_IN = "UPDATE account SET logged_in_at = clock_timestamp() WHERE account_id = $1"
SORT = "UPDATE account SET search = $2, sort_name = $3 WHERE account_id = $1"
RAISE_COUNT = """
    UPDATE account
    SET wrong_passwords = wrong_passwords + 1, counted_at = clock_timestamp()
    WHERE account_id = $1 AND status = ANY($2) AND wrong_passwords < $3
    RETURNING wrong_passwords
"""
GIVE_BACK = "UPDATE account SET wrong_passwords = greatest(wrong_passwords - 1, 0) WHERE account_id = $1"
CLEAR_COUNT = "UPDATE account SET wrong_passwords = 0 WHERE account_id = $1 AND status = ANY($2) RETURNING account_id"
SETTLE_COUNTS = """
    UPDATE account
    SET wrong_passwords = $1 - 1
    WHERE wrong_passwords >= $1 AND status = 'active' AND counted_at < clock_timestamp() - $2::interval
"""
OPEN_AGAIN = "UPDATE account SET status = 'active', wrong_passwords = 0 WHERE account_id = $1 AND status = ANY($2)"
SET_STATUS = "UPDATE account SET status = $2 WHERE account_id = $1 AND status <> ALL($3) RETURNING account_id"
UNLOCK = """
    UPDATE account
    SET status = 'active', wrong_passwords = 0
    WHERE account_id = $1 AND status IN ('locked', 'locked_to_strangers')
    RETURNING account_id
"""
DISABLE = "UPDATE account SET status = 'disabled' WHERE account_id = $1"
ENABLE = "UPDATE account SET status = 'active', wrong_passwords = 0 WHERE account_id = $1 AND status = 'disabled'"
REPLACE_HASH = """
    UPDATE account
    SET password_hash = $2, temporary_hash = NULL, temporary_expires_at = NULL, temporary_used_at = NULL
    WHERE account_id = $1
        AND password_hash IS NOT DISTINCT FROM $3
        AND temporary_hash IS NOT DISTINCT FROM $4
        AND status = ANY($5)
    RETURNING account_id
"""
SET_TEMPORARY = """
    UPDATE account
    SET temporary_hash = $2, temporary_expires_at = clock_timestamp() + $3::interval, temporary_used_at = NULL
    WHERE account_id = $1
    RETURNING temporary_expires_at
"""
USE_TEMPORARY = """
    UPDATE account
    SET temporary_used_at = clock_timestamp(), password_hash = NULL
    WHERE account_id = $1 AND temporary_hash = $2 AND temporary_used_at IS NULL
        AND temporary_expires_at > clock_timestamp()
    RETURNING account_id
"""


@dataclass(frozen=True)
class Account:
    """An account as a log-in needs it. `temporary_is_live`: its temporary password may still be used, once."""

    account_id: UUID
    email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    master_admin: bool
    status: Status
    password_hash: str | None = field(repr=False)
    temporary_hash: bytes | None = field(repr=False)
    temporary_is_live: bool


async def find_by_email(db: Database, email: str) -> Account | None:
    return await _find(db, FIND_BY_EMAIL, email)


async def find_by_id(db: Database, account_id: UUID) -> Account | None:
    return await _find(db, FIND_BY_ID, account_id)


async def hold(db: Database, account_id: UUID) -> Account | None:
    """Lock the account's row. Do this before changing its other rows, so that two transactions do not deadlock."""
    return await _find(db, HOLD, account_id)


async def hold_of_attempt(db: Database, attempt_token_hash: bytes) -> Account | None:
    """Return the account of a waiting log-in, locked until this transaction ends. PINs are checked one at a time."""
    return await _find(db, HOLD_OF_ATTEMPT, attempt_token_hash)


async def _find(db: Database, query: str, key: object) -> Account | None:
    row = await db.fetchrow(query, key)
    return None if row is None else Account(**{**row, "status": Status(row["status"])})


async def add(
    db: Database, account_id: UUID, email: str, first_name: str, last_name: str, *, master_admin: bool = False
) -> bool:
    """Add an account. Return False when the address has an account already."""
    spelling = _spelling(first_name, last_name)
    added = await db.fetchval(ADD_ACCOUNT, account_id, email, first_name, last_name, master_admin, *spelling)
    return added is not None


async def rename(db: Database, account_id: UUID, first_name: str, last_name: str) -> None:
    await db.execute(RENAME, account_id, first_name, last_name, *_spelling(first_name, last_name))


async def note_log_in(db: Database, account_id: UUID) -> None:
    """Keep the moment of the account's latest log-in."""
    await db.execute(NOTE_LOG_IN, account_id)


async def sort_names(db: Database) -> int:
    """Write the words and the sort key of names that an older process stored. Return how many there were."""
    found = await db.fetch(TAKE_UNSORTED)
    written = [(row["account_id"], *_spelling(row["first_name"], row["last_name"])) for row in found]
    await execute_for_each(db, SORT, written)
    return len(written)


def _spelling(first_name: str, last_name: str) -> tuple[str, str]:
    """Return the words by which a name is found, and the key by which it is sorted."""
    return searchable(first_name, last_name), sort_key(last_name, first_name)


async def raise_count(db: Database, account_id: UUID, states: tuple[Status, ...], most: int) -> int | None:
    """Count one more wrong password before it is checked. Return None if the limit is reached: do not check it then."""
    number: int | None = await db.fetchval(RAISE_COUNT, account_id, states, most)
    return number


async def give_back(db: Database, account_id: UUID) -> None:
    await db.execute(GIVE_BACK, account_id)


async def clear_count(db: Database, account_id: UUID, states: tuple[Status, ...]) -> bool:
    """Reset the count. Return False when the account is no longer in one of these states."""
    return await db.fetchval(CLEAR_COUNT, account_id, states) is not None


async def settle_counts(db: Database, most: int, older_than: timedelta) -> None:
    """
    Lower counts that are at the limit because a process died between counting and checking.

    Without this, no password of that account would ever be checked again.
    """
    await db.execute(SETTLE_COUNTS, most, older_than)


async def open_again(db: Database, account_id: UUID, states: tuple[Status, ...]) -> None:
    """Make an account in one of these states active, and reset its count."""
    await db.execute(OPEN_AGAIN, account_id, states)


async def set_status(db: Database, account_id: UUID, status: Status, *, unless: tuple[Status, ...]) -> bool:
    return await db.fetchval(SET_STATUS, account_id, status, unless) is not None


async def unlock(db: Database, account_id: UUID) -> bool:
    return await db.fetchval(UNLOCK, account_id) is not None


async def disable(db: Database, account_id: UUID) -> None:
    await db.execute(DISABLE, account_id)


async def enable(db: Database, account_id: UUID) -> None:
    await db.execute(ENABLE, account_id)


async def set_password(db: Database, seen: Account, password_hash: str, states: tuple[Status, ...]) -> bool:
    """Replace the password and delete a temporary one. Return False when another change came first."""
    seen_hashes = (seen.password_hash, seen.temporary_hash)
    return await db.fetchval(REPLACE_HASH, seen.account_id, password_hash, *seen_hashes, states) is not None


async def set_temporary(db: Database, account_id: UUID, temporary_hash: bytes, life: timedelta) -> datetime | None:
    """
    Replace any earlier temporary password; the lasting one stays valid.

    Return when it expires, or None when there is no such account.
    """
    expires_at: datetime | None = await db.fetchval(SET_TEMPORARY, account_id, temporary_hash, life)
    return expires_at


async def use_temporary(db: Database, account_id: UUID, temporary_hash: bytes) -> bool:
    """Use up the temporary password and delete the lasting one. Return False when it is used, replaced or expired."""
    return await db.fetchval(USE_TEMPORARY, account_id, temporary_hash) is not None
