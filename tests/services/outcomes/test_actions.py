"""Actions agreed about a record: who is given one, who sees it, and how it is followed up until it is closed."""

import asyncio
from uuid import UUID

import pytest

from services.outcomes.handlers.watching import bring_into_line
from services.outcomes.store import actions as store
from shared.clock import utc_now
from shared.contracts.actions import (
    MOST_ENTRIES,
    MOST_OF_RECORD,
    ActionEntry,
    ActionOwner,
    ActionReceipt,
    ChangeAction,
    CountActions,
    ListRecordActions,
    ReadAction,
    RecordPlanTold,
)
from shared.contracts.referrals.archiving import ArchiveRecord
from shared.contracts.referrals.standing import RecordStanding
from shared.database import transaction
from shared.messages import Fault
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from tests.services.outcomes.acting import TEXT, Acting, days, deciding, following, reporting
from tests.services.outcomes.rig import Rig, an_administrator, an_ending
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner

AUDITED = "SELECT action FROM audit WHERE subjects[1] = $1 AND action LIKE 'action.%' ORDER BY id"
ALL_ACTIONS = "SELECT id FROM action"


@pytest.fixture
async def acting(rig: Rig) -> Acting:
    return await Acting.over(rig)


def changing(action: ActionReceipt, colleague: Visitor, due: int = 14, **owner: str) -> ChangeAction:
    return ChangeAction(
        command_id=new_id(),
        action_id=action.action_id,
        version=action.version,
        due_on=days(due),
        owner=ActionOwner(colleague_id=colleague.user_id, **owner),
    )


@pytest.mark.requirement("R-FLOW-017", "R-MEET-010")
async def test_an_action_has_an_owner_a_due_date_and_a_state(
    acting: Acting, owner: Owner, administrator: Visitor
) -> None:
    record, meeting_id = await acting.record(administrator), new_id()
    colleague = acting.colleague(*administrator.organisation_ids)

    action = await acting.add(administrator, record, colleague, meeting_id=meeting_id)

    (shown,) = (await acting.of_record(administrator, record)).actions
    assert (record.reference, TEXT, days(14), "open") == (shown.reference, shown.text, shown.due_on, shown.state)
    assert ("Owen Owner", "Ada Minister", meeting_id) == (shown.colleague, shown.added_by, shown.meeting_id)
    assert [action.action_id] == await acting.listed(administrator, "open")
    rows = await owner.rows(AUDITED, action.action_id)
    assert ["action.added", "action.listed"] == [row["action"] for row in rows]


@pytest.mark.requirement("R-MEET-010")
async def test_a_colleague_chases_what_an_outsider_does(acting: Acting, administrator: Visitor) -> None:
    record, chaser = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    owner = ActionOwner(colleague_id=chaser.user_id, outsider="Helen Home", service="Housing")

    action = await acting.add(administrator, record, chaser, owner=owner)

    (shown,) = await acting.shown(chaser)
    assert ("Helen Home", "Housing", "Owen Owner", True) == (
        shown.outsider,
        shown.service,
        shown.colleague,
        shown.is_theirs,
    )
    (notice,) = await acting.told(chaser.user_id)
    assert [("assigned", action.action_id)] == [(each.why, each.action_id) for each in notice.actions]


@pytest.mark.requirement("R-MEET-010")
async def test_only_a_colleague_within_reach_is_given_an_action(acting: Acting, administrator: Visitor) -> None:
    record = await acting.record(administrator)
    nobody = a_visitor(Role.STANDARD, *administrator.organisation_ids)
    elsewhere = acting.colleague()
    reporter = acting.colleague(*administrator.organisation_ids, role=Role.REPORTING)

    refused = [await acting.rig.refusal(administrator, acting.adding(record, each)) for each in (nobody, elsewhere)]
    refused.append(await acting.rig.refusal(administrator, acting.adding(record, reporter)))

    assert [("not_a_colleague", {})] * 3 == refused


