"""The number of records at each rating in the last weeks, computed from when each record entered and left a rating."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reports.operators import rebuild
from services.reports.rules.weeks import WEEKS, Move, first_week, moves_of, weeks_shown
from services.reports.store import feeds
from shared.contracts.referrals.feed import FedRecord, Rated
from shared.contracts.referrals.saving import RecordReceipt
from shared.permissions import Role
from shared.registers.checks import find_faults
from shared.registers.load import Registers
from shared.values import london_day
from tests.services.referrals.builders import a_visitor
from tests.services.referrals.loading import a_changed_row, a_new_row, load
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig
from tests.services.reports.test_rules import a_record

PICTURE = "RISK TYPE BY WEEK"
MOMENTS = st.datetimes(datetime(2026, 8, 1), datetime(2026, 11, 20), timezones=st.just(UTC))  # noqa: DTZ001  they get one
DATE_RECORD = "UPDATE record SET created_at = $2, ended_at = ended_at + ($2 - created_at) WHERE id = $1"
DATE_VERSION = "UPDATE record_version SET changed_at = $3 WHERE record_id = $1 AND version = $2"
TODAY = date(2026, 11, 22)


@pytest.mark.slow
@given(st.lists(st.tuples(st.lists(MOMENTS, min_size=1, max_size=4, unique=True), st.booleans()), max_size=6))
def test_the_end_of_a_week_counts_who_was_active_then_and_as_they_were_rated_then(
    histories: list[tuple[list[datetime], bool]],
) -> None:
    records = [a_history(sorted(moments), ended=ended) for moments, ended in histories]
    moves: dict[date, dict[str, int]] = {}
    for move in (move for record in records for move in moves_of(record)):
        week = moves.setdefault(max(move.week, first_week(TODAY)), {})
        week[move.level] = week.get(move.level, 0) + move.n

    for ends, standing in weeks_shown(moves, TODAY):
        there = [level for record in records if (level := level_on(record, ends)) is not None]
        assert {level: there.count(level) for level in set(there)} == {each: n for each, n in standing.items() if n}


def test_weeks_end_on_sundays_in_their_order_and_the_last_is_today() -> None:
    ends = [end for end, _ in weeks_shown({}, date(2026, 11, 18))]

    assert WEEKS + 1 == len(ends) == len(set(ends))
    assert [date(2026, 8, 30), date(2026, 11, 15), date(2026, 11, 18)] == [ends[0], ends[-2], ends[-1]]
    assert {6} == {end.weekday() for end in ends[:-1]}


@pytest.mark.parametrize(
    ("moment", "monday"),
    [("2026-06-14T22:59:59+00:00", "2026-06-08"), ("2026-06-14T23:00:00+00:00", "2026-06-15")],
)
def test_a_week_ends_at_midnight_in_london(moment: str, monday: str) -> None:
    rated = Rated(since=datetime.fromisoformat(moment), code="red")

    assert [Move(date.fromisoformat(monday), "red", 1)] == moves_of(
        a_record(None).model_copy(update={"ratings": (rated,)})
    )


async def test_weeks_that_are_over_show_the_ratings_that_records_had_then(rig: Rig, source: Owner) -> None:
    organisation = rig.organisation("Alpha")
    told = await rig.submit(organisation, risk_level="green")
    update = await rig.update(organisation, told, risk_level="red")
    await date_back(source, told, weeks=30)
    await date_back(source, update, weeks=3)
    new = await rig.submit(organisation, risk_level="amber")
    await rig.copy()

    weeks = await picture(rig, organisation)

    assert WEEKS + 1 == len(weeks)
    assert [(1, 0, 0)] * 9 == weeks[:9]
    assert [(0, 0, 1)] * 3 == weeks[9:12]
    assert (0, 1, 1) == weeks[12]
    assert "amber" == new.rating


async def test_an_archived_record_counts_until_it_was_archived(rig: Rig, source: Owner) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation, risk_level="red")
    await rig.archive(organisation, receipt)
    await date_back(source, receipt, weeks=5)
    await source.db.execute("UPDATE record SET ended_at = now() - interval '14 days' WHERE id = $1", receipt.record_id)
    await rig.copy()

    weeks = await picture(rig, organisation)

    assert [(0, 0, 0)] * 7 + [(0, 0, 1)] * 3 + [(0, 0, 0)] * 3 == weeks


@pytest.mark.requirement("R-USE-013")
async def test_a_loaded_record_counts_since_its_own_dates_and_a_rebuild_changes_nothing_and_tells_nobody(
    rig: Rig,
) -> None:
    organisation = rig.organisation("Alpha")
    visitor = a_visitor(Role.ADMINISTRATOR, organisation)
    five_weeks_ago = london_day(datetime.now(UTC)) - timedelta(weeks=5)
    row = replace(a_new_row(rig.referrals, visitor, risk_level="red"), rated_on=five_weeks_ago)
    await load(rig.referrals, visitor, row)
    late = await rig.submit(organisation, risk_level="green")
    turned = await a_changed_row(rig.referrals, visitor, late.record_id, risk_level="amber")
    await load(rig.referrals, visitor, replace(turned, rated_on=five_weeks_ago))
    await rig.copy()
    before = await picture(rig, organisation)

    await rebuild(rig.background)
    await rig.feeding.look()
    await rig.tell()

    assert [(0, 0, 0)] * 7 + [(0, 0, 1)] * 5 + [(0, 1, 1)] == before == await picture(rig, organisation)
    mine = f"notice.dsr.{organisation.hex}."
    assert 1 == sum(subject.startswith(mine) for subject, _, _ in rig.wire.published)  # of the submitted one
    assert 0 == await rig.nights.prove()


async def test_today_is_what_the_panel_says_on_any_day(rig: Rig) -> None:
    one, two = rig.organisation("Alpha"), rig.organisation("Beta")
    reader = rig.somebody(Role.REPORTING, one, two)
    for organisation, rating in ((one, "red"), (one, "green"), (two, "amber"), (two, "red")):
        await rig.submit(organisation, risk_level=rating)
    await rig.copy()

    for later in (0, 1, 7, 100, 400):
        rig.clock.set_to = datetime.now(UTC) + timedelta(days=later)
        board = await rig.dashboard(reader)
        panel = tuple(each.count for each in board.tiles[0].counts)
        assert panel == (await picture(rig, one, two))[-1] == (1, 1, 2)


async def test_the_picture_is_of_the_organisations_looked_at(rig: Rig) -> None:
    theirs, other = rig.organisation("Alpha"), rig.organisation("Beta")
    for organisation in (theirs, other, other):
        await rig.submit(organisation, risk_level="red")
    await rig.copy()

    everywhere = rig.somebody(Role.REPORTING, theirs, other)
    chosen = (await rig.dashboard(everywhere, theirs)).tiles[-1].weeks[-1]

    assert ["Green", "Amber", "Red"] == [each.label for each in chosen.counts]
    assert 1 == sum(each.count for each in chosen.counts)
    assert (0, 0, 1) == (await picture(rig, theirs))[-1]
    assert (0, 0, 3) == (await picture(rig, theirs, other))[-1]


async def test_copying_again_changes_no_week_and_a_wrong_one_is_put_right(
    rig: Rig, source: Owner, owner: Owner
) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation, risk_level="green")
    await date_back(source, receipt, weeks=40)
    await rig.copy()
    before = await picture(rig, organisation)

    await feeds.begin_rebuild(rig.background, "referrals")
    await rig.feeding.rebuild(0)
    after_a_rebuild = await picture(rig, organisation)
    await owner.db.execute("UPDATE rating_week SET n = n + 7 WHERE compartment_id = $1", organisation)
    wrong = await rig.nights.prove()

    assert (before, [(1, 0, 0)] * 13) == (after_a_rebuild, before)
    assert (1, 0) == (wrong, await rig.nights.prove())
    assert before == await picture(rig, organisation)


async def test_old_weeks_are_put_together_and_a_record_that_goes_goes_from_them(
    rig: Rig, source: Owner, owner: Owner
) -> None:
    organisation = rig.organisation("Alpha")
    receipts = [await rig.submit(organisation, risk_level="green") for _ in range(3)]
    for weeks, receipt in enumerate(receipts, start=20):
        await date_back(source, receipt, weeks=weeks)
    await rig.copy()
    rows = "SELECT count(*) FROM rating_week WHERE compartment_id = $1 AND n <> 0"
    apart = await owner.value(rows, organisation)

    await rig.birthdays.fold()
    together = await owner.value(rows, organisation)
    await source.db.execute("DELETE FROM record WHERE id = $1", receipts[0].record_id)
    await rig.copy()

    rig.clock.set_to = datetime.now(UTC) - timedelta(weeks=10)  # the clock of a replica that is behind
    assert 0 == await rig.nights.prove()
    rig.clock.set_to = None
    assert (3, 1) == (apart, together)
    assert [(2, 0, 0)] * 13 == await picture(rig, organisation)


@pytest.mark.slow
async def test_a_page_of_records_that_were_rated_very_often_has_room_on_the_bus(rig: Rig, source: Owner) -> None:
    organisation = rig.organisation("Alpha")
    receipts = [await rig.submit(organisation) for _ in range(3)]
    for receipt in receipts:
        await source.db.execute(
            "INSERT INTO record_version (record_id, version, act, changed_at, changed_by, changed_by_name, edition,"
            " changes, answers) SELECT record_id, n, 'updated', changed_at, changed_by, changed_by_name, edition,"
            ' \'[["risk_level", "green", "red"]]\', answers FROM record_version, generate_series(1, 700) AS n'
            " WHERE record_id = $1",
            receipt.record_id,
        )
    page = await rig.feeding.source.read((await feeds.read_feed(rig.background, "referrals")).sequence)
    await rig.copy()

    assert (1, True) == (len(page.rows), page.more)
    assert {"TOTAL RECORDS": 3} == await rig.panel(rig.somebody(Role.REPORTING, organisation), "TOTAL RECORDS")


def test_a_register_without_a_rating_has_no_such_picture(registers: Registers) -> None:
    without = registers.find("dsr").model_copy(update={"rating": None})

    assert f"reporting, tile {PICTURE}: the register has no rating to count by" in map(str, find_faults(without))


async def picture(rig: Rig, *organisations: UUID) -> list[tuple[int, ...]]:
    """Return the counts of green, amber and red for each week."""
    board = await rig.dashboard(rig.somebody(Role.REPORTING, *organisations))
    (tile,) = [each for each in board.tiles if each.title == PICTURE]
    return [tuple(each.count for each in week.counts) for week in tile.weeks]


async def date_back(source: Owner, receipt: RecordReceipt, weeks: int) -> None:
    """Move this version back by so many weeks, and the record itself if it is the first version."""
    moment = datetime.now(UTC) - timedelta(weeks=weeks)
    await source.db.execute(DATE_VERSION, receipt.record_id, receipt.version, moment)
    if not receipt.version:
        await source.db.execute(DATE_RECORD, receipt.record_id, moment)


def a_history(moments: list[datetime], *, ended: bool) -> FedRecord:
    """Return a record that was rated at each of these moments, or archived at the last."""
    *before, last = moments
    rated = before if ended and before else moments
    ratings = tuple(Rated(since=each, code=("green", "amber", "red")[place % 3]) for place, each in enumerate(rated))
    return a_record(None).model_copy(update={"ratings": ratings, "ended_at": last if ended and before else None})


def level_on(record: FedRecord, day: date) -> str | None:
    """Return the rating of the record at the end of a day in London, or None if it was not on the register."""
    if record.ended_at and london_day(record.ended_at) <= day:
        return None
    return next((each.code for each in reversed(record.ratings) if london_day(each.since) <= day), None)
