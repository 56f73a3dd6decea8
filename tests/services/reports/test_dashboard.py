"""The dashboard of a register: what it counts, from which records, and for which users."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.reports.handlers.dashboard import Dashboards
from services.reports.handlers.kept_panels import KeptPanels
from services.reports.store import feeds
from shared.contracts.reports import Dashboard, ReadDashboard
from shared.messages import Fault, NotAnswered
from shared.organisations import OrganisationNames
from shared.permissions import Role, Visitor
from shared.values import age_on
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig

RISK, AGE, TOTAL, BREAKDOWN = "TOTALS BY RISK TYPE", "TOTALS BY AGE", "TOTAL RECORDS", "ORGANISATION BREAKDOWN"
FALSIFY = "UPDATE tally SET n = n + 5 WHERE compartment_id = $1 AND question = 'risk_level' AND answer = 'green'"
PRINTED = ("green green red red red amber amber", "amber green", "red red", "red", "")


@pytest.mark.requirement("R-DSR-150", "R-DSR-151", "R-DSR-152", "R-DSR-153", "R-DSR-154")
async def test_the_sources_example_is_counted_as_printed(rig: Rig) -> None:
    names = ("Midlands", "North", "Police", "Stoke", "County")
    reader = rig.somebody(Role.REPORTING, *(rig.organisation(name) for name in names))
    for organisation, ratings in zip(reader.organisation_ids, PRINTED, strict=True):
        for place, rating in enumerate(ratings.split()):
            is_young = organisation == reader.organisation_ids[0] and place < 2
            await rig.submit(organisation, risk_level=rating, date_of_birth="2020-05-05" if is_young else "1990-05-05")
    await rig.copy()

    board = await rig.dashboard(reader)

    assert [RISK, TOTAL, AGE, BREAKDOWN] == [tile.title for tile in board.tiles][:4]
    assert {"Green": 3, "Amber": 3, "Red": 6} == counts(board, RISK)
    assert {TOTAL: 12} == counts(board, TOTAL)
    assert {"Under 18s": 2, "18s and over": 10} == counts(board, AGE)
    assert [7, 2, 2, 1, 0] == list(counts(board, BREAKDOWN).values())
    assert "Midlands (@midlands.nhs.uk)" == next(iter(counts(board, BREAKDOWN)))


@pytest.mark.requirement("R-DSR-149", "R-DSR-154")
@pytest.mark.parametrize("seed", range(3))
async def test_on_any_records_the_panels_add_up_and_are_right(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    reader = rig.somebody(Role.REPORTING, *(rig.organisation(f"Team {number}") for number in range(4)))
    today = date(2022, 2, 28)
    rig.clock.set_to = datetime(2022, 2, 27, 12, tzinfo=UTC)
    kept = [await a_random_record(rig, chance, reader) for _ in range(25)]
    await rig.copy()
    rig.clock.set_to = datetime(2022, 2, 28, 12, tzinfo=UTC)

    for chosen in (None, *reader.organisation_ids):
        there = [each for each in kept if each and chosen in (None, each[0])]
        board = await rig.dashboard(reader, chosen)
        ratings = Counter(rating for _, rating, _ in there)
        young = [born for _, _, born in there if born and age_on(born, today) < 18]
        not_known = [born for _, _, born in there if born is None]

        assert [ratings["green"], ratings["amber"], ratings["red"]] == list(counts(board, RISK).values())
        assert len(young) == counts(board, AGE)["Under 18s"]
        assert len(not_known) == counts(board, AGE).get("Not known", 0)
        for panel in (RISK, TOTAL, AGE, BREAKDOWN):
            assert len(there) == sum(counts(board, panel).values())


@pytest.mark.requirement("R-DSR-154")
@pytest.mark.parametrize("everything", [False, True])
async def test_the_records_of_an_organisation_that_is_no_longer_listed_are_in_every_panel(
    rig: Rig, *, everything: bool
) -> None:
    listed, closed = rig.organisation("Alpha"), new_id()
    reader = rig.somebody(Role.ADMINISTRATOR, listed, closed).model_copy(update={"all_organisations": everything})
    await rig.copy()
    before = sums(await rig.dashboard(reader))
    for organisation in (listed, closed, closed):
        await rig.submit(organisation, risk_level="red")
    await rig.copy()

    after = sums(await rig.dashboard(reader))

    assert [3, 3, 3, 3] == [after[panel] - before[panel] for panel in (RISK, TOTAL, AGE, BREAKDOWN)]
    assert [2, 2, 2, 2, 2] == list(sums(await rig.dashboard(reader, closed)).values())


@pytest.mark.requirement("R-DSR-144")
async def test_an_archived_record_is_not_counted(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    receipt = await rig.submit(organisation, risk_level="red")
    await rig.submit(organisation, risk_level="green")
    await rig.copy()
    before = await rig.panel(reader, RISK)

    await rig.archive(organisation, receipt)
    await rig.copy()

    assert {"Green": 1, "Amber": 0, "Red": 1} == before
    assert {"Green": 1, "Amber": 0, "Red": 0} == await rig.panel(reader, RISK)
    assert {TOTAL: 1} == await rig.panel(reader, TOTAL)


async def test_a_record_that_was_archived_in_error_is_counted_again(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    receipt = await rig.submit(organisation, risk_level="red")
    await rig.archive(organisation, receipt)
    await rig.copy()
    archived = await rig.panel(reader, TOTAL)

    await rig.reverse(organisation, receipt)
    await rig.copy()

    assert ({TOTAL: 0}, {TOTAL: 1}) == (archived, await rig.panel(reader, TOTAL))
    assert {"Green": 0, "Amber": 0, "Red": 1} == await rig.panel(reader, RISK)


async def test_a_record_that_was_rated_anew_is_counted_once(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    receipt = await rig.submit(organisation, risk_level="green")
    await rig.copy()
    await rig.update(organisation, receipt, risk_level="red")
    await rig.copy()

    assert {"Green": 0, "Amber": 0, "Red": 1} == await rig.panel(rig.somebody(Role.REPORTING, organisation), RISK)


@pytest.mark.parametrize(
    ("born", "moment", "is_grown"),
    [
        ("2004-11-22", "2022-11-21T23:59:59+00:00", False),
        ("2004-11-22", "2022-11-22T00:00:00+00:00", True),
        ("2004-06-10", "2022-06-09T22:59:59+00:00", False),  # summer time: the day in London begins an hour earlier
        ("2004-06-10", "2022-06-09T23:00:00+00:00", True),
        ("2004-02-29", "2022-02-28T12:00:00+00:00", False),
        ("2004-02-29", "2022-03-01T00:00:00+00:00", True),
    ],
)
async def test_a_birthday_is_counted_from_midnight_in_london_on(
    rig: Rig, born: str, moment: str, is_grown: bool
) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation, date_of_birth=born)
    rig.clock.set_to = datetime.fromisoformat(moment) - timedelta(days=1)
    await rig.copy()
    before = await rig.panel(reader, AGE)
    rig.clock.set_to = datetime.fromisoformat(moment)

    at_once = await rig.panel(reader, AGE)
    await rig.birthdays.recount()

    assert {"Under 18s": 1, "18s and over": 0} == before
    assert {"Under 18s": 0 if is_grown else 1, "18s and over": 1 if is_grown else 0} == at_once
    assert at_once == await rig.panel(reader, AGE)
    assert 0 == await rig.nights.prove()


async def test_a_birthday_is_counted_once_when_the_record_changes_on_it(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    rig.clock.set_to = datetime(2022, 6, 9, 12, tzinfo=UTC)
    receipt = await rig.submit(organisation, date_of_birth="2004-06-10")
    await rig.copy()
    rig.clock.set_to = datetime(2022, 6, 10, 12, tzinfo=UTC)
    await rig.update(organisation, receipt, date_of_birth="2004-06-10", risk_level="red")
    await rig.copy()

    await rig.birthdays.recount()

    assert {"Under 18s": 0, "18s and over": 1} == await rig.panel(reader, AGE)


@pytest.mark.requirement("R-DSR-155", "R-DSR-009", "R-DSR-014")
@pytest.mark.parametrize("role", [Role.REPORTING, Role.ADMINISTRATOR])
async def test_who_is_restricted_sees_their_organisations_alone(rig: Rig, role: Role) -> None:
    theirs, other = rig.organisation("Alpha"), rig.organisation("Beta")
    for organisation in (theirs, other, other):
        await rig.submit(organisation)
    await rig.copy()

    board = await rig.dashboard(rig.somebody(role, theirs))

    assert ["Alpha (@alpha.nhs.uk)"] == [each.label for each in board.organisations]
    assert {"Alpha (@alpha.nhs.uk)": 1} == counts(board, BREAKDOWN)
    assert {TOTAL: 1} == counts(board, TOTAL)


async def test_an_organisation_outside_the_scope_is_as_unknown_as_none(rig: Rig) -> None:
    other = rig.organisation("Beta")
    reader = rig.somebody(Role.REPORTING, rig.organisation("Alpha"))

    refusals = [await rig.refusal(reader, ReadDashboard(organisation_id=each)) for each in (other, new_id())]

    assert ["not_found"] * 2 == refusals


@pytest.mark.requirement("R-DSR-148", "R-DSR-013")
@pytest.mark.parametrize("role", [Role.STANDARD, Role.MASTER_ADMIN, None])
async def test_nobody_else_gets_past_the_front_door(rig: Rig, role: Role | None) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await rig.dashboard(rig.somebody(Role.REPORTING).model_copy(update={"role": role}))

    assert Fault.NOT_ALLOWED == unanswered.value.fault


async def test_it_says_as_at_when_it_is_right(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    before = datetime.now(UTC)
    await rig.copy()

    board = await rig.dashboard(rig.somebody(Role.REPORTING, organisation))

    assert before <= board.as_at <= datetime.now(UTC)


async def test_counts_are_read_once_until_a_record_is_copied(rig: Rig, owner: Owner) -> None:
    organisation = rig.organisation("Alpha")
    reader, colleague = (rig.somebody(Role.REPORTING, organisation) for _ in range(2))
    receipt = await rig.submit(organisation, risk_level="green")
    await rig.copy()
    before = await rig.panel(reader, RISK)
    await owner.db.execute(FALSIFY, organisation)

    kept = [await rig.panel(each, RISK) for each in (reader, colleague)]
    await rig.update(organisation, receipt, risk_level="red")
    await rig.copy()

    assert [before, before] == kept
    assert {"Green": 5, "Amber": 0, "Red": 1} == await rig.panel(reader, RISK)
    assert 0 < await rig.nights.prove()


async def test_counts_are_read_again_after_ten_minutes_or_in_a_rebuild(rig: Rig, owner: Owner) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation, risk_level="green")
    await rig.copy()
    rig.clock.set_to = datetime(2026, 11, 22, 12, tzinfo=UTC)
    await rig.panel(reader, RISK)
    await owner.db.execute(FALSIFY, organisation)

    rig.clock.set_to += timedelta(minutes=10)
    falsified = await rig.panel(reader, RISK)
    await rig.nights.prove()
    await feeds.begin_rebuild(rig.background, "referrals")
    proved = await rig.panel(reader, RISK)
    await rig.feeding.look()

    assert ({"Green": 6, "Amber": 0, "Red": 0}, {"Green": 1, "Amber": 0, "Red": 0}) == (falsified, proved)


async def test_what_is_kept_ends_at_midnight_in_london(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    rig.clock.set_to = datetime(2022, 6, 9, 22, 59, tzinfo=UTC)
    await rig.submit(organisation, date_of_birth="2004-06-10")
    await rig.copy()
    before = await rig.panel(reader, AGE)
    rig.clock.set_to += timedelta(minutes=1)

    assert {"Under 18s": 1, "18s and over": 0} == before
    assert {"Under 18s": 0, "18s and over": 1} == await rig.panel(reader, AGE)


async def test_what_is_kept_is_shown_to_nobody_whose_scope_differs(rig: Rig) -> None:
    alpha, beta = rig.organisation("Alpha"), rig.organisation("Beta")
    for organisation in (alpha, beta, beta, rig.organisation("Gamma")):
        await rig.submit(organisation)
    await rig.copy()
    both = rig.somebody(Role.REPORTING, alpha, beta)
    fewer = both.model_copy(update={"organisation_ids": (alpha,)})
    everywhere = both.model_copy(update={"all_organisations": True})

    shown = [(await rig.panel(each, TOTAL))[TOTAL] for each in (both, fewer, everywhere, both, fewer)]
    chosen = [(await rig.panel(both, TOTAL, each))[TOTAL] for each in (alpha, beta)]
    refusals = [await rig.refusal(each, ReadDashboard(organisation_id=beta)) for each in (both, fewer)]

    assert [3, 1, 3, 1] == [shown[0], shown[1], *shown[3:]]
    assert shown[2] >= 4
    assert ([1, 2], ["", "not_found"]) == (chosen, refusals)


async def test_what_is_kept_is_shown_with_the_names_and_words_of_now(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation)
    await rig.copy()
    await rig.dashboard(reader)
    rig.identity.organisations[organisation] = "Omega"

    renamed = replace(rig.context, organisations=OrganisationNames(rig.context.bus))
    kept = KeptPanels()
    await Dashboards(rig.context, kept).read(reader, ReadDashboard())
    board = await Dashboards(renamed, kept).read(reader, ReadDashboard())

    assert ["Omega (@omega.nhs.uk)"] == [each.label for each in board.organisations]


async def test_only_the_newest_panels_are_kept(rig: Rig, owner: Owner) -> None:
    organisation = rig.organisation("Alpha")
    reader, other = (rig.somebody(Role.REPORTING, organisation, *more) for more in ((), (rig.organisation("Beta"),)))
    await rig.submit(organisation, risk_level="green")
    await rig.copy()
    boards = Dashboards(rig.context, KeptPanels(at_most=1))
    for each in (reader, other):
        await boards.read(each, ReadDashboard())
    await owner.db.execute(FALSIFY, organisation)

    again = [counts(await boards.read(each, ReadDashboard()), RISK)["Green"] for each in (other, reader)]
    await rig.nights.prove()

    assert [1, 6] == again


def counts(board: Dashboard, title: str) -> dict[str, int]:
    (tile,) = [each for each in board.tiles if each.title == title]
    return {each.label: each.count for each in tile.counts}


def sums(board: Dashboard) -> dict[str, int]:
    """Return the sum of the counts of each panel but that of weeks. Several rows may have the same label."""
    return {tile.title: sum(each.count for each in tile.counts) for tile in board.tiles if tile.kind != "by_week"}


async def a_random_record(rig: Rig, chance: random.Random, reader: Visitor) -> tuple[UUID, str, date | None] | None:
    """Add a record of random organisation, rating and age, often near turning 18. Return None if it is archived."""
    organisation = chance.choice(reader.organisation_ids)
    rating = chance.choice(("green", "amber", "red"))
    near = date(2004, 2, chance.randint(26, 29))
    born = chance.choice((None, near, near, date(chance.randint(1930, 2021), chance.randint(1, 12), 28)))
    receipt = await rig.submit(organisation, risk_level=rating, date_of_birth=born.isoformat() if born else "not_known")
    if chance.random() < 0.2:
        await rig.archive(organisation, receipt)
        return None
    return organisation, rating, born
