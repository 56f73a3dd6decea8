"""The requests of identity about authenticator apps: to add one to the own account, to remove it, recovery codes."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.identity import Secret, TooManyTries
from shared.messages import Message, Nothing, Refusals, Request
from shared.typed import TypedLine

Code = Field(max_length=32, repr=False)


class AppState(Message):
    """
    Whether the account has an authenticator app, since when, and how many recovery codes are left.

    `required`: a role of the account needs one.
    """

    added_at: datetime | None = None
    recovery_codes_left: int = 0
    required: bool = False


class ReadApp(Request[AppState]):
    """Read about the authenticator app of the asker's own account."""

    subject: ClassVar[str] = "ask.identity.read_app"


class AppBegun(Message):
    """The secret that the app needs, to be typed or scanned. It counts for nothing until one of its codes is sent."""

    secret: str = Secret
    uri: str = Secret


class BeginApp(Request[AppBegun]):
    """
    Make a secret for an authenticator app of the asker's own account. It replaces one that was not confirmed.

    Refused as `password_wrong`, `too_many`, or `app_before` (the account has an app; it must be removed first).
    """

    subject: ClassVar[str] = "ask.identity.begin_app"
    refusals: ClassVar[Refusals] = ("password_wrong", TooManyTries, "app_before")

    current_password: str = Secret


class RecoveryCodes(Message):
    """New recovery codes. They replace earlier ones, are stored as hashes alone and cannot be read again."""

    codes: tuple[str, ...] = Field(repr=False)


class ConfirmApp(Request[RecoveryCodes]):
    """
    Add the app, whose code shows that it has the secret. The account's other sessions and log-ins end.

    Refused as `code_wrong`, `too_many`, or `not_begun` (nothing waits in this session, or not any more).
    """

    subject: ClassVar[str] = "ask.identity.confirm_app"
    refusals: ClassVar[Refusals] = ("code_wrong", TooManyTries, "not_begun")

    code: TypedLine = Code


class RemoveApp(Request[Nothing]):
    """
    Remove the app and the recovery codes. `code`: of the app, or a recovery code.

    If a role needs an app, the recovery codes that are left work for 24 hours, until the next app is added.

    Refused as `password_wrong`, `too_many`, `code_wrong`, or `no_app`. Wrong codes count as wrong PINs do, and can lock
    the account: then the session is over.
    """

    subject: ClassVar[str] = "ask.identity.remove_app"
    refusals: ClassVar[Refusals] = ("password_wrong", TooManyTries, "code_wrong", "no_app")

    current_password: str = Secret
    code: TypedLine = Code


class RenewRecoveryCodes(Request[RecoveryCodes]):
    """Replace all recovery codes. Refused as `RemoveApp` is."""

    subject: ClassVar[str] = "ask.identity.renew_recovery_codes"
    refusals: ClassVar[Refusals] = ("password_wrong", TooManyTries, "code_wrong", "no_app")

    current_password: str = Secret
    code: TypedLine = Code


class RememberedDevice(Message):
    """A browser in which the user is asked for no code until then. `browser`: in plain words."""

    device_id: UUID
    browser: str
    until: datetime


class RememberedDevices(Message):
    devices: tuple[RememberedDevice, ...]


class ListRemembered(Request[RememberedDevices]):
    """List the browsers in which the asker is asked for no code."""

    subject: ClassVar[str] = "ask.identity.list_remembered"


class ForgetRemembered(Request[Nothing]):
    """Ask for a code in this browser of the asker's again. Refused as `not_found`."""

    subject: ClassVar[str] = "ask.identity.forget_remembered"
    refusals: ClassVar[Refusals] = ("not_found",)

    device_id: UUID
