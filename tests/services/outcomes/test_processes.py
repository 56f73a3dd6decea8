"""Outcomes and referrals as processes on the real bus and database, killed while they archive or open tasks."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from deploy.runner.waiting import until
from shared.assertion import Signer, Verifier
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import Context
from shared.contracts.health import ReadOutcomesBacklog, ReadReferralsBacklog
from shared.contracts.identity import CheckGrant, Grant
from shared.contracts.outcomes import OutcomeReceipt
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Command, Message, NotAnswered, Request
from shared.permissions import Visitor
from tests.services.outcomes.rig import an_administrator, an_ending
from tests.services.referrals.people import a_person, unasked

pytestmark = pytest.mark.failure

PEOPLE = 24
PATIENCE = 30.0
BACKLOGS: dict[str, Request[Message]] = {"outcomes": ReadOutcomesBacklog(), "referrals": ReadReferralsBacklog()}
PASS_A_MINUTE = "UPDATE outcomes.outcome SET asked_at = asked_at - interval '1 minute' WHERE state = 'pending'"
COUNT_ARCHIVED = "SELECT count(*) FROM referrals.record WHERE NOT is_open"
COUNT_PENDING = "SELECT count(*) FROM outcomes.outcome WHERE state = 'pending'"
COUNT_TOLD = "SELECT count(*) FROM outcomes.outbox WHERE event_type = 'dsr-outcome-recorded-1'"
# Records whose status and outcome do not match: one says archived, the other does not.
FIND_HALVES = """
    SELECT count(*)
    FROM referrals.record AS r
    LEFT JOIN outcomes.outcome AS o ON o.record_id = r.id
    WHERE r.is_open = (o.state IS NOT NULL AND o.state = 'saved')
"""


COUNT_OPENED = "SELECT count(*) FROM outcomes.task"
COUNT_TAKEN = "SELECT count(*) FROM outcomes.inbox INNER JOIN referrals.outbox USING (event_id)"
HOLD_RECORD = "INSERT INTO outcomes.record_known (record_id, version) VALUES ($1, -1)"
COUNT_WAITING = """
    SELECT count(*)
    FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND usename IN ('outcomes_app', 'outcomes_background')
"""
# Records without exactly one task, or whose one task was not audited exactly once.
FIND_WRONG_TASKS = """
    SELECT count(*)
    FROM referrals.record AS r
    WHERE (SELECT count(*) FROM outcomes.task AS t WHERE t.record_id = r.id) <> 1
        OR (SELECT count(*) FROM outcomes.audit AS a WHERE a.action = 'task.opened' AND r.id = ANY(a.subjects)) <> 1
"""


@dataclass
class Stage:
    """Both processes, the gateway's end of the bus, the visitor who asks, and a database connection of the test."""

    addresses: Addresses
    gateway: NatsBus
    onlooker: "asyncpg.Connection[asyncpg.Record]"
    visitor: Visitor
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, service: str) -> None:
        """Start the process, and wait until it answers."""
        keyring = self.addresses.keyring
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "ICS_NATS_URL": self.addresses.nats_url,
            "ICS_NATS_SEED": keyring.nats_seeds[service],
            "ICS_DATABASE_URL": self.addresses.dsn(service),
            "ICS_BACKGROUND_DATABASE_URL": self.addresses.background_dsn(service),
            "ICS_SIGNING_SEED": keyring.signing_seeds[service],
            "ICS_SIGNING_KEYS": json.dumps(keyring.signing_keys()),
        }
        self.running[service] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"services.{service}", env=environment, stderr=asyncio.subprocess.DEVNULL
        )
        assert await until(lambda: self._answers(service), PATIENCE)

    async def _answers(self, service: str) -> bool:
        try:
            await self.gateway.ask(BACKLOGS[service])
        except NotAnswered:
            return False
        return True

    async def end(self, service: str, by: signal.Signals) -> int:
        process = self.running.pop(service)
        process.send_signal(by)
        return await process.wait()

    async def ask(self, command: Command[Message]) -> Message | None:
        """Return the answer, or None if there is none. The command may still have been carried out."""
        signer = Signer("identity", bytes.fromhex(self.addresses.keyring.signing_seeds["identity"]))
        who = signer.sign_visitor(self.visitor, ("referrals", "outcomes"))
        try:
            return await self.gateway.ask(command, who=who)
        except NotAnswered:
            return None

    async def refer(self, **answers: str) -> RecordReceipt:
        receipt = await self.ask(unasked(**a_person(**answers)))
        assert isinstance(receipt, RecordReceipt)
        return receipt

    async def count(self, query: str) -> int:
        found: int = await self.onlooker.fetchval(query)
        return found

    async def some_are_archived(self) -> bool:
        return await self.count(COUNT_ARCHIVED) > 0

    async def one_waits(self) -> bool:
        return await self.count(COUNT_WAITING) > 0

    async def all_are_taken(self) -> bool:
        return await self.count(COUNT_TAKEN) >= PEOPLE

    async def none_is_pending(self) -> bool:
        return not await self.count(COUNT_PENDING)


