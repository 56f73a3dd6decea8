"""A register whose scope is made of bodies: who sees which counts, weeks, rows and reports."""

import random
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest

from services.reports.feeding import Records
from services.reports.rules.urgency import RatingOrder
from services.reports.store import feeds, jobs
from services.reports.store.jobs import Wanted
from shared.bus.protocol import Context
from shared.contracts.referrals.feed import FeedPage, ReadFeed
from shared.contracts.reports import BodyChoice, Dashboard, ReadDashboard, ReadReportChunk
from shared.database import transaction
from shared.messages import Message, Request
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.registers.load import Registers, load_registers
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig, a_request, column
from tests.services.two_bodies import (
    AUTHORITIES,
    BODIES,
    COMMISSIONERS,
    RATINGS,
    PairRecord,
    a_code,
    a_two_body_register,
    a_visitor_of,
    a_visitor_of_all,
    an_organisation_register,
    random_records,
    seen_with,
    some_bodies,
)

NORTH, SOUTH, EAST = AUTHORITIES
FIRST, SECOND = COMMISSIONERS
SUMS = """
    SELECT w.compartment_id IS NULL AS whole, {columns}, sum(w.n)::bigint AS n
    FROM {table} AS w
    WHERE w.register_code = $1
    GROUP BY 1, {columns}
    HAVING sum(w.n) <> 0
"""


@pytest.fixture
def code() -> str:
    return a_code()


@pytest.fixture
def registers(code: str) -> Registers:
    return Registers([*load_registers().every(), a_two_body_register(code), an_organisation_register(f"{code}o")])


async def feed(rig: Rig, records: Sequence[PairRecord]) -> None:
    """Apply these versions as a page of the feed, without moving the place that the copies have reached."""

    async def answer(asked: Request[Message], _context: Context) -> FeedPage:
        assert isinstance(asked, ReadFeed)
        return FeedPage(records=tuple(each.fed(each.version + 1) for each in records), last=asked.after, more=False)

    kind, _ = rig.wire.answers[ReadFeed.subject]
    rig.wire.answers[ReadFeed.subject] = (kind, answer)
    page = await Records(rig.context).read((await feeds.read_feed(rig.background, "referrals")).sequence)
    assert await feeds.apply(rig.background, "referrals", "live", page, rig.context.clock())


def somebody(rig: Rig, code: str, *bodies: str) -> Visitor:
    """Return a reporting user with these bodies, whose grant identity knows."""
    visitor = a_visitor_of(code, *bodies, role=Role.REPORTING)
    rig.identity.grants[visitor.user_id] = visitor
    return visitor


def everything(rig: Rig, code: str) -> Visitor:
    visitor = a_visitor_of_all(code, Role.REPORTING)
    rig.identity.grants[visitor.user_id] = visitor
    return visitor


def rated(board: Dashboard) -> dict[str, int]:
    (tile,) = [each for each in board.tiles if each.question == "risk_level" and each.counts]
    return {each.code: each.count for each in tile.counts}


def at_the_end(board: Dashboard) -> dict[str, int]:
    """Return the counts of the last week."""
    (tile,) = [each for each in board.tiles if each.weeks]
    return {each.code: each.count for each in tile.weeks[-1].counts}


def total(board: Dashboard) -> int:
    (tile,) = [each for each in board.tiles if each.kind == "total"]
    return tile.counts[0].count


async def rows_seen(rig: Rig, visitor: Visitor) -> set[UUID]:
    """Return the records that row-level security alone lets the visitor see."""
    async with transaction(rig.pool, await rig.context.reach(visitor)) as db:
        return {row["record_id"] for row in await db.fetch("SELECT record_id FROM record_copy")}


