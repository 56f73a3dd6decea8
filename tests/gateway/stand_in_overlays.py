"""A stand-in for referrals on a fake bus that reads, publishes and lists overlays."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.contracts.referrals.overlays import (
    ListOverlays,
    OverlayBatch,
    OverlayInForce,
    OverlayReceipt,
    PublishedOverlay,
    PublishedOverlays,
    PublishOverlay,
    ReadOverlays,
)
from shared.contracts.referrals.saving import Conflict
from shared.messages import Refused
from shared.registers.overlay import Overlay
from tests.gateway.stand_in import Row, StandIn, row

EDITIONS = {"dsr/2022.toml": "0" * 16}
WHEN = datetime(2022, 6, 17, 13, 5, tzinfo=UTC)


@dataclass
class StandInOverlays(StandIn):
    """The DSR's overlay in force, and the overlays published so far."""

    version: int = 0
    overlay: Overlay = field(default_factory=Overlay)
    published: tuple[PublishedOverlay, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(ReadOverlays, self._read),
            row(PublishOverlay, self._publish),
            row(ListOverlays, lambda _: PublishedOverlays(published=self.published)),
        )

    def _read(self, asked: ReadOverlays) -> OverlayBatch:
        if asked.known.get("dsr", 0) >= self.version:
            return OverlayBatch(overlays=(), editions=EDITIONS)
        found = OverlayInForce(register_code="dsr", version=self.version, overlay=self.overlay)
        return OverlayBatch(overlays=(found,), editions=EDITIONS)

    def _publish(self, asked: PublishOverlay) -> OverlayReceipt:
        if asked.seen_version != self.version:
            raise Refused(Conflict(version=self.version))
        self.put(asked.overlay, "Ada First")
        return OverlayReceipt(version=self.version)

    def put(self, overlay: Overlay, by: str = "Sam Second", *changed: str) -> None:
        """Publish an overlay under this name."""
        self.version, self.overlay = self.version + 1, overlay
        entry = PublishedOverlay(
            version=self.version, changed=changed or tuple(overlay.parts()), published_by=by, published_at=WHEN
        )
        self.published = (entry, *self.published)
