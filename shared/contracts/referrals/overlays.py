"""Overlays: what administrators reword between editions of a register, published once for every process."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from shared.contracts.referrals.saving import Conflict
from shared.messages import SERVICES, Broadcast, Command, Message, Process, Refusal, Refusals, Request
from shared.registers.overlay import Overlay

MOST_PUBLISHED = 50


class OverlayInForce(Message):
    """The newest overlay of a register, with its version."""

    register_code: str
    version: int
    overlay: Overlay


class OverlayBatch(Message):
    """
    Overlays that the asker does not know yet, as many as fit into a reply. With `more` there are others.

    `withheld` are the registers that referrals does not serve, because their files do not fit their records. `editions`
    are the files that it has loaded, with the beginning of their SHA-256.
    """

    overlays: tuple[OverlayInForce, ...]
    more: bool = False
    withheld: tuple[str, ...] = Field(default=(), exclude_if=lambda withheld: not withheld)
    editions: dict[str, str] = {}


class ReadOverlays(Request[OverlayBatch]):
    """Read the overlays in force, except those that the asker has already (`known`: register → version)."""

    subject: ClassVar[str] = "ask.referrals.read_overlays"
    asked_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)

    known: dict[str, int] = Field(default={}, max_length=1_000)


class OverlayReceipt(Message):
    """The version under which it was published."""

    version: int


class InvalidOverlay(Refusal):
    """The overlay has this number of faults."""

    code: ClassVar[str] = "invalid"

    faults: int


class PublishOverlay(Command[OverlayReceipt]):
    """
    Publish what an administrator reworded, for every organisation of the register.

    Refused as `not_all_organisations`: it applies to all, so the asker needs all. Refused as `conflict` (with the
    newest `version`) when another user has published since `seen_version`. Refused as `invalid` (with the number of
    `faults`), `unchanged`, or `unknown_register` where the service does not have the register.
    """

    subject: ClassVar[str] = "ask.referrals.publish_overlay"
    refusals: ClassVar[Refusals] = (
        "not_all_organisations",
        Conflict,
        InvalidOverlay,
        "unchanged",
        "unknown_register",
    )

    seen_version: int = Field(ge=0)
    overlay: Overlay


class PublishedOverlay(Message):
    """One published overlay: who, when and what. `changed` are names of parts, as in `options:<question>`."""

    version: int
    changed: tuple[str, ...]
    published_by: str = Field(repr=False)
    published_at: datetime


class PublishedOverlays(Message):
    """Published overlays, newest first, fifty at most. With `more` there are older ones."""

    published: tuple[PublishedOverlay, ...]
    more: bool = False


class ListOverlays(Request[PublishedOverlays]):
    """List the overlays published for the register that the assertion names. `before`: older than this version."""

    subject: ClassVar[str] = "ask.referrals.list_overlays"

    before: int | None = Field(default=None, ge=1)


class OverlayPublished(Broadcast):
    """A register has a new overlay: each process reads it."""

    subject: ClassVar[str] = "tell.referrals.overlay_published"
    told_by: ClassVar[tuple[Process, ...]] = ("referrals",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)

    register_code: str
    version: int
