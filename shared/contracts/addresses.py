"""The single addresses that may register although their domain is not accepted."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from shared.contracts.users import Typed
from shared.messages import Command, Message, Nothing, Request
from shared.typed import TypedLine


class AllowedAddress(Message):
    """One address that may register although its domain is not accepted."""

    email: str = Field(repr=False)
    assigned_at: datetime


class AllowedAddresses(Message):
    """One page of addresses, newest first. `more`: there are others."""

    addresses: tuple[AllowedAddress, ...]
    more: bool


class ListAddresses(Request[AllowedAddresses]):
    """List the single addresses that may register, only those that contain `search`. Audited."""

    subject: ClassVar[str] = "ask.identity.list_addresses"

    search: TypedLine = Field(default="", max_length=100, repr=False)


class AssignAddress(Command[Nothing]):
    """
    Allow the holder of one address to register.

    Refused as `unreadable`, `assigned_before`, or `not_yours`: the address belongs to no organisation of the asker, who
    does not manage all organisations.
    """

    subject: ClassVar[str] = "ask.identity.assign_address"
    refusals: ClassVar[tuple[str, ...]] = ("unreadable", "assigned_before", "not_yours")

    email: TypedLine = Typed


class TakeBackAddress(Command[Nothing]):
    """Stop an address from registering. An existing account stays. Refused as `not_found`."""

    subject: ClassVar[str] = "ask.identity.take_back_address"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    email: TypedLine = Typed
