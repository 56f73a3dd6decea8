"""Reminders of reviews: by reference, to the holder, once a day, however often the job runs and whatever stops it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from services.referrals.handlers.review_reminders import ReviewReminders
from shared.contracts.referrals.holding import AssignHolder
from shared.contracts.referrals.reviews import ReviewsDue
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord
from shared.permissions import Role, Visitor
from shared.registers.definition.reviews import ReviewIntervals
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Adaptation, Overlay
from tests.rules.typed import INVENTED
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.loading import a_new_row, load
from tests.services.referrals.rig import Owner, Referrals
from tests.support.databases import database_copy

pytestmark = pytest.mark.requirement("R-USE-007")

RATED = "UPDATE record SET rated_at = $2 WHERE id = $1"
FRESH = (
    "TRUNCATE review_reminder, review_reminder_day",
    "UPDATE record SET rating = NULL, next_review = NULL, review_agreed_at = NULL WHERE rating IS NOT NULL",
)
SUMMER_TIME_ENDS = date(2026, 10, 25)


@pytest_asyncio.fixture(scope="module")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database for these tests alone, because the job works for the whole register."""
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture
def registers() -> Registers:
    registers = load_registers([INVENTED])
    overlay = Overlay(reviews=ReviewIntervals(days={"red": 7}, source="Policy of the register, June 2026"))
    registers.adapt({"dsr": Adaptation(1, overlay)})
    return registers


@dataclass
class Reminding:
    """The job at times of the test's choosing, and the notices that it publishes."""

    referrals: Referrals
    owner: Owner
    read: int = 0

    async def add(self, visitor: Visitor, rated_on: date) -> RecordReceipt:
        receipt = await self.referrals.submit(visitor, risk_level="red")
        await self.owner.rows(RATED, receipt.record_id, datetime(*rated_on.timetuple()[:3], 12, tzinfo=UTC))
        return receipt

    async def run(self, moment: datetime, *, publishes: bool = True) -> list[ReviewsDue]:
        """Run the job at this time. Return the notices published since the last run."""
        context = replace(self.referrals.context, clock=lambda: moment)
        await ReviewReminders(context).remind()
        return await self.published() if publishes else []

    async def published(self) -> list[ReviewsDue]:
        while await self.referrals.relay.carry_batch():
            pass
        bodies = [body for subject, body, _ in self.referrals.wire.published if subject.endswith(".reviews")]
        fresh, self.read = bodies[self.read :], len(bodies)
        return [ReviewsDue.model_validate_json(body) for body in fresh]


@pytest.fixture
async def reminding(referrals: Referrals, owner: Owner) -> Reminding:
    """A job that has reminded of nothing yet, in a register without rated records."""
    for statement in FRESH:
        await owner.rows(statement)
    return Reminding(referrals, owner)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def named(notices: Sequence[ReviewsDue]) -> list[tuple[UUID, list[str]]]:
    return [(each.holder, [review.reference for review in each.reviews]) for each in notices]


