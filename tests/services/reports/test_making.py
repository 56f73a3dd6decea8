"""Making reports while processes are killed, replicas stall, users cancel them, and rights change."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from openpyxl import load_workbook

from deploy.runner.waiting import until
from services.reports.folder import PREFIX, private_folder
from services.reports.making import Making
from services.reports.store import jobs
from services.reports.store.jobs import MadeFile
from services.reports.workbook.plan import END
from services.reports.writing import NotMade, workbook_process
from shared.contracts.identity import CheckGrant
from shared.contracts.reports import ReadReportChunk, ReportJob
from shared.database import transaction
from shared.jobs import repeat
from shared.permissions import Role, Visitor
from shared.tasks import end
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig, column, digest
from tests.services.reports.test_workbook import PLAN, line_of

pytestmark = pytest.mark.programs  # each makes workbooks in the process that does so

JOB = "SELECT state, attempt, sha256 FROM job WHERE id = $1"
CHUNKS = "SELECT attempt, count(*) AS n FROM chunk WHERE job_id = $1 GROUP BY attempt"


@pytest.fixture
async def reader(rig: Rig) -> Visitor:
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation)
    await rig.copy()
    return rig.somebody(Role.REPORTING, organisation)


async def test_a_report_whose_process_was_killed_is_made_by_the_next_attempt(
    rig: Rig, reader: Visitor, owner: Owner
) -> None:
    job = await rig.start(reader)
    async with at_work(rig.making()) as first:
        (await the_process()).kill()
        await first
    after_the_kill = await owner.rows(JOB, job.job_id)

    assert await rig.make()

    assert [("queued", 1)] == [(row["state"], row["attempt"]) for row in after_the_kill]
    await then_there_is_one_file(rig, reader, job, owner, attempt=2)


async def test_a_report_of_a_replica_that_fell_silent_is_made_by_another(
    rig: Rig, reader: Visitor, owner: Owner
) -> None:
    job = await rig.start(reader)
    await jobs.claim(rig.background, timedelta(milliseconds=1))

    assert await until(rig.make, seconds=10)

    await then_there_is_one_file(rig, reader, job, owner, attempt=2)


async def test_while_a_replica_is_at_work_no_other_takes_its_job(rig: Rig, reader: Visitor) -> None:
    await rig.start(reader)
    async with at_work(rig.making()) as first:
        assert not await rig.make()
        await first


async def test_a_replica_that_comes_back_too_late_leaves_no_second_file(
    rig: Rig, reader: Visitor, owner: Owner
) -> None:
    """Two replicas make the same job, because the lease of the first has expired while it works."""
    job = await rig.start(reader)
    async with at_work(rig.making(lease=timedelta(0))) as first:
        assert await rig.make()
        await first

    await then_there_is_one_file(rig, reader, job, owner, attempt=2)


async def test_replicas_share_the_jobs_and_each_is_made_once(rig: Rig, owner: Owner, reader: Visitor) -> None:
    people = [rig.somebody(Role.REPORTING, *reader.organisation_ids) for _ in range(6)]
    started = [(person, await rig.start(person)) for person in people]
    replicas = [asyncio.create_task(repeat(rig.making().job)) for _ in range(3)]

    async def all_ready() -> bool:
        return {"ready"} == {(await rig.job(person, job)).state for person, job in started}

    assert await until(all_ready, seconds=60)
    await end(replicas)

    for person, job in started:
        await then_there_is_one_file(rig, person, job, owner, attempt=1)


@pytest.mark.parametrize("again", ["given up", "finished"])
async def test_a_replica_that_is_stopped_just_after_its_commit_leaves_the_file(
    rig: Rig, reader: Visitor, owner: Owner, again: str
) -> None:
    job = await rig.start(reader)
    assert await rig.make()
    async with transaction(rig.background, reader) as db:
        ready = await jobs.find(db, reader, job.job_id)
        assert ready is not None
        if again == "finished":
            assert not await jobs.finish(db, ready, MadeFile(None, 1, 1, 1, ""), timedelta(hours=1))
        else:
            await jobs.drop(rig.background, ready, "queued", timedelta(0))

    await then_there_is_one_file(rig, reader, job, owner, attempt=1)


async def test_stopping_a_report_ends_its_process(rig: Rig, reader: Visitor, owner: Owner) -> None:
    job = await rig.start(reader)
    async with at_work(rig.making()) as making:
        process = await the_process()
        process.suspend()
        await rig.stop(reader, job)
        await making

    assert not process.is_running()
    assert "stopped" == (await rig.job(reader, job)).state
    assert [] == await owner.rows(CHUNKS, job.job_id)
    assert [] == left_in(rig.folder)


async def test_a_replica_that_stops_gives_its_job_back_at_once(rig: Rig, reader: Visitor) -> None:
    job = await rig.start(reader)
    replica = asyncio.create_task(repeat(rig.making().job))
    process = await the_process()

    await end([replica])

    assert ("queued", False) == ((await rig.job(reader, job)).state, process.is_running())
    assert [] == left_in(rig.folder)
    assert await rig.make()


async def test_a_report_that_can_never_be_made_fails_in_the_end(rig: Rig, reader: Visitor) -> None:
    job = await rig.start(reader)
    rig.wire.answers.pop(CheckGrant.subject)

    for _ in range(jobs.MOST_ATTEMPTS):
        assert await rig.make()

    assert not await rig.make()
    assert "failed" == (await rig.job(reader, job)).state


async def test_while_identity_is_away_a_report_waits(rig: Rig, reader: Visitor) -> None:
    job = await rig.start(reader)
    kept = rig.wire.answers.pop(CheckGrant.subject)
    await rig.make()
    waiting = (await rig.job(reader, job)).state

    rig.wire.answers[CheckGrant.subject] = kept
    await rig.make()

    assert ("queued", "ready") == (waiting, (await rig.job(reader, job)).state)


@pytest.mark.parametrize("role", [None, Role.STANDARD, Role.MASTER_ADMIN])
async def test_who_may_not_any_more_gets_no_file(rig: Rig, reader: Visitor, role: Role | None) -> None:
    job = await rig.start(reader)
    rig.identity.grants[reader.user_id] = reader.model_copy(update={"role": role})

    await rig.make()

    assert "failed" == (await rig.job(reader, job)).state
    assert "not_found" == await rig.refusal(reader, ReadReportChunk(job_id=job.job_id, number=0))


async def test_who_has_left_gets_no_file(rig: Rig, reader: Visitor) -> None:
    job = await rig.start(reader)
    rig.identity.grants.pop(reader.user_id)

    await rig.make()

    assert "failed" == (await rig.job(reader, job)).state


async def test_a_report_holds_what_its_asker_may_see_when_it_is_made(rig: Rig) -> None:
    kept, lost = rig.organisation("Alpha"), rig.organisation("Beta")
    for organisation, name in ((kept, "Mine"), (lost, "Foreign")):
        await rig.submit(organisation, first_name=name)
    await rig.copy()
    reader = rig.somebody(Role.REPORTING, kept, lost)
    everything, of_the_lost = await rig.start(reader), await rig.start(reader, organisation_id=lost)
    rig.identity.grants[reader.user_id] = reader.model_copy(update={"organisation_ids": (kept,)})

    while await rig.make():
        pass

    book = load_workbook(io.BytesIO(await rig.download(reader, everything)))
    assert ["Mine"] == column(book, "First Name")
    assert "failed" == (await rig.job(reader, of_the_lost)).state


async def test_the_process_is_told_nothing_and_leaves_nothing(rig: Rig, reader: Visitor) -> None:
    job = await rig.start(reader)
    async with at_work(rig.making()) as making:
        process = await the_process()
        environment, command = process.environ(), process.cmdline()
        await making

    assert {} == {name: value for name, value in environment.items() if name != "LC_CTYPE"}
    assert str(job.job_id) not in " ".join(command)
    assert [] == left_in(rig.folder)


async def test_rows_without_an_end_are_no_file(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    async with workbook_process(own) as workbook:
        await workbook.send(PLAN.line() + line_of({"reference": "R1"}))
        assert workbook.process.stdin is not None
        assert workbook.process.stdout is not None
        workbook.process.stdin.close()
        sent = await workbook.process.stdout.read()
        code = await workbook.process.wait()

    assert (b"", 1, False) == (sent, code, own.exists())


async def test_what_is_no_row_is_no_file_and_its_text_is_in_no_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotMade):
        await send_all(tmp_path, b'{"record": "Ruby Scarlet"}\n')

    said = capfd.readouterr()
    assert "workbook.failed" in said.err
    assert "Ruby" not in said.err + said.out


def test_an_abandoned_folder_goes_when_the_next_replica_starts(tmp_path: Path) -> None:
    abandoned = tmp_path / f"{PREFIX}left"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    (abandoned / "report.xlsx").touch()

    with private_folder(tmp_path) as first, private_folder(tmp_path) as second:
        both = {first, second}
        there = set(tmp_path.iterdir())
        modes = {folder.stat().st_mode & 0o777 for folder in both}

    assert (both, {0o700}) == (there, modes)
    assert [] == left_in(tmp_path)


def test_rows_end_with_a_line_that_no_row_is() -> None:
    assert not END.startswith(b"{")


async def send_all(folder: Path, lines: bytes) -> list[bytes]:
    async with workbook_process(folder) as workbook:
        await workbook.send(PLAN.line() + lines)
        return [chunk async for chunk in workbook.file()]


@asynccontextmanager
async def at_work(making: Making) -> AsyncIterator["asyncio.Task[bool]"]:
    """Start to make one job, and yield its task when the workbook process runs."""
    task = asyncio.create_task(making.make_next())
    await the_process()
    yield task
    await asyncio.gather(task, return_exceptions=True)


async def the_process() -> psutil.Process:
    found: list[psutil.Process] = []

    async def is_there() -> bool:
        found[:] = [each for each in psutil.Process().children() if is_workbook(each)]
        return bool(found)

    assert await until(is_there, seconds=20)
    return found[0]


def is_workbook(process: psutil.Process) -> bool:
    try:
        return "services.reports.workbook" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def then_there_is_one_file(rig: Rig, reader: Visitor, job: ReportJob, owner: Owner, *, attempt: int) -> None:
    (row,) = await owner.rows(JOB, job.job_id)
    chunks = await owner.rows(CHUNKS, job.job_id)
    content = await rig.download(reader, job)
    assert ("ready", attempt, digest(content)) == (row["state"], row["attempt"], row["sha256"])
    assert [(attempt, 1)] == [(each["attempt"], each["n"]) for each in chunks]
    assert 1 == len(column(load_workbook(io.BytesIO(content)), "Reference"))
