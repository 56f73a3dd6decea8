"""The jobs of referrals: counters are proved, and abandoned drafts are deleted."""

from services.referrals.rules.drafts import drafts_end
from services.referrals.store import counting, drafts
from shared.context import ServiceContext
from shared.database import transaction
from shared.log import log, warn

FOLD_EVERY_SECONDS = 1.0
REFRESH_EVERY_SECONDS = 1.0
PROVED_AT_HOUR = 2


async def prove_counters(context: ServiceContext) -> int:
    """Compare the counters with the records, and correct them. Returns how many were wrong."""
    async with transaction(context.pool) as db:
        wrong = await counting.prove_counters(db)
    if wrong:
        warn("counters.wrong", count=wrong)
    else:
        log("counters.proved")
    return wrong


async def purge_drafts(context: ServiceContext) -> None:
    """Delete drafts that nobody has continued for too long."""
    deleted = await drafts.sweep(context.pool, drafts_end(context.clock()))
    if deleted:
        log("drafts.swept", count=deleted)
