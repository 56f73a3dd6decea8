"""The test rig of identity: a real Postgres and an in-process bus, users who log in, their mails and simulated time."""

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import asyncpg

from services.identity.context import IdentityContext
from services.identity.hashing import Cost, PasswordHashes
from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account
from services.identity.rules.authenticator import STEP_SECONDS
from services.identity.rules.log_in import Status
from shared.assertion import Signer, Verifier, public_key
from shared.contracts.identity import FindSession, LogIn, SessionFound, SessionOpened, SessionsRevoked, VerifyPin
from shared.contracts.notifier import QueueMail, Template
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus
from shared.messages import SERVICES, Message, Refused, Request
from shared.permissions import Caller, Role

PASSWORD = "Gorse-Hill-27!"
ADA = "ada.birch@mpft.nhs.uk"
WARD, ELSEWHERE = "192.0.2.1", "198.51.100.7"

SEEDS: dict[str, bytes] = {service: secrets.token_bytes(32) for service in (*SERVICES, "gateway")}
KEYS = {service: public_key(seed) for service, seed in SEEDS.items()}

# To let time pass, every time in a table is moved back. This works because identity uses the database's clock alone.
TIMES = {
    "account": ("temporary_expires_at", "temporary_used_at", "counted_at"),
    "device": ("counted_at", "used_at", "remembered_until"),
    "attempt": ("pin_sent_at", "pin_expires_at", "opened_at"),
    "session": ("opened_at", "seen_at", "ends_at"),
    "rate_window": ("began_at",),
    "begun_app": ("begun_at",),
}

Reply = TypeVar("Reply", bound=Message)


class CountingHashes(PasswordHashes):
    """Fast hashes without a practical limit on waiting. `looked_at` tells for each check if a stored hash was there."""

    def __init__(self) -> None:
        super().__init__(workers=2, waiting_at_most=1_000, cost=Cost(memory_kib=8, passes=1))
        self.looked_at: list[bool] = []

    async def is_right(self, known: str | None, password: str) -> bool:
        self.looked_at.append(known is not None)
        return await super().is_right(known, password)


@dataclass
class Rig:
    """The service as tests use it. `owner` reads what the service may only write, such as the audit."""

    pool: DatabasePool
    owner: "asyncpg.Connection[asyncpg.Record]"
    context: IdentityContext
    hashes: CountingHashes
    gateway: FakeBus
    elsewhere: Verifier
    revoked: list[UUID] = field(default_factory=list)

    async def listen(self) -> None:
        async def heard(told: SessionsRevoked) -> None:
            self.revoked.extend(told.session_ids)

        await self.gateway.hear(SessionsRevoked, heard)

    async def ask(self, request: Request[Reply], who: str | None = None) -> Reply:
        return await self.gateway.ask(request, who=who)

    async def person(
        self,
        email: str = ADA,
        *,
        role: Role = Role.STANDARD,
        all_organisations: bool = False,
        domains: tuple[str, ...] = (),
        register: str = "dsr",
    ) -> UUID:
        grant = GrantWanted(register, role, all_organisations, domains)
        account = NewAccount(email, "Ada", "Birch", (grant,))
        async with transaction(self.pool) as db:
            return await create_account(db, account, Fixed(self.context.hashes, PASSWORD))

    async def log_in(
        self, email: str = ADA, password: str = PASSWORD, *, address: str = WARD, device: str | None = None
    ) -> str:
        """Do the password step, and return the token of the log-in that waits for its PIN."""
        asked = LogIn(register_code="dsr", email=email, password=password, address=address, device_token=device)
        return (await self.ask(asked)).attempt_token

    async def wrong_passwords(self, count: int, email: str = ADA, *, device: str | None = None) -> list[str]:
        """Send this many wrong passwords in a row, and return the refusal code of each."""
        return [await refused(self.log_in(email, f"wrong {n}", device=device)) for n in range(count)]

    async def verify(self, attempt_token: str, pin: str, *, over: str | None = None) -> SessionOpened:
        return await self.ask(VerifyPin(attempt_token=attempt_token, pin=pin, earlier_session=over))

    async def come_in(
        self, email: str = ADA, password: str = PASSWORD, *, device: str | None = None, over: str | None = None
    ) -> SessionOpened:
        """Log in with password and PIN. `over` is the session token that the browser already holds."""
        attempt_token = await self.log_in(email, password, device=device)
        return await self.verify(attempt_token, await self.newest_pin(), over=over)

    async def find(self, session_token: str, register: str = "dsr", *, active: bool = True) -> SessionFound:
        return await self.ask(FindSession(register_code=register, session_token=session_token, active=active))

    async def mails(self, template: Template | None = None) -> list[QueueMail]:
        """Return the mails that wait for the notifier, oldest first."""
        rows = await self.pool.fetch("SELECT body FROM outbox WHERE event_type = 'letter' ORDER BY id")
        letters = [QueueMail.model_validate_json(row["body"]) for row in rows]
        return [letter for letter in letters if template in (None, letter.template)]

    async def newest_pin(self) -> str:
        return (await self.mails("pin"))[-1].values["pin"]

    async def audited(self) -> list[str]:
        """Return the action of every audit row, oldest first."""
        return [row["action"] for row in await self.owner.fetch("SELECT action FROM audit ORDER BY id")]

    async def status(self, email: str = ADA) -> Status:
        return Status(await self.pool.fetchval("SELECT status FROM account WHERE email = $1", email))

    async def set_status(self, status: Status, email: str = ADA) -> None:
        await self.pool.execute("UPDATE account SET status = $2 WHERE email = $1", email, status)

    async def let_pass(self, time: timedelta) -> None:
        for table, columns in TIMES.items():
            moved = ", ".join(f"{column} = {column} - $1::interval" for column in columns)
            await self.pool.execute(f"UPDATE {table} SET {moved}", time)
        await self.pool.execute("UPDATE app SET last_step = last_step - $1", int(time.total_seconds()) // STEP_SECONDS)


def other_than(pin: str) -> str:
    """Return six digits that differ from this PIN."""
    return f"{(int(pin) + 1) % 1_000_000:06}"


async def refused(asked: Awaitable[object]) -> str:
    """Return the code of the refusal, or an empty string if the request is carried out."""
    try:
        await asked
    except Refused as refusal:
        return refusal.code
    return ""


def statement_of(service: str) -> str:
    """Return an assertion that the service signs about itself, addressed to identity."""
    return Signer(service, SEEDS[service]).sign_caller(Caller(service=service, job="export"), "identity")
