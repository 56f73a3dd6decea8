"""The requests and broadcasts of identity: accounts, log-in, sessions, organisations."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.accounts import LimitName, UserState
from shared.messages import SERVICES, Broadcast, Message, Nothing, Process, Refusal, Refusals, Request
from shared.permissions import Visitor
from shared.typed import TypedLine

Typed = Field(max_length=320, repr=False)
Secret = Field(max_length=1024, repr=False)
MOST_COLLEAGUES = 50


class TooManyTries(Refusal):
    """A limit is reached. `limit`: what it counts. `until`: when the next try counts again."""

    code: ClassVar[str] = "too_many"

    limit: LimitName
    until: datetime


class Attempt(Message):
    """
    A log-in that waits for its PIN. The token goes into a cookie and nowhere else.

    `by_app`: it waits for a code of the user's authenticator app, or a recovery code. No PIN was sent.
    `remembered`: it waits for no code, because the browser is remembered. No PIN was sent.
    `remember_days`: for so many days the user may choose to be asked for no code in this browser. 0: not offered.
    """

    attempt_token: str = Secret
    by_app: bool = False
    remembered: bool = False
    remember_days: int = 0


class LogIn(Request[Attempt]):
    """
    Take the password step of a log-in.

    Refused as `wrong_details` (the same for an unknown address, a wrong password and a locked account) or `too_many`.
    A right temporary password is never refused as `too_many` because of other people's guesses.

    `device_token` is the cookie of a browser that has completed a log-in before. Wrong passwords from such a browser
    are counted separately from those of strangers. `remember_token` is the cookie of a remembered browser.
    """

    subject: ClassVar[str] = "ask.identity.log_in"
    refusals: ClassVar[Refusals] = ("wrong_details", TooManyTries)

    register_code: str
    email: TypedLine = Typed
    password: str = Secret
    address: str = Field(repr=False)
    device_token: str | None = Field(default=None, max_length=200, repr=False)
    remember_token: str | None = Field(default=None, max_length=200, repr=False)


class SessionOpened(Message):
    """
    A completed log-in, or a renewed session. Both tokens go into cookies and replace any earlier ones.

    `must_change`: the user logged in with a temporary password and must change it first.
    `ended_others`: so many of the user's oldest sessions were ended, because they had too many.
    `remember_token`: the new token of a remembered browser, to be kept for `remember_seconds`.
    """

    session_token: str = Secret
    device_token: str = Secret
    must_change: bool
    ended_others: int = 0
    remember_token: str | None = Field(default=None, repr=False)
    remember_seconds: int = 0


class PinRefused(Refusal):
    """The PIN or code is wrong or has expired. The user has `tries_left`."""

    code: ClassVar[str] = "pin_refused"

    tries_left: int


class VerifyPin(Request[SessionOpened]):
    """
    Take the second step of a log-in: the PIN, or a code of the app or a recovery code if it waits for that.

    Refused as `pin_refused` (the same for a wrong, a used and an expired one) with the number of `tries_left`. Refused
    as `attempt_over` when the user must start again: done, cancelled, five tries, or the account is locked.

    `earlier_session` is the browser's present session cookie: that session ends, even if it belongs to another user.
    `browser` (in plain words) and `address` are kept with the session, for its own user. `remember`: the user asks for
    no more codes in this browser; this is ignored where it is not offered. A log-in from a remembered browser needs no
    `pin`.
    """

    subject: ClassVar[str] = "ask.identity.verify_pin"
    refusals: ClassVar[Refusals] = (PinRefused, "attempt_over")

    attempt_token: str = Secret
    pin: TypedLine = Field(default="", max_length=32, repr=False)
    remember: bool = False
    earlier_session: str | None = Field(default=None, max_length=200, repr=False)
    browser: str = Field(default="", max_length=60)
    address: str = Field(default="", max_length=100, repr=False)


class ResendPin(Request[Nothing]):
    """
    Send a new PIN for the same attempt. The earlier PIN becomes invalid, and the tries stay counted.

    Refused as `too_many` (within a minute of the last one, or the sixth in an hour) or `attempt_over`, as
    for a log-in that waits for an app.
    """

    subject: ClassVar[str] = "ask.identity.resend_pin"
    refusals: ClassVar[Refusals] = (TooManyTries, "attempt_over")

    attempt_token: str = Secret


class CancelAttempt(Request[Nothing]):
    """End a log-in that waits for its PIN, so that the PIN is useless (R-S117-011)."""

    subject: ClassVar[str] = "ask.identity.cancel_attempt"

    attempt_token: str = Secret


class SessionFound(Message):
    """A live session: the assertion to send with requests, and what pages show of the visitor."""

    assertion: str = Field(repr=False, description="As long as the list of the visitor's organisations makes it.")
    visitor: Visitor
    idle_ends_at: datetime
    ends_at: datetime
    other_sessions: int = 0


class FindSession(Request[SessionFound]):
    """
    Exchange the session cookie for an assertion on one register. Refused as `no_session`.

    `active`: the user did something, which extends the session.
    """

    subject: ClassVar[str] = "ask.identity.find_session"
    refusals: ClassVar[tuple[str, ...]] = ("no_session",)

    register_code: str
    session_token: str = Secret
    active: bool = True


class LogOut(Request[Nothing]):
    """End the session in every process."""

    subject: ClassVar[str] = "ask.identity.log_out"

    session_token: str = Secret


class OwnSession(Message):
    """A session of the user's own account that has not ended. `is_this`: it is the one that asks."""

    session_id: UUID
    browser: str
    address: str = Field(repr=False)
    opened_at: datetime
    seen_at: datetime
    is_this: bool


class OwnSessions(Message):
    """The sessions of one user, newest first."""

    sessions: tuple[OwnSession, ...]


