"""A stand-in for identity on a fake bus, with one person, one password and one PIN."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.contracts import authenticator, identity, registration
from shared.contracts.installation import Hold, ReadHold
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Nothing, Refused
from shared.permissions import AccountGrant, Role, Visitor
from tests.contracts.golden import recorded
from tests.gateway.stand_in import Row, StandIn, nothing, row

EMAIL, PASSWORD, PIN = "jayne.billings@mpft.nhs.uk", "Right-password-1", "024680"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Staffordshire%20DSR:jayne.billings%40mpft.nhs.uk?secret={KEY}&issuer=Staffordshire%20DSR"
RECOVERY_CODES = ("ABCDE-FGHJK", "23456-789AB")
NAME = "Jayne Billings"
JAYNE, MPFT = UUID(int=7), UUID(int=1)
ORGANISATIONS = (
    identity.Organisation(organisation_id=MPFT, name="Midlands Partnership Foundation Trust", domain="mpft.nhs.uk"),
    identity.Organisation(organisation_id=UUID(int=2), name="Stoke on Trent City Council", domain="stoke.gov.uk"),
)
NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)
OWN_SESSIONS = tuple(
    identity.OwnSession(
        session_id=UUID(int=number),
        browser=browser,
        address="192.0.2.1",
        opened_at=NOON,
        seen_at=NOON + timedelta(minutes=5),
        is_this=number == 8,
    )
    for number, browser in ((8, "Edge on Windows"), (9, "Safari on an iPhone"))
)
PASSWORD_RULE = identity.PasswordRule.model_validate(recorded(identity.ReadPasswordRule)[0])
RULE = PASSWORD_RULE.sentences


@dataclass
class StandInIdentity(StandIn):
    """
    One person. `sessions` and `attempts` hold the open tokens; only the right password and PIN are accepted.

    `further` are other addresses with the same password.
    """

    role: Role | None = Role.STANDARD
    all_organisations: bool = False
    must_change: bool = False
    must_add_app: bool = False
    app: authenticator.AppState = field(default_factory=authenticator.AppState)
    may_join: bool = False
    grants: tuple[AccountGrant, ...] = ()
    user_id: UUID = JAYNE
    full_name: str = NAME
    organisation_ids: tuple[UUID, ...] = (MPFT,)
    bodies: tuple[str, ...] = ()
    organisations: tuple[identity.Organisation, ...] = ORGANISATIONS
    own_sessions: tuple[identity.OwnSession, ...] = OWN_SESSIONS
    remember_days: int = 0
    remembered: set[str] = field(default_factory=set)
    devices: tuple[authenticator.RememberedDevice, ...] = ()
    further: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    attempts: set[str] = field(default_factory=set)
    let_through: set[str] = field(default_factory=set)

    async def answer_on(self, wire: FakeWire) -> None:
        self._bus = FakeBus("identity", wire)
        await super().answer_on(wire)

    async def beat(self) -> None:
        """Send a heartbeat, after which the gateway trusts the sessions that it keeps."""
        await self._bus.tell(identity.Heartbeat())

    def table(self) -> tuple[Row, ...]:
        return (
            row(registration.RegisterAccount, nothing),
            row(identity.RemindPassword, nothing),
            row(identity.ResendPin, nothing),
            row(identity.LogIn, self._log_in),
            row(identity.VerifyPin, self._verify_pin),
            row(identity.CancelAttempt, self._cancel),
            row(identity.FindSession, self._find_session),
            row(identity.LogOut, self._log_out),
            row(registration.ReadJoinOffer, lambda _: registration.JoinOffer(is_open=self.may_join)),
            row(registration.JoinRegister, self._join),
            row(identity.ListOwnSessions, self._list_sessions),
            row(identity.EndOwnSession, nothing),
            row(authenticator.ReadApp, lambda _: self.app),
            row(authenticator.ListRemembered, lambda _: authenticator.RememberedDevices(devices=self.devices)),
            row(authenticator.ForgetRemembered, nothing),
            row(authenticator.BeginApp, self._begin_app),
            row(authenticator.ConfirmApp, self._confirm_app),
            row(authenticator.RemoveApp, self._remove_app),
            row(authenticator.RenewRecoveryCodes, self._renew_codes),
            row(identity.ChangePassword, self._change_password),
            row(identity.ReadPasswordRule, lambda _: PASSWORD_RULE),
            row(ReadHold, lambda _: Hold(because=None)),
            row(identity.ListOrganisations, lambda _: identity.Organisations(organisations=self.organisations)),
        )

    @property
    def active(self) -> bool:
        """Whether the last look-up of a session counted as activity of the user."""
        looked = self.heard(identity.FindSession)
        return bool(looked) and looked[-1].active

    def open_session(self) -> identity.SessionOpened:
        token = secrets.token_urlsafe(32)
        self.sessions.add(token)
        return identity.SessionOpened(session_token=token, device_token="this-device", must_change=self.must_change)

    def _log_in(self, asked: identity.LogIn) -> identity.Attempt:
        if asked.email not in {EMAIL, *self.further} or asked.password != PASSWORD:
            raise Refused("wrong_details")
        token = secrets.token_urlsafe(32)
        self.attempts.add(token)
        is_known = asked.remember_token in self.remembered
        self.let_through |= {token} if is_known else set()
        return identity.Attempt(
            attempt_token=token,
            by_app=self.app.added_at is not None,
            remembered=is_known,
            remember_days=self.remember_days,
        )

    def _verify_pin(self, asked: identity.VerifyPin) -> identity.SessionOpened:
        if asked.attempt_token not in self.attempts:
            raise Refused("attempt_over")
        if asked.pin != PIN and asked.attempt_token not in self.let_through:
            raise Refused(identity.PinRefused(tries_left=4))
        self.attempts.remove(asked.attempt_token)
        return self._remember() if asked.remember or asked.attempt_token in self.let_through else self.open_session()

    def _remember(self) -> identity.SessionOpened:
        """Open a session in a remembered browser, whose token is replaced."""
        token = secrets.token_urlsafe(32)
        self.remembered = {token}
        return self.open_session().model_copy(update={"remember_token": token, "remember_seconds": 3_600})

    def _cancel(self, asked: identity.CancelAttempt) -> Nothing:
        self.attempts.discard(asked.attempt_token)
        return Nothing()

    def _find_session(self, asked: identity.FindSession) -> identity.SessionFound:
        if asked.session_token not in self.sessions:
            raise Refused("no_session")
        now = datetime.now(UTC)
        return identity.SessionFound(
            assertion="signed",
            visitor=self.visitor(asked.register_code),
            idle_ends_at=now + timedelta(minutes=15),
            ends_at=now + timedelta(hours=12),
        )

    def _log_out(self, asked: identity.LogOut) -> Nothing:
        self.sessions.discard(asked.session_token)
        return Nothing()

    def _join(self, _asked: registration.JoinRegister) -> Nothing:
        self.role = Role.STANDARD
        return Nothing()

    def _list_sessions(self, _asked: identity.ListOwnSessions) -> identity.OwnSessions:
        return identity.OwnSessions(sessions=self.own_sessions)

    def _begin_app(self, asked: authenticator.BeginApp) -> authenticator.AppBegun:
        if asked.current_password != PASSWORD:
            raise Refused("password_wrong")
        return authenticator.AppBegun(secret=KEY, uri=URI)

    def _confirm_app(self, asked: authenticator.ConfirmApp) -> authenticator.RecoveryCodes:
        if asked.code != PIN:
            raise Refused("code_wrong")
        self.add_app()
        return authenticator.RecoveryCodes(codes=RECOVERY_CODES)

    def add_app(self) -> None:
        self.must_add_app, self.app = False, authenticator.AppState(added_at=NOON, recovery_codes_left=10)

    def _remove_app(self, asked: authenticator.RemoveApp) -> Nothing:
        self._check_both(asked.current_password, asked.code)
        self.app = authenticator.AppState()
        return Nothing()

    def _renew_codes(self, asked: authenticator.RenewRecoveryCodes) -> authenticator.RecoveryCodes:
        self._check_both(asked.current_password, asked.code)
        return authenticator.RecoveryCodes(codes=RECOVERY_CODES)

    def _check_both(self, password: str, code: str) -> None:
        if password != PASSWORD:
            raise Refused("password_wrong")
        if code not in (PIN, RECOVERY_CODES[0].replace("-", "")):
            raise Refused("code_wrong")

    def _change_password(self, asked: identity.ChangePassword) -> identity.SessionOpened:
        if asked.current_password != PASSWORD:
            raise Refused(identity.PasswordWrong())
        if not asked.confirmed:
            raise Refused("not_confirmed")
        self.sessions.clear()
        self.must_change = False
        return self.open_session()

    def visitor(self, register_code: str) -> Visitor:
        return Visitor(
            user_id=self.user_id,
            full_name=self.full_name,
            register_code=register_code,
            role=None if self.must_add_app else self.role,
            organisation_ids=self.organisation_ids,
            all_organisations=self.all_organisations,
            bodies=self.bodies,
            home_organisation_id=MPFT,
            session_id=UUID(int=8),
            method="password_pin",
            must_change=self.must_change,
            must_add_app=self.must_add_app,
            grants=self.grants,
        )
