"""Archived records are in no list, search or total, for any reader and with any filter."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.referrals.rules.search import read_search
from services.referrals.store import finding
from services.referrals.store.finding import FoundRows, ListFilters, ListPage
from shared.clock import utc_now
from shared.contracts.referrals.holding import AddCover, AssignHolder
from shared.contracts.referrals.listing import MOST_SORTED
from shared.database import Database, DatabasePool
from shared.permissions import Role, Visitor
from shared.values import london_day
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import an_nhs_number
from tests.services.referrals.rig import Owner, Referrals

PAGE = ListPage(0, 25)
RED = ListFilters(ratings=("red",))
# More records pass than are sorted, so the list is walked in the order of the last update.
WALKED = ListFilters(ratings=("red",), reach=1)

COUNT_OPEN = """
    SELECT count(*) AS n, count(*) FILTER (WHERE rating = 'red') AS red
    FROM record
    WHERE is_open AND register_code = 'dsr' AND ($1::uuid[] IS NULL OR id = ANY($1))
"""


@dataclass(frozen=True)
class Filed:
    """Two open records, an archived one that was changed last, and who has all three in reach."""

    submitter: Visitor
    open_ids: frozenset[UUID]
    archived_id: UUID
    reference: str
    number: str
    begun: datetime
    reader: Visitor


Reach = Callable[[Referrals, Visitor, list[UUID]], Awaitable[Visitor]]
Look = Callable[[Database, Filed], Awaitable[FoundRows]]


async def who_submitted(_referrals: Referrals, submitter: Visitor, _ids: list[UUID]) -> Visitor:
    return submitter


async def who_holds(referrals: Referrals, submitter: Visitor, ids: list[UUID]) -> Visitor:
    colleague = colleague_of(submitter)
    await referrals.grants(colleague)
    for each in ids:
        asked = AssignHolder(command_id=new_id(), record_id=each, user_id=colleague.user_id, seen=None)
        await referrals.ask(colleague_of(submitter, Role.ADMINISTRATOR), asked)
    return colleague


async def who_covers(referrals: Referrals, submitter: Visitor, ids: list[UUID]) -> Visitor:
    colleague, today = colleague_of(submitter), london_day(utc_now())
    await referrals.grants(colleague)
    for each in ids:
        asked = AddCover(
            command_id=new_id(), record_id=each, user_id=colleague.user_id, from_day=today, until_day=today
        )
        await referrals.ask(colleague_of(submitter, Role.ADMINISTRATOR), asked)
    return colleague


def with_organisations(role: Role, count: int) -> Reach:
    async def reader(_referrals: Referrals, submitter: Visitor, _ids: list[UUID]) -> Visitor:
        return a_visitor(role, *submitter.organisation_ids, *(new_id() for _ in range(count - 1)))

    return reader


async def with_everything(_referrals: Referrals, _submitter: Visitor, _ids: list[UUID]) -> Visitor:
    return a_visitor(Role.ADMINISTRATOR).model_copy(update={"all_organisations": True})


READERS: dict[str, Reach] = {
    "submitter": who_submitted,
    "holder": who_holds,
    "cover": who_covers,
    "reporting user": with_organisations(Role.REPORTING, 1),
    "administrator": with_organisations(Role.ADMINISTRATOR, 1),
    "several organisations": with_organisations(Role.ADMINISTRATOR, 3),
    "many organisations": with_organisations(Role.ADMINISTRATOR, 12),
    "every organisation": with_everything,
}


@pytest.fixture(params=READERS)
async def filed(referrals: Referrals, request: pytest.FixtureRequest) -> Filed:
    submitter, begun, number = a_visitor(), utc_now() - timedelta(milliseconds=1), an_nhs_number()
    receipts = [
        await referrals.submit(submitter, first_name="Quill", risk_level="red", nhs_number=each)
        for each in (an_nhs_number(), an_nhs_number(), number)
    ]
    ids = [each.record_id for each in receipts]
    reader = await READERS[request.param](referrals, submitter, ids)
    await referrals.archive(colleague_of(submitter, Role.ADMINISTRATOR), receipts[2])
    return Filed(submitter, frozenset(ids[:2]), ids[2], receipts[2].reference, number, begun, reader)


async def plain(db: Database, filed: Filed) -> FoundRows:
    return await finding.list_records(db, filed.reader, PAGE)


async def backwards(db: Database, filed: Filed) -> FoundRows:
    page = ListPage(0, 25, before_at=filed.begun, before_id=UUID(int=0))
    return await finding.list_records(db, filed.reader, page)


async def red(db: Database, filed: Filed) -> FoundRows:
    return await finding.filter_records(db, filed.reader, PAGE, RED)


async def of_the_area(db: Database, filed: Filed) -> FoundRows:
    return await finding.filter_records(db, filed.reader, PAGE, ListFilters(localities=("south_staffordshire",)))


async def by_name(db: Database, filed: Filed) -> FoundRows:
    return await finding.filter_records(db, filed.reader, PAGE, ListFilters(sort="name"))


async def searched(db: Database, filed: Filed, text: str, filters: ListFilters = finding.EVERYTHING) -> FoundRows:
    search = read_search(("DSR",), text)
    assert search
    return await finding.search_records(db, filed.reader, PAGE, search, filters)


async def by_beginning(db: Database, filed: Filed) -> FoundRows:
    return await searched(db, filed, "Qui")


async def within_a_word(db: Database, filed: Filed) -> FoundRows:
    return await searched(db, filed, "uill")


async def by_both_names(db: Database, filed: Filed) -> FoundRows:
    return await searched(db, filed, "Quill Plum")


async def by_name_and_rating(db: Database, filed: Filed) -> FoundRows:
    return await searched(db, filed, "Quill", RED)


LISTS: tuple[Look, ...] = (
    plain, backwards, red, of_the_area, by_name, by_beginning, within_a_word, by_both_names, by_name_and_rating,
)  # fmt: skip


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
async def test_an_archived_record_is_in_no_list_and_no_search(filed: Filed, pool: DatabasePool) -> None:
    shown: dict[str, set[UUID]] = {}
    for look in LISTS:
        async with pool.acquire() as db:
            rows = (await look(db, filed)).rows
        shown[look.__name__] = {row.record_id for row in rows} & {*filed.open_ids, filed.archived_id}

    assert {look.__name__: set(filed.open_ids) for look in LISTS} == shown


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
async def test_it_is_not_in_a_list_with_more_records_than_are_sorted(filed: Filed, pool: DatabasePool) -> None:
    async with pool.acquire() as db:
        walked = await finding.filter_records(db, filed.reader, ListPage(0, 1), WALKED)
        by_words = await searched(db, filed, "Quill", WALKED)
        sorted_in_full = await finding.filter_records(db, filed.reader, PAGE, replace(RED, reach=2))

    assert [True, True] == [walked.capped, by_words.capped or len(by_words.rows) == 2]
    assert {row.record_id for row in walked.rows} <= filed.open_ids
    assert filed.reader.all_organisations or not sorted_in_full.capped
    assert filed.archived_id not in {row.record_id for row in by_words.rows}


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
async def test_nobody_finds_it_by_its_reference_or_nhs_number(filed: Filed, pool: DatabasePool) -> None:
    async with pool.acquire() as db:
        found = [await searched(db, filed, text) for text in (filed.reference, filed.number)]

    assert [(), ()] == [each.rows for each in found]


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
async def test_it_is_not_in_a_total(filed: Filed, pool: DatabasePool, owner: Owner) -> None:
    async with pool.acquire() as db:
        found = [await look(db, filed) for look in (plain, by_beginning, by_name, red)]
    (row,) = await owner.rows(COUNT_OPEN, None if filed.reader.all_organisations else list(filed.open_ids))

    limit = MOST_SORTED
    counted = [found[0].total, found[1].total, found[2].matches, found[3].matches]
    assert [row["n"], row["n"], min(row["n"], limit), min(row["red"], limit)] == counted