async def report_rows(rig: Rig, visitor: Visitor, records: str) -> set[UUID]:
    reached = await rig.context.reach(visitor)
    report = next(
        each for each in rig.context.registers.find(visitor.register_code).reporting.reports if each.records == records
    )
    covered = None if reached.all_compartments else reached.compartment_ids
    wanted = Wanted(visitor.register_code, covered, covered, report, {}, None, RatingOrder())
    async with transaction(rig.pool, reached) as db:
        found = {record_id async for rows in jobs.read_rows(db, wanted) for record_id, _ in rows}
        assert len(found) == await jobs.count_rows(db, wanted)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_visitor_sees_exactly_the_records_that_name_a_body_of_theirs(rig: Rig, code: str, seed: int) -> None:
    chance = random.Random(seed)
    records = random_records(chance, code)
    await feed(rig, records)
    visitors = [(somebody(rig, code, *bodies), bodies) for bodies in (some_bodies(chance) for _ in range(6))]

    for visitor, bodies in [*visitors, (everything(rig, code), BODIES)]:
        seen = seen_with(bodies, records)
        board = await rig.dashboard(visitor)
        expected = {each: Counter(one.rating for one in seen if one.is_open)[each] for each in RATINGS}
        assert expected == rated(board) == at_the_end(board)
        assert sum(expected.values()) == total(board)
        assert {each.record_id for each in seen} == await rows_seen(rig, visitor) & {each.record_id for each in records}
        assert {each.record_id for each in seen if each.is_open} == await report_rows(rig, visitor, "active")
        assert {each.record_id for each in seen if not each.is_open} == await report_rows(rig, visitor, "ended")
        assert {body for each in seen for body in each.bodies} == {each.body for each in board.bodies}


async def test_nothing_of_another_register_or_of_organisations_is_seen(rig: Rig, code: str) -> None:
    record = PairRecord(code, (NORTH, FIRST))
    await feed(rig, [record])
    organisation = rig.organisation("Alpha")
    there = await rig.submit(organisation)
    strangers = [
        a_visitor(Role.REPORTING, record.compartment.compartment_id),
        a_visitor_of("dsr", *BODIES, role=Role.REPORTING),
        a_visitor_of_all("dsr", Role.REPORTING),
        a_visitor_of(code, NORTH, role=Role.STANDARD),
    ]

    assert [False] * 4 == [record.record_id in await rows_seen(rig, each) for each in strangers]
    assert there.record_id not in await rows_seen(rig, everything(rig, code))
    assert {record.record_id} == await rows_seen(rig, everything(rig, code))


@pytest.mark.parametrize("seed", range(3))
async def test_the_counts_of_the_whole_register_are_the_sums_of_its_compartments(
    rig: Rig, owner: Owner, code: str, seed: int
) -> None:
    chance = random.Random(seed)
    records = random_records(chance, code)
    await feed(rig, records)
    await feed(rig, [each.moved_to(chance.choice(AUTHORITIES), FIRST) for each in records[:10]])
    await rig.birthdays.fold()

    for table, columns in (("tally", "w.question, w.answer"), ("rating_week", "w.week, w.level")):
        rows = [tuple(row) for row in await owner.rows(SUMS.format(table=table, columns=columns), code)]
        whole, parts = ([row[1:] for row in rows if row[0] is which] for which in (True, False))
        assert sorted(parts) == sorted(whole) != []
    assert 0 == await rig.nights.prove()


async def test_a_wrong_count_of_the_whole_register_is_put_right(rig: Rig, owner: Owner, code: str) -> None:
    await feed(rig, [PairRecord(code, (NORTH, FIRST))])
    for table in ("tally", "rating_week"):
        await owner.db.execute(
            f"UPDATE {table} SET n = n + 5 WHERE register_code = $1 AND compartment_id IS NULL", code
        )

    assert await rig.nights.prove() > 0

    assert 0 == await rig.nights.prove()
    assert (
        1
        == total(await rig.dashboard(everything(rig, code)))
        == at_the_end(await rig.dashboard(everything(rig, code)))["red"]
    )


@pytest.mark.parametrize("table", ["tally", "rating_week"])
async def test_only_who_has_all_sees_the_counts_of_the_whole_register(rig: Rig, code: str, table: str) -> None:
    await feed(rig, [PairRecord(code, (NORTH, FIRST))])
    counted = f"SELECT count(*) FROM {table} WHERE compartment_id IS NULL AND register_code = $1"
    found = []

    for visitor in (everything(rig, code), a_visitor_of_all("dsr", Role.REPORTING), somebody(rig, code, *BODIES)):
        async with transaction(rig.pool, await rig.context.reach(visitor)) as db:
            found.append(await db.fetchval(counted, code) > 0)

    assert [True, False, False] == found


