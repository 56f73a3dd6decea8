"""The test rig of the notifier: queue mails, send them step by step, and let time pass."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from services.notifier.context import NotifierContext
from services.notifier.delivery import Delivery
from services.notifier.escalation import MailEscalation
from services.notifier.handlers import Handlers
from services.notifier.route import Route
from services.notifier.rules import LANES, Lane
from services.notifier.sender import Sender, expire
from services.notifier.service import context_of
from services.notifier.settings import NotifierSettings
from services.notifier.smtp import MailConnection
from services.notifier.writing import Writer
from shared.assertion import Signer, Verifier
from shared.bus.protocol import Context
from shared.context import ServiceContext
from shared.contracts.identity import FindRecipients, Recipients
from shared.contracts.notifier import QueueMail
from shared.database import DatabasePool
from shared.fake_bus import FakeBus, FakeWire
from shared.jobs import repeat
from shared.outbox import Relay
from shared.permissions import Caller
from shared.registers.load import Registers
from shared.tasks import end
from tests.services.notifier.builders import settings
from tests.services.notifier.scripted_server import ScriptedServer
from tests.support.connections import ServicePools

IDENTITY = Caller(service="identity", job="outbox")
READ_ROW = "SELECT * FROM mail WHERE id = $1"
READ_AUDIT = "SELECT action FROM audit WHERE subjects = ARRAY[$1::uuid] ORDER BY id"
PASS_TIME = """
    UPDATE mail
    SET created_at = created_at - $1::interval,
        next_try_at = next_try_at - $1::interval,
        expires_at = expires_at - $1::interval,
        claimed_at = claimed_at - $1::interval,
        sent_again_at = sent_again_at - $1::interval,
        ended_at = ended_at - $1::interval
"""


@dataclass
class StandInIdentity:
    """
    A stand-in that knows recipients, or is away if told so. `asked` keeps the requests that it received.

    `meanwhile` is run once, after the next answer is found and before it is given.
    """

    wire: FakeWire
    administrators: tuple[str, ...] = ()
    user: str | None = None
    asked: list[FindRecipients] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def come(self) -> None:
        await FakeBus("identity", self.wire).answer(FindRecipients, self._find)

    def go_away(self) -> None:
        self.wire.answers.clear()

    async def _find(self, asked: FindRecipients, _context: Context) -> Recipients:
        self.asked.append(asked)
        found = Recipients(administrators=self.administrators, user=self.user if asked.user_id else None)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return found


@dataclass(frozen=True)
class Rig:
    """A notifier whose parts run only when a test calls them."""

    pool: DatabasePool
    background: DatabasePool
    mail_server: ScriptedServer
    identity: StandInIdentity
    context: NotifierContext
    settings: NotifierSettings

    @classmethod
    async def of(cls, pools: ServicePools, mail_server: ScriptedServer, registers: Registers) -> "Rig":
        told = settings(smtp_host="127.0.0.1", smtp_port=mail_server.port)
        identity = StandInIdentity(FakeWire())
        await identity.come()
        bus, signer = FakeBus("notifier", identity.wire), Signer("notifier", b"n" * 32)
        relay, verifier = Relay(pools.background, bus, signer, {}), Verifier("notifier", {})
        shared = ServiceContext("notifier", pools.pool, pools.background, bus, signer, verifier, relay, registers)
        return cls(pools.pool, pools.background, mail_server, identity, context_of(shared, told), told)

    def with_registers(self, registers: Registers) -> "Rig":
        """Return the same notifier with other registers."""
        writer = Writer(registers, self.settings.public_url)
        mails = replace(self.context.mails, registers=registers, writer=writer)
        return replace(self, context=replace(self.context, registers=registers, mails=mails))

    @property
    def handlers(self) -> Handlers:
        return Handlers(self.context)

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.context)

    async def escalate(self, **later: int) -> None:
        """Escalate urgent mails that were not delivered, with the clock moved ahead by `later`."""
        moment = datetime.now(UTC) + timedelta(**later)
        await MailEscalation(replace(self.context, clock=lambda: moment)).look()

    async def queue(self, letter: QueueMail) -> UUID:
        await self.handlers.queue_mail(IDENTITY, letter)
        return letter.letter_id

    def sender(self, lane: Lane = "bulk") -> Sender:
        connection = MailConnection(Route.of(self.settings))
        self.context.closing.callback(connection.close)
        return Sender(lane, self.context, connection)

    async def send_due(self, lane: Lane = "bulk") -> None:
        """Send until no mail is due or the mail server is away."""
        sender = self.sender(lane)
        while await sender.send_next():
            pass

    @asynccontextmanager
    async def senders_at_work(self, **count: int) -> AsyncIterator[None]:
        """Run this many senders for each lane during the block."""
        tasks = [
            asyncio.create_task(repeat(self.sender(lane).job)) for lane in LANES for _ in range(count.get(lane, 0))
        ]
        try:
            yield
        finally:
            await end(tasks)

    async def expire(self) -> None:
        await expire(self.background)

    async def time_passes(self, **by: int) -> None:
        await self.pool.execute(PASS_TIME, timedelta(**by))

    async def row(self, mail_id: UUID) -> asyncpg.Record:
        row = await self.pool.fetchrow(READ_ROW, mail_id)
        assert row is not None
        return row

    async def state(self, mail_id: UUID) -> str:
        return str((await self.row(mail_id))["state"])
