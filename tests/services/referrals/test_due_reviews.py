"""Reviews that are due: from the interval of a level or the day agreed, on the lists of those who see the record."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from services.referrals.rules.reviewing import due_time
from shared.clock import london_today
from shared.contracts.referrals.caseload import ReadCaseload
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.overlays import PublishOverlay
from shared.contracts.referrals.reviews import DueCounts, ListDueReviews
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord
from shared.permissions import Role, Visitor
from shared.registers.definition.reviews import ReviewIntervals, ReviewRules
from shared.registers.files import LoadedRegister
from shared.registers.form.reviewing import LastReview, review_due
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Adaptation, Overlay
from tests.rules.typed import INVENTED
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals
from tests.support.databases import database_copy

TODAY = london_today()
SOURCE = "Register policy 4.2, 1 November 2026"
RATED = "UPDATE record SET rated_at = $2 WHERE id = $1"


@pytest_asyncio.fixture(scope="module")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database for these tests alone, because an interval applies to the whole register."""
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture
def registers() -> Registers:
    """Return the registers, and one without a rating that reviews every record after 30 days."""
    found = load_registers([INVENTED])
    dsr = found.find("dsr")
    every = ReviewRules(intervals=ReviewIntervals(days={"every": 30}, source=SOURCE))
    named = dsr.identity.model_copy(update={"code": "bare"})
    bare = dsr.model_copy(update={"identity": named, "rating": None, "reviews": every})
    return Registers([*found.every(), LoadedRegister(bare, sha256="")])


def reviewing(referrals: Referrals, **days: int) -> None:
    """Let the register review in these intervals."""
    overlay = Overlay(reviews=ReviewIntervals(days=days, source=SOURCE))
    version = referrals.context.registers.adaptation("dsr").version + 1
    referrals.context.registers.adapt({"dsr": Adaptation(version, overlay)})


async def rated(
    referrals: Referrals, owner: Owner, visitor: Visitor, days_ago: int, level: str = "red"
) -> RecordReceipt:
    """Add a record whose rating was given so many days ago, at noon."""
    receipt = await referrals.submit(visitor, first_name=f"Day{days_ago}", risk_level=level)
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC) - timedelta(days=days_ago)
    await owner.rows(RATED, receipt.record_id, noon)
    return receipt


async def listed(referrals: Referrals, visitor: Visitor, due: str = "overdue") -> list[tuple[str, date]]:
    found = await referrals.ask(visitor, ListDueReviews.model_validate({"due": due}))
    assert len(found.rows) == found.matches
    return [(each.name.split()[0], each.due_on) for each in found.rows]


def a_review(receipt: RecordReceipt, next_review: date | None = None) -> ReviewRecord:
    return ReviewRecord(
        command_id=new_id(), record_id=receipt.record_id, version=receipt.version, next_review=next_review
    )