async def test_a_record_that_moves_takes_its_counts_weeks_and_rows_along(rig: Rig, code: str) -> None:
    record = PairRecord(code, (NORTH, FIRST))
    await feed(rig, [record, PairRecord(code, (SOUTH, FIRST), "green")])
    north, south, east = (somebody(rig, code, each) for each in AUTHORITIES)

    await feed(rig, [record.moved_to(EAST, SECOND)])

    boards = [await rig.dashboard(each) for each in (north, south, east, everything(rig, code))]
    assert [(0, 0), (0, 1), (1, 0), (1, 1)] == [(rated(each)["red"], rated(each)["green"]) for each in boards]
    assert [(0, 0), (0, 1), (1, 0), (1, 1)] == [(at_the_end(each)["red"], at_the_end(each)["green"]) for each in boards]
    assert [set(), {record.record_id}] == [await rows_seen(rig, each) for each in (north, east)]


async def test_the_dashboard_is_filtered_by_the_bodies_that_occur_where_the_visitor_looks(rig: Rig, code: str) -> None:
    await feed(rig, [PairRecord(code, pair) for pair in ((NORTH, FIRST), (NORTH, SECOND), (EAST, SECOND))])
    north, second = somebody(rig, code, NORTH), somebody(rig, code, SECOND)

    found = [
        total(await rig.ask(visitor, ReadDashboard(body=body)))
        for visitor, body in ((north, NORTH), (north, SECOND), (second, SECOND), (second, EAST))
    ]

    assert [2, 1, 2, 1] == found
    assert (
        BodyChoice(body=NORTH, label="North Council"),
        BodyChoice(body=FIRST, label="First Board"),
        BodyChoice(body=SECOND, label="Second Board"),
    ) == (await rig.dashboard(north)).bodies
    assert 2 == total(await rig.ask(everything(rig, code), ReadDashboard(body=SECOND)))


async def test_in_a_register_of_organisations_who_has_all_sees_each_of_them(rig: Rig, code: str) -> None:
    one, two, empty = (rig.organisation(name) for name in ("Alpha", "Beta", "Gamma"))
    bodies = [organisation_compartment(each).bodies for each in (one, one, two)]
    await feed(rig, [PairRecord(f"{code}o", each) for each in bodies])
    visitor = everything(rig, f"{code}o").model_copy(update={"organisation_ids": (one, two, empty)})

    board, chosen = await rig.dashboard(visitor), await rig.dashboard(visitor, two)

    (tile,) = [each for each in board.tiles if each.kind == "by_organisation"]
    assert [(one.hex, 2), (two.hex, 1), (empty.hex, 0)] == [(each.code, each.count) for each in tile.counts]
    assert (3, 3, 3) == (total(board), rated(board)["red"], at_the_end(board)["red"])
    assert (1, 1, 1) == (total(chosen), rated(chosen)["red"], at_the_end(chosen)["red"])
    assert (3, ()) == (len(board.organisations), board.bodies)


async def test_a_body_out_of_sight_is_as_unknown_as_none(rig: Rig, code: str) -> None:
    await feed(rig, [PairRecord(code, pair) for pair in ((NORTH, FIRST), (EAST, SECOND))])
    north = somebody(rig, code, NORTH)
    asked = [ReadDashboard(body=body) for body in (EAST, "authority:nowhere", "", f"organisation:{new_id().hex}")]
    asked.append(ReadDashboard(organisation_id=north.organisation_ids[0]))
    reports = [a_request().model_copy(update={"bodies": bodies}) for bodies in ((EAST,), (NORTH, SECOND))]

    refusals = [await rig.refusal(north, each) for each in (*asked, *reports)]

    assert ["not_found", "not_found", "", "not_found", "not_found", "not_found", "not_found"] == refusals