@pytest.mark.requirement("R-MEET-010")
async def test_its_owner_sees_an_action_on_a_record_that_they_do_not_see(
    acting: Acting, owner: Owner, administrator: Visitor
) -> None:
    record = await acting.record(administrator)
    colleague = acting.colleague(*administrator.organisation_ids)
    other = acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)

    read = await acting.read(colleague, action)

    assert (TEXT, record.reference) == (read.action.text, read.action.reference)
    assert ([action.action_id], []) == (await acting.listed(colleague), await acting.listed(other, "open"))
    for stranger in (other, an_administrator()):
        assert ("not_found", {}) == await acting.rig.refusal(stranger, ReadAction(action_id=action.action_id))
        assert ("not_found", {}) == await acting.rig.refusal(stranger, following(action))
        assert ("not_found", {}) == await acting.rig.refusal(stranger, reporting(action))
    assert ("not_found", {}) == await acting.rig.refusal(colleague, ListRecordActions(record_id=record.record_id))
    for role in (Role.REPORTING, Role.MASTER_ADMIN, None):
        demoted = colleague.model_copy(update={"role": role})
        assert Fault.NOT_ALLOWED == await acting.rig.fault(demoted, ReadAction(action_id=action.action_id))


async def ids_seen(rig: Rig, visitor: Visitor | None, record_id: UUID | None = None) -> set[UUID]:
    """Return the actions that row-level security alone shows."""
    async with transaction(rig.pool, visitor) as db:
        if record_id:
            await store.name_record(db, record_id)
        return {row["id"] for row in await db.fetch(ALL_ACTIONS)}


@pytest.mark.requirement("R-MEET-010", "R-DSR-007")
async def test_row_level_security_alone_shows_an_action_to_those_alone(acting: Acting, administrator: Visitor) -> None:
    record = await acting.record(administrator)
    colleague = acting.colleague(*administrator.organisation_ids)
    other = acting.colleague(*administrator.organisation_ids)
    action_id = (await acting.add(administrator, record, colleague)).action_id
    elsewhere = colleague.model_copy(update={"register_code": "other"})
    demoted = colleague.model_copy(update={"role": Role.REPORTING})
    reached = {"a team": administrator, "its owner": colleague}
    strangers = {"a colleague": other, "other team": an_administrator(), "register": elsewhere, "role": demoted}

    assert {"a team", "its owner"} == {
        name for name, each in reached.items() if action_id in await ids_seen(acting.rig, each)
    }
    assert set() == {name for name, each in strangers.items() if action_id in await ids_seen(acting.rig, each)}
    assert {action_id} == await ids_seen(acting.rig, other, record.record_id)
    assert set() == await ids_seen(acting.rig, a_visitor(Role.STANDARD), record.record_id)
    assert set() == await ids_seen(acting.rig, None, record.record_id)


@pytest.mark.requirement("R-MEET-013")
async def test_the_lead_of_a_record_sees_its_actions_and_another_colleague_does_not(
    acting: Acting, administrator: Visitor
) -> None:
    lead, other = colleague_of(administrator), colleague_of(administrator)
    record = await acting.rig.referrals.submit(lead)
    action = await acting.add(administrator, record, acting.colleague(*administrator.organisation_ids))

    found = await acting.of_record(lead, record)

    assert ([action.action_id], False) == ([each.action_id for each in found.actions], found.may_add)
    assert ("not_found", {}) == await acting.rig.refusal(other, ListRecordActions(record_id=record.record_id))
    assert Fault.NOT_ALLOWED == await acting.rig.fault(lead, acting.adding(record, lead))
    sees = other.model_copy(update={"standard_sees": "scope"})
    assert ("not_found", {}) == await acting.rig.refusal(sees, ListRecordActions(record_id=record.record_id))
    await acting.rig.ask(administrator, an_ending(record))
    assert ("not_found", {}) == await acting.rig.refusal(lead, ListRecordActions(record_id=record.record_id))
    assert not (await acting.of_record(administrator, record)).may_add


