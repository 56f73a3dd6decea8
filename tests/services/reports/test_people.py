"""People with several linked records: counted once, at the highest rating, from the records that the visitor sees."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reports.rules.counting import Tallies
from services.reports.rules.people import LinkedRecord, count_people_once
from services.reports.rules.weeks import first_week, moves_of, weeks_shown
from shared.contracts.referrals.duplicates import DecideDuplicate
from shared.contracts.referrals.holding import AssignHolder
from shared.contracts.referrals.saving import RecordReceipt
from shared.contracts.reports import Dashboard
from shared.permissions import Role
from shared.registers.definition.register import Definition
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig, column
from tests.services.reports.test_weeks import MOMENTS, a_history, level_on

RATINGS = ("red", "amber", "green")
RISK, AGE, TOTAL, BREAKDOWN = "TOTALS BY RISK TYPE", "TOTALS BY AGE", "TOTAL RECORDS", "ORGANISATION BREAKDOWN"
TODAY = date(2026, 11, 22)
LINK = "UPDATE record_copy SET person_id = $2 WHERE record_id = ANY($1)"


@pytest.fixture(scope="module")
def dsr(registers: Registers) -> Definition:
    return registers.find("dsr")


Submitted = tuple[UUID, str, RecordReceipt]


@pytest.mark.slow
@given(st.lists(st.tuples(st.lists(MOMENTS, min_size=1, max_size=4, unique=True), st.booleans()), max_size=5))
def test_at_the_end_of_each_week_a_person_is_at_the_highest_rating_of_their_records(
    dsr: Definition, histories: list[tuple[list[datetime], bool]]
) -> None:
    records = [a_history(sorted(moments), ended=ended) for moments, ended in histories]
    tallies = Tallies()
    for move in (move for record in records for move in moves_of(record)):
        tallies.move(max(move.week, first_week(TODAY)), move.level, move.n)
    person, organisation = UUID(int=1), UUID(int=2)
    linked = [
        LinkedRecord(new_id(), person, organisation, True, False, [], None, moves_of(record)) for record in records
    ]

    count_people_once(tallies, dsr, linked, TODAY)

    for ends, standing in weeks_shown(tallies.moves, TODAY):
        there = {level for record in records if (level := level_on(record, ends)) is not None}
        highest = next((each for each in RATINGS if each in there), None)
        assert ({highest: 1} if highest else {}) == {level: n for level, n in standing.items() if n}


@pytest.mark.requirement("R-USE-002", "R-DSR-154", "R-DSR-155")
@pytest.mark.parametrize("seed", range(4))
async def test_on_any_links_and_scopes_the_panels_count_each_person_once(rig: Rig, owner: Owner, seed: int) -> None:
    chance = random.Random(seed)
    organisations = [rig.organisation(f"Team {number}") for number in range(3)]
    records = [await submitted(rig, chance, organisations) for _ in range(12)]
    await rig.copy()
    people = await linked_at_random(owner, chance, records)

    for size in (1, 2, 3, 3):
        seen_by = chance.sample(organisations, size)
        reader = rig.somebody(Role.REPORTING, *seen_by)
        expected: dict[object, tuple[str, UUID]] = {}
        for organisation, rating, receipt in sorted(records, key=lambda each: RATINGS.index(each[1])):
            if organisation in seen_by:
                expected.setdefault(people.get(receipt.record_id, receipt.record_id), (rating, organisation))
        board = await rig.dashboard(reader)
        ratings = Counter(rating for rating, _ in expected.values())
        assert {each.capitalize(): ratings[each] for each in RATINGS} == counted(board, RISK)
        assert [len(expected)] * 4 == [sum(counted(board, each).values()) for each in (RISK, AGE, TOTAL, BREAKDOWN)]
        (weeks,) = (tile.weeks for tile in board.tiles if tile.weeks)
        assert ratings == {each.code: each.count for each in weeks[-1].counts if each.count}


@pytest.mark.programs
@pytest.mark.requirement("R-USE-002", "R-DSR-158")
async def test_a_report_names_holder_and_links_and_has_the_most_urgent_first(rig: Rig) -> None:
    here, there = rig.organisation("Here"), rig.organisation("There")
    person = {"first_name": "Robin", "last_name": "Redfern", "nhs_number": "9990000018"}
    amber = await rig.submit(here, **person, risk_level="amber")
    red = await rig.submit(there, **person | {"postcode": "ST16 3SR"}, risk_level="red")
    for name in ("\u00c5berg", "abbott", "O'Neil"):
        await rig.submit(here, last_name=name, risk_level="red")
    both = a_visitor(Role.ADMINISTRATOR, here, there)
    await rig.ask(
        both, DecideDuplicate(command_id=new_id(), one=amber.record_id, other=red.record_id, verdict="linked")
    )
    holder = a_visitor(Role.STANDARD, here, full_name="Nadia Khan")
    rig.identity.grants[holder.user_id] = holder
    assign = AssignHolder(command_id=new_id(), record_id=amber.record_id, user_id=holder.user_id, seen=None)
    await rig.ask(both, assign)
    await rig.copy()

    book = await rig.report(rig.somebody(Role.REPORTING, here, there))
    narrow = await rig.report(rig.somebody(Role.REPORTING, here))

    assert ["abbott", "\u00c5berg", "O'Neil", "Redfern", "Redfern"] == column(book, "Last Name")
    assert [None, None, None, amber.reference, red.reference] == column(book, "Linked To")
    assert holder.full_name == column(book, "Holder")[-1] != column(book, "Holder")[-2]
    facts = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True)}
    assert (5, 4, 4, 0) == (facts["Records"], facts[PEOPLE], facts["Red"], facts["Amber"])
    assert [None] * 4 == column(narrow, "Linked To")
    assert 1 == {row[0]: row[1] for row in narrow["Summary"].iter_rows(values_only=True)}["Amber"]


PEOPLE = "People (linked records count as one person)"


async def submitted(rig: Rig, chance: random.Random, organisations: Sequence[UUID]) -> Submitted:
    organisation, rating = chance.choice(organisations), chance.choice(RATINGS)
    born = chance.choice(["1990-05-05", "2015-05-05", "not_known"])
    return organisation, rating, await rig.submit(organisation, risk_level=rating, date_of_birth=born)


async def linked_at_random(owner: Owner, chance: random.Random, records: Sequence[Submitted]) -> Mapping[UUID, UUID]:
    """Link some of the records, and return the person of each that is linked."""
    people: dict[UUID, UUID] = {}
    for _ in range(3):
        free = [receipt.record_id for _, _, receipt in records if receipt.record_id not in people]
        linked, person = chance.sample(free, chance.randint(2, 3)), new_id()
        people |= dict.fromkeys(linked, person)
        await owner.rows(LINK, linked, person)
    return people


def counted(board: Dashboard, title: str) -> dict[str, int]:
    (tile,) = (each for each in board.tiles if each.title == title)
    return {each.label: each.count for each in tile.counts}
