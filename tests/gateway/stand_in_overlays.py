"""Stands in for referrals on a fake bus, as far as a register's texts and lists go."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.bus import Context
from shared.contracts.referrals import (
    ListOverlays,
    OverlayInForce,
    OverlayReceipt,
    Overlays,
    PublishedOverlay,
    PublishedOverlays,
    PublishOverlay,
    ReadOverlays,
)
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import NotAnswered, Refused
from shared.registers.overlay import Overlay

WHEN = datetime(2022, 6, 17, 13, 5, tzinfo=UTC)


@dataclass
class StandInOverlays:
    """What is in force of the DSR, what was published of it, and how publishing fails."""

    version: int = 0
    overlay: Overlay = field(default_factory=Overlay)
    failing: Refused | NotAnswered | None = None
    asked: list[PublishOverlay] = field(default_factory=list)
    published: tuple[PublishedOverlay, ...] = ()
    away: NotAnswered | None = None

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("referrals", wire)
        await bus.answer(ReadOverlays, self._read)
        await bus.answer(PublishOverlay, self._publish)
        await bus.answer(ListOverlays, self._list)

    async def _read(self, asked: ReadOverlays, _context: Context) -> Overlays:
        if self.away:
            raise self.away
        if asked.known.get("dsr", 0) >= self.version:
            return Overlays(overlays=())
        return Overlays(overlays=(OverlayInForce(register_code="dsr", version=self.version, overlay=self.overlay),))

    async def _publish(self, asked: PublishOverlay, _context: Context) -> OverlayReceipt:
        self.asked.append(asked)
        if self.failing:
            raise self.failing
        if asked.seen_version != self.version:
            raise Refused("conflict", version=self.version)
        self.put(asked.overlay, "Ada First")
        return OverlayReceipt(version=self.version)

    async def _list(self, _asked: ListOverlays, _context: Context) -> PublishedOverlays:
        return PublishedOverlays(published=self.published)

    def put(self, overlay: Overlay, by: str = "Sam Second", *changed: str) -> None:
        """Somebody publishes."""
        self.version, self.overlay = self.version + 1, overlay
        entry = PublishedOverlay(
            version=self.version, changed=changed or tuple(overlay.parts()), published_by=by, published_at=WHEN
        )
        self.published = (entry, *self.published)
