"""The feed from which reports copies every record: how much a page holds, and why a record was archived."""

import json

import pytest

from shared.contracts.referrals.feed import FeedPage, ReadFeed
from shared.permissions import Caller, Role
from tests.services.referrals.builders import a_visitor
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner, Referrals, an_archive

REPORTS = Caller(service="reports", job="feed")
MOST_BYTES = 512_000


async def test_a_page_stays_under_its_size_whatever_is_long_in_its_records(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    before = (await whole_feed(referrals))[-1].last
    records = [(await referrals.submit(visitor, **a_person())).record_id for _ in range(4)]
    await owner.rows("UPDATE record SET created_by_name = repeat(chr(233), 50000) WHERE id = ANY($1)", records)

    pages = await whole_feed(referrals, before)

    assert max(len(page.model_dump_json().encode()) for page in pages) < MOST_BYTES
    assert sorted(records) == sorted(record.record_id for page in pages for record in page.records)
    await owner.rows("UPDATE record SET created_by_name = 'Nobody' WHERE id = ANY($1)", records)


@pytest.mark.requirement("R-USE-009")
async def test_the_feed_says_why_a_record_was_archived(referrals: Referrals) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    before = (await whole_feed(referrals))[-1].last
    told, untold = [await referrals.submit(visitor, **a_person()) for _ in range(2)]
    reason = {"leaving_reason": "moved_away", "leaving_text": "To Leeds"}

    await referrals.ask(visitor, an_archive(told).model_copy(update={"leaving": reason}))
    await referrals.ask(visitor, an_archive(untold))
    fed = {record.record_id: record for page in await whole_feed(referrals, before) for record in page.records}

    assert [reason, {}] == [json.loads(fed[each.record_id].leaving) for each in (told, untold)]


async def whole_feed(referrals: Referrals, after: int = 0) -> list[FeedPage]:
    pages = [await referrals.ask_as(REPORTS, ReadFeed(after=after))]
    while pages[-1].more:
        pages.append(await referrals.ask_as(REPORTS, ReadFeed(after=pages[-1].last)))
    return pages