@pytest.mark.requirement("R-MEET-012")
async def test_an_action_is_closed_with_a_result_by_the_team(
    acting: Acting, owner: Owner, administrator: Visitor
) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)

    assert ("not_reported", {}) == await acting.rig.refusal(administrator, deciding(action, "close"))
    assert ("empty", {}) == await acting.rig.refusal(colleague, reporting(action, "…"))
    reported = await acting.report(colleague, action)
    assert Fault.NOT_ALLOWED == await acting.rig.fault(colleague, deciding(reported, "close"))
    assert [action.action_id] == await acting.listed(administrator, "to_confirm")
    closed = await acting.decide(administrator, reported, "close")

    read = await acting.read(administrator, action)
    assert ("closed", "The flat is his") == (read.action.state, read.action.result)
    assert ["added", "reported", "closed"] == [each.kind for each in read.entries]
    assert [action.action_id] == await acting.listed(administrator, "closed")
    assert ("ended", {}) == await acting.rig.refusal(administrator, deciding(closed, "cancel", "In error"))
    assert ("ended", {}) == await acting.rig.refusal(colleague, following(action))


@pytest.mark.requirement("R-MEET-012")
async def test_the_team_returns_an_action_with_a_reason(acting: Acting, administrator: Visitor) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    reported = await acting.report(colleague, await acting.add(administrator, record, colleague))

    assert ("empty", {}) == await acting.rig.refusal(administrator, deciding(reported, "return"))
    returned = await acting.decide(administrator, reported, "return", "Housing has not answered")

    assert "open" == returned.state
    read = await acting.read(colleague, returned)
    assert ("returned", "Housing has not answered") == (read.entries[-1].kind, read.entries[-1].text)
    assert ["assigned", "returned"] == [each.actions[0].why for each in await acting.told(colleague.user_id)]
    assert "reported" == (await acting.report(colleague, returned, "Answered now")).state


async def test_an_action_is_cancelled_with_a_reason(acting: Acting, administrator: Visitor) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)

    assert ("empty", {}) == await acting.rig.refusal(administrator, deciding(action, "cancel", " "))
    await acting.decide(administrator, action, "cancel", "The person has moved")

    assert ([], [action.action_id]) == (await acting.listed(colleague), await acting.listed(colleague, "closed"))


@pytest.mark.requirement("R-MEET-011")
async def test_each_contact_with_its_owner_is_logged(acting: Acting, administrator: Visitor) -> None:
    record, chaser = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, chaser)

    await acting.rig.ask(chaser, following(action, "No answer", contacted_on=days(-1), contacted_by="phone"))
    await acting.rig.ask(administrator, following(action, "Ask again on Monday"))

    _, contact, comment = (await acting.read(administrator, action)).entries
    assert ("contact", days(-1), "phone", "No answer") == (
        contact.kind,
        contact.contacted_on,
        contact.contacted_by,
        contact.text,
    )
    assert ("comment", "Ask again on Monday", "Ada Minister") == (comment.kind, comment.text, comment.written_by)
    bad = {"future": days(1), "too_long_ago": days(-400)}
    for code, day in bad.items():
        asked = following(action, contacted_on=day, contacted_by="email")
        assert (code, {}) == await acting.rig.refusal(chaser, asked)
    assert ("empty", {}) == await acting.rig.refusal(chaser, following(action, "?!"))


@pytest.mark.requirement("R-MEET-010")
async def test_a_change_of_owner_or_due_date_is_kept_in_the_log(acting: Acting, administrator: Visitor) -> None:
    record, first = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    second = acting.colleague(*administrator.organisation_ids, name="Nia Next")
    action = await acting.add(administrator, record, first)

    changed = await acting.rig.ask(administrator, changing(action, second, 20, outsider="Helen", service="Housing"))

    last: ActionEntry = (await acting.read(administrator, action)).entries[-1]
    assert (days(14), days(20)) == (last.due_before, last.due_after)
    assert ("Owen Owner", "Helen, Housing (Nia Next)") == (last.who_before, last.who_after)
    assert ([], [action.action_id]) == (await acting.listed(first), await acting.listed(second))
    assert [days(20)] == [each.actions[0].due_on for each in await acting.told(second.user_id)]
    assert ("not_found", {}) == await acting.rig.refusal(first, following(action))
    same = await acting.rig.ask(administrator, changing(changed, second, 20, outsider="Helen", service="Housing"))
    assert changed.version == same.version


