"""With many records and under the service's own role, every list and search reads by its index."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import date

import asyncpg
import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from services.referrals.rules.reviewing import due_time
from services.referrals.rules.search import read_search
from services.referrals.store import finding, reviews, settling
from services.referrals.store.finding import EVERYTHING, ListFilters, ListPage, filters_of
from services.referrals.store.settling import WantedAlike
from shared.contracts.referrals.listing import MOST_MATCHES, MOST_SORTED, ListRecords, Narrowing
from shared.contracts.referrals.reviews import MOST_DUE, Due
from shared.database import Database, open_pool
from shared.permissions import Role, Visitor
from shared.registers.definition.reviews import ReviewIntervals
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Overlay, apply
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.many import ORGANISATIONS, add_many, creator, organisation
from tests.services.referrals.rig import Referrals
from tests.support.connections import KeptConnections, ServicePools
from tests.support.databases import database_copy

EXPLAIN_ALL = """
    LOAD 'auto_explain';
    SET auto_explain.log_min_duration = 0;
    SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_analyze = on;
    SET auto_explain.log_timing = off;
    SET auto_explain.log_level = notice;
    SET search_path = referrals;
    SET jit = off;
    SET SESSION AUTHORIZATION referrals_app;
"""
READ = re.compile(
    r"(?:Index Scan|Index Only Scan|Bitmap Index Scan|Bitmap Heap Scan|Seq Scan)(?: using (\w+))? on (\w+)"
)
FIND_MATCHES = "SELECT ids FROM find_matches(gen_random_uuid(), 'dsr', $1)"
ANY_KEY = "SELECT md5('born family_name given_name' || md5('record 1')::uuid)"  # of an active record
ALL, ENOUGH = 100_000, 20_000
OFTEN = 8  # after so many runs, Postgres keeps a generic plan if it ever does

LARGEST = a_visitor(Role.ADMINISTRATOR, organisation(0))
SMALL = a_visitor(Role.ADMINISTRATOR, organisation(35))
FEW = a_visitor(Role.ADMINISTRATOR, *(organisation(number) for number in range(30, 35)))
EVERYBODY = a_visitor(Role.ADMINISTRATOR, *(organisation(number) for number in range(ORGANISATIONS)))
WHOLE = EVERYBODY.model_copy(update={"all_organisations": True})
SUBMITTER = a_visitor(Role.STANDARD, organisation(0), user_id=creator(0))
HOLDER = a_visitor(Role.STANDARD, organisation(0), user_id=creator(0, 1))
HELD = "record_holding_of_user"
LONG_AFTER = date(2126, 1, 1)  # when every review is overdue
REVIEWING = apply(
    load_registers().find("dsr"),
    Overlay(reviews=ReviewIntervals(days={"red": 7, "amber": 30, "green": 90}, source="Policy, June 2026")),
)
RARE, SELDOM, COMMON, NEVER = "red", "amber", "green", "blue"


@pytest_asyncio.fixture(scope="module")
async def crowded(parts: EmbeddedParts, full_rounds: bool) -> AsyncIterator[Addresses]:
    async with database_copy(parts) as addresses:
        owner = await asyncpg.connect(addresses.migrator_dsn("referrals"))
        await owner.execute("SET ROLE referrals_owner; SET search_path = referrals")
        await add_many(owner, ALL if full_rounds else ENOUGH)
        await owner.close()
        yield addresses


class Explained:
    """A connection under the service's role that logs the plan of each statement, including those within functions."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.plans: list[str] = []

    def hear(self, _: object, message: asyncpg.PostgresLogMessage) -> None:
        self.plans.append(str(message.message))

    async def find(
        self, visitor: Visitor, typed: str = "", skip: int = 0, filters: ListFilters = EVERYTHING
    ) -> tuple[set[str], int]:
        """Return the indexes that a list or search reads (or tables that it reads whole), and the number of rows."""
        page = ListPage(skip, 25)
        search = read_search(("DSR",), typed)
        for _ in range(OFTEN):
            self.plans.clear()
            if search:
                await finding.search_records(self.db, visitor, page, search, filters)
            elif filters == EVERYTHING:
                await finding.list_records(self.db, visitor, page)
            else:
                await finding.filter_records(self.db, visitor, page, filters)
        return reads_of(self.plans), rows_of(self.plans)

    async def due(self, visitor: Visitor, *dues: Due) -> tuple[set[str], int]:
        """Return the same for a page of the reviews that are due."""
        for _ in range(OFTEN):
            self.plans.clear()
            await reviews.list_due(self.db, visitor, due_time(REVIEWING, dues, LONG_AFTER), 1)
        return reads_of(self.plans), rows_of(self.plans)


