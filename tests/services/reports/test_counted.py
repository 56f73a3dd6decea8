"""What tiles can count beside active records: ended records, outcomes, and ages on a date."""

from dataclasses import replace
from itertools import takewhile
from uuid import UUID

import pytest
from openpyxl import Workbook

from services.reports.rules.tiles import tiles_shown
from shared.contracts.referrals.saving import RecordReceipt
from shared.permissions import Role, Visitor
from shared.registers.checks import find_faults
from shared.registers.definition.dashboards import (
    AgeBand,
    AgeFilter,
    AgeTile,
    OptionTile,
    OrganisationTile,
    Report,
    Tile,
    TotalTile,
)
from shared.registers.definition.register import Definition
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig, column
from tests.services.reports.test_ended import ended_seen_by
from tests.services.reports.test_people import LINK

BANDS = (AgeBand(label="Young", last=29), AgeBand(label="Old", first=30))
TILES: tuple[Tile, ...] = (
    TotalTile(kind="total", title="ENDED", of="ended"),
    TotalTile(kind="total", title="ALL", of="all"),
    OptionTile(kind="by_option", title="RISK OF ALL", question="risk_level", of="all"),
    OptionTile(kind="by_option", title="RISK OF ENDED", question="risk_level", of="ended"),
    OptionTile(kind="by_option", title="RESULT", question="meeting_outcome"),
    OptionTile(kind="by_option", title="RESULT OF ENDED", question="meeting_outcome", of="ended"),
    OrganisationTile(kind="by_organisation", title="WHERE ENDED", of="ended"),
    AgeTile(kind="by_age", title="AGE OF ENDED", band=BANDS, of="ended"),
    AgeTile(kind="by_age", title="AGE THEN", band=BANDS, of="all", at="consent_date"),
)
FILTER = AgeFilter(kind="age", label="Age then", everything="All", band=BANDS, at="consent_date")


def with_tiles(register: Definition) -> Definition:
    young = Report(code="young", title="Young then", ages=BANDS[0], at="consent_date")
    reports = (*register.reporting.reports, young)
    reporting = register.reporting.model_copy(update={"tiles": TILES, "filters": (FILTER,), "reports": reports})
    return register.model_copy(update={"reporting": reporting})


async def held(
    rig: Rig, organisation_id: UUID, record: RecordReceipt, *, meeting_outcome: str, ending: bool = False
) -> None:
    """Record the outcome of a meeting that happened."""
    await rig.record_outcome(
        organisation_id,
        record,
        ending=ending,
        cetr_requested="yes",
        meeting_happened="yes",
        meeting_outcome=meeting_outcome,
    )


@pytest.fixture
def registers(registers: Registers) -> Registers:
    """Return the registers, with other tiles in the DSR."""
    return Registers([_counting(each) for each in registers.every()])


def _counting(loaded: LoadedRegister) -> LoadedRegister:
    is_dsr = loaded.definition.code == "dsr"
    return replace(loaded, definition=with_tiles(loaded.definition)) if is_dsr else loaded


@pytest.mark.requirement("R-DSR-141", "R-DSR-144")
async def test_ended_records_and_outcomes_are_counted_where_a_tile_asks_for_them(rig: Rig) -> None:
    organisation, other = rig.organisation("Alpha"), rig.organisation("Beta")
    reader, outsider = rig.somebody(Role.REPORTING, organisation), rig.somebody(Role.REPORTING, other)
    active, ended = await rig.submit(organisation, risk_level="red"), await rig.submit(organisation, risk_level="amber")
    await rig.submit(organisation, risk_level="green")
    await held(rig, organisation, active, meeting_outcome="plan_changed")
    await held(rig, organisation, active, meeting_outcome="admission_avoided")
    await rig.record_outcome(organisation, active)  # does not say: the latest answer stands
    await held(rig, organisation, ended, ending=True, meeting_outcome="admission_agreed")
    await rig.copy()

    board = {tile.title: tile for tile in (await rig.dashboard(reader)).tiles}
    found = {title: {each.label: each.count for each in tile.counts if each.count} for title, tile in board.items()}

    assert ({"ENDED": 1}, {"ALL": 3}) == (found["ENDED"], found["ALL"])
    assert ({"Red": 1, "Amber": 1, "Green": 1}, {"Amber": 1}) == (found["RISK OF ALL"], found["RISK OF ENDED"])
    assert {"Admission avoided": 1, "Not recorded": 1} == found["RESULT"]
    assert {"Admission agreed": 1} == found["RESULT OF ENDED"]
    assert [1] == list(found["WHERE ENDED"].values())
    assert (True, "ended") == (board["RESULT OF ENDED"].by_outcome, board["RESULT OF ENDED"].of)
    assert {0} == {each.count for tile in (await rig.dashboard(outsider)).tiles for each in tile.counts}