@pytest.mark.slow
async def test_a_report_of_two_bodies_holds_what_names_both_and_says_so(rig: Rig, owner: Owner, code: str) -> None:
    records = [PairRecord(code, pair) for pair in ((NORTH, FIRST), (NORTH, SECOND), (EAST, SECOND))]
    await feed(rig, records)
    second = somebody(rig, code, SECOND)
    asked = a_request().model_copy(update={"bodies": (NORTH, SECOND)})

    job = await rig.ask(second, asked)
    assert await rig.make()
    workbook = await rig.workbook(second, job)

    assert [records[1].standing.reference] == column(workbook, "Reference")
    facts = {str(row[0].value): row[1].value for row in workbook["Definitions"].iter_rows()}
    assert ("North Council", "Second Board") == (
        facts["Filter chosen: Authority"],
        facts["Filter chosen: Commissioner"],
    )
    audited = "SELECT fields FROM audit WHERE action = 'report.asked_for' AND actor = $1"
    assert ["report:referrals", f"body:{NORTH}", f"body:{SECOND}"] == await owner.value(audited, second.user_id)


@pytest.mark.slow
async def test_a_report_holds_what_the_bodies_of_its_asker_allow_when_it_is_made(rig: Rig, code: str) -> None:
    records = [PairRecord(code, pair) for pair in ((NORTH, FIRST), (EAST, SECOND))]
    await feed(rig, records)
    visitor = somebody(rig, code, NORTH, EAST)
    job, of_the_lost = (
        await rig.start(visitor),
        await rig.ask(visitor, a_request().model_copy(update={"bodies": (EAST,)})),
    )
    rig.identity.grants[visitor.user_id] = visitor.model_copy(update={"bodies": (NORTH,)})

    while await rig.make():
        pass

    assert [records[0].standing.reference] == column(await rig.workbook(visitor, job), "Reference")
    assert "failed" == (await rig.job(visitor, of_the_lost)).state


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked_for", "before", "now", "refusal"),
    [
        ((), (NORTH, EAST), (NORTH, EAST), ""),
        ((), (NORTH, EAST), (NORTH, EAST, SOUTH), ""),
        ((), (NORTH, EAST), (NORTH,), "not_found"),
        ((NORTH,), (NORTH, EAST), (NORTH,), ""),
        ((NORTH,), (FIRST, SECOND), (FIRST,), "not_found"),
        ((), None, (), "not_found"),
        ((), None, BODIES, "not_found"),
        ((), (NORTH, EAST), None, ""),
    ],
)
async def test_a_file_is_only_for_a_user_who_still_reaches_all_that_it_covers(
    rig: Rig,
    code: str,
    asked_for: tuple[str, ...],
    before: tuple[str, ...] | None,
    now: tuple[str, ...] | None,
    refusal: str,
) -> None:
    await feed(rig, [PairRecord(code, pair) for pair in ((NORTH, FIRST), (NORTH, SECOND), (EAST, SECOND))])
    visitor = everything(rig, code) if before is None else somebody(rig, code, *before)
    job = await rig.ask(visitor, a_request().model_copy(update={"bodies": asked_for}))
    assert await rig.make()

    changed = visitor.model_copy(update={"bodies": now or (), "all_organisations": now is None})

    asked = ReadReportChunk(job_id=job.job_id, number=0)
    assert ["", refusal] == [await rig.refusal(each, asked) for each in (visitor, changed)]


@pytest.mark.slow
async def test_in_a_register_of_organisations_a_file_is_only_for_a_user_who_still_has_them_all(rig: Rig) -> None:
    one, two = (rig.organisation(name) for name in ("Alpha", "Beta"))
    visitor = a_visitor(Role.REPORTING, one, two)
    rig.identity.grants[visitor.user_id] = visitor
    await rig.submit(one)
    await rig.copy()
    of_both, of_one = await rig.start(visitor), await rig.start(visitor, organisation_id=one)
    while await rig.make():
        pass

    fewer = visitor.model_copy(update={"organisation_ids": (one,)})

    asked = [ReadReportChunk(job_id=each.job_id, number=0) for each in (of_both, of_one)]
    assert ["not_found", ""] == [await rig.refusal(fewer, each) for each in asked]
