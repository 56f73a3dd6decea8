"""Reports as separate processes on the real bus and database, one of them killed at work."""

import asyncio
import io
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import pytest
from openpyxl import load_workbook

from deploy.runner.environment import Addresses
from deploy.runner.waiting import until
from services.reports.rules.counting import CountedAnswer
from shared.assertion import Signer
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import Context
from shared.contracts.identity import CheckGrant, Grant, ListOrganisations, Organisation, Organisations
from shared.contracts.outcomes import OutcomeFeedPage, ReadOutcomeFeed
from shared.contracts.referrals.feed import FeedPage, ReadFeed
from shared.contracts.reports import JobState, ReadDashboard, ReadReportChunk, ReadReportJob, ReportJob, StartReport
from shared.database import as_json
from shared.messages import NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.reports.rig import digest

pytestmark = pytest.mark.failure

RECORDS = 6_000
FEW = 50
FILL = """
    INSERT INTO record_copy
    SELECT
        gen_random_uuid(), n, 0, 'dsr', '2022', 'DSR-' || n, 0, $1, $1, 'active', true, 'Some Body', now(), now(),
        now(), NULL, NULL, jsonb_build_object('first_name', 'Ann', 'latest_update', repeat('said ', 100)), $3, NULL,
        '[]'
    FROM generate_series(1, $2) AS n
"""


@dataclass
class Replica:
    """A process `python -m services.reports`."""

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
    """Replicas on the real bus, with stand-ins for the services that they ask."""

    addresses: Addresses
    reader: Visitor
    replicas: list[Replica]
    gateway: NatsBus
    crowd: list[Visitor] = field(default_factory=list)

    async def job(self, job: ReportJob, reader: Visitor | None = None) -> ReportJob:
        return await self.gateway.ask(ReadReportJob(job_id=job.job_id), who=self.assertion(reader))

    async def is_in(self, job: ReportJob, state: JobState) -> bool:
        try:
            return (await self.job(job)).state == state
        except NotAnswered:  # the killed replica had the request
            return False

    def assertion(self, reader: Visitor | None = None) -> str:
        signer = Signer("identity", bytes.fromhex(self.addresses.keyring.signing_seeds["identity"]))
        return signer.sign_visitor(reader or self.reader, ("reports",))

    async def start_report(self, reader: Visitor | None = None) -> ReportJob:
        asked = StartReport(command_id=new_id(), report="referrals")
        return await self.gateway.ask(asked, who=self.assertion(reader))

    async def download(self, job: ReportJob, reader: Visitor | None = None) -> bytes:
        ready = await self.job(job, reader)
        chunks = [ReadReportChunk(job_id=job.job_id, number=number) for number in range(ready.chunks)]
        return b"".join([(await self.gateway.ask(each, who=self.assertion(reader))).content for each in chunks])


@pytest.fixture
async def stack(addresses: Addresses, tmp_path: Path) -> AsyncIterator[Stack]:
    """Two replicas, and one visitor with many records in scope."""
    reader = a_visitor(Role.REPORTING)
    await fill(addresses, reader.organisation_ids[0], RECORDS)
    async with running(addresses, tmp_path, [reader], replicas=2) as stack:
        yield stack


@pytest.fixture
async def crowded(addresses: Addresses, tmp_path: Path) -> AsyncIterator[Stack]:
    """Three replicas, and ten visitors with different records and different numbers of them."""
    crowd = [a_visitor(Role.REPORTING) for _ in range(10)]
    for number, reader in enumerate(crowd, start=1):
        await fill(addresses, reader.organisation_ids[0], FEW + number)
    async with running(addresses, tmp_path, crowd, replicas=3) as stack:
        yield stack


@asynccontextmanager
async def running(addresses: Addresses, folder: Path, crowd: list[Visitor], replicas: int) -> AsyncIterator[Stack]:
    buses = {name: await bus_of(addresses, name) for name in ("identity", "referrals", "outcomes", "gateway")}
    await stand_in(buses, crowd)
    all_of_them = [Replica(await started(addresses, folder)) for _ in range(replicas)]
    yield Stack(addresses, crowd[0], all_of_them, buses["gateway"], crowd)
    for replica in all_of_them:
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


