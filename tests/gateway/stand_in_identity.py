"""Stands in for identity on a fake bus: one person, one password, one PIN, and whatever it is told to refuse."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from shared.bus import Context
from shared.contracts import identity
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Fault, Message, NotAnswered, Nothing, Refused, Request
from shared.permissions import Role, Visitor

EMAIL, PASSWORD, PIN = "jayne.billings@mpft.nhs.uk", "Right-password-1", "024680"
NAME = "Jayne Billings"
JAYNE = UUID(int=7)
RULE = (
    "Your password must be 8 to 128 characters long.",
    "It must have at least one upper case letter, one lower case letter, one number and one of # ? ! @ $ % ^ & * -, "
    "or be at least 15 characters long.",
    "It must not be easy to guess.",
)
ORGANISATIONS = (
    identity.Organisation(
        organisation_id=UUID(int=1), name="Midlands Partnership Foundation Trust", domain="mpft.nhs.uk"
    ),
    identity.Organisation(organisation_id=UUID(int=2), name="Stoke on Trent City Council", domain="stoke.gov.uk"),
)

Asked = TypeVar("Asked", bound=Request[Message])


@dataclass
class StandInIdentity:
    """`asked` is every request in its order; `refusing` says which kinds are refused, and how."""

    role: Role | None = Role.STANDARD
    all_organisations: bool = False
    must_change: bool = False
    user_id: UUID = JAYNE
    sessions: set[str] = field(default_factory=set)
    attempts: set[str] = field(default_factory=set)
    away: bool = False
    active: bool = False  # whether somebody acted, when a session was last looked for
    asked: list[Request[Message]] = field(default_factory=list)
    refusing: dict[type[Request[Message]], Refused] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("identity", wire)
        await bus.answer(identity.RegisterAccount, self._noting(self._nothing))
        await bus.answer(identity.RemindPassword, self._noting(self._nothing))
        await bus.answer(identity.ResendPin, self._noting(self._nothing))
        await bus.answer(identity.LogIn, self._noting(self._log_in))
        await bus.answer(identity.VerifyPin, self._noting(self._verify_pin))
        await bus.answer(identity.CancelAttempt, self._noting(self._cancel))
        await bus.answer(identity.FindSession, self._noting(self._find_session))
        await bus.answer(identity.LogOut, self._noting(self._log_out))
        await bus.answer(identity.ChangePassword, self._noting(self._change_password))
        await bus.answer(identity.ReadPasswordRule, self._noting(self._read_rule))
        await bus.answer(identity.ListOrganisations, self._noting(self._list_organisations))

    def heard(self, kind: type[Asked]) -> list[Asked]:
        """What was asked of this kind."""
        return [each for each in self.asked if isinstance(each, kind)]

    def open_session(self) -> identity.SessionOpened:
        token = secrets.token_urlsafe(32)
        self.sessions.add(token)
        return identity.SessionOpened(session_token=token, device_token="this-device", must_change=self.must_change)

    def _noting(self, reply: Callable[[Asked], Awaitable[Message]]) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            self.asked.append(asked)
            if refusal := self.refusing.get(type(asked)):
                raise refusal
            return await reply(asked)

        return handler

    async def _nothing(self, _asked: Request[Nothing]) -> Nothing:
        return Nothing()

    async def _log_in(self, asked: identity.LogIn) -> identity.Attempt:
        if (asked.email, asked.password) != (EMAIL, PASSWORD):
            raise Refused("wrong_details")
        token = secrets.token_urlsafe(32)
        self.attempts.add(token)
        return identity.Attempt(attempt_token=token)

    async def _verify_pin(self, asked: identity.VerifyPin) -> identity.SessionOpened:
        if asked.attempt_token not in self.attempts:
            raise Refused("attempt_over")
        if asked.pin != PIN:
            raise Refused("pin_refused")
        self.attempts.remove(asked.attempt_token)
        return self.open_session()

    async def _cancel(self, asked: identity.CancelAttempt) -> Nothing:
        if asked.attempt_token not in self.attempts:
            raise Refused("attempt_over")
        self.attempts.remove(asked.attempt_token)
        return Nothing()

    async def _find_session(self, asked: identity.FindSession) -> identity.SessionFound:
        self.active = asked.active
        if self.away:
            raise NotAnswered(Fault.UNAVAILABLE)
        if asked.session_token not in self.sessions:
            raise Refused("no_session")
        now = datetime.now(UTC)
        return identity.SessionFound(
            assertion="signed",
            visitor=self._visitor(asked.register_code),
            idle_ends_at=now + timedelta(minutes=15),
            ends_at=now + timedelta(hours=12),
        )

    async def _log_out(self, asked: identity.LogOut) -> Nothing:
        self.sessions.discard(asked.session_token)
        return Nothing()

    async def _change_password(self, asked: identity.ChangePassword) -> identity.SessionOpened:
        if asked.current_password != PASSWORD:
            raise Refused("password_wrong")
        self.sessions.clear()
        self.must_change = False
        return self.open_session()

    async def _read_rule(self, _asked: identity.ReadPasswordRule) -> identity.PasswordRule:
        return identity.PasswordRule(profile="ics", sentences=RULE)

    async def _list_organisations(self, _asked: identity.ListOrganisations) -> identity.Organisations:
        return identity.Organisations(organisations=ORGANISATIONS)

    def _visitor(self, register_code: str) -> Visitor:
        return Visitor(
            user_id=self.user_id,
            full_name=NAME,
            register_code=register_code,
            role=self.role,
            organisation_ids=(),
            all_organisations=self.all_organisations,
            home_organisation_id=None,
            session_id=UUID(int=8),
            method="password_pin",
            must_change=self.must_change,
        )