def days_of(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


async def test_each_record_is_named_a_week_before_once_it_is_overdue_and_each_week_after(reminding: Reminding) -> None:
    rated = date(2026, 9, 1)  # so it is due on the 8th
    receipt = await reminding.add(a_visitor(), rated)

    told = [day for day in days_of(date(2026, 8, 30), 35) if await reminding.run(at(day, 8))]

    assert [date(2026, 9, 1), date(2026, 9, 9), date(2026, 9, 16), date(2026, 9, 23), date(2026, 9, 30)] == [
        day for day in told if day >= rated
    ]
    assert receipt.reference


async def test_a_holder_gets_one_notice_a_day_with_all_that_is_due(reminding: Reminding) -> None:
    visitor, other = a_visitor(), a_visitor()
    day = date(2026, 9, 10)
    late, soon = await reminding.add(visitor, date(2026, 9, 1)), await reminding.add(visitor, date(2026, 9, 5))
    theirs = await reminding.add(other, date(2026, 9, 1))

    first = await reminding.run(at(day, 6, 5))
    await reminding.add(visitor, date(2026, 9, 2))
    again = [notice for minute in range(5) for notice in await reminding.run(at(day, 9, minute))]

    assert [] == again
    assert sorted([(visitor.user_id, [late.reference, soon.reference]), (other.user_id, [theirs.reference])]) == sorted(
        named(first)
    )
    assert [date(2026, 9, 8), date(2026, 9, 12)] == [
        each.due_on for notice in first if notice.holder == visitor.user_id for each in notice.reviews
    ]
    assert 1 == len(await reminding.run(at(day + timedelta(days=1), 8)))


async def test_reminders_begin_at_seven_in_london_in_summer_and_in_winter(reminding: Reminding) -> None:
    summer, winter = SUMMER_TIME_ENDS - timedelta(days=1), SUMMER_TIME_ENDS
    visitor = a_visitor()
    await reminding.add(visitor, summer - timedelta(days=8))
    await reminding.add(visitor, winter - timedelta(days=8))

    runs = [(summer, 5, 59), (summer, 6, 0), (winter, 6, 0), (winter, 6, 59), (winter, 7, 0), (winter, 19, 59)]
    told = [len(await reminding.run(at(day, hour, minute))) for day, hour, minute in runs]

    # In summer time it is 06:59, then 07:00. After the change it is 06:00, 06:59, 07:00 and 19:59.
    assert [0, 1, 0, 0, 1, 0] == told


async def test_the_day_of_a_review_is_a_day_of_london_across_the_change_of_the_clocks(
    reminding: Reminding, owner: Owner
) -> None:
    """A rating of 23:30 UTC on 24 October was given on the 25th, so it is overdue on 2 November and not on the 1st."""
    visitor = a_visitor()
    receipt = await reminding.referrals.submit(visitor, risk_level="red")
    await owner.rows(RATED, receipt.record_id, at(date(2026, 10, 24), 23, 30))

    (soon,) = await reminding.run(at(SUMMER_TIME_ENDS, 8))
    on_the_day = await reminding.run(at(date(2026, 11, 1), 8))
    (late,) = await reminding.run(at(date(2026, 11, 2), 8))

    assert {date(2026, 11, 1)} == {each.due_on for notice in (soon, late) for each in notice.reviews}
    assert [] == on_the_day


async def test_nobody_is_told_at_night_even_after_an_outage(reminding: Reminding) -> None:
    await reminding.add(a_visitor(), date(2026, 9, 1))

    assert [] == await reminding.run(at(date(2026, 9, 20), 22))
    assert 1 == len(await reminding.run(at(date(2026, 9, 21), 8)))


async def test_an_outage_of_weeks_ends_with_one_notice(reminding: Reminding) -> None:
    visitor = a_visitor()
    receipts = [await reminding.add(visitor, date(2026, 7, 1) + timedelta(days=number)) for number in range(3)]

    (notice,) = await reminding.run(at(date(2026, 9, 10), 15))

    assert (3, [each.reference for each in receipts]) == (notice.total, [each.reference for each in notice.reviews])


async def test_while_a_notice_waits_to_be_published_no_other_is_added(reminding: Reminding) -> None:
    visitor = a_visitor()
    await reminding.add(visitor, date(2026, 9, 1))
    for day in days_of(date(2026, 9, 10), 20):
        await reminding.run(at(day, 8), publishes=False)

    assert 1 == len(await reminding.published())


async def test_two_processes_at_once_send_one_notice(reminding: Reminding, referrals: Referrals) -> None:
    await reminding.add(a_visitor(), date(2026, 9, 1))
    context = replace(referrals.context, clock=lambda: at(date(2026, 9, 10), 8))

    await asyncio.gather(*(ReviewReminders(context).remind() for _ in range(4)))

    assert 1 == len(await reminding.published())


async def test_the_named_holder_is_told_and_not_the_creator(reminding: Reminding, referrals: Referrals) -> None:
    creator = a_visitor()
    holder, administrator = colleague_of(creator), colleague_of(creator, Role.ADMINISTRATOR)
    receipt = await reminding.add(creator, date(2026, 9, 1))
    await referrals.grants(holder)
    named_holder = AssignHolder(command_id=new_id(), record_id=receipt.record_id, user_id=holder.user_id, seen=None)
    await referrals.ask(administrator, named_holder)

    (notice,) = await reminding.run(at(date(2026, 9, 10), 8))

    assert holder.user_id == notice.holder
    assert [creator.user_id] == [each.created_by for each in notice.reviews]


async def test_a_review_a_new_day_and_an_archive_end_the_reminders(reminding: Reminding, referrals: Referrals) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    reviewed, archived = [await reminding.add(administrator, date(2026, 9, 1)) for _ in range(2)]
    assert 2 == (await reminding.run(at(date(2026, 9, 10), 8)))[0].total

    review = ReviewRecord(command_id=new_id(), record_id=reviewed.record_id, version=0)
    await referrals.ask(administrator, review)
    await referrals.archive(administrator, archived)

    assert [] == await reminding.run(at(date(2026, 9, 20), 8))


async def test_a_notice_says_nothing_of_a_person(reminding: Reminding) -> None:
    visitor = a_visitor(full_name="Jayne Billings")
    receipt = await reminding.add(visitor, date(2026, 9, 1))

    (notice,) = await reminding.run(at(date(2026, 9, 10), 8))

    said = notice.model_dump_json()
    assert receipt.reference in said
    assert not [each for each in ("Percy", "Plum", "Jayne", "2001", receipt.record_id.hex) if each in said]


async def test_reminders_are_audited_by_record(reminding: Reminding, owner: Owner) -> None:
    receipt = await reminding.add(a_visitor(), date(2026, 9, 1))

    await reminding.run(at(date(2026, 9, 10), 8))

    audited = "SELECT actor, subjects FROM audit WHERE action = 'record.review_reminded' AND $1 = ANY(subjects)"
    (row,) = await owner.rows(audited, receipt.record_id)
    assert (None, [receipt.record_id]) == (row["actor"], list(row["subjects"]))


async def test_nobody_is_reminded_of_a_loaded_record_until_somebody_takes_it_up(
    reminding: Reminding, referrals: Referrals, owner: Owner
) -> None:
    """A spreadsheet of ten thousand old records mails nobody. They stand on the list, with their own dates."""
    visitor = a_visitor()
    (done,) = await load(referrals.context, visitor, a_new_row(referrals.context, visitor, risk_level="red"))
    (record,) = await owner.rows("SELECT id, reference FROM record WHERE id = $1", done.record_id)
    await owner.rows(RATED, record["id"], at(date(2026, 1, 1), 12))

    assert [] == await reminding.run(at(date(2026, 9, 10), 8))

    review = ReviewRecord(command_id=new_id(), record_id=record["id"], version=0)
    await referrals.ask(visitor, review)
    await owner.rows(RATED, record["id"], at(date(2026, 1, 1), 12))
    assert [(visitor.user_id, [record["reference"]])] == named(await reminding.run(at(date(2026, 9, 11), 8)))
