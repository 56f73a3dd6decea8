"""Reports as files: their owner, how long they are kept, what is refused, and what the audit holds."""

from datetime import UTC, datetime, timedelta

import pytest

from services.reports.making import purge
from shared.audit import verify
from shared.contracts.reports import CHUNK_BYTES, ReadReportChunk, ReadReportJob, ReportJob, StartReport, StopReport
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig, a_request, digest

AUDIT = "SELECT action, subjects, fields, register FROM audit WHERE actor = $1 ORDER BY id"


@pytest.fixture
async def reader(rig: Rig) -> Visitor:
    """A visitor with one record in scope."""
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation, risk_level="red")
    await rig.copy()
    return rig.somebody(Role.REPORTING, organisation)


@pytest.mark.slow
async def test_a_job_says_how_far_it_is(rig: Rig, reader: Visitor) -> None:
    queued = await rig.start(reader)
    await rig.make()
    ready = await rig.job(reader, queued)

    assert ("queued", "Referral Data", None, "") == (queued.state, queued.title, queued.rows_total, queued.file_name)
    assert ("ready", 1, 1, 1) == (ready.state, ready.rows_done, ready.rows_total, ready.chunks)
    assert f"dsr-referrals-{ready.asked_at:%Y-%m-%d}.xlsx" == ready.file_name
    assert [ready] == list((await rig.dashboard(reader)).jobs)


@pytest.mark.slow
async def test_a_second_click_asks_for_nothing_more(rig: Rig, reader: Visitor) -> None:
    asked = a_request()

    jobs = [await rig.ask(reader, asked) for _ in range(3)]

    assert 1 == len({job.job_id for job in jobs})
    assert 1 == len((await rig.dashboard(reader)).jobs)
    await rig.make()


@pytest.mark.slow
async def test_another_person_s_job_is_as_unknown_as_none(rig: Rig, reader: Visitor) -> None:
    job = await made(rig, reader)
    colleague = rig.somebody(Role.REPORTING, *reader.organisation_ids)
    other_register = reader.model_copy(update={"register_code": "other"})

    for stranger in (colleague, other_register):
        assert ["not_found"] * 3 == [await rig.refusal(stranger, each) for each in requests_about(job)]
    assert ["not_found"] * 3 == [await rig.refusal(reader, each) for each in requests_about(unknown(job))]
    assert () == (await rig.dashboard(colleague)).jobs
    assert await rig.download(reader, job)


@pytest.mark.requirement("R-DSR-013")
@pytest.mark.slow
async def test_its_owner_finds_it_again_in_another_session(rig: Rig, reader: Visitor) -> None:
    job = await made(rig, reader)
    later = reader.model_copy(update={"session_id": new_id()})

    assert [job] == list((await rig.dashboard(later)).jobs)
    assert await rig.download(reader, job) == await rig.download(later, job)


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-013")
async def test_who_no_longer_reaches_all_that_it_covers_does_not_find_it(rig: Rig, reader: Visitor) -> None:
    wider = rig.somebody(Role.REPORTING, *reader.organisation_ids, rig.organisation("Beta"))
    job = await made(rig, wider)
    narrower = wider.model_copy(update={"organisation_ids": reader.organisation_ids})

    assert ["not_found"] * 3 == [await rig.refusal(narrower, each) for each in requests_about(job)]
    assert () == (await rig.dashboard(narrower)).jobs
    assert [job] == list((await rig.dashboard(wider)).jobs)


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-013")
async def test_row_level_security_alone_keeps_it_from_them(rig: Rig, reader: Visitor) -> None:
    wider = rig.somebody(Role.REPORTING, *reader.organisation_ids, rig.organisation("Beta"))
    await made(rig, wider)
    narrower = wider.model_copy(update={"organisation_ids": reader.organisation_ids})
    everywhere = wider.model_copy(update={"all_organisations": True})

    assert [(1, 1), (0, 0), (1, 1)] == [await rows_seen(rig, each) for each in (wider, narrower, everywhere)]


