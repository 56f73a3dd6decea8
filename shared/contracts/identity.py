"""What may be asked of identity, and what it tells: accounts, log-in, sessions, organisations."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import SERVICES, Broadcast, Message, Nothing, Process, Request
from shared.permissions import Visitor

Typed = Field(max_length=320)
Secret = Field(max_length=1024, repr=False)
MOST_COLLEAGUES = 50


class RegisterAccount(Request[Nothing]):
    """
    Ask for an account. The answer is the same for an address in use; the truth goes there by mail.

    Refused as `domain_not_accepted`, `not_open`, `too_many`, or `invalid_answers` with a code of `shared.values.Wrong`
    for each field that is not taken.
    """

    subject: ClassVar[str] = "ask.identity.register_account"
    refusals: ClassVar[tuple[str, ...]] = ("domain_not_accepted", "not_open", "too_many", "invalid_answers")

    register_code: str
    first_name: str = Typed
    last_name: str = Typed
    email: str = Typed
    address: str = Field(description="Network address of the browser, for limits.")


class Attempt(Message):
    """A log-in that waits for its PIN. The token goes into a cookie and nowhere else."""

    attempt_token: str = Secret


class LogIn(Request[Attempt]):
    """
    The password step. Refused as `wrong_details` (unknown, wrong, locked: all the same) or `too_many`.

    `device_token` is the cookie of a browser that has completed a log-in before: its wrong passwords are counted apart
    from those of strangers.
    """

    subject: ClassVar[str] = "ask.identity.log_in"
    refusals: ClassVar[tuple[str, ...]] = ("wrong_details", "too_many")

    register_code: str
    email: str = Typed
    password: str = Secret
    address: str
    device_token: str | None = Field(default=None, max_length=200, repr=False)


class SessionOpened(Message):
    """
    A log-in that is complete, or its session renewed. Both tokens go into cookies, in place of any earlier ones.

    `must_change`: a temporary password was used and has to be changed first.
    """

    session_token: str = Secret
    device_token: str = Secret
    must_change: bool


class VerifyPin(Request[SessionOpened]):
    """
    The PIN step. Refused as `pin_refused` (wrong or older than its life: the same) with the number of `tries_left`.

    Refused as `attempt_over` when the log-in has to begin again: done, cancelled, five tries, or the account is locked.
    `earlier_session` is the cookie that the browser holds already: that session ends, whosever it is.
    """

    subject: ClassVar[str] = "ask.identity.verify_pin"
    refusals: ClassVar[tuple[str, ...]] = ("pin_refused", "attempt_over")

    attempt_token: str = Secret
    pin: str = Field(max_length=32, repr=False)
    earlier_session: str | None = Field(default=None, max_length=200, repr=False)


class ResendPin(Request[Nothing]):
    """
    A new PIN for the same attempt; the earlier one is dead, and the tries stay counted.

    Refused as `too_many` (within a minute of the last one, or the sixth in an hour) or `attempt_over`.
    """

    subject: ClassVar[str] = "ask.identity.resend_pin"
    refusals: ClassVar[tuple[str, ...]] = ("too_many", "attempt_over")

    attempt_token: str = Secret


class CancelAttempt(Request[Nothing]):
    """End a log-in that waits for its PIN, so that the code is useless (R-S117-011)."""

    subject: ClassVar[str] = "ask.identity.cancel_attempt"

    attempt_token: str = Secret


class SessionFound(Message):
    """A live session: the assertion to send on, and what pages show of the visitor."""

    assertion: str = Field(repr=False, description="As long as the list of the visitor's organisations makes it.")
    visitor: Visitor
    idle_ends_at: datetime
    ends_at: datetime
    other_sessions: int = 0


class FindSession(Request[SessionFound]):
    """Exchange the cookie for an assertion on one register. Refused as `no_session`. `active`: somebody acted."""

    subject: ClassVar[str] = "ask.identity.find_session"
    refusals: ClassVar[tuple[str, ...]] = ("no_session",)

    register_code: str
    session_token: str = Secret
    active: bool = True


class LogOut(Request[Nothing]):
    """End the session everywhere."""

    subject: ClassVar[str] = "ask.identity.log_out"

    session_token: str = Secret


class ChangePassword(Request[SessionOpened]):
    """
    Change the asker's own password; every session ends and a new one is opened.

    Refused as `password_wrong`, `too_many`, `password_unchanged`, or `password_rule` with `unmet`: the numbers, from 1,
    of the rule's sentences that are not kept, as in `1,3`. In a session that a temporary password opened, that one is
    the current password.
    """

    subject: ClassVar[str] = "ask.identity.change_password"
    refusals: ClassVar[tuple[str, ...]] = ("password_wrong", "too_many", "password_unchanged", "password_rule")

    current_password: str = Secret
    new_password: str = Secret


class RemindPassword(Request[Nothing]):
    """Mail a temporary password if the address has an account; the answer is the same if not. Refused as `too_many`."""

    subject: ClassVar[str] = "ask.identity.remind_password"
    refusals: ClassVar[tuple[str, ...]] = ("too_many",)

    register_code: str
    email: str = Typed
    address: str


class PasswordRule(Message):
    """The rule in force, as the page prints it; one sentence each."""

    profile: str
    sentences: tuple[str, ...]


class ReadPasswordRule(Request[PasswordRule]):
    """The rule that a new password has to meet, which is the rule that is enforced."""

    subject: ClassVar[str] = "ask.identity.read_password_rule"


class Organisation(Message):
    """A body that uses a register. `label` is the name with its domain, as lists show it (R-DSR-104)."""

    organisation_id: UUID
    name: str
    domain: str

    @property
    def label(self) -> str:
        return f"{self.name} (@{self.domain})"


class Organisations(Message):
    organisations: tuple[Organisation, ...]


class ListOrganisations(Request[Organisations]):
    """Every organisation of a register, by name. Names no person."""

    subject: ClassVar[str] = "ask.identity.list_organisations"
    asked_by: ClassVar[tuple[Process, ...]] = ("gateway", "reports")

    register_code: str


class Colleague(Message):
    """Somebody to whom work can be given: the name, and nothing else."""

    user_id: UUID
    full_name: str = Field(repr=False)


class Colleagues(Message):
    """As many as were found, up to `MOST_COLLEAGUES`; when there are more, a longer `search` finds the others."""

    colleagues: tuple[Colleague, ...]
    more: bool


class ListColleagues(Request[Colleagues]):
    """
    Standard users and administrators of an organisation, by family name: those whose name contains `search`.

    Refused as `not_found` for an organisation that is not the asker's.
    """

    subject: ClassVar[str] = "ask.identity.list_colleagues"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    organisation_id: UUID
    search: str = Field(default="", max_length=100, repr=False)


class Grant(Message):
    """What a person may do now; its visitor carries no live session."""

    visitor: Visitor


class CheckGrant(Request[Grant]):
    """What a user who has left the room may do now, for a service at work for them. Refused as `no_grant`."""

    subject: ClassVar[str] = "ask.identity.check_grant"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports", "outcomes", "referrals")
    refusals: ClassVar[tuple[str, ...]] = ("no_grant",)

    register_code: str
    user_id: UUID


class Recipients(Message):
    """Addresses to mail. `user` is that of the user who was asked for, when their account still serves."""

    administrators: tuple[str, ...] = Field(max_length=50, repr=False)
    user: str | None = Field(default=None, repr=False)


class FindRecipients(Request[Recipients]):
    """
    Whom the notifier may have to tell of a record: the register's administrators who have its organisation, and a user.

    Fifty administrators at most. Audited with their ids.
    """

    subject: ClassVar[str] = "ask.identity.find_recipients"
    asked_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    register_code: str
    organisation_id: UUID
    user_id: UUID | None = None


class SessionsRevoked(Broadcast):
    """These sessions are over: forget what was remembered of them."""

    subject: ClassVar[str] = "tell.identity.sessions_revoked"
    told_by: ClassVar[tuple[Process, ...]] = ("identity",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)

    session_ids: tuple[UUID, ...]


class Heartbeat(Broadcast):
    """Each second: whoever hears it also hears revocations."""

    subject: ClassVar[str] = "tell.identity.heartbeat"
    told_by: ClassVar[tuple[Process, ...]] = ("identity",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)
