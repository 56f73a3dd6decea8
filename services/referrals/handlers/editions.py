"""Keeping what records rely on in each edition, and refusing to serve a register whose files no longer fit them."""

from dataclasses import dataclass

from services.referrals.store import editions as store
from shared.context import ServiceContext
from shared.database import transaction
from shared.register_files import log_faulty
from shared.registers.checks.kept import kept_of
from shared.registers.in_use import unfit_editions


@dataclass(frozen=True)
class EditionKeeper:
    """Compares the loaded editions with the records once, before the service answers anything."""

    context: ServiceContext

    async def check(self) -> None:
        """
        Withhold each register with an edition that does not fit its records. Keep what the others rely on now.

        An edition without records may change freely, so what it had before is replaced.
        """
        registers = self.context.registers
        loaded = {(each.definition.code, each.definition.edition): each for each in registers.written()}
        async with transaction(self.context.background) as db:
            used = await store.count_missing(db, await store.find_used(db), loaded)
            unfit = unfit_editions(loaded, used)
            withheld = {each.code for each in unfit}
            for (code, edition), register in loaded.items():
                if code not in withheld:
                    await store.keep(db, code, edition, register.sha256, kept_of(register.definition))
        registers.withhold_always(withheld)
        for each in unfit:
            log_faulty("register.not_served", each.source, each.faults, code=each.code, advice=each.advice)
