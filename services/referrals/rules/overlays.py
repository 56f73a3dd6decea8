"""Decisions about what administrators reword: who may publish it, over what, and whether it holds."""

from collections.abc import Sequence

from shared.contracts.referrals.overlays import PublishOverlay
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.overlay import Adaptation, Overlay, changed_parts, publishing_faults


def check_binds_all(visitor: Visitor) -> None:
    """What holds for every organisation is for who has them all. Refused as `not_all_organisations`."""
    if not visitor.all_organisations:
        raise Refused("not_all_organisations")


def check_seen(asked: PublishOverlay, present: Adaptation) -> None:
    """Refused as `conflict` when somebody has published since."""
    if asked.seen_version != present.version:
        raise Refused("conflict", version=present.version)


def checked_overlay(editions: Sequence[Definition], present: Adaptation, overlay: Overlay) -> tuple[str, ...]:
    """The names of the parts that it changes. Refused as `unchanged` or `invalid`."""
    changed = changed_parts(present.overlay, overlay)
    if not changed:
        raise Refused("unchanged")
    if faults := publishing_faults(editions, present.overlay, overlay):
        raise Refused("invalid", faults=len(faults))
    return changed
