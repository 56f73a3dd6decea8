"""Rules about overlays: who may publish one, over which version, and whether it is valid."""

from collections.abc import Sequence

from shared.contracts.referrals.overlays import InvalidOverlay, PublishOverlay
from shared.contracts.referrals.saving import Conflict
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.overlay import Adaptation, Overlay, changed_parts, publishing_faults


def check_binds_all(visitor: Visitor) -> None:
    """
    Check that the visitor has all organisations, since an overlay applies to each. Refused as `not_all_organisations`.
    """
    if not visitor.all_organisations:
        raise Refused("not_all_organisations")


def check_seen(asked: PublishOverlay, present: Adaptation) -> None:
    """Check that no overlay was published since the visitor read the present one. Refused as `conflict`."""
    if asked.seen_version != present.version:
        raise Refused(Conflict(version=present.version))


def checked_overlay(editions: Sequence[Definition], present: Adaptation, overlay: Overlay) -> tuple[str, ...]:
    """Return the names of the parts that the overlay changes. Refused as `unchanged` or `invalid`."""
    changed = changed_parts(present.overlay, overlay)
    if not changed:
        raise Refused("unchanged")
    if faults := publishing_faults(editions, present.overlay, overlay):
        raise Refused(InvalidOverlay(faults=len(faults)))
    return changed
