"""The notifier's parts put together: what is queued, who sends it, how time passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.notifier.handlers import Bells, Handlers
from services.notifier.rules import LANES, Lane
from services.notifier.sender import Round, Sender, Sweeper
from services.notifier.settings import Settings
from services.notifier.smtp import MailServer, Route
from services.notifier.writing import Writer
from shared.contracts.notifier import QueueMail
from shared.database import DatabasePool
from shared.permissions import Caller
from shared.registers.load import Registers
from tests.services.notifier.builders import settings
from tests.services.notifier.scripted_server import ScriptedServer

IDENTITY = Caller(service="identity", job="outbox")
READ_ROW = "SELECT * FROM mail WHERE id = $1"
READ_AUDIT = "SELECT action FROM audit WHERE subjects = ARRAY[$1::uuid] ORDER BY id"
PASS_TIME = """
    UPDATE mail
    SET created_at = created_at - $1::interval,
        next_try_at = next_try_at - $1::interval,
        expires_at = expires_at - $1::interval,
        claimed_at = claimed_at - $1::interval,
        ended_at = ended_at - $1::interval
"""


@dataclass(frozen=True)
class Rig:
    """A notifier of which each part can be moved by hand."""

    pool: DatabasePool
    mail_server: ScriptedServer
    handlers: Handlers
    bells: Bells
    settings: Settings

    @classmethod
    def of(cls, pool: DatabasePool, mail_server: ScriptedServer, registers: Registers) -> "Rig":
        bells = {lane: asyncio.Event() for lane in LANES}
        told = settings(smtp_host="127.0.0.1", smtp_port=mail_server.port)
        handlers = Handlers(pool, registers, Writer(registers, told.public_url), bells)
        return cls(pool, mail_server, handlers, bells, told)

    async def queue(self, letter: QueueMail) -> UUID:
        await self.handlers.queue_mail(IDENTITY, letter)
        return letter.letter_id

    def sender(self, lane: Lane = "bulk") -> Sender:
        return Sender(
            lane, self.pool, MailServer(Route.of(self.settings)), self.bells[lane], self.handlers.urgent_mail_failed
        )

    async def send_due(self, lane: Lane = "bulk") -> None:
        """Send until nothing is due, or the mail server is away."""
        sender = self.sender(lane)
        while await sender.send_next() is Round.ONE_DONE:
            pass

    @asynccontextmanager
    async def senders_at_work(self, **count: int) -> AsyncIterator[None]:
        """Senders that run by themselves, so many for each lane; they are stopped at the end."""
        tasks = [asyncio.create_task(self.sender(lane).run()) for lane in LANES for _ in range(count.get(lane, 0))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def expire(self) -> None:
        await Sweeper(self.pool).expire()

    async def time_passes(self, **by: int) -> None:
        await self.pool.execute(PASS_TIME, timedelta(**by))

    async def row(self, mail_id: UUID) -> asyncpg.Record:
        row = await self.pool.fetchrow(READ_ROW, mail_id)
        assert row is not None
        return row

    async def state(self, mail_id: UUID) -> str:
        return str((await self.row(mail_id))["state"])
