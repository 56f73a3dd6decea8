"""Next reviews in reports: a panel of the dashboard, and a column of workbooks. Both follow the intervals at once."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.reports.workbook.due import AGREED, REVIEW, counted_review, due_on
from shared.clock import london_today
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord
from shared.permissions import Role
from shared.registers.definition.reviews import ReviewIntervals
from shared.registers.form.reviewing import LastReview, review_due
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Adaptation, Overlay
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.reports.rig import Rig, column

pytestmark = pytest.mark.requirement("R-USE-007")

REVIEWS, HEADING = "REVIEWS", "Next review due"
TODAY = london_today()


@pytest.fixture
def registers() -> Registers:
    return reviewing(load_registers(), red=7)


def reviewing(registers: Registers, **days: int) -> Registers:
    overlay = Overlay(reviews=ReviewIntervals(days=days, source="Policy of the register, June 2026"))
    registers.adapt({"dsr": Adaptation(registers.adaptation("dsr").version + 1, overlay)})
    return registers


async def review(rig: Rig, organisation: UUID, receipt: RecordReceipt, next_review: date | None) -> None:
    asked = ReviewRecord(
        command_id=new_id(), record_id=receipt.record_id, version=receipt.version, next_review=next_review
    )
    await rig.ask(a_visitor(Role.ADMINISTRATOR, organisation), asked)


def at_noon(days: int) -> datetime:
    return datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC) + timedelta(days=days)


def panel(overdue: int = 0, soon: int = 0, later: int = 0, none: int = 0) -> dict[str, int]:
    return {"Overdue": overdue, "Due in the next 7 days": soon, "Later": later, "No date": none}


async def test_the_panel_counts_by_when_the_next_review_is_due(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    for level in ("red", "red", "green"):
        await rig.submit(organisation, risk_level=level)
    agreed = await rig.submit(organisation, risk_level="red")
    await review(rig, organisation, agreed, TODAY + timedelta(days=40))
    await rig.copy()

    found = {}
    for days in (0, 8, 33, 41):
        rig.clock.set_to = at_noon(days)
        found[days] = await rig.panel(reader, REVIEWS)

    assert {
        0: panel(soon=2, later=1, none=1),
        8: panel(overdue=2, later=1, none=1),
        33: panel(overdue=2, soon=1, none=1),
        41: panel(overdue=3, none=1),
    } == found


async def test_a_changed_interval_changes_the_panel_at_once(rig: Rig, registers: Registers) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation, risk_level="red")
    await rig.copy()
    rig.clock.set_to = at_noon(10)
    before = await rig.panel(reader, REVIEWS)

    reviewing(registers, red=90)
    longer = await rig.panel(reader, REVIEWS)
    reviewing(registers)

    assert (panel(overdue=1), panel(later=1)) == (before, longer)
    assert panel(none=1) == await rig.panel(reader, REVIEWS)


async def test_a_review_takes_a_record_off_what_is_overdue(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    receipt = await rig.submit(organisation, risk_level="red")
    await review(rig, organisation, receipt, TODAY)
    await rig.copy()
    rig.clock.set_to = at_noon(1)
    before = await rig.panel(reader, REVIEWS)

    await review(rig, organisation, receipt.model_copy(update={"version": 1}), None)
    await rig.copy()

    assert (panel(overdue=1), panel(soon=1)) == (before, await rig.panel(reader, REVIEWS))


async def test_each_row_of_a_report_has_the_day_of_its_next_review(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation, risk_level="red", last_name="Ash")
    await rig.submit(organisation, risk_level="green", last_name="Elm")
    agreed = await rig.submit(organisation, risk_level="red", last_name="Yew")
    await review(rig, organisation, agreed, TODAY + timedelta(days=40))
    await rig.copy()

    workbook = await rig.report(reader)

    days = {
        name: day.date() if isinstance(day, datetime) else day
        for name, day in zip(column(workbook, "Last Name"), column(workbook, HEADING), strict=True)
    }
    assert {"Ash": TODAY + timedelta(days=7), "Elm": None, "Yew": TODAY + timedelta(days=40)} == days


@pytest.mark.parametrize("rating", ["red", "green"])
@pytest.mark.parametrize("next_review", [None, date(2026, 11, 10), date(2026, 10, 25), date(2026, 10, 1)])
@pytest.mark.parametrize("is_agreed", [True, False])
def test_what_is_counted_gives_the_day_that_the_record_says(
    registers: Registers, rating: str, next_review: date | None, *, is_agreed: bool
) -> None:
    rated_at = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    agreed_at = None if next_review is None else rated_at if is_agreed else rated_at - timedelta(days=1)

    name, text = counted_review(rating, date(2026, 10, 25), next_review, is_agreed=is_agreed and agreed_at is not None)

    last = LastReview(rating, rated_at, next_review, agreed_at)
    assert review_due(registers.find("dsr"), last) == due_on(name, text, {"red": 7})
    assert name in (AGREED, f"{REVIEW}{rating}")
