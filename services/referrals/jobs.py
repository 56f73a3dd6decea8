"""The jobs of referrals: counters are proved, older records get their match keys, abandoned drafts are deleted."""

from dataclasses import dataclass

from services.referrals import rules
from services.referrals.store import counting, drafts, keying
from services.referrals.store.keying import Keyless
from shared.context import ServiceContext
from shared.database import transaction
from shared.log import log, warn
from shared.registers.load import UnknownRegister

FOLD_EVERY_SECONDS = 1.0
PROVED_AT_HOUR = 2
KEYED_AT_ONCE = 200


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
    deleted = await drafts.sweep(context.pool, rules.drafts_end(context.clock()))
    if deleted:
        log("drafts.swept", count=deleted)


@dataclass(frozen=True)
class IndexMatchKeys:
    """Gives records from before records were compared the keys that they are compared by."""

    context: ServiceContext

    async def index_all(self) -> int:
        """Returns how many there were. Records that somebody saves meanwhile are left for the next run."""
        done = 0
        while found := await keying.read_without_keys(self.context.pool, KEYED_AT_ONCE):
            for each in found:
                async with transaction(self.context.pool) as db:
                    await keying.key_record(db, each, self._keys_of(each))
            done += len(found)
        return done

    def _keys_of(self, record: Keyless) -> tuple[str, ...]:
        """None where this process has no definition of the register."""
        try:
            register = self.context.registers.find(record.register_code or "", record.edition)
        except UnknownRegister:
            return ()
        return rules.match_keys(register, record.answers)