@pytest.mark.slow
async def test_a_file_stays_on_the_list_as_long_as_it_is_kept(rig: Rig, reader: Visitor) -> None:
    job = await made(rig, reader)
    for _ in range(6):
        await rig.stop(reader, await rig.start(reader))

    listed = (await rig.dashboard(reader)).jobs

    assert (6, job) == (len(listed), listed[-1])


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.STANDARD, Role.MASTER_ADMIN, None])
async def test_who_may_not_read_reports_gets_none(rig: Rig, reader: Visitor, role: Role | None) -> None:
    job = await made(rig, reader)
    other = reader.model_copy(update={"role": role})

    for request in (a_request(), *requests_about(job)):
        with pytest.raises(NotAnswered) as unanswered:
            await rig.ask(other, request)
        assert Fault.NOT_ALLOWED == unanswered.value.fault


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (a_request("no_such_report"), "unknown_report"),
        (a_request(age="3-4"), "unknown_filter"),
        (a_request(risk_level="purple"), "unknown_filter"),
        (a_request(ethnicity="A"), "unknown_filter"),
        (a_request(organisation_id=new_id()), "not_found"),
    ],
)
async def test_what_is_not_offered_is_refused_and_nothing_is_kept(
    rig: Rig, reader: Visitor, asked: StartReport, code: str
) -> None:
    assert code == await rig.refusal(reader, asked)
    assert () == (await rig.dashboard(reader)).jobs


@pytest.mark.slow
async def test_one_person_has_only_so_many_made_at_once(rig: Rig, reader: Visitor) -> None:
    jobs = [await rig.start(reader) for _ in range(3)]

    assert "too_many" == await rig.refusal(reader, a_request())
    await rig.stop(reader, jobs[0])
    assert "" == await rig.refusal(reader, a_request())
    while await rig.make():
        pass


async def test_a_job_that_was_stopped_is_never_made(rig: Rig, reader: Visitor) -> None:
    job = await rig.start(reader)

    stopped = await rig.stop(reader, job)

    assert "stopped" == stopped.state
    assert not await rig.make()
    assert "stopped" == (await rig.job(reader, job)).state


@pytest.mark.slow
async def test_a_file_that_was_thrown_away_is_gone(rig: Rig, reader: Visitor, owner: Owner) -> None:
    job = await made(rig, reader)

    await rig.stop(reader, job)

    assert "not_found" == await rig.refusal(reader, ReadReportChunk(job_id=job.job_id, number=0))
    assert 0 == await owner.value("SELECT count(*) FROM chunk WHERE job_id = $1", job.job_id)


@pytest.mark.slow
async def test_after_its_hour_a_file_is_gone_and_the_job_says_so(rig: Rig, reader: Visitor, owner: Owner) -> None:
    job = await rig.start(reader)
    await rig.making(life=timedelta(0)).make_next()

    before = (await rig.job(reader, job)).state
    refusal = await rig.refusal(reader, ReadReportChunk(job_id=job.job_id, number=0))
    await purge(rig.background)

    assert ("expired", "not_found", "expired") == (before, refusal, (await rig.job(reader, job)).state)
    assert 0 == await owner.value("SELECT count(*) FROM chunk WHERE job_id = $1", job.job_id)


@pytest.mark.slow
async def test_a_file_that_is_still_wanted_is_not_swept_away(rig: Rig, reader: Visitor) -> None:
    job = await made(rig, reader)

    await purge(rig.background)

    assert await rig.download(reader, job)


