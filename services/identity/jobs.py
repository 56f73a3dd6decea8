"""The jobs of identity: a heartbeat each second, and a sweep of expired rows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.operators import ensure_organisations
from services.identity.rules import log_in as rules
from services.identity.rules.authenticator import BEGUN_LIFE
from services.identity.store import accounts, apps, attempts, devices, limits, organisations, sessions
from shared import audit
from shared.bus.protocol import Bus
from shared.contracts.identity import Heartbeat
from shared.database import Database, transaction
from shared.jobs import Job
from shared.registers.definition.register import Definition

BEAT_SECONDS = 1.0
SWEEP_SECONDS = 60.0


def heartbeat(bus: Bus) -> Job:
    """Return the heartbeat job. A process that receives the heartbeat also receives revocations."""
    return Job("identity.heartbeat", lambda: bus.tell(Heartbeat()), every=BEAT_SECONDS)


async def set_bodies(db: Database, register: Definition, known: Mapping[str, tuple[str, ...]]) -> list[UUID]:
    """
    Give known organisations the bodies that the definition names for them. `known` holds those of each domain.

    An organisation that the definition does not name acts for no body. Return the sessions of users who lost a body:
    they have ended, and are to be broadcast after commit.
    """
    named = {each.email_domain: each.bodies for each in register.organisations}
    ended: list[UUID] = []
    for domain, held in known.items():
        bodies = named.get(domain, ())
        if held != bodies:
            changed = await organisations.set_bodies(db, register.code, domain, bodies)
            await audit.note(db, None, IdentityAction.BODIES_SET, [changed], register=register.code)
            if not set(held).issubset(bodies):
                ended.extend(await sessions.end_of_organisation(db, register.code, changed))
    return ended


@dataclass(frozen=True)
class Sweeper:
    """Deletes expired rows. Any number of replicas may run it in parallel."""

    context: IdentityContext

    async def run(self) -> None:
        await self.begin_registers()
        await self.sweep()

    async def begin_registers(self) -> None:
        """Give each register without organisations those of its definition, and known ones the bodies named there."""
        for register in self.context.registers.newest():
            async with transaction(self.context.background) as db:
                known = await organisations.find_bodies(db, register.code)
                if register.organisations and not known:
                    rows = [(each.name, each.email_domain) for each in register.organisations]
                    known = dict.fromkeys(await ensure_organisations(db, register.code, rows), ())
                ended = await set_bodies(db, register, known)
            await self.context.tell_revoked(ended)

    async def sweep(self) -> None:
        """Delete expired rows and settle others, in a transaction for each kind, so that no log-in waits for all."""
        counts = (rules.WRONG_PASSWORDS, rules.UNSETTLED_COUNT_LIFE)
        sweeps: tuple[Callable[[Database], Awaitable[object]], ...] = (
            lambda db: sessions.sweep(db, self.context.lifetimes.idle),
            lambda db: attempts.sweep(db, rules.ATTEMPT_LIFE),
            lambda db: apps.sweep(db, BEGUN_LIFE),
            lambda db: devices.sweep(db, rules.KNOWN_DEVICE_LIFE),
            lambda db: accounts.settle_counts(db, *counts),
            lambda db: devices.settle_counts(db, *counts),
            limits.sweep,
            accounts.sort_names,
        )
        for sweep in sweeps:
            async with transaction(self.context.background) as db:
                await sweep(db)