@pytest.fixture
async def stage(addresses: Addresses) -> AsyncIterator[Stage]:
    seeds = addresses.keyring.nats_seeds
    gateway = await NatsBus.connect("gateway", addresses.nats_url, seeds["gateway"])
    identity = await NatsBus.connect("identity", addresses.nats_url, seeds["identity"])
    onlooker = await asyncpg.connect(addresses.databases["outcomes"].admin_dsn)
    stage = Stage(addresses, gateway, onlooker, an_administrator())
    await identity.answer(CheckGrant, Grants(stage).check)
    yield stage
    for service in list(stage.running):
        await stage.end(service, signal.SIGKILL)
    await onlooker.close()
    await identity.close()
    await gateway.close()


class Grants:
    """A stand-in for identity, which confirms that the visitor still has the same rights."""

    def __init__(self, stage: Stage) -> None:
        keys = stage.addresses.keyring.signing_keys()
        self._verifier = Verifier("identity", {name: bytes.fromhex(key) for name, key in keys.items()})
        self._visitor = stage.visitor

    async def check(self, _asked: CheckGrant, context: Context) -> Grant:
        caller = self._verifier.verify(context.who).caller
        assert caller is not None
        assert caller.service in CheckGrant.asked_by
        return Grant(visitor=self._visitor)


@pytest.mark.parametrize("killed", ["referrals", "outcomes"])
async def test_a_service_killed_while_archiving_leaves_no_half_once_it_is_back(stage: Stage, killed: str) -> None:
    await stage.start("referrals")
    await stage.start("outcomes")
    commands = [an_ending(await stage.refer()) for _ in range(PEOPLE)]

    at_work = asyncio.gather(*(stage.ask(command) for command in commands))
    assert await until(stage.some_are_archived, PATIENCE, every=0.001)
    await stage.end(killed, signal.SIGKILL)
    answers = await at_work
    await stage.start(killed)
    await stage.onlooker.execute(PASS_A_MINUTE)
    assert await until(stage.none_is_pending, PATIENCE, every=0.1)

    promised = [answer for answer in answers if isinstance(answer, OutcomeReceipt)]
    assert len([each for each in promised if not each.pending]) < PEOPLE, "it was killed too late to see anything"
    assert len(promised) <= await stage.count(COUNT_ARCHIVED)
    assert 0 == await stage.count(FIND_HALVES)

    again = [await stage.ask(command) for command in commands]
    assert [False] * PEOPLE == [answer.pending for answer in again if isinstance(answer, OutcomeReceipt)]
    assert (PEOPLE, 0) == (await stage.count(COUNT_ARCHIVED), await stage.count(FIND_HALVES))
    assert PEOPLE == await stage.count(COUNT_TOLD)
    assert [0, 0] == [await stage.end(service, signal.SIGTERM) for service in ("outcomes", "referrals")]


async def test_outcomes_killed_among_events_that_it_handles_together_opens_each_task_once(stage: Stage) -> None:
    await stage.start("referrals")
    records = [(await stage.refer(risk_level="red")).record_id for _ in range(PEOPLE)]

    held = stage.onlooker.transaction()
    await held.start()
    await stage.onlooker.execute(HOLD_RECORD, records[PEOPLE // 2])
    await stage.start("outcomes")
    assert await until(stage.one_waits, PATIENCE, every=0.01)
    await stage.end("outcomes", signal.SIGKILL)
    await held.rollback()
    assert await stage.count(COUNT_TAKEN) < PEOPLE, "it was killed too late to see anything"

    await stage.start("outcomes")
    assert await until(stage.all_are_taken, PATIENCE, every=0.1)

    assert (PEOPLE, PEOPLE, 0) == (
        await stage.count(COUNT_OPENED),
        await stage.count(COUNT_TAKEN),
        await stage.count(FIND_WRONG_TASKS),
    )
