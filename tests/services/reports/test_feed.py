"""The feed of records, and the copies that reports makes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from pydantic_core import from_json

from deploy.runner.waiting import until
from services.reports.context import ReportsContext
from services.reports.feeding import FeedCopier, Records
from services.reports.operators import rebuild
from services.reports.rules.counting import CountedAnswer
from services.reports.service import CONSUMER
from services.reports.store import feeds
from services.reports.store.feeds import CopiedPage, CopiedRecord
from shared.bus.protocol import Context
from shared.contracts.referrals.events import RecordCreated
from shared.contracts.referrals.feed import FeedPage, ReadFeed
from shared.database import as_json, transaction
from shared.jobs import repeat
from shared.messages import Fault, Message, NotAnswered, Request
from shared.permissions import Caller, Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.tasks import end
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import SEEDS, Rig

TOTAL = "TOTAL RECORDS"
COPIES = "SELECT record_id, version, answers FROM record_copy WHERE organisation_id = $1"
LARGEST_PAGE = 512 * 1024


async def test_the_feed_gives_every_record_with_what_reports_need(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation, risk_level="amber")

    (record,) = [each for page in await whole_feed(rig) for each in page.records if each.record_id == receipt.record_id]

    assert (organisation, "dsr", "2022", "active", 0) == (
        record.organisation_id,
        record.register_code,
        record.edition,
        record.state,
        record.version,
    )
    assert (organisation_compartment(organisation).bodies, True) == (record.bodies, record.is_open)
    assert ("amber", "2001-02-07") == (from_json(record.answers)["risk_level"], str(record.born))
    assert receipt.reference == record.reference


@pytest.mark.slow
async def test_a_page_is_small_enough_for_the_bus_and_the_next_goes_on_behind_it(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    receipts = [await rig.submit(organisation, latest_update="é" * 10_000) for _ in range(40)]

    pages = await whole_feed(rig)

    sent = [each.record_id for page in pages for each in page.records]
    assert len(pages) > 1
    assert max(len(page.model_dump_json()) for page in pages) < LARGEST_PAGE
    assert {each.record_id for each in receipts} <= set(sent)
    assert len(sent) == len(set(sent))


@pytest.mark.parametrize("process", ["gateway", "identity", "outcomes"])
async def test_nobody_but_reports_reads_the_feed(rig: Rig, process: str) -> None:
    seed = SEEDS.get(process, b"g" * 32)
    rogue = rig.context.signer.__class__(process, seed).sign_caller(Caller(service=process, job="feed"), "referrals")

    with pytest.raises(NotAnswered) as unanswered:
        await rig.context.bus.ask(ReadFeed(), who=rogue)

    assert unanswered.value.fault in (Fault.NOT_ALLOWED, Fault.NOT_SIGNED_IN)


async def test_a_change_that_is_committed_late_is_not_passed_over(rig: Rig, source: Owner) -> None:
    """A transaction begins first and commits last, so its rows are older than those already read."""
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation)
    await rig.copy()
    await source.db.execute("BEGIN")
    await source.db.execute("UPDATE record SET version = version + 1 WHERE id = $1", receipt.record_id)
    await rig.submit(organisation)
    await rig.copy()

    await source.db.execute("COMMIT")
    await rig.copy()

    assert 1 == (await copies(rig, organisation))[receipt.record_id]["version"]


async def test_what_is_rolled_back_is_never_copied(rig: Rig, source: Owner) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation)
    await source.db.execute("BEGIN")
    await source.db.execute("UPDATE record SET version = 7 WHERE id = $1", receipt.record_id)
    await rig.copy()
    await source.db.execute("ROLLBACK")
    await rig.copy()

    assert 0 == (await copies(rig, organisation))[receipt.record_id]["version"]


async def test_a_record_that_is_gone_goes_from_the_copies_and_the_counts(rig: Rig, source: Owner) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation)
    await rig.copy()

    await source.db.execute("DELETE FROM record WHERE id = $1", receipt.record_id)
    await rig.copy()

    assert {} == await copies(rig, organisation)
    assert {TOTAL: 0} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)


async def test_a_page_that_comes_twice_or_late_changes_nothing(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation)
    await rig.copy()
    before = (await feeds.read_feed(rig.background, "referrals")).sequence
    await rig.update(organisation, receipt, risk_level="red")
    page = await Records(rig.context).read(before)

    applied = [await feeds.apply(rig.background, "referrals", "live", page, None) for _ in range(3)]
    newest = page.rows[-1]
    assert isinstance(newest, CopiedRecord)
    older = CopiedPage(page.last, page.last, False, [replace(newest, sequence=1, version=0)], [])
    await feeds.apply(rig.background, "referrals", "live", older, None)

    assert [True, False, False] == applied
    assert {receipt.record_id: 1} == {key: row["version"] for key, row in (await copies(rig, organisation)).items()}
    assert {TOTAL: 1} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)


async def test_replicas_that_copy_at_once_copy_everything_once(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    for _ in range(12):
        await rig.submit(organisation)

    await asyncio.gather(*(rig.feeding.catch_up() for _ in range(4)), rig.submit(organisation))
    await rig.copy()

    assert {TOTAL: 13} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)


async def test_replicas_that_copy_many_pages_at_once_copy_each_record_as_it_is_now(rig: Rig, small_pages: None) -> None:
    organisation = rig.organisation("Alpha")
    receipts = [await rig.submit(organisation, risk_level="green") for _ in range(9)]

    await asyncio.gather(
        *(rig.feeding.catch_up() for _ in range(3)),
        *(rig.update(organisation, each, **a_person(risk_level="red")) for each in receipts[:4]),
    )
    await rig.copy()

    panel = await rig.panel(rig.somebody(Role.REPORTING, organisation), "TOTALS BY RISK TYPE")
    assert {"Green": 5, "Amber": 0, "Red": 4} == panel
    assert 0 == await rig.nights.prove()


async def test_the_next_page_is_read_while_one_is_applied(rig: Rig, owner: Owner, small_pages: None) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    for _ in range(4):
        await rig.submit(organisation)
    source = WatchedRecords(rig.context)
    async with owner.db.transaction():
        await owner.db.execute("LOCK TABLE record_copy IN SHARE MODE")  # no page can be applied
        running = asyncio.create_task(FeedCopier(rig.context, source).catch_up())

        async def is_read_twice() -> bool:
            return len(source.read_from) == 2

        read_twice = await until(is_read_twice, seconds=5)
        applied = await copies(rig, organisation)
    await running

    assert (True, {}) == (read_twice, applied)
    assert 4 == len(await copies(rig, organisation))
    assert len(source.read_from) == len(set(source.read_from))


async def test_pages_applied_before_a_fault_stay_and_the_rest_follows_once(rig: Rig, small_pages: None) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    receipts = [await rig.submit(organisation) for _ in range(6)]

    with pytest.raises(NotAnswered):
        await FeedCopier(rig.context, WatchedRecords(rig.context, pages=2)).catch_up()
    before = set(await copies(rig, organisation))
    await rig.copy()

    assert {each.record_id for each in receipts[:4]} == before
    assert {TOTAL: 6} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)
    assert 0 == await rig.nights.prove()


async def test_a_rebuild_reads_its_next_page_again_if_newer_records_were_copied_meanwhile(
    rig: Rig, small_pages: None
) -> None:
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation)
    await rig.copy()
    await feeds.begin_rebuild(rig.background, "referrals")
    source = WatchedRecords(rig.context)

    await FeedCopier(rig.context, source, net=timedelta(0)).rebuild(0)

    first_page = (await Records(rig.context).read(0)).last
    assert source.read_from.count(first_page) > 1
    assert (await feeds.read_feed(rig.background, "referrals")).rebuild_sequence is None


@pytest.mark.slow
async def test_an_event_has_the_source_looked_at_once(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    await rig.submit(organisation)
    bell = rig.context.news["referrals"]
    bell.clear()

    await rig.tell()
    wanted = await feeds.read_feed(rig.background, "referrals")
    await rig.feeding.look()

    assert (True, True) == (wanted.wanted, bell.is_set())
    assert {TOTAL: 1} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)


@pytest.mark.slow
async def test_an_event_that_comes_twice_is_taken_once(rig: Rig) -> None:
    await rig.submit(rig.organisation("Alpha"))
    await rig.tell()
    subject, body, _ = next(each for each in reversed(rig.wire.published) if each[0].startswith("event."))
    await feeds.take_wish(rig.background, "referrals")

    await rig.wire.followers[CONSUMER].take(RecordCreated.model_validate_json(body))

    assert subject.endswith(".created")
    assert not (await feeds.read_feed(rig.background, "referrals")).wanted


async def test_without_any_event_the_poll_finds_what_is_new(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    await rig.submit(organisation)

    async with at_work(rig):
        assert await until(lambda: is_counted(rig, organisation), seconds=20)


async def test_a_rebuild_mends_what_is_wrong_missing_or_left_over(rig: Rig, owner: Owner) -> None:
    organisation = rig.organisation("Alpha")
    wrong, missing, right = [await rig.submit(organisation, risk_level="green") for _ in range(3)]
    await rig.copy()
    await rig.feeding.look()
    counted = as_json([CountedAnswer("#total", ""), CountedAnswer("#age0", "1"), CountedAnswer("risk_level", "red")])
    changes = "counted = $2, answers = '{}'"
    await owner.db.execute(f"UPDATE record_copy SET {changes} WHERE record_id = $1", wrong.record_id, counted)
    await owner.db.execute("DELETE FROM record_copy WHERE record_id = $1", missing.record_id)
    left_over = new_id()
    await owner.db.execute(
        "INSERT INTO record_copy SELECT ($1::record_copy).*",
        tuple(dict(await owner_row(owner, right.record_id), record_id=left_over).values()),
    )

    assert ["referrals", "outcomes"] == await rebuild(rig.background)
    await rig.feeding.look()

    mended = await copies(rig, organisation)
    assert {wrong.record_id, missing.record_id, right.record_id} == set(mended)
    assert '"green"' in mended[wrong.record_id]["answers"]
    assert {"Green": 3, "Amber": 0, "Red": 0} == await rig.panel(
        rig.somebody(Role.REPORTING, organisation), "TOTALS BY RISK TYPE"
    )
    assert 0 == await rig.nights.prove()


async def test_while_a_rebuild_is_under_way_what_is_new_is_copied(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation)
    await rig.copy()
    await rebuild(rig.background)
    await rig.submit(organisation)

    await rig.copy()
    during = await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)
    await rig.feeding.look()

    assert ({TOTAL: 2}, {TOTAL: 2}) == (during, await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL))
    assert (await feeds.read_feed(rig.background, "referrals")).rebuild_sequence is None


async def test_a_source_that_was_set_back_is_followed_again_after_a_rebuild(rig: Rig, owner: Owner) -> None:
    """After a backup of referrals is restored, its feed repeats sequence numbers that reports has already read."""
    organisation = rig.organisation("Alpha")
    await rig.copy()
    await owner.db.execute("UPDATE feed SET sequence = 1000000 WHERE source = 'referrals'")
    await rig.submit(organisation)
    await rig.copy()
    before = await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)

    await rebuild(rig.background)
    await rig.feeding.look()
    await rig.submit(organisation)
    await rig.copy()

    assert ({TOTAL: 0}, {TOTAL: 2}) == (before, await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL))


async def test_at_night_the_tallies_are_proved_and_a_rebuild_begins_once(rig: Rig, owner: Owner) -> None:
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation)
    await rig.copy()
    await rig.feeding.look()
    await owner.db.execute("UPDATE feed SET rebuilt_at = NULL")
    await owner.db.execute("UPDATE tally SET n = n + 5 WHERE compartment_id = $1 AND question = '#total'", organisation)

    await rig.nights.night()
    begun = await feeds.read_feed(rig.background, "referrals")
    await rig.feeding.look()
    await rig.nights.night()

    assert 0 == begun.rebuild_sequence
    assert (await feeds.read_feed(rig.background, "referrals")).rebuild_sequence is None
    assert {TOTAL: 1} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)


async def test_a_register_that_counts_otherwise_has_its_copies_counted_anew(rig: Rig, owner: Owner) -> None:
    await rig.submit(rig.organisation("Alpha"))
    await rig.copy()
    await rig.feeding.look()
    await owner.db.execute("UPDATE feed SET counted_by = 'otherwise'")

    await rig.nights.recount()
    begun = await feeds.read_feed(rig.background, "referrals")
    await rig.feeding.look()
    await rig.nights.recount()

    assert 0 == begun.rebuild_sequence
    assert (await feeds.read_feed(rig.background, "referrals")).rebuild_sequence is None


async def test_a_source_that_is_away_is_asked_again(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.copy()
    await rig.submit(organisation)
    kind, answer = rig.wire.answers[ReadFeed.subject]
    asked = asyncio.Event()

    async def away(_asked: Request[Message], _context: Context) -> Message:
        asked.set()
        raise NotAnswered(Fault.UNAVAILABLE)

    rig.wire.answers[ReadFeed.subject] = (kind, away)
    async with at_work(rig):
        async with asyncio.timeout(20):
            await asked.wait()
        rig.wire.answers[ReadFeed.subject] = (kind, answer)
        assert await until(lambda: is_counted(rig, organisation), seconds=20)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have referrals put two records on a page."""
    monkeypatch.setattr("services.referrals.handlers.feed.MOST_ROWS", 2)


