"""What administrators make of a register between its editions: published once, in force in every process."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from shared.messages import SERVICES, Broadcast, Command, Message, Process, Request
from shared.registers.overlay import Overlay

MOST_PUBLISHED = 50


class OverlayInForce(Message):
    """The newest overlay of a register, by the number under which it was published."""

    register_code: str
    version: int
    overlay: Overlay


class OverlayBatch(Message):
    """Those that the asker does not know yet, as many as a reply has room for; `more` says that there are others."""

    overlays: tuple[OverlayInForce, ...]
    more: bool = False


class ReadOverlays(Request[OverlayBatch]):
    """What is in force, except where it is what the asker knows already (`known`: register → number)."""

    subject: ClassVar[str] = "ask.referrals.read_overlays"
    asked_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)

    known: dict[str, int] = Field(default={}, max_length=1_000)


class OverlayReceipt(Message):
    """The number under which it was published."""

    version: int


class PublishOverlay(Command[OverlayReceipt]):
    """
    Put what an administrator has reworded in force, for every organisation of the register.

    Refused as `not_all_organisations` (it binds them all), `conflict` with the newest `version` when somebody has
    published since `seen_version`, `invalid` with how many `faults` it has, `unchanged`, or `unknown_register` where
    the service does not have the register.
    """

    subject: ClassVar[str] = "ask.referrals.publish_overlay"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_all_organisations",
        "conflict",
        "invalid",
        "unchanged",
        "unknown_register",
    )

    seen_version: int = Field(ge=0)
    overlay: Overlay


class PublishedOverlay(Message):
    """Who published what, and when: `changed` are names of parts, as in `options:<question>`."""

    version: int
    changed: tuple[str, ...]
    published_by: str
    published_at: datetime


class PublishedOverlays(Message):
    """The newest first, fifty at most; `more` says that there are older ones."""

    published: tuple[PublishedOverlay, ...]
    more: bool = False


class ListOverlays(Request[PublishedOverlays]):
    """What was published of the register that the assertion names; `before`: older than this number."""

    subject: ClassVar[str] = "ask.referrals.list_overlays"

    before: int | None = Field(default=None, ge=1)


class OverlayPublished(Broadcast):
    """A register has been reworded: ask what it says now."""

    subject: ClassVar[str] = "tell.referrals.overlay_published"
    told_by: ClassVar[tuple[Process, ...]] = ("referrals",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)

    register_code: str
    version: int