@pytest.mark.requirement("R-USE-007")
async def test_a_review_is_due_an_interval_after_the_rating(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    reviewing(referrals, red=7)
    for days_ago in (3, 7, 8, 20):
        await rated(referrals, owner, visitor, days_ago)

    overdue, soon = await listed(referrals, visitor), await listed(referrals, visitor, "soon")

    assert [("Day20", TODAY - timedelta(days=13)), ("Day8", TODAY - timedelta(days=1))] == overdue
    assert [("Day7", TODAY), ("Day3", TODAY + timedelta(days=4))] == soon
    assert DueCounts(overdue=2, soon=2) == (await referrals.ask(visitor, ReadCaseload())).reviews


async def test_no_review_is_due_before_somebody_has_entered_an_interval(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await rated(referrals, owner, visitor, 900)
    reviewing(referrals, amber=7)

    assert DueCounts() == (await referrals.ask(visitor, ReadCaseload())).reviews
    assert (await referrals.read(visitor, receipt.record_id)).review_due is None


async def test_a_changed_interval_changes_every_day_at_once(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await rated(referrals, owner, visitor, 10)
    reviewing(referrals, red=30)
    before = (await referrals.read(visitor, receipt.record_id)).review_due

    reviewing(referrals, red=7)

    assert TODAY + timedelta(days=20) == before
    assert TODAY - timedelta(days=3) == (await referrals.read(visitor, receipt.record_id)).review_due
    assert [("Day10", TODAY - timedelta(days=3))] == await listed(referrals, visitor)


@pytest.mark.requirement("R-USE-007")
async def test_the_day_that_the_last_review_agreed_comes_before_the_interval(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor()
    reviewing(referrals, red=7)
    receipt = await rated(referrals, owner, visitor, 20)

    agreed = await referrals.ask(visitor, a_review(receipt, TODAY + timedelta(days=90)))
    shown = await referrals.read(visitor, receipt.record_id)
    assert (TODAY + timedelta(days=90), True) == (shown.review_due, shown.review_agreed)
    assert [] == await listed(referrals, visitor)

    await referrals.ask(visitor, a_review(agreed))
    again = await referrals.read(visitor, receipt.record_id)
    assert (TODAY + timedelta(days=7), False) == (again.review_due, again.review_agreed)


async def test_a_new_rating_brings_the_day_agreed_forward_and_never_puts_it_off(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor()
    reviewing(referrals, red=7, amber=30)
    receipt = await rated(referrals, owner, visitor, 1, "amber")
    agreed = await referrals.ask(visitor, a_review(receipt, TODAY + timedelta(days=14)))

    worse = await referrals.update(visitor, agreed, risk_level="red")
    assert TODAY + timedelta(days=7) == (await referrals.read(visitor, receipt.record_id)).review_due
    await referrals.update(visitor, worse, risk_level="green")
    assert TODAY + timedelta(days=14) == (await referrals.read(visitor, receipt.record_id)).review_due


async def test_each_sees_the_reviews_of_the_records_in_their_own_reach(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    reviewing(referrals, red=7)
    await rated(referrals, owner, visitor, 9)
    administrator, colleague = colleague_of(visitor, Role.ADMINISTRATOR), colleague_of(visitor)

    assert 1 == len(await listed(referrals, visitor)) == len(await listed(referrals, administrator))
    assert [] == await listed(referrals, colleague) == await listed(referrals, a_visitor(Role.ADMINISTRATOR))
    assert DueCounts() == (await referrals.ask(colleague, ReadCaseload())).reviews


async def test_a_record_that_was_archived_or_reviewed_is_no_longer_on_the_list(
    referrals: Referrals, owner: Owner
) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    reviewing(referrals, red=7)
    archived, reviewed = [await rated(referrals, owner, administrator, days) for days in (9, 10)]
    await referrals.archive(administrator, archived)
    await referrals.ask(administrator, a_review(reviewed))

    assert [] == await listed(referrals, administrator)


async def test_the_list_says_who_may_review_and_which_version(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    reviewing(referrals, red=7)
    receipt = await rated(referrals, owner, visitor, 9)

    (row,) = (await referrals.ask(visitor, ListDueReviews())).rows

    assert (receipt.record_id, receipt.version, receipt.reference) == (row.record_id, row.version, row.reference)
    assert (True, visitor.full_name) == (row.may_review, row.holder)
    audited = await owner.rows(
        "SELECT 1 FROM audit WHERE action = 'records.listed' AND $1 = ANY(subjects)", row.record_id
    )
    assert 1 == len(audited)


@pytest.mark.requirement("R-USE-007")
async def test_the_list_of_records_is_filtered_and_sorted_by_the_next_review(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    reviewing(referrals, red=7, amber=30)
    for days_ago, level in ((3, "red"), (9, "red"), (40, "amber"), (2, "green"), (20, "red")):
        await rated(referrals, owner, visitor, days_ago, level)

    async def names(**asked: object) -> list[str]:
        page = await referrals.ask(visitor, ListRecords.model_validate(asked))
        return [row.name.split()[0] for row in page.rows]

    overdue = {"reviews": ["overdue"]}
    assert ["Day20", "Day40", "Day9"] == await names(narrowing=overdue, sort="review")
    assert ["Day9", "Day40", "Day20"] == await names(narrowing=overdue, sort="review", turned=True)
    assert ["Day20", "Day40", "Day9", "Day3", "Day2"] == await names(sort="review")
    assert ["Day40"] == await names(narrowing={**overdue, "ratings": ["amber"]})
    assert ["Day3"] == await names(narrowing={"reviews": ["soon"]})
    assert ["Day20", "Day40", "Day9", "Day3"] == await names(narrowing={"reviews": ["overdue", "soon"]}, sort="review")
    assert ["Day20"] == await names(narrowing=overdue, search="day20")
    assert [] == await names(narrowing=overdue, search="day3")
    assert ["Day20", "Day9", "Day3"] == await names(search="plum", sort="review", narrowing={"ratings": ["red"]})


async def test_each_row_of_the_list_says_when_its_review_is_due(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    reviewing(referrals, red=7)
    await rated(referrals, owner, visitor, 3)
    await rated(referrals, owner, visitor, 3, "green")

    page = await referrals.listed(visitor)

    assert [None, TODAY + timedelta(days=4)] == [row.review_due for row in page.rows]


SQL = "SELECT review_due($1, $2, $3, $4, $5::text [], $6::integer [])"


@pytest.mark.parametrize("rating", ["red", "green", None])
@pytest.mark.parametrize("next_review", [None, date(2026, 11, 10), date(2026, 10, 25), date(2026, 10, 1)])
@pytest.mark.parametrize("is_agreed", [True, False])
async def test_both_functions_that_derive_the_day_agree(
    referrals: Referrals, owner: Owner, rating: str | None, next_review: date | None, *, is_agreed: bool
) -> None:
    """Also when clocks go back: 23:30 UTC on 24 October is the 25th in London."""
    reviewing(referrals, red=7)
    register = referrals.context.registers.find("dsr")
    rated_at = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    agreed_at = None if next_review is None else rated_at if is_agreed else rated_at - timedelta(days=1)
    due = due_time(register, (), TODAY)

    (row,) = await owner.rows(SQL, rating, rated_at, next_review, agreed_at, list(due.levels), list(due.days))

    assert row["review_due"] == review_due(register, LastReview(rating, rated_at, next_review, agreed_at))


@pytest.mark.requirement("R-USE-007")
async def test_a_register_without_a_rating_reviews_every_record_after_one_interval(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR, register_code="bare")
    receipt = await rated(referrals, owner, visitor, 31)
    assert [("Day31", TODAY - timedelta(days=1))] == await listed(referrals, visitor)

    reviewed = await referrals.ask(visitor, a_review(receipt))

    assert (None, []) == (reviewed.rating, await listed(referrals, visitor))
    assert TODAY + timedelta(days=30) == (await referrals.read(visitor, receipt.record_id)).review_due
    rating = ReviewRecord(command_id=new_id(), record_id=receipt.record_id, version=1, rating="red")
    assert ("invalid_answers", {"faults": 1}) == await referrals.refusal(visitor, rating)


@pytest.mark.requirement("R-USE-007")
async def test_an_interval_is_entered_with_its_source_by_who_administers_every_organisation(
    referrals: Referrals,
) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR).model_copy(update={"all_organisations": True})
    overlay = Overlay(reviews=ReviewIntervals(days={"red": 7}, source=SOURCE))

    version = referrals.context.registers.adaptation("dsr").version
    await referrals.ask(administrator, PublishOverlay(command_id=new_id(), seen_version=version, overlay=overlay))

    reviews = referrals.context.registers.find("dsr").reviews
    assert reviews is not None
    assert (7, None) == (reviews.days("red"), reviews.days("green"))
    unknown = overlay.model_copy(update={"reviews": ReviewIntervals(days={"purple": 7}, source=SOURCE)})
    refused = await referrals.refusal(
        administrator, PublishOverlay(command_id=new_id(), seen_version=version + 1, overlay=unknown)
    )
    assert "invalid" == refused[0]
