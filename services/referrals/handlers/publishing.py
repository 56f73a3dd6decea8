"""Handlers of overlays: publish what an administrator reworded, and inform every process."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules import overlays
from services.referrals.rules.lists import fitting
from services.referrals.store import overlays as store
from shared import audit
from shared.commands import carry_out
from shared.context import ServiceContext
from shared.contracts.referrals.overlays import (
    MOST_PUBLISHED,
    ListOverlays,
    OverlayBatch,
    OverlayPublished,
    OverlayReceipt,
    PublishedOverlays,
    PublishOverlay,
    ReadOverlays,
)
from shared.database import Database, transaction
from shared.log import warn
from shared.messages import NotAnswered
from shared.permissions import Visitor
from shared.registers.overlay import Adaptation


@dataclass(frozen=True)
class Publishing:
    """The handlers that read, publish and list overlays."""

    context: ServiceContext

    async def read(self, asked: ReadOverlays) -> OverlayBatch:
        """Return the newest overlays that the caller does not know. Any process may ask: they hold no personal data."""
        async with self.context.one_trip() as db:
            found = await store.find_newer(db, asked.known)
        shown = fitting(found)
        registers = self.context.registers
        return OverlayBatch(
            overlays=shown,
            more=len(found) > len(shown),
            withheld=registers.withheld(),
            editions=registers.fingerprints(),
        )

    async def publish(self, visitor: Visitor, asked: PublishOverlay) -> OverlayReceipt:
        overlays.check_binds_all(visitor)
        register = self.context.latest(visitor)

        async def act(db: Database) -> OverlayReceipt:
            present = await store.find_in_force(db, register.code)
            overlays.check_seen(asked, present)
            self.context.registers.adapt({register.code: present})
            changed = overlays.checked_overlay(self.context.registers.editions(register.code), present, asked.overlay)
            published = Adaptation(present.version + 1, asked.overlay)
            await store.add_overlay(db, visitor, published, changed)
            await audit.note(
                db, visitor, ReferralsAction.REGISTER_REWORDED, fields=[f"overlay:{published.version}", *changed]
            )
            return OverlayReceipt(version=published.version)

        receipt = await carry_out(self.context.pool, visitor, asked, act)
        self.context.registers.adapt({register.code: Adaptation(receipt.version, asked.overlay)})
        await self._tell(register.code, receipt.version)
        return receipt

    async def _tell(self, register_code: str, version: int) -> None:
        """Broadcast the new version. A process that misses the message finds the version at its next poll."""
        try:
            await self.context.bus.tell(OverlayPublished(register_code=register_code, version=version))
        except NotAnswered as unanswered:
            warn("overlay.not_told", fault=unanswered.fault.value)

    async def list_published(self, visitor: Visitor, asked: ListOverlays) -> PublishedOverlays:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.list_overlays(db, visitor.register_code, asked.before, MOST_PUBLISHED + 1)
        return PublishedOverlays(published=tuple(found[:MOST_PUBLISHED]), more=len(found) > MOST_PUBLISHED)
