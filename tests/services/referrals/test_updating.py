"""Updating a record, and its history."""

import pytest

from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.events import RecordUpdated, RoutineNotice, UrgentNotice
from shared.contracts.referrals.reading import FieldChange, ReadPast
from shared.contracts.referrals.saving import ReviewRecord, UpdateRecord
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.referrals.builders import a_referral, a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, a_submission, an_archive, an_update


@pytest.mark.requirement("R-DSR-114")
async def test_who_made_the_referral_updates_it(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    updated = await referrals.update(visitor, receipt, latest_update="Moved house")

    shown = await referrals.read(visitor, receipt.record_id)
    assert (1, 1, "Moved house") == (updated.version, shown.version, shown.answers["latest_update"])
    assert receipt.reference == updated.reference


async def test_an_answer_that_is_taken_back_goes_with_what_hung_on_it(referrals: Referrals) -> None:
    visitor = a_visitor()
    tool = {"tool_completed": "yes", "tool_name": "other", "tool_other": "Ours", "rating_departs": "no"}
    added = await referrals.submit(visitor, **tool)

    await referrals.update(visitor, added, **{**tool, "tool_completed": ""})

    assert not tool.keys() & (await referrals.read(visitor, added.record_id)).answers.keys()
    (change,) = (await referrals.history(visitor, added.record_id)).updates
    assert {name: (before, None) for name, before in tool.items()} == {
        each.name: (each.before, each.after) for each in change.changes
    }


@pytest.mark.requirement("R-DSR-115")
async def test_an_administrator_with_access_to_the_organisation_updates_it(referrals: Referrals) -> None:
    visitor = a_visitor()
    administrator = colleague_of(visitor, Role.ADMINISTRATOR)
    receipt = await referrals.submit(visitor)

    updated = await referrals.update(administrator, receipt, latest_update="Moved house")

    assert 1 == updated.version
    assert (await referrals.read(administrator, receipt.record_id)).may_update


async def test_the_receipt_says_whether_the_rating_was_changed(referrals: Referrals) -> None:
    visitor = a_visitor()
    added = await referrals.submit(visitor)
    moved = await referrals.update(visitor, added, latest_update="Moved house")
    rerated = await referrals.update(visitor, moved, risk_level="red")
    reviewed = await referrals.ask(
        visitor, ReviewRecord(command_id=new_id(), record_id=added.record_id, version=rerated.version)
    )

    assert [False, False, True, False] == [each.rerated for each in (added, moved, rerated, reviewed)]


async def test_a_record_is_updated_beside_a_fault_that_it_had_before(referrals: Referrals, owner: Owner) -> None:
    """Records that were saved before a rule came are kept, and can be kept up to date."""
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    faulty = '{"consent_date": "1999-01-01"}'
    await owner.rows("UPDATE record SET answers = answers || $2::jsonb WHERE id = $1", receipt.record_id, faulty)

    updated = await referrals.update(visitor, receipt, consent_date="1999-01-01", latest_update="Moved house")
    refused = await referrals.refusal(visitor, an_update(updated, consent_date="1999-01-02"))

    assert (1, ("invalid_answers", {"faults": 2})) == (updated.version, refused)


@pytest.mark.requirement("R-DSR-116")
async def test_nobody_else_updates_it_and_none_of_them_learns_that_it_is_there(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    other_standard = colleague_of(visitor)
    other_administrator = a_visitor(Role.ADMINISTRATOR)
    unknown = UpdateRecord(command_id=new_id(), record_id=new_id(), version=0, answers=a_referral())

    refusals = [
        await referrals.refusal(other_standard, an_update(receipt, latest_update="Mine")),
        await referrals.refusal(other_administrator, an_update(receipt, latest_update="Mine")),
        await referrals.refusal(other_administrator, unknown),
    ]

    assert [("not_found", {})] * 3 == refusals
    for role in (Role.REPORTING, Role.MASTER_ADMIN):
        with pytest.raises(NotAnswered) as unanswered:
            await referrals.update(colleague_of(visitor, role), receipt, latest_update="Mine")
        assert Fault.NOT_ALLOWED == unanswered.value.fault
    assert 0 == (await referrals.read(visitor, receipt.record_id)).version


async def test_who_has_left_the_organisation_has_left_their_records(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    moved = a_visitor(Role.STANDARD, user_id=visitor.user_id)

    assert [] == await referrals.names(moved)
    assert ("not_found", {}) == await referrals.refusal(moved, an_update(receipt, latest_update="Still mine"))


@pytest.mark.requirement("R-DSR-118", "R-DSR-119", "R-DSR-120")
async def test_the_history_says_who_changed_what_and_when_for_each_update(referrals: Referrals) -> None:
    visitor = a_visitor(full_name="Jayne Billings")
    administrator = colleague_of(visitor, Role.ADMINISTRATOR)
    receipt = await referrals.submit(visitor)
    assert () == (await referrals.history(visitor, receipt.record_id)).updates

    first = await referrals.update(visitor, receipt, risk_level="amber")
    await referrals.update(administrator, first, risk_level="amber", first_name="Percival", latest_update="Named")

    history = await referrals.history(visitor, receipt.record_id)
    assert [(2, "Sam Colleague"), (1, "Jayne Billings")] == [(c.version, c.changed_by) for c in history.updates]
    assert (FieldChange(name="risk_level", before="green", after="amber"),) == history.updates[1].changes
    assert (
        FieldChange(name="first_name", before="Percy", after="Percival"),
        FieldChange(name="latest_update", before=None, after="Named"),
    ) == history.updates[0].changes
    assert history.created_at < history.updates[1].changed_at < history.updates[0].changed_at
    assert 2 == (await referrals.read(visitor, receipt.record_id)).updates


async def test_every_version_keeps_its_answers_and_its_edition(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await referrals.update(visitor, receipt, first_name="Percival")

    rows = await owner.rows(
        "SELECT version, act, edition, overlay, answers ->> 'first_name' AS name FROM record_version "
        "WHERE record_id = $1 ORDER BY version",
        receipt.record_id,
    )

    assert [(0, "created", "2022", 0, "Percy"), (1, "updated", "2022", 0, "Percival")] == [tuple(r) for r in rows]


@pytest.mark.requirement("R-DSR-122")
async def test_an_update_moves_the_record_to_the_top_and_shows_when(referrals: Referrals) -> None:
    visitor = a_visitor()
    older = await referrals.submit(visitor, first_name="Older")
    newer = await referrals.submit(visitor, first_name="Newer")
    before = (await referrals.listed(visitor)).rows

    await referrals.update(visitor, older, first_name="Older", latest_update="Moved house")

    after = (await referrals.listed(visitor)).rows
    assert [newer.record_id, older.record_id] == [row.record_id for row in before]
    assert [older.record_id, newer.record_id] == [row.record_id for row in after]
    assert before[0].updated_at < after[0].updated_at
    assert after[0].created_at == before[1].created_at


async def test_a_version_that_somebody_has_saved_over_is_a_conflict_and_changes_nothing(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await referrals.update(visitor, receipt, latest_update="First")

    refusal = await referrals.refusal(visitor, an_update(receipt, latest_update="Second"))

    assert ("conflict", {"version": 1}) == refusal
    assert "First" == (await referrals.read(visitor, receipt.record_id)).answers["latest_update"]


async def test_saving_without_a_change_is_no_update(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    refusal = await referrals.refusal(visitor, an_update(receipt))

    assert ("unchanged", {}) == refusal
    assert 0 == (await referrals.read(visitor, receipt.record_id)).updates


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"consent_given": "no"}, ("no_consent", {})),
        ({"last_name": ""}, ("invalid_answers", {"faults": 1})),
        ({"date_of_birth": "2999-01-01"}, ("invalid_answers", {"faults": 1})),
    ],
)
async def test_an_update_is_checked_like_a_new_record(
    referrals: Referrals, changes: dict[str, Answer], refusal: tuple[str, dict[str, str | int]]
) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    assert refusal == await referrals.refusal(visitor, an_update(receipt, **changes))
    assert 0 == (await referrals.read(visitor, receipt.record_id)).version


async def test_only_another_rating_makes_the_rating_new(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, risk_level="amber")
    (at_first,) = (await referrals.listed(visitor)).rows

    spelt = await referrals.update(visitor, receipt, risk_level="amber", first_name="Percival")
    (after_spelling,) = (await referrals.listed(visitor)).rows
    await referrals.update(visitor, spelt, risk_level="green", first_name="Percival")
    (after_rating,) = (await referrals.listed(visitor)).rows

    assert at_first.rated_at == after_spelling.rated_at < after_rating.rated_at
    assert ("amber", "green") == (after_spelling.rating, after_rating.rating)


async def test_a_rating_that_becomes_urgent_is_noticed_once(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, risk_level="amber")
    urgent = await referrals.update(visitor, receipt, risk_level="red")
    await referrals.update(visitor, urgent, risk_level="red", latest_update="Still red")

    told = await referrals.told(receipt.record_id)

    notices = [each for each in told if isinstance(each, UrgentNotice)]
    assert [(1, "rating_changed", receipt.reference)] == [(n.version, n.occasion, n.reference) for n in notices]
    assert {1, 2} == {each.version for each in told if isinstance(each, RecordUpdated)}


@pytest.mark.requirement("R-FLOW-012", "R-FLOW-014", "R-FLOW-015")
async def test_a_rating_that_comes_to_call_for_an_alert_is_noticed_and_one_that_calms_down_is_not(
    referrals: Referrals,
) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, risk_level="green")
    amber = await referrals.update(visitor, receipt, risk_level="amber")
    still = await referrals.update(visitor, amber, risk_level="amber", latest_update="Still amber")
    await referrals.update(visitor, still, risk_level="green")

    told = await referrals.told(receipt.record_id)

    notices = [each for each in told if isinstance(each, RoutineNotice) and each.occasion == "rating_changed"]
    assert [(1, "alert", visitor.user_id)] == [(n.version, n.urgency, n.submitted_by) for n in notices]


async def test_an_update_that_is_sent_again_gives_the_same_answer_and_one_version(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    asked = an_update(receipt, latest_update="Moved house")

    answers = [await referrals.ask(visitor, asked) for _ in range(3)]

    assert [1] * 3 == [answer.version for answer in answers]
    assert 1 == (await referrals.read(visitor, receipt.record_id)).updates


async def test_an_update_under_the_id_of_another_command_is_refused(referrals: Referrals) -> None:
    visitor, submission = a_visitor(), a_submission()
    receipt = await referrals.ask(visitor, submission)
    asked = an_update(receipt, latest_update="Moved").model_copy(update={"command_id": submission.command_id})

    assert ("command_reused", {}) == await referrals.refusal(visitor, asked)


@pytest.mark.requirement("R-DSR-142")
async def test_an_archived_record_takes_no_update(referrals: Referrals) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(administrator)
    archived = await referrals.ask(administrator, an_archive(receipt))

    refusal = await referrals.refusal(administrator, an_update(archived, latest_update="Too late"))

    assert ("archived", {}) == refusal
    assert 0 == (await referrals.read(administrator, receipt.record_id)).updates


async def test_the_audit_names_the_fields_that_changed(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await referrals.update(visitor, receipt, first_name="Canarina")

    (row,) = await owner.rows("SELECT * FROM audit WHERE action = 'record.updated' AND actor = $1", visitor.user_id)

    assert (["first_name"], [receipt.record_id]) == (row["fields"], row["subjects"])
    assert "Canarina" not in str(row)


async def test_a_page_of_the_history_has_the_newest_twenty_and_the_older_ratings(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    receipt = await referrals.update(visitor, receipt, risk_level="red", latest_update="risk_level")
    receipt = await referrals.update(visitor, receipt, risk_level="amber", latest_update="risk_level")
    for number in range(21):
        receipt = await referrals.update(visitor, receipt, risk_level="amber", latest_update=f"risk_level {number}")

    first = await referrals.ask(visitor, ReadPast(record_id=receipt.record_id))
    second = await referrals.ask(visitor, ReadPast(record_id=receipt.record_id, skip_updates=20))

    assert (20, 3) == (len(first.history.updates), first.history.older)
    assert ([3, 2, 1], 0) == ([each.version for each in second.history.updates], second.history.older)
    assert second.older_ratings is None
    assert first.older_ratings is not None
    assert [
        (2, (FieldChange(name="risk_level", before="red", after="amber"),)),
        (1, (FieldChange(name="risk_level", before="green", after="red"),)),
    ] == [(each.version, each.changes) for each in first.older_ratings]