async def test_two_who_change_an_action_at_once_do_not_overwrite_each_other(
    acting: Acting, administrator: Visitor
) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)
    later = await acting.rig.ask(administrator, changing(action, colleague, 30))

    for behind in (changing(action, colleague, 40), reporting(action), deciding(action, "cancel", "No")):
        assert ("conflict", {"version": later.version}) == await acting.rig.refusal(administrator, behind)
    both = await asyncio.gather(
        acting.rig.refusal(colleague, reporting(later)), acting.rig.refusal(administrator, changing(later, colleague))
    )
    assert ["", "conflict"] == sorted(code for code, _ in both)


async def test_sent_twice_an_action_is_added_once(acting: Acting, administrator: Visitor) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    command = acting.adding(record, colleague)

    one, other = await asyncio.gather(acting.rig.ask(administrator, command), acting.rig.ask(administrator, command))

    assert one == other
    assert 1 == len((await acting.of_record(administrator, record)).actions)
    assert 1 == len(await acting.told(colleague.user_id))


async def test_what_cannot_be_an_action_is_refused(acting: Acting, owner: Owner, administrator: Visitor) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)
    wrong: dict[str, dict[str, object]] = {
        "past": {"due_on": days(-1)},
        "too_far": {"due_on": days(800)},
        "empty": {"text": "..."},
    }

    for code, more in wrong.items():
        assert (code, {}) == await acting.rig.refusal(administrator, acting.adding(record, colleague, **more))
    for due, code in ((-1, "past"), (800, "too_far")):
        assert (code, {}) == await acting.rig.refusal(administrator, changing(action, colleague, due))
    assert ("not_found", {}) == await acting.rig.refusal(an_administrator(), acting.adding(record, colleague))
    other = await acting.rig.referrals.submit(an_administrator())
    assert ("not_found", {}) == await acting.rig.refusal(administrator, acting.adding(other, colleague))
    copy = "INSERT INTO action SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid()))).* "
    await owner.rows(
        f"{copy} FROM action AS a, generate_series(2, $2) WHERE a.id = $1", action.action_id, MOST_OF_RECORD
    )
    assert ("too_many", {}) == await acting.rig.refusal(administrator, acting.adding(record, colleague))


async def test_a_log_that_is_full_still_lets_the_action_be_closed(
    acting: Acting, owner: Owner, administrator: Visitor
) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)
    await owner.rows(
        "INSERT INTO action_entry (action_id, kind, text, written_by, written_by_name) "
        "SELECT $1, 'comment', 'x', $1, 'x' FROM generate_series(1, $2::integer)",
        action.action_id,
        MOST_ENTRIES,
    )

    assert ("too_many", {}) == await acting.rig.refusal(colleague, following(action))
    closed = await acting.decide(administrator, await acting.report(colleague, action), "close")

    assert "closed" == closed.state


@pytest.mark.requirement("R-MEET-010")
async def test_the_actions_of_an_archived_record_stay_open(acting: Acting, administrator: Visitor) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)
    await acting.rig.ask(administrator, an_ending(record))

    assert [action.action_id] == await acting.listed(administrator, "open")
    assert [action.action_id] == await acting.listed(colleague)
    assert ("archived", {}) == await acting.rig.refusal(administrator, acting.adding(record, colleague))
    assert "closed" == (await acting.decide(administrator, await acting.report(colleague, action), "close")).state


async def test_no_action_is_added_while_an_outcome_archives_the_record(acting: Acting, administrator: Visitor) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    acting.known[administrator.user_id] = administrator
    with acting.rig.away(ArchiveRecord):
        await acting.rig.ask(administrator, an_ending(record))

    assert ("archived", {}) == await acting.rig.refusal(administrator, acting.adding(record, colleague))


async def test_an_action_follows_its_record_to_other_bodies_and_its_owner_keeps_it(
    acting: Acting, administrator: Visitor
) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)
    new_team = an_administrator()
    there = organisation_compartment(new_team.organisation_ids[0])
    moved = RecordStanding(
        record_id=record.record_id,
        register_code="dsr",
        bodies=there.bodies,
        reference=record.reference,
        version=5,
        is_open=True,
        urgency="routine",
        rated_at=utc_now(),
        locality="stoke",
    )

    async with transaction(acting.rig.background) as db:
        await bring_into_line(db, record.record_id, moved, utc_now())

    assert ([], [action.action_id]) == (
        await acting.listed(administrator, "open"),
        await acting.listed(new_team, "open"),
    )
    assert ["stoke"] == [each.locality for each in await acting.shown(colleague)]
    assert ("not_found", {}) == await acting.rig.refusal(administrator, deciding(action, "cancel", "Mine"))


