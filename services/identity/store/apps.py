"""Authenticator apps of accounts: their secrets, the steps of codes that were accepted, and recovery codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.database import Database, execute_for_each

# The names of roles and add-ons that need an app are a parameter; `account` is the table or its alias.
NEEDS_APP = """
    (
        (account.master_admin AND 'master_admin' = ANY({names}::text[]))
        OR EXISTS (
            SELECT FROM register_grant AS each
            WHERE each.account_id = account.account_id
                AND (each.role = ANY({names}::text[]) OR each.grants && {names}::text[])
        )
    )
"""
# Such an account has an app, or had one that was reset: its log-in takes no PIN.
MUST_ADD_APP = f"""
    (
        EXISTS (SELECT FROM app WHERE app.account_id = account.account_id AND app.reset_until IS NOT NULL)
        OR {NEEDS_APP} AND NOT EXISTS (SELECT FROM app WHERE app.account_id = account.account_id)
    )
"""  # noqa: S608 - constants alone
FIND = "SELECT sealed_secret, extract(epoch FROM clock_timestamp())::float8 AS now FROM app WHERE account_id = $1"
HAS = "SELECT EXISTS (SELECT FROM app WHERE account_id = $1)"
HAS_IN_USE = "SELECT EXISTS (SELECT FROM app WHERE account_id = $1 AND reset_until IS NULL)"
READ_STATE = f"""
    SELECT
        app.added_at,
        (SELECT count(*) FROM recovery_code AS code WHERE code.account_id = account.account_id) AS recovery_codes_left,
        {NEEDS_APP.format(names="$2")} AS required
    FROM account
    LEFT JOIN app ON app.account_id = account.account_id AND app.reset_until IS NULL
    WHERE account.account_id = $1
"""  # noqa: S608
USE_STEP = "UPDATE app SET last_step = $2 WHERE account_id = $1 AND last_step < $2 RETURNING account_id"
USE_RECOVERY_CODE = """
    DELETE FROM recovery_code
    WHERE account_id = $1 AND code_hash = $2
        AND NOT EXISTS (SELECT FROM app WHERE app.account_id = $1 AND app.reset_until < clock_timestamp())
    RETURNING account_id
"""
COUNT_RECOVERY_CODES = "SELECT count(*) FROM recovery_code WHERE account_id = $1"
BEGIN = """
    INSERT INTO begun_app (account_id, session_id, sealed_secret) VALUES ($1, $2, $3)
    ON CONFLICT (account_id) DO UPDATE
    SET session_id = excluded.session_id, sealed_secret = excluded.sealed_secret, begun_at = clock_timestamp()
"""
FIND_BEGUN = """
    SELECT sealed_secret, extract(epoch FROM clock_timestamp())::float8 AS now
    FROM begun_app
    WHERE account_id = $1 AND session_id = $2 AND begun_at > clock_timestamp() - $3::interval
"""
ADD = """
    INSERT INTO app (account_id, sealed_secret, last_step) VALUES ($1, $2, $3)
    ON CONFLICT (account_id) DO UPDATE
    SET sealed_secret = excluded.sealed_secret, last_step = excluded.last_step, added_at = clock_timestamp(),
        reset_until = NULL
"""
RESET = """
    UPDATE app SET sealed_secret = $2, reset_until = clock_timestamp() + $3::interval
    WHERE account_id = $1
    RETURNING account_id
"""
DROP_BEGUN = "DELETE FROM begun_app WHERE account_id = $1"
DROP = "DELETE FROM app WHERE account_id = $1 RETURNING account_id"
DROP_RECOVERY_CODES = "DELETE FROM recovery_code WHERE account_id = $1"
ADD_RECOVERY_CODE = "INSERT INTO recovery_code (account_id, code_hash) VALUES ($1, $2)"
SWEEP = "DELETE FROM begun_app WHERE begun_at < clock_timestamp() - $1::interval"


@dataclass(frozen=True)
class SealedApp:
    """The encrypted secret of an app, and the database's time in seconds, by which its codes are checked."""

    sealed_secret: bytes = field(repr=False)
    now: float


@dataclass(frozen=True)
class OwnApp:
    """The app of an account as its user sees it: since when, how many recovery codes, and whether a role needs it."""

    added_at: datetime | None
    recovery_codes_left: int
    required: bool


async def find(db: Database, account_id: UUID) -> SealedApp | None:
    row = await db.fetchrow(FIND, account_id)
    return None if row is None else SealedApp(**row)


async def has(db: Database, account_id: UUID) -> bool:
    """Return whether the account's log-in takes codes of an app: it has one, or one that was reset."""
    found: bool = await db.fetchval(HAS, account_id)
    return found


async def has_in_use(db: Database, account_id: UUID) -> bool:
    """Return whether the account has an app that was not reset."""
    found: bool = await db.fetchval(HAS_IN_USE, account_id)
    return found


async def read_state(db: Database, account_id: UUID, needing: Sequence[str]) -> OwnApp | None:
    row = await db.fetchrow(READ_STATE, account_id, needing)
    return None if row is None else OwnApp(**row)


async def use_step(db: Database, account_id: UUID, step: int) -> bool:
    """Use up the codes of this step and of earlier ones. Return False when they are used up already."""
    return await db.fetchval(USE_STEP, account_id, step) is not None


async def use_recovery_code(db: Database, account_id: UUID, code_hash: bytes) -> bool:
    """Use up the recovery code. Return False when there is none such, or not any more."""
    return await db.fetchval(USE_RECOVERY_CODE, account_id, code_hash) is not None


async def count_recovery_codes(db: Database, account_id: UUID) -> int:
    left: int = await db.fetchval(COUNT_RECOVERY_CODES, account_id)
    return left


async def begin(db: Database, account_id: UUID, session_id: UUID, sealed_secret: bytes) -> None:
    """Store a secret that its user has not confirmed yet, in place of an earlier one."""
    await db.execute(BEGIN, account_id, session_id, sealed_secret)


async def find_begun(db: Database, account_id: UUID, session_id: UUID, life: timedelta) -> SealedApp | None:
    """Return the secret that waits in this session to be confirmed."""
    row = await db.fetchrow(FIND_BEGUN, account_id, session_id, life)
    return None if row is None else SealedApp(**row)


async def add(db: Database, account_id: UUID, sealed_secret: bytes, last_step: int) -> None:
    """Add the app, or replace one that was reset. The code that confirmed it is used up."""
    await db.execute(ADD, account_id, sealed_secret, last_step)
    await db.execute(DROP_BEGUN, account_id)


async def drop(db: Database, account_id: UUID) -> bool:
    """Delete the app, one that was not confirmed, and the recovery codes. Return False when there was no app."""
    await db.execute(DROP_BEGUN, account_id)
    await db.execute(DROP_RECOVERY_CODES, account_id)
    return await db.fetchval(DROP, account_id) is not None


async def reset(db: Database, account_id: UUID, unknown_secret: bytes, life: timedelta) -> bool:
    """
    Replace the secret by one that nobody has. Until `life` has passed, recovery codes work.

    Return False when there is no app.
    """
    await db.execute(DROP_BEGUN, account_id)
    return await db.fetchval(RESET, account_id, unknown_secret, life) is not None


async def replace_recovery_codes(db: Database, account_id: UUID, hashes: Iterable[bytes]) -> None:
    await db.execute(DROP_RECOVERY_CODES, account_id)
    await execute_for_each(db, ADD_RECOVERY_CODE, [(account_id, each) for each in hashes])


async def sweep(db: Database, life: timedelta) -> None:
    await db.execute(SWEEP, life)
