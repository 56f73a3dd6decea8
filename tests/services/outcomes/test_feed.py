"""The feed from which reports copies outcomes: each appears once when it counts, and none is left out."""

import asyncio

import pytest

from services.outcomes.store import feed as store
from shared.contracts.outcomes import FedOutcome, OutcomeFeedPage, OutcomeReceipt, ReadOutcomeFeed
from shared.contracts.referrals.archiving import ArchiveRecord
from shared.messages import Fault, NotAnswered
from shared.permissions import Caller
from tests.services.outcomes.rig import Rig, an_administrator
from tests.services.referrals.builders import colleague_of

REPORTS = Caller(service="reports", job="feed")


async def read(rig: Rig, after: int = 0) -> OutcomeFeedPage:
    return await rig.ask_as(REPORTS, ReadOutcomeFeed(after=after))


async def read_all(rig: Rig, after: int = 0) -> list[FedOutcome]:
    """Return the outcomes of all pages after this position."""
    found: list[FedOutcome] = []
    more = True
    while more:
        page = await read(rig, after)
        found += page.outcomes
        after, more = page.last, page.more
    return found


async def test_an_outcome_comes_once_in_the_order_in_which_it_was_recorded(rig: Rig) -> None:
    administrator = an_administrator()
    record = await rig.referrals.submit(colleague_of(administrator))
    before = (await read_all(rig))[-1:]
    reached = before[0].sequence if before else 0

    recorded = [(await rig.record(administrator, record, notes=f"Note {n}")).outcome_id for n in range(3)]

    fed = await read_all(rig, reached)
    assert recorded == [each.outcome_id for each in fed]
    assert ["Note 0", "Note 1", "Note 2"] == [each.answers["notes"] for each in fed]
    assert {("dsr", "2022", record.record_id, "Ada Minister")} == {
        (each.register_code, each.edition, each.record_id, each.recorded_by) for each in fed
    }
    assert [] == await read_all(rig, fed[-1].sequence)


async def test_an_outcome_that_ends_its_record_comes_once_the_record_is_archived(rig: Rig) -> None:
    administrator = an_administrator()
    record = await rig.referrals.submit(colleague_of(administrator))
    with rig.away(ArchiveRecord):
        receipt = await rig.archive(administrator, record)
    pending = [each.outcome_id for each in await read_all(rig)]
    other = await rig.referrals.submit(colleague_of(administrator))
    archived = await rig.archive(administrator, other)

    fed = {each.outcome_id: each.ending for each in await read_all(rig)}

    assert receipt.outcome_id not in pending
    assert receipt.outcome_id not in fed
    assert fed[archived.outcome_id]


async def test_no_reader_misses_what_is_recorded_while_it_reads(rig: Rig) -> None:
    administrator = an_administrator()
    record = await rig.referrals.submit(colleague_of(administrator))
    found: list[FedOutcome] = []

    async def follow(writers: "asyncio.Future[list[OutcomeReceipt]]") -> None:
        while not writers.done():
            found.extend(await read_all(rig, found[-1].sequence if found else 0))

    writers = asyncio.gather(*(rig.record(administrator, record) for _ in range(30)))
    await follow(writers)
    found.extend(await read_all(rig, found[-1].sequence if found else 0))

    own = [each.outcome_id for each in found if each.record_id == record.record_id]
    assert sorted(receipt.outcome_id for receipt in await writers) == sorted(own)


async def test_a_page_holds_so_many_bytes_and_one_outcome_at_least(rig: Rig) -> None:
    administrator = an_administrator()
    record = await rig.referrals.submit(colleague_of(administrator))
    start = (await read_all(rig))[-1:]
    for _ in range(3):
        await rig.record(administrator, record, notes="a" * 5_000)

    async with rig.background.acquire() as db:
        pages = [await store.read_feed(db, start[0].sequence if start else 0, 500, size) for size in (12_000, 10)]

    assert [(2, True), (1, True)] == [(len(page.outcomes), page.more) for page in pages]


@pytest.mark.parametrize("service", ["referrals", "outcomes"])
async def test_no_other_service_and_no_visitor_reads_it(rig: Rig, service: str) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await rig.ask_as(Caller(service=service, job="feed"), ReadOutcomeFeed())

    assert (Fault.NOT_ALLOWED, Fault.NOT_ALLOWED) == (
        unanswered.value.fault,
        await rig.fault(an_administrator(), ReadOutcomeFeed()),
    )
