"""Background jobs of the referrals service: check the counters, and delete abandoned drafts."""

from services.referrals.rules.drafts import drafts_end
from services.referrals.store import counting, drafts
from shared.context import ServiceContext
from shared.database import transaction
from shared.log import log, warn

FOLD_EVERY_SECONDS = 2.0
FOLD_GATHER_SECONDS = 1.0
REFRESH_EVERY_SECONDS = 1.0
CLEAN_EVERY_SECONDS = 30.0
END_EVERY_SECONDS = 60.0
SETTLE_EVERY_SECONDS = 5.0
PROVED_AT_HOUR = 2


async def prove_counters(context: ServiceContext) -> int:
    """Compare the counters with the records, correct them and return how many were wrong."""
    async with transaction(context.background) as db:
        wrong = await counting.prove_counters(db)
    if wrong:
        warn("counters.wrong", count=wrong)
    else:
        log("counters.proved")
    return wrong


async def purge_drafts(context: ServiceContext) -> None:
    """Delete the drafts that were last saved more than `DRAFT_DAYS` days ago."""
    deleted = await drafts.sweep(context.background, drafts_end(context.clock()))
    if deleted:
        log("drafts.swept", count=deleted)
