"""Reports as processes of their own, on the real bus and database, one of them killed at work."""

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import pytest
from openpyxl import load_workbook

from deploy.environment import Addresses
from deploy.waiting import until
from shared.assertion import Signer
from shared.bus import Context, NatsBus
from shared.contracts.identity import CheckGrant, Grant, ListOrganisations, Organisation, Organisations
from shared.contracts.outcomes import OutcomeFeedPage, ReadOutcomeFeed
from shared.contracts.referrals import FeedPage, ReadFeed
from shared.contracts.reports import JobState, ReadDashboard, ReadReportChunk, ReadReportJob, ReportJob, StartReport
from shared.messages import NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.reports.rig import digest

pytestmark = pytest.mark.failure

RECORDS = 6_000
FILL = """
    INSERT INTO record_copy
    SELECT
        gen_random_uuid(), n, 0, 'dsr', '2022', 'DSR-' || n, 0, $1, 0, 'Some Body', now(), now(), now(), NULL, NULL,
        jsonb_build_object('first_name', 'Ann', 'latest_update', repeat('said ', 100)), ARRAY['#total='], NULL
    FROM generate_series(1, $2) AS n
"""


@dataclass
class Replica:
    """`python -m services.reports`."""

    running: asyncio.subprocess.Process

    def is_making(self) -> bool:
        children = psutil.Process(self.running.pid).children()
        return any("services.reports.workbook" in child.cmdline() for child in children)

    async def end(self, by: signal.Signals) -> int:
        if self.running.returncode is None:
            self.running.send_signal(by)
        return await self.running.wait()


@dataclass
class Stack:
    """Two replicas, and stand-ins for the services that they ask, on the real bus."""

    addresses: Addresses
    reader: Visitor
    replicas: list[Replica]
    gateway: NatsBus

    async def job(self, job: ReportJob) -> ReportJob:
        return await self.gateway.ask(ReadReportJob(job_id=job.job_id), who=self.assertion())

    async def is_in(self, job: ReportJob, state: JobState) -> bool:
        return (await self.job(job)).state == state

    def assertion(self) -> str:
        signer = Signer("identity", bytes.fromhex(self.addresses.keyring.signing_seeds["identity"]))
        return signer.sign_visitor(self.reader, ("reports",))

    async def start_report(self) -> ReportJob:
        return await self.gateway.ask(StartReport(command_id=new_id(), report="referrals"), who=self.assertion())

    async def download(self, job: ReportJob) -> bytes:
        chunks = [ReadReportChunk(job_id=job.job_id, number=number) for number in range((await self.job(job)).chunks)]
        return b"".join([(await self.gateway.ask(each, who=self.assertion())).content for each in chunks])


@pytest.fixture
async def stack(addresses: Addresses, tmp_path: Path) -> AsyncIterator[Stack]:
    reader = a_visitor(Role.REPORTING)
    await fill(addresses, reader.organisation_ids[0])
    buses = {name: await bus_of(addresses, name) for name in ("identity", "referrals", "outcomes", "gateway")}
    await stand_in(buses, reader)
    replicas = [Replica(await started(addresses, tmp_path)) for _ in range(2)]
    yield Stack(addresses, reader, replicas, buses["gateway"])
    for replica in replicas:
        await replica.end(signal.SIGKILL)
    for bus in buses.values():
        await bus.close()


async def test_a_report_of_a_killed_replica_is_made_by_the_other_and_once(stack: Stack, tmp_path: Path) -> None:
    assert await until(lambda: is_answered(stack), seconds=30)
    job = await stack.start_report()
    assert await until(lambda: somebody_makes(stack), seconds=20, every=0.001)
    (killed,) = [replica for replica in stack.replicas if replica.is_making()]

    await killed.end(signal.SIGKILL)
    assert await until(lambda: stack.is_in(job, "ready"), seconds=40)
    content = await stack.download(job)

    assert RECORDS + 1 == len(list(load_workbook(io.BytesIO(content), read_only=True).worksheets[0].iter_rows()))
    assert (2, digest(content), {2}) == await kept(stack.addresses, job.job_id)
    assert await until(lambda: nothing_is_left_in(tmp_path), seconds=10)


