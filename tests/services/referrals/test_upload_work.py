"""The background work on uploads while replicas die, users cancel, records change, and files expire."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.referrals.store import upload_work as store
from services.referrals.store.uploads import StoredUpload
from services.referrals.uploads.processing import Processing
from services.referrals.uploads.working import UploadWork, purge_uploads
from shared.contracts.identity import CheckGrant, Grant
from shared.contracts.referrals.loading import ListUploads
from shared.database import Database
from shared.fake_bus import FakeBus
from shared.messages import Fault, NotAnswered
from shared.organisations import OrganisationNames
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.uploading import END_OTHERS, Loader, a_loader, a_row, counts

RECORDS = "SELECT count(*) FROM record WHERE created_by = $1"
STORED = "SELECT state, attempt, tries, rows_done FROM upload WHERE id = $1"
ANSWERS_GIVEN = "SELECT answer FROM command WHERE answer::text LIKE '%' || $1 || '%'"
NOTICES = "SELECT count(*) FROM outbox WHERE subjects[1] LIKE 'notice.%' AND body ->> 'record_id' = $1::text"


@pytest.fixture
async def loader(referrals: Referrals, owner: Owner, read_here: None) -> Loader:
    """A user who loads. No upload of an earlier test waits: a replica takes the oldest first."""
    await owner.rows(END_OTHERS)
    return await Loader.open(referrals, a_loader())


@asynccontextmanager
async def small_chunks(monkeypatch: pytest.MonkeyPatch, rows: int = 2) -> AsyncIterator[None]:
    """Process so few rows in a chunk that a small file has several."""
    with monkeypatch.context() as patched:
        patched.setattr("services.referrals.uploads.working.Processing", partial(Processing, most=rows))
        yield


def another_replica(loader: Loader, lease: timedelta = store.LEASE) -> UploadWork:
    context = loader.referrals.context
    return UploadWork(context, OrganisationNames(context.bus), lease=lease, again_after=timedelta(0))


async def lapse(owner: Owner, upload_id: UUID) -> None:
    """Let the lease of a replica run out that has died."""
    await owner.rows("UPDATE upload SET lease_until = now() - interval '1 second' WHERE id = $1", upload_id)


# ------------------------------------------------------------------------------------------------------------- kills
@pytest.mark.parametrize("step", ["reading", "checking", "processing"])
async def test_what_a_dead_replica_had_claimed_is_done_by_another(loader: Loader, owner: Owner, step: str) -> None:
    people = [a_row() for _ in range(4)]
    upload = await loader.send(loader.file(*people))
    while (await loader.read(upload.upload_id)).state != step:
        if (await loader.read(upload.upload_id)).state == "checked":
            await loader.process(upload.upload_id)
        else:
            assert await loader.work.work_next()
    claimed = await store.claim(loader.referrals.background, store.LEASE)
    assert claimed
    assert (claimed.id, claimed.state) == (upload.upload_id, step)
    assert not await another_replica(loader).work_next()

    await lapse(owner, upload.upload_id)
    await loader.until_idle()
    if step != "processing":
        await loader.process(upload.upload_id)
        await loader.until_idle()

    done = await loader.read(upload.upload_id)
    assert ("done", (4, 0, 0, 0)) == (done.state, counts(done))
    assert 4 == await owner.value(RECORDS, loader.user.user_id)


@pytest.mark.parametrize("chunks", [0, 1, 2, 3])
async def test_a_chunk_is_there_or_not_when_the_replica_dies(
    loader: Loader, owner: Owner, monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    upload = await loader.check(loader.file(*(a_row() for _ in range(6))))
    await loader.process(upload.upload_id)

    async with small_chunks(monkeypatch), dying_after(loader, monkeypatch, chunks):
        assert await another_replica(loader).work_next()
    halfway = await loader.read(upload.upload_id)
    assert ("processing", 2 * chunks) == (halfway.state, halfway.rows_done)
    assert 2 * chunks == await owner.value(RECORDS, loader.user.user_id)

    await lapse(owner, upload.upload_id)
    await loader.until_idle()

    done = await loader.read(upload.upload_id)
    assert ("done", 6, (6, 0, 0, 0)) == (done.state, done.rows_done, counts(done))
    assert 6 == await owner.value(RECORDS, loader.user.user_id)


@asynccontextmanager
async def dying_after(loader: Loader, monkeypatch: pytest.MonkeyPatch, chunks: int) -> AsyncIterator[None]:
    """Let a replica fail in the transaction of the chunk that follows this many, after it has written its records."""
    stored = 0
    go_on, note_done = store.go_on, store.note_done

    async def failing(db: Database, upload: StoredUpload, done: int) -> bool:
        nonlocal stored
        if stored == chunks:
            raise LookupError("the replica dies")
        stored += 1
        return await go_on(db, upload, done)

    async def not_done(db: Database, upload: StoredUpload) -> None:
        raise LookupError("the replica dies")

    with monkeypatch.context() as patched:
        patched.setattr(store, "go_on", failing)
        patched.setattr(store, "note_done", not_done)
        yield
    assert note_done is store.note_done


async def test_a_replica_that_comes_back_too_late_writes_nothing(
    loader: Loader, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two replicas process one upload, because the lease of the first has run out while it works."""
    upload = await loader.check(loader.file(*(a_row() for _ in range(4))))
    await loader.process(upload.upload_id)
    late = await store.claim(loader.referrals.background, timedelta(0))
    assert late
    await loader.until_idle()

    await another_replica(loader)._work(late)

    done = await loader.read(upload.upload_id)
    assert ("done", (4, 0, 0, 0)) == (done.state, counts(done))
    assert 4 == await owner.value(RECORDS, loader.user.user_id)
    assert 1 == await owner.value(NOTICES, str(upload.upload_id))