@dataclass
class WatchedRecords:
    """The records of referrals. Notes what is read, and has no answer after some pages."""

    context: ReportsContext
    pages: int = 1_000_000
    read_from: list[int] = field(default_factory=list)
    name: feeds.Source = "referrals"

    async def read(self, after: int) -> CopiedPage:
        if len(self.read_from) == self.pages:
            raise NotAnswered(Fault.UNAVAILABLE)
        self.read_from.append(after)
        return await Records(self.context).read(after)


@asynccontextmanager
async def at_work(rig: Rig) -> AsyncIterator[None]:
    """Run the copying job without events during the block."""
    feeding = FeedCopier(rig.context, Records(rig.context), poll_seconds=0.01, net=timedelta(0))
    running = asyncio.create_task(repeat(feeding.job))
    yield
    assert [] == await end([running], again_after=1)


async def is_counted(rig: Rig, organisation: UUID) -> bool:
    return {TOTAL: 1} == await rig.panel(rig.somebody(Role.REPORTING, organisation), TOTAL)


async def whole_feed(rig: Rig) -> list[FeedPage]:
    pages = [await rig.context.bus.ask(ReadFeed(), who=rig.context.sign(ReadFeed(), "feed"))]
    while pages[-1].more:
        pages.append(
            await rig.context.bus.ask(ReadFeed(after=pages[-1].last), who=rig.context.sign(ReadFeed(), "feed"))
        )
    return pages


async def copies(rig: Rig, organisation: UUID) -> dict[UUID, asyncpg.Record]:
    async with transaction(rig.pool, reader_of(organisation)) as db:
        return {row["record_id"]: row for row in await db.fetch(COPIES, organisation)}


def reader_of(organisation: UUID) -> Visitor:
    return a_visitor(Role.REPORTING, organisation)


async def owner_row(owner: Owner, record_id: UUID) -> asyncpg.Record:
    (row,) = await owner.rows("SELECT * FROM record_copy WHERE record_id = $1", record_id)
    return row