def reads_of(plans: Sequence[str]) -> set[str]:
    found = {(index or table) for plan in plans for index, table in READ.findall(plan)}
    return {name for name in found if name.startswith("record")} - {"record_pkey", "record_search_pkey"}


def rows_of(plans: Sequence[str]) -> int:
    """Return the number of rows that all scans returned or discarded."""
    found = re.findall(r"(?<!Subquery )Scan.*rows=([\d.]+) loops=(\d+)", "\n".join(plans))
    thrown = re.findall(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", "\n".join(plans))
    return int(sum(float(rows) * int(loops) for rows, loops in found) + sum(map(int, thrown)))


@pytest.fixture
async def explained(crowded: Addresses) -> AsyncIterator[Explained]:
    superusers = await open_pool(crowded.databases["referrals"].admin_dsn, size=1)
    async with superusers.acquire() as db:
        explained = Explained(db)
        await db.execute(EXPLAIN_ALL)
        db.add_log_listener(explained.hear)
        yield explained
        db.remove_log_listener(explained.hear)
    await superusers.close()


@pytest.fixture
async def pools(crowded: Addresses, kept: KeptConnections) -> ServicePools:
    return await kept.both(crowded, "referrals")


@pytest.mark.slow
@pytest.mark.parametrize("skip", [0, 475, 2475])
@pytest.mark.parametrize(
    ("visitor", "index"),
    [
        (SUBMITTER, "record_of_creator"),
        (LARGEST, "record_of_compartment"),
        (SMALL, "record_of_compartment"),
        (EVERYBODY, "record_of_register"),
        (WHOLE, "record_of_register"),
    ],
)
async def test_a_list_walks_the_index_of_its_shape_and_no_further_than_its_page(
    explained: Explained, visitor: Visitor, index: str, skip: int
) -> None:
    reads, rows = await explained.find(visitor, skip=skip)

    assert {index} == reads - {HELD}
    assert rows < skip + 250


@pytest.mark.slow
async def test_a_list_of_a_few_compartments_walks_a_little_and_then_reads_each_by_its_index(
    explained: Explained,
) -> None:
    reads, rows = await explained.find(FEW)

    assert {"record_of_register", "record_of_compartment"} == reads
    assert rows < 2_500


@pytest.mark.parametrize("skip", [0, 475])
async def test_the_list_of_who_holds_others_records_walks_their_own_and_looks_up_the_others(
    explained: Explained, skip: int
) -> None:
    reads, rows = await explained.find(HOLDER, skip=skip)

    assert {"record_of_creator"} == reads - {HELD, "record_holding"}  # few hold any record, so both plans are fast
    assert rows < 2 * skip + 500


def narrowed(**by: tuple[str, ...]) -> ListFilters:
    return filters_of(ListRecords(narrowing=Narrowing.model_validate(by)), (RARE, SELDOM, COMMON))


@pytest.mark.parametrize("visitor", [LARGEST, SMALL, FEW, EVERYBODY, WHOLE])
@pytest.mark.parametrize(
    "by",
    [
        {"ratings": (RARE,)},
        {"ratings": (NEVER,)},
        {"localities": ("moorlands",)},
        {"localities": ("nowhere",)},
        {"ratings": (RARE, SELDOM), "localities": ("moorlands",)},
    ],
    ids=str,
)
async def test_what_is_narrowed_to_a_few_is_found_by_the_index_of_what_narrows_it(
    explained: Explained, visitor: Visitor, by: dict[str, tuple[str, ...]]
) -> None:
    reads, rows = await explained.find(visitor, filters=narrowed(**by))

    assert {"record_by_rating_and_locality"} == reads
    assert rows < 4 * MOST_SORTED


@pytest.mark.parametrize("visitor", [LARGEST, FEW, EVERYBODY, WHOLE])
async def test_what_is_narrowed_to_many_is_walked_from_the_last_updated_on(
    explained: Explained, visitor: Visitor
) -> None:
    reads, rows = await explained.find(visitor, filters=narrowed(ratings=(COMMON, SELDOM)))

    assert "record" not in reads
    assert rows < 4 * MOST_SORTED


async def test_ones_own_narrowed_are_looked_through(explained: Explained) -> None:
    reads, rows = await explained.find(SUBMITTER, filters=narrowed(ratings=(RARE,)))

    assert "record_of_creator" in reads
    assert "record" not in reads
    assert rows < 1_500


@pytest.mark.parametrize("visitor", [SMALL, LARGEST, EVERYBODY, WHOLE])
async def test_sorting_reads_no_more_than_can_be_sorted(explained: Explained, visitor: Visitor) -> None:
    filters = filters_of(ListRecords(sort="name"), (RARE, SELDOM, COMMON))

    reads, rows = await explained.find(visitor, filters=filters)

    assert "record" not in reads
    assert rows < 4 * MOST_SORTED


@pytest.mark.parametrize("visitor", [EVERYBODY, WHOLE])
@pytest.mark.parametrize("dues", [("overdue",), ("overdue", "soon")])
async def test_due_reviews_are_read_by_index_level_by_level(
    explained: Explained, visitor: Visitor, dues: Sequence[Due]
) -> None:
    reads, rows = await explained.due(visitor, *dues)

    assert "record_by_rated_at" in reads
    assert "record" not in reads
    assert rows < 8 * MOST_DUE


async def test_reviews_that_are_due_in_one_organisation_are_read_by_index(explained: Explained) -> None:
    reads, _ = await explained.due(LARGEST, "overdue")

    assert "record_by_rated_at" in reads
    assert "record" not in reads


@pytest.mark.parametrize("visitor", [LARGEST, EVERYBODY, WHOLE])
async def test_a_search_in_what_is_narrowed_reads_no_more_than_is_left(explained: Explained, visitor: Visitor) -> None:
    reads, rows = await explained.find(visitor, "ann", filters=narrowed(ratings=(RARE,), localities=("moorlands",)))

    assert {"record_by_rating_and_locality"} == reads
    assert rows < 4 * MOST_SORTED


@pytest.mark.parametrize("visitor", [LARGEST, SMALL, FEW, EVERYBODY, WHOLE])
@pytest.mark.parametrize(
    ("typed", "index"),
    [
        ("an", {"record_word_beginning"}),
        ("aelo", {"record_word_beginning", "record_search_within"}),
        ("04/05/1999", {"record_word_beginning"}),
        ("999 000 0018", {"record_word_beginning"}),
    ],
)
async def test_a_search_reads_by_its_index_at_the_beginning_of_words_and_within(
    explained: Explained, visitor: Visitor, typed: str, index: set[str]
) -> None:
    reads, rows = await explained.find(visitor, typed)

    heap = {"record_search"} if "record_search_within" in index else set()
    walked = {"record_of_register", "record_of_compartment"}
    assert index == reads - walked - heap
    assert rows < 4_000


@pytest.mark.parametrize("visitor", [LARGEST, EVERYBODY, WHOLE])
async def test_a_search_for_several_words_reads_by_the_index_of_both(explained: Explained, visitor: Visitor) -> None:
    reads, rows = await explained.find(visitor, "ann lo")

    assert {"record_search_within", "record_search"} == reads
    assert rows < 1_000


async def test_a_search_of_ones_own_looks_through_ones_own(explained: Explained) -> None:
    reads, rows = await explained.find(SUBMITTER, "ann")

    assert {"record_of_creator"} == reads - {HELD}
    assert rows < 1_500


async def test_who_may_be_the_same_person_is_looked_up_by_birth_and_by_name(explained: Explained) -> None:
    await explained.db.execute("SET SESSION AUTHORIZATION referrals_background")
    wanted = WantedAlike(new_id(), "dsr", date(1999, 5, 4), ("ael", "ann"), ("aelo ann",), (date(1999, 4, 5),))
    for _ in range(OFTEN):
        explained.plans.clear()
        assert [] == await settling.find_alike(explained.db, [wanted])

    assert {"record_by_birth", "record_by_name"} >= reads_of(explained.plans)
    assert rows_of(explained.plans) < 50


async def test_who_is_there_already_is_looked_up_by_key(explained: Explained) -> None:
    there = await explained.db.fetchval(ANY_KEY)
    for n in range(OFTEN):
        explained.plans.clear()
        keys = [f"somebody new {n}", there]
        assert 1 == len(await explained.db.fetchval(FIND_MATCHES, keys))

    assert {"record_key_pkey"} == reads_of(explained.plans)
    assert rows_of(explained.plans) < 40


async def test_a_search_that_finds_too_many_says_so_and_shows_the_newest_of_them(
    pools: ServicePools, registers: Registers
) -> None:
    referrals = await Referrals.open(pools, registers)
    fresh = a_visitor(Role.STANDARD, organisation(0))
    receipt = await referrals.submit(fresh, first_name="Annabel")

    page = await referrals.listed(EVERYBODY, "ann")
    last = await referrals.listed(EVERYBODY, "ann", page=MOST_MATCHES // 10)
    behind = await referrals.listed(EVERYBODY, "ann", page=MOST_MATCHES // 10 + 1)

    assert (MOST_MATCHES, True) == (page.matches, page.capped)
    assert receipt.record_id == page.rows[0].record_id
    assert (10, 0) == (len(last.rows), len(behind.rows))
