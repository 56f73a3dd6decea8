"""Recording the outcome of a record that stays active: permissions, accepted answers, and which users see it."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest

from services.outcomes.store import outcomes as store
from services.outcomes.store.outcomes import NewOutcome
from shared.contracts.outcomes import ListOutcomes, RecordOutcome
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import transaction
from shared.ids import new_id
from shared.messages import Fault
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from tests.services.outcomes.rig import Rig, an_administrator, an_ending, an_outcome, some_answers
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.rig import Owner

CANARY = "Canarina was seen at Heron House"
OTHERS = [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None]


async def a_record(rig: Rig) -> tuple[Visitor, RecordReceipt]:
    """Return an administrator, and a record that a colleague has added."""
    administrator = an_administrator()
    return administrator, await rig.referrals.submit(colleague_of(administrator))


async def kept(owner: Owner, record: RecordReceipt) -> object:
    """Return the number of outcomes that are stored for a record, in any state."""
    return await owner.value("SELECT count(*) FROM outcome WHERE record_id = $1", record.record_id)


# --------------------------------------------------------------------------------------------------------- permissions
@pytest.mark.requirement("R-DSR-123", "R-DSR-124", "R-DSR-137", "R-DSR-141")
async def test_an_administrator_records_an_outcome_and_the_record_stays_active(rig: Rig) -> None:
    administrator, record = await a_record(rig)

    receipt = await rig.record(administrator, record, notes="The family was there.")

    found = await rig.listed(colleague_of(administrator, Role.ADMINISTRATOR), record.record_id)
    assert [(receipt.outcome_id, "Ada Minister", False, True)] == [
        (each.outcome_id, each.recorded_by, each.ending, each.counted) for each in found.outcomes
    ]
    assert {"cetr_requested": "no", "laep_requested": "no", "notes": "The family was there."} == dict(
        found.outcomes[0].answers
    )
    assert (1, False, False) == (found.recorded, found.more, found.being_archived)
    assert ("active", 0) == await how_it_stands(rig, administrator, record)


async def how_it_stands(rig: Rig, visitor: Visitor, record: RecordReceipt) -> tuple[str, int]:
    shown = await rig.referrals.read(visitor, record.record_id)
    return shown.state, shown.version


@pytest.mark.requirement("R-DSR-123", "R-DSR-141", "R-DSR-013")
@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_else_records_outcomes_or_sees_them(rig: Rig, owner: Owner, role: Role | None) -> None:
    administrator, record = await a_record(rig)
    visitor = a_visitor(role, *administrator.organisation_ids)

    faults = [
        await rig.fault(visitor, asked)
        for asked in (an_outcome(record), an_ending(record), ListOutcomes(record_id=record.record_id))
    ]

    assert [Fault.NOT_ALLOWED] * 3 == faults
    assert 0 == await kept(owner, record)


@pytest.mark.requirement("R-DSR-123")
async def test_an_administrator_of_another_organisation_finds_nothing(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    await rig.record(administrator, record)
    elsewhere = an_administrator()

    codes = [
        await rig.refusal(elsewhere, asked)
        for asked in (an_outcome(record), an_ending(record), ListOutcomes(record_id=record.record_id))
    ]
    unknown = await rig.refusal(administrator, ListOutcomes(record_id=new_id()))

    assert [("not_found", {})] * 4 == [*codes, unknown]
    assert 1 == await kept(owner, record)


@pytest.mark.requirement("R-DSR-013", "R-DSR-014")
async def test_row_level_security_alone_keeps_organisations_registers_and_roles_apart(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    await rig.record(administrator, record)
    others = [
        an_administrator(),
        a_visitor(Role.ADMINISTRATOR, *administrator.organisation_ids, register_code="s117"),
        *(a_visitor(role, *administrator.organisation_ids) for role in OTHERS),
        None,
    ]

    seen = []
    for visitor in (administrator, *others):
        async with transaction(rig.pool, visitor) as db:
            seen.append(await db.fetchval("SELECT count(*) FROM outcome WHERE record_id = $1", record.record_id))

    assert [1, *([0] * len(others))] == seen


@pytest.mark.parametrize("whose", ["organisation", "register", "role"])
async def test_row_level_security_alone_refuses_to_write_elsewhere(rig: Rig, whose: str) -> None:
    visitor = {
        "organisation": an_administrator(),
        "register": a_visitor(Role.ADMINISTRATOR, register_code="s117"),
        "role": a_visitor(Role.REPORTING),
    }[whose]
    organisation = new_id() if whose == "organisation" else visitor.organisation_ids[0]
    outcome = NewOutcome(new_id(), "2022", new_id(), 0, organisation, {}, ending=False)
    pretended = visitor.model_copy(update={"register_code": "dsr"}) if whose == "register" else visitor

    with pytest.raises(Exception, match="row-level security"):
        async with transaction(rig.pool, visitor) as db:
            await store.add_outcome(db, pretended, outcome)


# ---------------------------------------------------------------------------------------------------- accepted answers
async def answers_kept(rig: Rig, **changes: Answer) -> Mapping[str, Answer]:
    """Record an outcome with these answers, and return the answers that are stored."""
    administrator, record = await a_record(rig)
    await rig.record(administrator, record, **changes)
    return (await rig.listed(administrator, record.record_id)).outcomes[0].answers


async def refused_for(rig: Rig, **changes: Answer) -> tuple[str, dict[str, object]]:
    administrator, record = await a_record(rig)
    return await rig.refusal(administrator, an_outcome(record, **changes))


ONE_FAULT = ("invalid_answers", {"faults": 1})
MEETING = {
    "meeting_happened": "yes",
    "why_it_did_not_happen": "No room was free",
    "meeting_outcome": "plan_changed",
    "cetr_date": "2022-06-17",
    "cetr_result": "Agreed",
}


@pytest.mark.requirement("R-DSR-128", "R-DSR-129")
@pytest.mark.parametrize("question", ["cetr_requested", "laep_requested"])
async def test_both_first_questions_must_be_answered_yes_or_no(rig: Rig, question: str) -> None:
    assert ONE_FAULT == await refused_for(rig, **{question: ""})
    assert ONE_FAULT == await refused_for(rig, **{question: "perhaps"})


@pytest.mark.requirement("R-DSR-130")
async def test_after_two_nos_nothing_of_a_meeting_is_asked_or_taken(rig: Rig) -> None:
    assert {"cetr_requested": "no", "laep_requested": "no"} == await answers_kept(rig, **MEETING)


@pytest.mark.requirement("R-DSR-131")
@pytest.mark.parametrize("question", ["cetr_requested", "laep_requested"])
async def test_after_one_yes_it_must_be_said_whether_the_meeting_happened(rig: Rig, question: str) -> None:
    assert ONE_FAULT == await refused_for(rig, **{question: "yes"})
    assert "no" == (await answers_kept(rig, **{question: "yes"}, meeting_happened="no"))["meeting_happened"]


@pytest.mark.requirement("R-DSR-132")
async def test_of_a_meeting_that_did_not_happen_the_reason_is_taken_and_no_outcome(rig: Rig) -> None:
    answers = await answers_kept(rig, **(MEETING | {"cetr_requested": "yes", "meeting_happened": "no"}))

    assert {
        "cetr_requested": "yes",
        "laep_requested": "no",
        "meeting_happened": "no",
        "why_it_did_not_happen": "No room was free",
    } == answers


@pytest.mark.requirement("R-DSR-133")
async def test_of_a_meeting_that_happened_one_of_the_outcomes_offered_is_taken_and_no_reason(rig: Rig) -> None:
    happened = MEETING | {"cetr_requested": "yes"}

    assert {
        "cetr_requested": "yes",
        "laep_requested": "no",
        "meeting_happened": "yes",
        "meeting_outcome": "plan_changed",
        "cetr_date": "2022-06-17",
        "cetr_result": "Agreed",
    } == await answers_kept(rig, **happened)
    assert ONE_FAULT == await refused_for(rig, **(happened | {"meeting_outcome": "a_code_of_mine"}))


@pytest.mark.requirement("R-DSR-134", "R-DSR-135", "R-DSR-136")
async def test_notes_summary_and_plan_are_taken_on_every_way_through_the_form(rig: Rig) -> None:
    texts = {"notes": "Seen.", "summary": "To be looked at in May.", "plan": "Two visits a week."}

    assert texts.items() <= (await answers_kept(rig, **texts)).items()
    assert texts.items() <= (await answers_kept(rig, **texts, laep_requested="yes", meeting_happened="no")).items()


async def test_an_answer_to_a_question_that_nobody_asks_is_refused(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)

    refusal = await rig.refusal(administrator, an_outcome(record, invented=CANARY))

    assert (ONE_FAULT, 0) == (refusal, await kept(owner, record))
    assert CANARY not in await owner.all_text()


async def test_an_edition_that_is_not_there_is_refused(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    asked = an_outcome(record).model_copy(update={"edition": "1999"})

    assert ("unknown_edition", {}) == await rig.refusal(administrator, asked)


# ------------------------------------------------------------------------------------------------------ once, in order
async def test_a_command_sent_again_is_answered_again_and_recorded_once(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    asked = an_outcome(record)

    at_once = await asyncio.gather(*(rig.ask(administrator, asked) for _ in range(5)))
    later = await rig.ask(administrator, asked)

    assert {later.outcome_id} == {each.outcome_id for each in at_once}
    assert (1, 1) == (await kept(owner, record), len(await rig.told(record.record_id)))


@pytest.mark.parametrize("change", ["content", "person"])
async def test_an_id_that_was_used_for_another_outcome_is_refused(rig: Rig, owner: Owner, change: str) -> None:
    administrator, record = await a_record(rig)
    asked = an_outcome(record)
    await rig.ask(administrator, asked)
    again = asked.model_copy(update={"answers": some_answers(notes="Other")}) if change == "content" else asked
    visitor = colleague_of(administrator, Role.ADMINISTRATOR) if change == "person" else administrator

    assert ("command_reused", {}) == await rig.refusal(visitor, again)
    assert 1 == await kept(owner, record)


async def test_an_outcome_is_told_by_ids_alone_and_audited_by_the_names_of_its_fields(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)

    receipt = await rig.record(administrator, record, notes=CANARY)

    (event,) = await rig.told(record.record_id)
    assert (receipt.outcome_id, 0) == (event.outcome_id, event.version)
    assert organisation_compartment(administrator.organisation_ids[0]).bodies == event.bodies
    assert "dsr-outcome-recorded-1" == event.event_type()
    assert CANARY not in event.model_dump_json()
    (row,) = await audited(owner, record.record_id)
    assert ("outcome.recorded", administrator.user_id, administrator.session_id, "dsr") == (
        row["action"],
        row["actor"],
        row["session"],
        row["register"],
    )
    assert ["cetr_requested", "laep_requested", "notes"] == row["fields"]
    assert 1 == (await owner.all_text()).count(CANARY)


async def audited(owner: Owner, record_id: UUID) -> list[Mapping[str, object]]:
    rows = await owner.rows("SELECT * FROM audit WHERE $1 = ANY(subjects) ORDER BY id", record_id)
    return [dict(row) for row in rows]


async def test_reading_the_outcomes_is_audited_with_those_shown(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    receipt = await rig.record(administrator, record)

    await rig.listed(administrator, record.record_id)

    row = (await audited(owner, record.record_id))[-1]
    assert ("outcome.listed", [record.record_id, receipt.outcome_id]) == (row["action"], row["subjects"])


async def test_older_outcomes_are_listed_after_the_newest_twenty(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    recorded = [(await rig.record(administrator, record)).outcome_id for _ in range(23)]

    first = await rig.listed(administrator, record.record_id)
    second = await rig.listed(administrator, record.record_id, skip=len(first.outcomes))

    assert recorded[::-1] == [each.outcome_id for each in (*first.outcomes, *second.outcomes)]
    assert [(20, 23, True), (3, 23, False)] == [
        (len(page.outcomes), page.recorded, page.more) for page in (first, second)
    ]


async def test_only_so_many_are_listed_as_one_message_carries(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    texts = dict.fromkeys(("notes", "summary", "plan"), "€" * 10_000)
    for _ in range(6):
        await rig.record(administrator, record, **texts)

    first = await rig.listed(administrator, record.record_id)

    assert (4, 6, True) == (len(first.outcomes), first.recorded, first.more)
    assert len(first.model_dump_json().encode()) < 1_000_000


def test_what_the_form_sends_is_never_shown_in_a_log() -> None:
    asked = RecordOutcome(
        command_id=new_id(), edition="2022", record_id=new_id(), version=0, answers=some_answers(notes=CANARY)
    )

    assert CANARY not in repr(asked)