async def test_of_many_reports_at_once_and_one_replica_of_three_killed_each_is_right_and_made_once(
    crowded: Stack, full_rounds: bool
) -> None:
    assert await until(lambda: is_answered(crowded), seconds=30)
    each_asks_for = 3 if full_rounds else 1
    asked = [(reader, await crowded.start_report(reader)) for reader in crowded.crowd for _ in range(each_asks_for)]

    async def some_are_ready() -> bool:
        return (await done(crowded)).count("report.made") >= len(asked) // 4

    assert await until(some_are_ready, seconds=60, every=0.02)
    assert await until(lambda: somebody_makes(crowded), seconds=20, every=0.001)
    await next(replica for replica in crowded.replicas if replica.is_making()).end(signal.SIGKILL)

    async def all_are_ready() -> bool:
        return (await done(crowded)).count("report.made") >= len(asked)

    assert await until(all_are_ready, seconds=90, every=0.1)
    for number, (reader, job) in enumerate(asked):
        content = await crowded.download(job, reader)
        rows = list(load_workbook(io.BytesIO(content), read_only=True).worksheets[0].iter_rows(values_only=True))
        attempt, sha256, attempts = await kept(crowded.addresses, job.job_id)
        assert {f"DSR-{n}" for n in range(1, FEW + 2 + number // each_asks_for)} == {row[0] for row in rows[1:]}
        assert (digest(content), {attempt}) == (sha256, attempts)
    assert {"report.made": len(asked), "report.downloaded": len(asked)} == Counter(await done(crowded))


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
    """Return whether every replica runs and the dashboard is answered, which means that the records are copied."""
    try:
        await stack.gateway.ask(ReadDashboard(), who=stack.assertion(), seconds=1)
    except NotAnswered:
        return False
    return all(replica.running.returncode is None for replica in stack.replicas)


async def nothing_is_left_in(folder: Path) -> bool:
    """Return whether the killed replica's workbook process has noticed the end of its input and removed its files."""
    return {"lock"} == {each.name for each in folder.rglob("*") if each.is_file()}


async def somebody_makes(stack: Stack) -> bool:
    return any(replica.is_making() for replica in stack.replicas)


async def fill(addresses: Addresses, organisation: UUID, records: int) -> None:
    async with owner_of(addresses) as owner:
        await owner.execute(FILL, organisation, records, as_json([CountedAnswer("#total", "")]))


async def kept(addresses: Addresses, job_id: UUID) -> tuple[int, str, set[int]]:
    """Return the successful attempt, the file's digest, and the attempts that left chunks."""
    async with owner_of(addresses) as owner:
        attempt, sha256 = await owner.fetchrow("SELECT attempt, sha256 FROM job WHERE id = $1", job_id) or (0, "")
        attempts = await owner.fetch("SELECT DISTINCT attempt FROM chunk WHERE job_id = $1", job_id)
    return attempt, sha256, {row["attempt"] for row in attempts}


async def done(stack: Stack) -> list[str]:
    """Return the audited actions: one for each time that a file was made or downloaded."""
    async with owner_of(stack.addresses) as owner:
        rows = await owner.fetch("SELECT action FROM audit WHERE action IN ('report.made', 'report.downloaded')")
    return [row["action"] for row in rows]


@asynccontextmanager
async def owner_of(addresses: Addresses) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(addresses.migrator_dsn("reports"))
    await connection.execute("SET ROLE reports_owner; SET search_path = reports")
    try:
        yield connection
    finally:
        await connection.close()


async def bus_of(addresses: Addresses, process: str) -> NatsBus:
    return await NatsBus.connect(process, addresses.nats_url, addresses.keyring.nats_seeds[process])


async def stand_in(buses: dict[str, NatsBus], crowd: list[Visitor]) -> None:
    by_id = {reader.user_id: reader for reader in crowd}
    named = tuple(
        Organisation(organisation_id=reader.organisation_ids[0], name=f"Team {place}", domain=f"team{place}.nhs.uk")
        for place, reader in enumerate(crowd)
    )

    async def check(asked: CheckGrant, _context: Context) -> Grant:
        return Grant(visitor=by_id[asked.user_id])

    async def organisations(_asked: ListOrganisations, _context: Context) -> Organisations:
        return Organisations(organisations=named)

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
        "ICS_REPORTS_BACKGROUND_DATABASE_URL": addresses.background_dsn("reports"),
        "ICS_SIGNING_SEED": keyring.signing_seeds["reports"],
        "ICS_SIGNING_KEYS": json.dumps(keyring.signing_keys()),
        "ICS_REPORT_LEASE_SECONDS": "3",
        "ICS_REPORT_FOLDER": str(folder),
    }
    command = (sys.executable, "-m", "services.reports")
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
