"""Unlock an account."""

from uuid import UUID

from services.identity.keys import Keys
from services.identity.rules.log_in import PINS_IN_DAY, PINS_IN_HOUR
from services.identity.store import accounts, devices, limits
from shared.database import Database


async def unlock(db: Database, keys: Keys, account_id: UUID) -> bool:
    """Unlock the account and reset its counts. Return False when it was not locked. The caller audits it."""
    if not await accounts.unlock(db, account_id):
        return False
    await devices.clear_counts(db, account_id)
    await limits.forget(db, (PINS_IN_HOUR, PINS_IN_DAY), keys.window(str(account_id)))
    return True
