"""Reviewing a rating without changing it: an update without a changed answer, which renews the date of the rating."""

import asyncio
from datetime import date, timedelta

import pytest

from shared.clock import london_today
from shared.contracts.referrals.events import RecordUpdated, UrgentNotice
from shared.contracts.referrals.reading import FieldChange
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, an_archive

MAKE_OLD = """
    UPDATE record
    SET rated_at = rated_at - interval '9 days', updated_at = updated_at - interval '9 days'
    WHERE id = $1
"""


def a_review(
    receipt: RecordReceipt, *, rating: str | None = None, next_review: date | None = None, update: str | None = None
) -> ReviewRecord:
    """Return the review of this version of the record, and what it gives."""
    return ReviewRecord(
        command_id=new_id(),
        record_id=receipt.record_id,
        version=receipt.version,
        rating=rating,
        next_review=next_review,
        update=update,
    )


@pytest.mark.requirement("R-DSR-119")
async def test_a_review_makes_the_rating_fresh_and_is_an_update_that_changes_no_answer(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor(full_name="Jayne Billings")
    receipt = await referrals.submit(visitor)
    await owner.rows(MAKE_OLD, receipt.record_id)
    before = await referrals.read(visitor, receipt.record_id)

    reviewed = await referrals.ask(visitor, a_review(receipt))

    shown = await referrals.read(visitor, receipt.record_id)
    assert (1, 1, before.answers) == (reviewed.version, shown.updates, shown.answers)
    assert 9 == (shown.rated_at - before.rated_at).days == (shown.updated_at - before.updated_at).days
    (change,) = (await referrals.history(visitor, receipt.record_id)).updates
    assert (1, "reviewed", "Jayne Billings", ()) == (change.version, change.act, change.changed_by, change.changes)
    assert (receipt.reference, "green") == (reviewed.reference, reviewed.rating)


async def test_a_corrected_spelling_leaves_the_rating_as_old_as_it_was(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await owner.rows(MAKE_OLD, receipt.record_id)
    before = await referrals.read(visitor, receipt.record_id)

    await referrals.update(visitor, receipt, first_name="Percival")

    assert before.rated_at == (await referrals.read(visitor, receipt.record_id)).rated_at


async def test_a_review_is_told_and_audited_once_however_often_it_is_sent(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    asked = a_review(receipt)

    answers = await asyncio.gather(*(referrals.ask(visitor, asked) for _ in range(5)))

    assert {1} == {answer.version for answer in answers}
    assert [1] == [each.version for each in await referrals.told(receipt.record_id) if isinstance(each, RecordUpdated)]
    audited = await owner.rows(
        "SELECT actor FROM audit WHERE action = 'record.reviewed' AND $1 = ANY(subjects)", receipt.record_id
    )
    assert [visitor.user_id] == [row["actor"] for row in audited]


async def test_a_review_of_an_older_version_is_a_conflict(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await referrals.update(visitor, receipt, risk_level="red")

    assert ("conflict", {"version": 1}) == await referrals.refusal(visitor, a_review(receipt))
    assert 1 == (await referrals.read(visitor, receipt.record_id)).version


@pytest.mark.slow
async def test_of_two_reviews_at_once_one_wins(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipts = await asyncio.gather(*(referrals.submit(visitor) for _ in range(10)))

    async def race(receipt: RecordReceipt) -> list[str]:
        outcomes = await asyncio.gather(*(referrals.refusal(visitor, a_review(receipt)) for _ in range(2)))
        return sorted(code for code, _ in outcomes)

    assert [["", "conflict"]] * 10 == await asyncio.gather(*(race(each) for each in receipts))


async def test_who_may_not_update_may_not_review(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    assert ("not_found", {}) == await referrals.refusal(colleague_of(visitor), a_review(receipt))
    with pytest.raises(NotAnswered) as unanswered:
        await referrals.ask(colleague_of(visitor, Role.REPORTING), a_review(receipt))
    assert Fault.NOT_ALLOWED == unanswered.value.fault


async def test_an_archived_record_is_not_reviewed(referrals: Referrals) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(administrator)
    await referrals.ask(administrator, an_archive(receipt))

    assert "archived" == (await referrals.refusal(administrator, a_review(receipt)))[0]


AGREED = "SELECT next_review, review_agreed_at = rated_at AS stands FROM record WHERE id = $1"
NEXT_MONTH = london_today() + timedelta(days=30)


@pytest.mark.requirement("R-USE-007", "R-MEET-006")
async def test_a_review_gives_another_rating_the_latest_update_and_the_day_of_the_next_review(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    reviewed = await referrals.ask(visitor, a_review(receipt, rating="red", next_review=NEXT_MONTH, update="Worse"))

    shown = await referrals.read(visitor, receipt.record_id)
    assert ("red", "Worse") == (shown.answers["risk_level"], shown.answers["latest_update"])
    assert (1, "red", True) == (reviewed.version, reviewed.rating, reviewed.rerated)
    (change,) = (await referrals.history(visitor, receipt.record_id)).updates
    assert "reviewed" == change.act
    assert {
        FieldChange(name="risk_level", before="green", after="red"),
        FieldChange(name="risk_level_date", before=None, after=london_today().isoformat()),
        FieldChange(name="latest_update", before=None, after="Worse"),
    } == set(change.changes)
    assert [(NEXT_MONTH, True)] == [tuple(row) for row in await owner.rows(AGREED, receipt.record_id)]


async def test_a_review_that_makes_a_record_red_is_told_at_once_and_lists_it_as_red(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    await referrals.ask(visitor, a_review(receipt, rating="red"))

    urgent = [each for each in await referrals.told(receipt.record_id) if isinstance(each, UrgentNotice)]
    assert [("rating_changed", visitor.user_id)] == [(each.occasion, each.submitted_by) for each in urgent]
    assert ["red"] == [row.rating for row in (await referrals.listed(visitor)).rows]


async def test_a_review_leaves_every_other_answer_as_it_is(referrals: Referrals) -> None:
    visitor = a_visitor()
    tool = {"tool_completed": "yes", "tool_name": "other", "tool_other": "Ours", "rating_departs": "no"}
    receipt = await referrals.submit(visitor, **tool, latest_update="As before")
    before = (await referrals.read(visitor, receipt.record_id)).answers

    await referrals.ask(visitor, a_review(receipt, rating="amber", update=""))

    assert {**before, "risk_level": "amber", "risk_level_date": london_today().isoformat()} == (
        await referrals.read(visitor, receipt.record_id)
    ).answers


async def test_a_review_passes_beside_what_the_form_lacks_or_had_wrong_before(
    referrals: Referrals, owner: Owner
) -> None:
    """Records from a spreadsheet lack answers, and are reviewed all the same. The form asks at the next update."""
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    wrong = """UPDATE record SET answers = (answers - 'ethnicity') || '{"consent_date": "1999-01-01"}' WHERE id = $1"""
    await owner.rows(wrong, receipt.record_id)

    await referrals.ask(visitor, a_review(receipt, rating="amber"))

    shown = await referrals.read(visitor, receipt.record_id)
    assert ("amber", "1999-01-01") == (shown.answers["risk_level"], shown.answers["consent_date"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": "purple"},
        {"next_review": london_today() - timedelta(days=1)},
        {"next_review": london_today() + timedelta(days=732)},
        {"update": "x" * 20_001},
    ],
)
async def test_what_a_review_gives_is_checked(referrals: Referrals, wrong: dict[str, str | date]) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    review = a_review(receipt).model_copy(update=wrong)

    assert ("invalid_answers", {"faults": 1}) == await referrals.refusal(visitor, review)
    assert 0 == (await referrals.read(visitor, receipt.record_id)).version


async def test_the_day_agreed_at_an_earlier_review_goes_with_the_next(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    agreed = await referrals.ask(visitor, a_review(receipt, next_review=NEXT_MONTH))

    await referrals.ask(visitor, a_review(agreed))

    assert [(None, None)] == [tuple(row) for row in await owner.rows(AGREED, receipt.record_id)]


async def test_a_day_agreed_is_kept_once_however_often_the_review_is_sent(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    asked = a_review(receipt, rating="amber", next_review=NEXT_MONTH)
    first = await referrals.ask(visitor, asked)

    repeated = await referrals.ask(visitor, asked)
    stale = await referrals.refusal(visitor, a_review(receipt, rating="red"))

    assert first == repeated
    assert ("conflict", {"version": 1}) == stale
    assert [(NEXT_MONTH, True)] == [tuple(row) for row in await owner.rows(AGREED, receipt.record_id)]