async def test_a_replica_that_is_asked_to_stop_hands_its_report_on_at_once(stack: Stack) -> None:
    assert await until(lambda: is_answered(stack), seconds=30)
    job = await stack.start_report()
    assert await until(lambda: somebody_makes(stack), seconds=20, every=0.001)
    (stopped,) = [replica for replica in stack.replicas if replica.is_making()]

    code = await stopped.end(signal.SIGTERM)
    assert await until(lambda: stack.is_in(job, "ready"), seconds=20)

    assert 0 == code
    assert 2 == (await kept(stack.addresses, job.job_id))[0]


async def is_answered(stack: Stack) -> bool:
    """Whether the replicas are up and have copied what there is."""
    try:
        await stack.gateway.ask(ReadDashboard(), who=stack.assertion(), seconds=1)
    except NotAnswered:
        return False
    return all(replica.running.returncode is None for replica in stack.replicas)


async def nothing_is_left_in(folder: Path) -> bool:
    """The killed replica's process has seen that nobody sends it rows any more, and has removed what it had."""
    return {"lock"} == {each.name for each in folder.rglob("*") if each.is_file()}


async def somebody_makes(stack: Stack) -> bool:
    return any(replica.is_making() for replica in stack.replicas)


async def fill(addresses: Addresses, organisation: UUID) -> None:
    owner = await asyncpg.connect(addresses.migrator_dsn("reports"))
    await owner.execute("SET ROLE reports_owner; SET search_path = reports")
    await owner.execute(FILL, organisation, RECORDS)
    await owner.close()


async def kept(addresses: Addresses, job_id: UUID) -> tuple[int, str, set[int]]:
    """The attempt that succeeded, the file's digest, and the attempts of which there are chunks."""
    owner = await asyncpg.connect(addresses.migrator_dsn("reports"))
    await owner.execute("SET ROLE reports_owner; SET search_path = reports")
    attempt, sha256 = await owner.fetchrow("SELECT attempt, sha256 FROM job WHERE id = $1", job_id) or (0, "")
    attempts = await owner.fetch("SELECT DISTINCT attempt FROM chunk WHERE job_id = $1", job_id)
    await owner.close()
    return attempt, sha256, {row["attempt"] for row in attempts}


async def bus_of(addresses: Addresses, process: str) -> NatsBus:
    return await NatsBus.connect(process, addresses.nats_url, addresses.keyring.nats_seeds[process])


async def stand_in(buses: dict[str, NatsBus], reader: Visitor) -> None:
    named = Organisation(organisation_id=reader.organisation_ids[0], name="Alpha", domain="alpha.nhs.uk")

    async def check(_asked: CheckGrant, _context: Context) -> Grant:
        return Grant(visitor=reader)

    async def organisations(_asked: ListOrganisations, _context: Context) -> Organisations:
        return Organisations(organisations=(named,))

    async def records(asked: ReadFeed, _context: Context) -> FeedPage:
        return FeedPage(records=(), last=asked.after, more=False)

    async def outcomes(asked: ReadOutcomeFeed, _context: Context) -> OutcomeFeedPage:
        return OutcomeFeedPage(outcomes=(), last=asked.after, more=False)

    await buses["identity"].answer(CheckGrant, check)
    await buses["identity"].answer(ListOrganisations, organisations)
    await buses["referrals"].answer(ReadFeed, records)
    await buses["outcomes"].answer(ReadOutcomeFeed, outcomes)


async def started(addresses: Addresses, folder: Path) -> asyncio.subprocess.Process:
    keyring = addresses.keyring
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "ICS_NATS_URL": addresses.nats_url,
        "ICS_NATS_SEED": keyring.nats_seeds["reports"],
        "ICS_REPORTS_DATABASE_URL": addresses.dsn("reports"),
        "ICS_SIGNING_SEED": keyring.signing_seeds["reports"],
        "ICS_SIGNING_KEYS": json.dumps(keyring.signing_keys()),
        "ICS_REPORT_LEASE_SECONDS": "3",
        "ICS_REPORT_FOLDER": str(folder),
    }
    command = (sys.executable, "-m", "services.reports")
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