@pytest.mark.requirement("R-MEET-010")
async def test_a_team_is_shown_that_an_owner_has_left_and_gives_the_action_to_another(
    acting: Acting, administrator: Visitor
) -> None:
    record, colleague = await acting.record(administrator), acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, colleague)
    before = await acting.read(administrator, action)
    del acting.known[colleague.user_id]

    assert (False, True) == (before.has_left, (await acting.read(administrator, action)).has_left)
    other = acting.colleague(*administrator.organisation_ids)
    await acting.rig.ask(administrator, changing(action, other))
    assert (False, [action.action_id]) == (
        (await acting.read(administrator, action)).has_left,
        await acting.listed(other),
    )


@pytest.mark.requirement("R-MEET-015")
async def test_open_and_overdue_actions_are_counted_by_locality(
    acting: Acting, owner: Owner, administrator: Visitor
) -> None:
    record = await acting.record(administrator, locality="north_staffordshire_stoke")
    other = await acting.record(administrator, locality="south_staffordshire", first_name="Pam", nhs_number="")
    own, colleague = administrator, acting.colleague(*administrator.organisation_ids)
    acting.known[own.user_id] = own
    late = await acting.add(administrator, record, colleague)
    await acting.add(administrator, record, own)
    await acting.report(colleague, await acting.add(administrator, other, colleague))
    await owner.rows("UPDATE action SET due_on = $2 WHERE id = $1", late.action_id, days(-1))

    counts = await acting.rig.ask(administrator, CountActions())

    assert (3, 1, 1, 1) == (counts.open, counts.overdue, counts.to_confirm, counts.mine)
    assert {("north_staffordshire_stoke", 2, 1), ("south_staffordshire", 1, 0)} == {
        (each.locality, each.open, each.overdue) for each in counts.areas
    }
    assert [late.action_id] == await acting.listed(administrator, "overdue")
    theirs = await acting.rig.ask(colleague, CountActions())
    assert (1, 1, 1, 0, ()) == (theirs.mine, theirs.mine_due, theirs.mine_overdue, theirs.open, theirs.areas)


def telling(record_id: UUID, **more: object) -> RecordPlanTold:
    said: dict[str, object] = {"told_on": days(-1), "told_by": "Jenny Harris"}
    return RecordPlanTold.model_validate(
        {"command_id": new_id(), "record_id": record_id, "party": "family", **(more or said)}
    )


@pytest.mark.requirement("R-MEET-013")
async def test_the_lead_records_who_was_told_of_the_plan_or_why_not(acting: Acting, administrator: Visitor) -> None:
    lead, other = colleague_of(administrator), colleague_of(administrator)
    record = await acting.rig.referrals.submit(lead)

    await acting.rig.ask(lead, telling(record.record_id, why_not="They asked us not to call"))
    await acting.rig.ask(lead, telling(record.record_id))
    await acting.rig.ask(administrator, telling(record.record_id, party="mdt", why_not="It meets on Monday"))

    family, mdt = (await acting.of_record(lead, record)).told
    assert ("family", days(-1), "Jenny Harris", "") == (family.party, family.told_on, family.told_by, family.why_not)
    assert ("mdt", None, "It meets on Monday", "Ada Minister") == (mdt.party, mdt.told_on, mdt.why_not, mdt.recorded_by)
    for stranger in (other, an_administrator()):
        assert ("not_found", {}) == await acting.rig.refusal(stranger, telling(record.record_id))
    bad = {"told_on": days(1), "told_by": "Me"}
    assert ("future", {}) == await acting.rig.refusal(lead, telling(record.record_id, **bad))
    await acting.rig.ask(administrator, an_ending(record))
    assert ("archived", {}) == await acting.rig.refusal(administrator, telling(record.record_id))
    assert ("not_found", {}) == await acting.rig.refusal(lead, telling(record.record_id))
