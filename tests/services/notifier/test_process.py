"""The notifier as a separate process on the real bus and database, killed or stopped while it sends."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from deploy.runner.environment import Addresses
from deploy.runner.waiting import until
from services.notifier.claims import LEASE
from shared.bus.nats_bus import NatsBus
from shared.database import DatabasePool
from tests.conftest import OpenDatabase
from tests.services.notifier.builders import a_routine_notice
from tests.services.notifier.rig import PASS_TIME
from tests.services.notifier.scripted_server import LONGEST_WAIT, ScriptedServer
from tests.services.notifier.test_sending import ADD_BULK

KILLS = 3
COUNT_ACCEPTED = "SELECT count(*) FROM mail WHERE state = 'accepted'"

pytestmark = pytest.mark.failure


class Process:
    """The process `python -m services.notifier`, which can be started and killed."""

    def __init__(self, addresses: Addresses, smtp_port: int) -> None:
        keyring = addresses.keyring
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "ICS_NATS_URL": addresses.nats_url,
            "ICS_NATS_SEED": keyring.nats_seeds["notifier"],
            "ICS_NOTIFIER_DATABASE_URL": addresses.dsn("notifier"),
            "ICS_NOTIFIER_BACKGROUND_DATABASE_URL": addresses.background_dsn("notifier"),
            "ICS_SIGNING_SEED": keyring.signing_seeds["notifier"],
            "ICS_SIGNING_KEYS": json.dumps(keyring.signing_keys()),
            "ICS_SMTP_HOST": "127.0.0.1",
            "ICS_SMTP_PORT": str(smtp_port),
            "ICS_MAIL_FROM": "no-reply@registers.example",
        }
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.notifier", env=self._environment, stderr=asyncio.subprocess.DEVNULL
        )

    async def end(self, by: signal.Signals) -> int | None:
        """Send the signal if the process still runs, wait for its end, and return its exit code."""
        if self._running is None:
            return None
        if self._running.returncode is None:
            self._running.send_signal(by)
        return await self._running.wait()


@pytest.fixture
async def process(addresses: Addresses, mail_server: ScriptedServer) -> AsyncIterator[Process]:
    process = Process(addresses, mail_server.port)
    yield process
    await process.end(signal.SIGKILL)


async def all_accepted(pool: DatabasePool, count: int) -> bool:
    found: int = await pool.fetchval(COUNT_ACCEPTED)
    return found == count


async def test_a_notifier_killed_at_work_loses_no_mail_and_doubles_none_but_those_in_hand(
    process: Process, database: OpenDatabase, mail_server: ScriptedServer
) -> None:
    pool = await database("notifier")
    await pool.execute(ADD_BULK, 40)
    mail_server.slowness = 0.05
    for kill in range(KILLS):
        await process.start()
        await mail_server.has_begun(8 * (kill + 1))
        await process.end(signal.SIGKILL)

    await pool.execute(PASS_TIME, LEASE)
    await process.start()
    assert await until(lambda: all_accepted(pool, 40), seconds=30)
    stopped = await process.end(signal.SIGTERM)

    copies = Counter(mail.message_id for mail in mail_server.taken)
    at_work = 2  # senders of this lane, each with one mail in progress when killed
    assert (0, 40) == (stopped, len(copies))
    assert len(mail_server.taken) - 40 <= KILLS * at_work


async def test_a_notice_on_the_real_stream_becomes_a_mail(
    process: Process, addresses: Addresses, mail_server: ScriptedServer
) -> None:
    notice = a_routine_notice(reference="DSR-REAL")
    bus = await NatsBus.connect("referrals", addresses.nats_url, addresses.keyring.nats_seeds["referrals"])
    headers = {"ce-id": str(notice.event_id), "ce-type": notice.event_type(), "Nats-Msg-Id": str(notice.event_id)}
    await bus.publish(notice.subjects()[0], notice.model_dump_json().encode(), headers)
    await bus.close()

    await process.start()
    async with asyncio.timeout(LONGEST_WAIT):
        while not any(notice.reference in mail.text for mail in mail_server.taken):
            await mail_server.has_taken(len(mail_server.taken) + 1)

    assert 0 == await process.end(signal.SIGTERM)