class ListOwnSessions(Request[OwnSessions]):
    """List the sessions of the asker's own account that have not ended."""

    subject: ClassVar[str] = "ask.identity.list_own_sessions"


class EndOwnSession(Request[Nothing]):
    """End one session of the asker's own account in every process. Refused as `not_found`."""

    subject: ClassVar[str] = "ask.identity.end_own_session"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    session_id: UUID


class PasswordUnmet(Refusal):
    """The password breaks these sentences of the rule, numbered from 1."""

    code: ClassVar[str] = "password_rule"

    sentences: tuple[int, ...]


class PasswordWrong(Refusal):
    """The current password is not right. The new one also breaks these sentences of the rule, numbered from 1."""

    code: ClassVar[str] = "password_wrong"

    sentences: tuple[int, ...] = ()


class ChangePassword(Request[SessionOpened]):
    """
    Change the asker's own password. Every session of the account ends and a new one is opened.

    Refused as `password_wrong`, `too_many`, `password_unchanged`, or `password_rule`. `password_wrong` and
    `password_rule` come with the numbers of the `sentences` that the password breaks.

    Refused as `not_confirmed` without `confirmed`, when nothing else is wrong: the user typed the new password in two
    ways, and is told of all faults at once.

    In a session opened with a temporary password, that password is the current one.
    """

    subject: ClassVar[str] = "ask.identity.change_password"
    refusals: ClassVar[Refusals] = (PasswordWrong, TooManyTries, "password_unchanged", PasswordUnmet, "not_confirmed")

    current_password: str = Secret
    new_password: str = Secret
    confirmed: bool = True


class RemindPassword(Request[Nothing]):
    """
    Mail a temporary password if the address has an account. The reply is the same if it has none.

    Refused as `too_many`.
    """

    subject: ClassVar[str] = "ask.identity.remind_password"
    refusals: ClassVar[Refusals] = (TooManyTries,)

    register_code: str
    email: TypedLine = Typed
    address: str = Field(repr=False)


class PasswordRule(Message):
    """The password rule in force, as the page prints it, sentence by sentence."""

    profile: str
    sentences: tuple[str, ...]


class ReadPasswordRule(Request[PasswordRule]):
    """Read the rule for new passwords, as it is enforced."""

    subject: ClassVar[str] = "ask.identity.read_password_rule"


class Organisation(Message):
    """
    An organisation that uses a register. `label` is the name with its domain, as lists show it (R-DSR-104).

    `bodies` are those that it acts for, in a register whose scope is made of bodies.
    """

    organisation_id: UUID
    name: str
    domain: str
    bodies: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name} (@{self.domain})"


class Organisations(Message):
    organisations: tuple[Organisation, ...]


class ListOrganisations(Request[Organisations]):
    """List every organisation of a register, by name. Names no person."""

    subject: ClassVar[str] = "ask.identity.list_organisations"
    asked_by: ClassVar[tuple[Process, ...]] = ("gateway", "referrals", "reports")

    register_code: str


class Colleague(Message):
    """
    A user to whom work can be given, with what tells them from others of the same name.

    `organisation_id` is the organisation of their new records. `state` says whether they can be reached now.
    """

    user_id: UUID
    full_name: str = Field(repr=False)
    email: str = Field(default="", repr=False)
    organisation_id: UUID | None = None
    state: UserState = UserState.ACTIVE


class Colleagues(Message):
    """The colleagues found, up to `MOST_COLLEAGUES`. With `more`, a longer `search` finds the others."""

    colleagues: tuple[Colleague, ...]
    more: bool


class ListColleagues(Request[Colleagues]):
    """
    List standard users and administrators of an organisation whose name contains `search`, by family name.

    Without an organisation, list those of any of the asker's organisations. Refused as `not_found` for an organisation
    that is not the asker's.
    """

    subject: ClassVar[str] = "ask.identity.list_colleagues"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    organisation_id: UUID | None
    search: TypedLine = Field(default="", max_length=100, repr=False)


class Grant(Message):
    """What a user may do now. Its visitor has no live session."""

    visitor: Visitor


class CheckGrant(Request[Grant]):
    """Read what a user may do now, for a service that works on their behalf after they left. Refused as `no_grant`."""

    subject: ClassVar[str] = "ask.identity.check_grant"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports", "outcomes", "referrals")
    refusals: ClassVar[tuple[str, ...]] = ("no_grant",)

    register_code: str
    user_id: UUID


class Recipients(Message):
    """
    Addresses to mail.

    `user` is the address of the user asked for, if their account is still in use and reaches one of the bodies.
    """

    administrators: tuple[str, ...] = Field(max_length=50, repr=False)
    user: str | None = Field(default=None, repr=False)


class FindRecipients(Request[Recipients]):
    """
    Find whom the notifier may mail about a record: administrators who reach one of its bodies, and one user.

    At most fifty administrators. `anywhere`: the user is told of work of their own, wherever the record lies now, and
    need only have a role in the register. Audited with their ids.
    """

    subject: ClassVar[str] = "ask.identity.find_recipients"
    asked_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    register_code: str
    bodies: tuple[str, ...]
    user_id: UUID | None = None
    anywhere: bool = False


class SessionsRevoked(Broadcast):
    """These sessions have ended: remove them from every cache."""

    subject: ClassVar[str] = "tell.identity.sessions_revoked"
    told_by: ClassVar[tuple[Process, ...]] = ("identity",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)

    session_ids: tuple[UUID, ...]


class Heartbeat(Broadcast):
    """Sent each second. A process that receives it also receives revocations."""

    subject: ClassVar[str] = "tell.identity.heartbeat"
    told_by: ClassVar[tuple[Process, ...]] = ("identity",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway", *SERVICES)