async def test_an_outcome_is_counted_as_soon_as_it_is_copied(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader, record = rig.somebody(Role.REPORTING, organisation), await rig.submit(organisation)
    await rig.copy()
    before = await rig.panel(reader, "RESULT")

    await held(rig, organisation, record, meeting_outcome="other")
    await rig.copy()

    assert (0, 1) == (before["Other"], (await rig.panel(reader, "RESULT"))["Other"])


async def test_a_record_that_is_active_again_is_not_counted_as_ended(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader, record = rig.somebody(Role.REPORTING, organisation), await rig.submit(organisation)
    await rig.archive(organisation, record)
    await rig.copy()
    ended = await rig.panel(reader, "ENDED")

    await rig.reverse(organisation, record)
    await rig.copy()

    assert [{"ENDED": 1}, {"ENDED": 0}] == [ended, await rig.panel(reader, "ENDED")]


async def test_an_age_on_a_date_is_not_that_of_today(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    then = {"consent_date": "2022-06-17", "tool_date": "2022-06-17", "risk_level_date": "2022-06-17"}
    for born in ("1992-06-18", "1992-06-17"):  # 29 and 30 years old on the day, both older today
        await rig.submit(organisation, date_of_birth=born, **then)
    await rig.archive(organisation, await rig.submit(organisation, date_of_birth="1960-01-01", **then))
    await rig.copy()

    assert {"Young": 1, "Old": 2} == await rig.panel(reader, "AGE THEN")
    assert {"Young": 0, "Old": 1} == await rig.panel(reader, "AGE OF ENDED")


@pytest.mark.programs
async def test_a_report_goes_by_the_age_on_a_date_and_its_summary_by_outcomes(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    then = {"consent_date": "2022-06-17", "tool_date": "2022-06-17", "risk_level_date": "2022-06-17"}
    young = await rig.submit(organisation, date_of_birth="1992-06-18", **then)
    await rig.submit(organisation, date_of_birth="1992-06-17", **then)
    unknown = await rig.submit(organisation, date_of_birth="not_known", **then)
    await held(rig, organisation, young, meeting_outcome="plan_changed")
    await held(rig, organisation, young, meeting_outcome="other")
    await rig.copy()

    limited, chosen = await rig.report(reader, "young"), await rig.report(reader, "referrals", age="0-29")
    whole = await rig.report(reader, "referrals_outcomes")

    references = [column(each, "Reference") for each in (limited, chosen)]
    assert [[young.reference], [young.reference]] == references
    apart = [column(each, "Reference", "Age on that date not known") for each in (limited, chosen)]
    assert [[unknown.reference], [unknown.reference]] == apart
    rows = {row[0]: row[1] for row in whole["Summary"].iter_rows(values_only=True) if row[0]}
    assert (1, 1, 1, 0) == (rows["Young"], rows["Old"], rows["Other"], rows["Support plan changed"])
    titles = {row[0] for row in whole["Summary"].iter_rows(values_only=True)}
    assert {"RESULT", "AGE THEN"} <= titles
    assert not {"RESULT OF ENDED", "RISK OF ENDED"} & titles
    assert "RESULT" not in {row[0] for row in limited["Summary"].iter_rows(values_only=True)}


@pytest.mark.programs
@pytest.mark.requirement("R-USE-002", "R-DSR-141")
async def test_a_person_counts_once_in_tiles_of_ended_records_and_of_outcomes_as_in_the_file(
    rig: Rig, owner: Owner
) -> None:
    here, there = rig.organisation("Alpha"), rig.organisation("Beta")
    risks = {here: ("red", "amber", "green"), there: ("amber", "amber", "green")}
    results = iter(("plan_changed", "admission_avoided", "admission_agreed", "other"))
    linked = []
    for organisation, (active, ended, other) in risks.items():
        for risk, ending in ((active, False), (ended, True)):
            linked.append(await rig.submit(organisation, risk_level=risk))
            await held(rig, organisation, linked[-1], meeting_outcome=next(results), ending=ending)
        await rig.submit(organisation, risk_level=other)
    await rig.copy()
    await owner.rows(LINK, [each.record_id for each in linked], new_id())

    both, one = rig.somebody(Role.REPORTING, here, there), rig.somebody(Role.REPORTING, there)
    found, narrow = await nonzero(rig, both), await nonzero(rig, one)

    assert ({"ENDED": 1}, {"ALL": 3}) == (found["ENDED"], found["ALL"])
    assert {"Red": 1, "Green": 2} == found["RISK OF ALL"]
    assert {"Amber": 1} == found["RISK OF ENDED"]
    assert {"Support plan changed": 1, "Not recorded": 2} == found["RESULT"]
    assert [1, 1, 3] == [sum(found[each].values()) for each in ("WHERE ENDED", "AGE OF ENDED", "AGE THEN")]
    assert {"Amber": 1, "Green": 1} == narrow["RISK OF ALL"]
    assert {"Admission agreed": 1, "Not recorded": 1} == narrow["RESULT"]
    assert {"Other": 1} == narrow["RESULT OF ENDED"]
    of_active, of_ended = await rig.report(both, "referrals_outcomes"), await rig.report(both, "archived")
    assert found["RESULT"] == summed(of_active, "RESULT")
    tiles = ("RISK OF ENDED", "RESULT OF ENDED", "WHERE ENDED", "AGE OF ENDED")
    assert [found[each] for each in tiles] == [summed(of_ended, each) for each in tiles]


async def nonzero(rig: Rig, reader: Visitor) -> dict[str, dict[str, int]]:
    """Return the counts of each tile of the dashboard that are not 0."""
    tiles = (await rig.dashboard(reader)).tiles
    return {tile.title: {each.label: each.count for each in tile.counts if each.count} for tile in tiles}


def summed(book: Workbook, title: str) -> dict[object, object]:
    """Return the counts of a table of the summary that are not 0."""
    rows = [row[:2] for row in book["Summary"].iter_rows(values_only=True)]
    first = next(place for place, row in enumerate(rows) if row[0] == title) + 1
    return {label: n for label, n in takewhile(lambda row: row[0], rows[first:]) if n}


@pytest.mark.requirement("R-DSR-141")
@pytest.mark.parametrize(
    ("role", "has_outcomes", "left_out"),
    [
        (Role.ADMINISTRATOR, True, set()),
        (Role.ADMINISTRATOR, False, {"RESULT", "RESULT OF ENDED"}),
        (Role.REPORTING, True, {each.title for each in TILES if getattr(each, "of", "active") != "active"}),
        (Role.STANDARD, True, {each.title for each in TILES if each.title != "nothing"}),
    ],
)
def test_whoever_may_not_read_the_answers_sees_no_count_of_them(
    registers: Registers, role: Role, has_outcomes: bool, left_out: set[str]
) -> None:
    register = ended_seen_by(registers.find("dsr"), "administrator")

    shown = {tile.title for tile in tiles_shown(register, a_visitor(role), has_outcomes=has_outcomes)}

    assert left_out == {tile.title for tile in TILES} - shown


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ({"tiles": (OptionTile(kind="by_option", title="T", question="meeting_outcom"),)}, "is not a question"),
        ({"tiles": (OptionTile(kind="by_option", title="T", question="cetr_date"),)}, "not a question with options"),
        ({"tiles": (AgeTile(kind="by_age", title="T", band=BANDS, at="risk_level"),)}, "must be a date"),
        ({"tiles": (AgeTile(kind="by_age", title="T", band=BANDS, at="died"),)}, "died is not a question of the form"),
        ({"filters": (FILTER.model_copy(update={"at": None}), FILTER)}, "there is an age filter already"),
        ({"reports": (Report(code="r", title="R", at="consent_date"),)}, "says at, which belongs to ages"),
    ],
)
def test_what_cannot_be_counted_is_said(registers: Registers, update: dict[str, object], told: str) -> None:
    register = registers.find("dsr")
    changed = register.model_copy(update={"reporting": register.reporting.model_copy(update=update)})

    assert [] == find_faults(register)
    assert [True] == [told in str(fault) for fault in find_faults(changed)]


def test_ended_records_are_not_counted_where_nothing_ends(registers: Registers) -> None:
    register = registers.find("dsr")
    lifecycle = register.lifecycle.model_copy(update={"transitions": ()})
    reporting = register.reporting.model_copy(update={"tiles": TILES[:1]})

    faults = find_faults(register.model_copy(update={"lifecycle": lifecycle, "reporting": reporting}))

    assert any("tile ENDED: counts ended records, and no record ends" in str(fault) for fault in faults)