@pytest.mark.requirement("R-DSR-166")
@pytest.mark.slow
async def test_a_large_file_comes_in_chunks_and_only_from_its_beginning(rig: Rig, owner: Owner) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    for number in range(60):
        await rig.submit(organisation, latest_update=noise(number))
    await rig.copy()
    job = await made(rig, reader)

    refusal = await rig.refusal(reader, ReadReportChunk(job_id=job.job_id, number=1))
    content = await rig.download(reader, job)

    assert ("not_found", True) == (refusal, job.chunks > 1)
    assert job.chunks == -(-len(content) // CHUNK_BYTES)
    assert digest(content) == await owner.value("SELECT sha256 FROM job WHERE id = $1", job.job_id)
    assert "not_found" == await rig.refusal(reader, ReadReportChunk(job_id=job.job_id, number=job.chunks))


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-166")
async def test_the_audit_says_who_made_and_downloaded_which_report_of_how_many(
    rig: Rig, reader: Visitor, owner: Owner
) -> None:
    organisation = reader.organisation_ids[0]
    receipt = await rig.submit(
        organisation, risk_level="red", locality="south_staffordshire", date_of_birth="1980-01-01"
    )
    await rig.submit(organisation, risk_level="green")
    await rig.copy()
    job = await rig.start(
        reader, organisation_id=organisation, age="18-", risk_level="red", locality="south_staffordshire"
    )
    await rig.make()
    content = await rig.download(reader, job)

    rows = await owner.rows(AUDIT, reader.user_id)

    chosen = ["report:referrals", f"organisation:{organisation.hex}", "age:18-"]
    chosen += ["locality:south_staffordshire", "risk_level:red"]
    facts = [*chosen, "records:2", f"sha256:{digest(content)}"]
    assert ["report.asked_for", "report.made", "report.records", "report.downloaded"] == [row["action"] for row in rows]
    assert [chosen, facts, [], facts] == [row["fields"] for row in rows]
    assert {job.job_id} == set.intersection(*(set(row["subjects"]) for row in rows))
    assert receipt.record_id in rows[2]["subjects"]
    assert {"dsr"} == {row["register"] for row in rows}


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-166")
async def test_the_audit_says_when_and_nobody_changes_unseen_how_many_a_download_held(
    rig: Rig, reader: Visitor, owner: Owner
) -> None:
    before = datetime.now(UTC)
    await rig.download(reader, await made(rig, reader))
    at = await owner.value("SELECT at FROM audit WHERE actor = $1 AND action = 'report.downloaded'", reader.user_id)
    await owner.db.execute("SELECT seal_audit()")
    whole = await verify(owner.db, "reports", [])

    await owner.db.execute("BEGIN")
    await owner.db.execute(
        "UPDATE audit SET fields = array_replace(fields, 'records:1', 'records:0') WHERE actor = $1", reader.user_id
    )
    changed = await verify(owner.db, "reports", [])
    await owner.db.execute("ROLLBACK")

    assert isinstance(at, datetime)
    assert before <= at <= datetime.now(UTC)
    assert (None, False) == (whole.fault, changed.fault is None)


@pytest.mark.slow
async def test_when_somebody_goes_from_the_register_every_stored_file_of_it_goes(
    rig: Rig, reader: Visitor, owner: Owner
) -> None:
    job = await made(rig, reader)
    organisation = reader.organisation_ids[0]
    record_id = await owner.value("SELECT record_id FROM record_copy WHERE organisation_id = $1", organisation)

    await owner.db.execute("SELECT drop_copies(ARRAY[$1::uuid])", record_id)

    assert "expired" == (await rig.job(reader, job)).state
    assert 0 == await owner.value("SELECT count(*) FROM chunk WHERE job_id = $1", job.job_id)


async def made(rig: Rig, reader: Visitor) -> ReportJob:
    job = await rig.start(reader)
    assert await rig.make()
    return await rig.job(reader, job)


def requests_about(job: ReportJob) -> tuple[ReadReportJob, StopReport, ReadReportChunk]:
    return (
        ReadReportJob(job_id=job.job_id),
        StopReport(command_id=new_id(), job_id=job.job_id),
        ReadReportChunk(job_id=job.job_id, number=0),
    )


def unknown(job: ReportJob) -> ReportJob:
    return job.model_copy(update={"job_id": new_id()})


def noise(number: int) -> str:
    """Return text that compresses badly, within the limit of the question."""
    return "".join(digest(f"{number} {place}".encode()) for place in range(150))


async def rows_seen(rig: Rig, visitor: Visitor) -> tuple[int, int]:
    """Return how many jobs and chunks this visitor sees without any condition in the query."""
    async with transaction(rig.pool, visitor) as db:
        return await db.fetchval("SELECT count(*) FROM job"), await db.fetchval("SELECT count(*) FROM chunk")
