"""The request by which the gateway learns whether the installation is held, so that its pages can say so."""

from typing import ClassVar, Literal

from shared.messages import Message, Request

HeldBecause = Literal["restored", "address_changed"]


class Hold(Message):
    """Why the installation is held, so that no mail and no event leaves. None means that it is not held."""

    because: HeldBecause | None


class ReadHold(Request[Hold]):
    """Read whether the installation is held."""

    subject: ClassVar[str] = "ask.identity.read_hold"