async def test_a_lease_that_is_renewed_late_does_not_hold_up_the_next_step(loader: Loader) -> None:
    """The replica renews the lease at the moment in which its step ends."""
    upload = await loader.send(loader.file(a_row()))
    claimed = await store.claim(loader.referrals.background, store.LEASE)
    assert claimed
    await loader.work._work(claimed)

    assert not await store.keep_lease(loader.referrals.background, claimed, store.LEASE)

    assert await another_replica(loader).work_next()
    assert "checked" == (await loader.read(upload.upload_id)).state


async def test_a_job_that_fails_every_time_gives_up_and_says_so(
    loader: Loader, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await loader.check(loader.file(a_row()))
    await loader.process(upload.upload_id)
    async with dying_after(loader, monkeypatch, 0):
        for _ in range(store.MOST_TRIES):
            assert await another_replica(loader).work_next()
            await lapse(owner, upload.upload_id)
    assert not await another_replica(loader).work_next()

    stopped = await loader.read(upload.upload_id)
    assert ("failed", "broken") == (stopped.state, stopped.fault)


async def test_an_upload_waits_for_identity_as_long_as_it_takes(loader: Loader, referrals: Referrals) -> None:
    upload = await loader.send(loader.file(a_row()))

    async def away(_asked: object, _context: object) -> Grant:
        raise NotAnswered(Fault.UNAVAILABLE)

    await FakeBus("identity", referrals.wire).answer(CheckGrant, away)
    for _ in range(store.MOST_TRIES + 1):
        assert await another_replica(loader).work_next()
    assert "reading" == (await loader.read(upload.upload_id)).state
    await referrals.grants(loader.user)
    await loader.until_idle()

    assert "checked" == (await loader.read(upload.upload_id)).state


# ------------------------------------------------------------------------------------------------------------ cancel
async def test_a_file_that_cannot_be_read_fails_and_is_deleted_at_once_when_its_user_says_so(
    loader: Loader, owner: Owner
) -> None:
    failed = await loader.check(b"\x00\x01\x02", "not a workbook.xlsx")
    assert "failed" == failed.state
    assert failed.fault in ("not_a_table", "wrong_type")
    chunks = "SELECT count(*) FROM upload_chunk WHERE upload_id = $1"
    assert 1 == await owner.value(chunks, failed.upload_id)

    await loader.cancel(failed.upload_id)

    assert 0 == await owner.value(chunks, failed.upload_id)


async def test_a_cancelled_upload_keeps_its_counts_and_nothing_of_the_file(loader: Loader, owner: Owner) -> None:
    person = a_row(latest_update="Secret words")
    upload = await loader.check(loader.file(person))

    cancelled = await loader.cancel(upload.upload_id)
    repeated = await owner.rows(
        "SELECT answer FROM command WHERE answer::text LIKE '%' || $1 || '%'", str(upload.upload_id)
    )

    assert ("cancelled", (1, 0, 0, 0), ()) == (cancelled.state, counts(cancelled), cancelled.columns)
    kept = await owner.all_text()
    assert [] == [each for each in ("Secret words", str(person["nhs_number"])) if each in kept]
    assert repeated
    assert not any("our list" in row["answer"] for row in repeated)
    assert "receiving" == (await loader.start()).state


async def test_cancelling_between_chunks_leaves_what_is_on_the_register(
    loader: Loader, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await loader.check(loader.file(*(a_row() for _ in range(6))))
    await loader.process(upload.upload_id)
    go_on = store.go_on
    stored = 0

    async def cancelled_after_one(db: Database, claimed: StoredUpload, done: int) -> bool:
        nonlocal stored
        stored += 1
        if stored == 2:
            await loader.cancel(claimed.id)
        return await go_on(db, claimed, done)

    monkeypatch.setattr(store, "go_on", cancelled_after_one)
    async with small_chunks(monkeypatch):
        await loader.until_idle()

    shown = await loader.read(upload.upload_id)
    assert ("cancelled", 2, (6, 0, 0, 0)) == (shown.state, shown.rows_done, counts(shown))
    assert 2 == await owner.value(RECORDS, loader.user.user_id)
    assert 0 == await owner.value(NOTICES, str(upload.upload_id))


async def test_the_lease_ends_the_work_of_a_cancelled_upload(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await loader.send(loader.file(a_row()))
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(*_given: object) -> None:
        begun.set()
        try:
            await asyncio.sleep(3_600)
        finally:
            ended.set()

    monkeypatch.setattr("services.referrals.uploads.reading.read_in_process", endless)
    working = asyncio.create_task(another_replica(loader).work_next())
    await begun.wait()
    await loader.cancel(upload.upload_id)

    assert await asyncio.wait_for(working, 10)
    assert ended.is_set()


# ------------------------------------------------------------------------------------------------- drift and notices
async def test_a_record_that_was_saved_after_the_check_comes_back_under_errors(loader: Loader, owner: Owner) -> None:
    mine, kept = a_row(), a_row()
    receipts = [await loader.referrals.submit(loader.user, **each) for each in (mine, kept)]
    added = a_row()
    content = loader.file(*({**each, "risk_level": "red"} for each in (mine, kept)), added)
    upload = await loader.check(content)
    assert (1, 2, 0, 0) == counts(upload)
    await loader.referrals.update(loader.user, receipts[0], **mine | {"latest_update": "By the form"})
    await loader.referrals.submit(loader.user, **added)

    await loader.process(upload.upload_id)
    await loader.until_idle()

    done = await loader.read(upload.upload_id)
    assert ("done", (0, 1, 0, 2)) == (done.state, counts(done))
    rows = await loader.rows(done.upload_id, "errors")
    assert ["conflict", "conflict"] == [row.verdict for row in rows]
    assert ["Someone changed this", "Someone added a"] == [" ".join(row.faults[0].says.split()[:3]) for row in rows]
    shown = await loader.referrals.read(loader.user, receipts[0].record_id)
    assert ("green", "By the form") == (shown.answers["risk_level"], shown.answers["latest_update"])
    assert await loader.failed_rows(done.upload_id)


async def test_the_notice_of_an_upload_goes_out_once_when_it_is_done(
    loader: Loader, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await loader.check(loader.file(*(a_row(risk_level="red") for _ in range(5))))
    assert 0 == await owner.value(NOTICES, str(upload.upload_id))
    await loader.process(upload.upload_id)
    async with small_chunks(monkeypatch):
        await loader.until_idle()

    assert 1 == await owner.value(NOTICES, str(upload.upload_id))


async def test_a_chunk_makes_room_for_other_requests(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between chunks the job pauses if the process has answered others meanwhile, and not on an idle machine."""
    pauses: list[float] = []
    real = asyncio.sleep

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await real(0)

    monkeypatch.setattr("services.referrals.uploads.processing.asyncio.sleep", noted)
    go_on = store.go_on

    async def busy(db: Database, upload: StoredUpload, done: int) -> bool:
        await loader.referrals.ask(loader.user, ListUploads())
        return await go_on(db, upload, done)

    async def load() -> int:
        pauses.clear()
        upload = await loader.check(loader.file(*(a_row() for _ in range(4))))
        await loader.process(upload.upload_id)
        async with small_chunks(monkeypatch):
            await loader.until_idle()
        return len([each for each in pauses if each])

    assert 0 == await load()
    monkeypatch.setattr(store, "go_on", busy)
    assert 2 <= await load()


# ------------------------------------------------------------------------------------------------------------ expiry
async def test_cells_and_file_are_deleted_seven_days_after_the_end(loader: Loader, owner: Owner) -> None:
    person = a_row(latest_update="Expiring words")
    done = await loader.load(loader.file(person, a_row(risk_level="purple")))
    days = (done.expires_at - done.uploaded_at).total_seconds() / 86_400
    assert 6.99 < days < 7.01
    await purge_uploads(loader.referrals.background)
    assert 2 == await owner.value("SELECT count(*) FROM upload_row WHERE upload_id = $1", done.upload_id)

    await owner.rows("UPDATE upload SET expires_at = now() - interval '1 second' WHERE id = $1", done.upload_id)
    await purge_uploads(loader.referrals.background)

    for table in ("upload_row", "upload_chunk"):
        assert 0 == await owner.value(f"SELECT count(*) FROM {table} WHERE upload_id = $1", done.upload_id)
    (row,) = await owner.rows("SELECT * FROM upload WHERE id = $1", done.upload_id)
    assert ("", 2, 1, 1) == (row["file_name"], row["total"], row["new_rows"], row["error_rows"])
    assert () == (await loader.referrals.ask(loader.user, ListUploads())).uploads


@pytest.mark.parametrize("state", ["receiving", "checked"])
async def test_an_upload_that_nobody_finished_ends_by_itself(loader: Loader, owner: Owner, state: str) -> None:
    content = loader.file(a_row())
    upload = await (loader.start() if state == "receiving" else loader.check(content))
    assert state == upload.state
    await owner.rows("UPDATE upload SET expires_at = now() - interval '1 second' WHERE id = $1", upload.upload_id)

    await purge_uploads(loader.referrals.background)

    assert "cancelled" == await owner.value("SELECT state FROM upload WHERE id = $1", upload.upload_id)
    assert 0 == await owner.value("SELECT count(*) FROM upload_chunk WHERE upload_id = $1", upload.upload_id)
    assert "receiving" == (await loader.start()).state


# ------------------------------------------------------------------------------------------------------ what is kept
async def test_no_cell_of_a_file_is_in_a_log_an_event_or_the_audit(
    loader: Loader, owner: Owner, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    person = a_row(latest_update="Telltale words")
    good = a_row(latest_update="Telltale too")
    content = loader.file(good, {**person, "risk_level": "Telltale purple"}, person)
    with caplog.at_level(logging.DEBUG):
        done = await loader.load(content)
    await loader.failed_rows(done.upload_id)

    told = await owner.rows("SELECT body::text AS text FROM outbox UNION ALL SELECT a::text FROM audit AS a")
    said = capfd.readouterr()
    texts = "\n".join([*(row["text"] for row in told), said.out, said.err, caplog.text])
    secrets = ("Telltale", str(person["nhs_number"]), str(good["last_name"]), "our list")
    assert [] == [each for each in secrets if each in texts]


async def test_each_step_is_audited_with_its_user(loader: Loader, owner: Owner) -> None:
    done = await loader.load(loader.file(a_row(), a_row(risk_level="purple")))
    await loader.failed_rows(done.upload_id)

    rows = await owner.rows(
        "SELECT action, fields FROM audit WHERE actor = $1 AND $2 = ANY(subjects) AND action LIKE 'upload%'",
        loader.user.user_id,
        done.upload_id,
    )
    fields = {row["action"]: row["fields"] for row in rows}
    assert {"upload.begun", "upload.checked", "upload.processed", "upload.failed_rows_downloaded"} == set(fields)
    assert ["rows:2"] == fields["upload.checked"]
    assert {"new:1", "errors:1", "total:2"} <= set(fields["upload.processed"])


KINDS = ("new", "known", "same", "wrong", "twice", "foreign")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=9), changed=st.integers(0, 2))
async def test_the_counts_always_add_up_whatever_is_in_the_file(
    referrals: Referrals, owner: Owner, read_here: None, kinds: list[str], changed: int
) -> None:
    await owner.rows(END_OTHERS)
    loader = await Loader.open(referrals, a_loader())
    people, receipts = [], []
    for kind in kinds:
        person = a_row()
        if kind in ("known", "same"):
            receipts.append((await referrals.submit(loader.user, **person), person))
        if kind == "foreign":
            await referrals.submit(a_loader(), **person)
        person |= {"known": {"risk_level": "red"}, "wrong": {"risk_level": "purple"}}.get(kind, {})
        people += [person, person] if kind == "twice" else [person]
    checked = await loader.check(loader.file(*people))
    expected = {
        "new": kinds.count("new") + kinds.count("twice"),
        "updated": kinds.count("known") + kinds.count("same"),
        "errors": kinds.count("wrong") + kinds.count("twice") + kinds.count("foreign"),
    }
    assert (expected["new"], expected["updated"], 0, expected["errors"]) == counts(checked)
    for receipt, person in receipts[:changed]:
        await referrals.update(loader.user, receipt, **person | {"latest_update": "Meanwhile"})

    await loader.process(checked.upload_id)
    await loader.until_idle()

    done = await loader.read(checked.upload_id)
    assert ("done", len(people)) == (done.state, done.counts.total)
    assert sum(counts(done)) == done.counts.total
    tabs = [len(await loader.rows(done.upload_id, tab)) for tab in ("new", "updated", "ended", "errors")]
    assert counts(done) == tuple(tabs)
