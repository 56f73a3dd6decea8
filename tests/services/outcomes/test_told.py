"""Who keeps a record is told of its last outcome: its date, and the answers that the definition names; nobody else."""

import pytest

from services.outcomes.store.outcomes import read_told
from shared.contracts.outcomes import ListOutcomes, OutcomeTold, ReadToldOutcome, ToldOutcome
from shared.contracts.referrals.holding import AssignHolder
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import transaction
from shared.messages import Fault
from shared.permissions import Role, Visitor
from tests.services.outcomes.acting import Acting
from tests.services.outcomes.rig import Rig, an_administrator, an_ending, an_outcome
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner

pytestmark = pytest.mark.requirement("R-USE-008")
PLAN, NOTES = "Weekly visits until spring", "The mother is worried"
NOT_FOUND: tuple[str, dict[str, object]] = ("not_found", {})
AUDITED = "SELECT subjects FROM audit WHERE actor = $1 AND action = 'outcome.told_read' ORDER BY id DESC LIMIT 1"


async def a_record(rig: Rig) -> tuple[Visitor, Visitor, RecordReceipt]:
    """Return an administrator, a standard user, and a record that the standard user has added."""
    administrator = an_administrator()
    creator = colleague_of(administrator)
    return administrator, creator, await rig.referrals.submit(creator)


async def told(rig: Rig, visitor: Visitor, record: RecordReceipt) -> ToldOutcome:
    return await rig.ask(visitor, ReadToldOutcome(record_id=record.record_id))


async def named(rig: Rig, record: RecordReceipt) -> list[OutcomeTold]:
    """Publish all waiting events, and return the notices about outcomes of this record."""
    while await rig.relay.carry_batch():
        pass
    sent = [body for subject, body, _ in rig.referrals.wire.published if subject.endswith(OutcomeTold.kind)]
    return [each for each in map(OutcomeTold.model_validate_json, sent) if each.record_id == record.record_id]


async def test_its_creator_reads_date_and_plan_and_nothing_else_of_the_last_one(rig: Rig, owner: Owner) -> None:
    administrator, creator, record = await a_record(rig)
    await rig.record(administrator, record, plan="An older plan", notes=NOTES)
    receipt = await rig.record(administrator, record, plan=PLAN, notes=NOTES, summary="For the next meeting")

    found = await told(rig, creator, record)

    assert (receipt.outcome_id, {"plan": PLAN}) == (found.outcome_id, found.answers)
    assert found.recorded_at is not None
    assert NOTES not in found.model_dump_json()
    assert [record.record_id, receipt.outcome_id] == await owner.value(AUDITED, creator.user_id)


async def test_an_outcome_without_a_plan_still_says_its_date_and_none_says_nothing(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)
    before = await told(rig, creator, record)
    await rig.record(administrator, record, notes=NOTES)

    after = await told(rig, creator, record)

    assert (None, None, {}) == (before.outcome_id, before.recorded_at, before.answers)
    assert (True, {}) == (after.recorded_at is not None, after.answers)


async def test_the_holder_reads_it_and_a_colleague_who_keeps_nothing_does_not(rig: Rig) -> None:
    administrator, _, record = await a_record(rig)
    acting = await Acting.over(rig)
    holder = acting.colleague(*administrator.organisation_ids)
    await rig.record(administrator, record, plan=PLAN)
    before = await rig.refusal(holder, ReadToldOutcome(record_id=record.record_id))
    assign = AssignHolder(command_id=new_id(), record_id=record.record_id, user_id=holder.user_id, seen=None)
    await rig.ask(administrator, assign)

    assert NOT_FOUND == before
    assert {"plan": PLAN} == (await told(rig, holder, record)).answers


async def test_users_of_another_record_organisation_or_register_get_the_same_not_found(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)
    await rig.record(administrator, record, plan=PLAN)
    other = colleague_of(administrator)
    await rig.referrals.submit(other)
    elsewhere = a_visitor(Role.STANDARD)
    foreign = creator.model_copy(update={"register_code": "carers"})
    asked = ReadToldOutcome(record_id=record.record_id)

    refusals = [await rig.refusal(each, asked) for each in (other, elsewhere, foreign)]
    unknown = await rig.refusal(creator, ReadToldOutcome(record_id=new_id()))

    assert [NOT_FOUND] * 4 == [*refusals, unknown]


async def test_an_archived_record_tells_its_creator_nothing_more(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)
    await rig.ask(administrator, an_ending(record, plan=PLAN))

    assert NOT_FOUND == await rig.refusal(creator, ReadToldOutcome(record_id=record.record_id))


async def test_standard_users_still_list_no_outcomes(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)
    await rig.record(administrator, record, plan=PLAN)

    assert Fault.NOT_ALLOWED is await rig.fault(creator, ListOutcomes(record_id=record.record_id))


async def test_without_the_function_row_level_security_shows_a_standard_user_nothing(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)
    await rig.record(administrator, record, plan=PLAN)

    async with transaction(rig.pool, creator) as db:
        direct = await db.fetch("SELECT id FROM outcome WHERE record_id = $1", record.record_id)
        through = await read_told(db, record.record_id, ["plan"])
    async with transaction(rig.pool, a_visitor(Role.STANDARD)) as db:
        elsewhere = await read_told(db, record.record_id, ["plan", "notes"])
    async with transaction(rig.pool, creator.model_copy(update={"register_code": "carers"})) as db:
        foreign = await read_told(db, record.record_id, ["plan", "notes"])

    assert ([], {"plan": PLAN}) == ([dict(each) for each in direct], through.answers)
    assert [None, None] == [elsewhere.outcome_id, foreign.outcome_id]


# ------------------------------------------------------------------------------------------------------------- notices
async def test_creator_and_holder_are_told_once_by_reference_and_who_recorded_it_is_not(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)
    acting = await Acting.over(rig)
    holder = acting.colleague(*administrator.organisation_ids)
    assign = AssignHolder(command_id=new_id(), record_id=record.record_id, user_id=holder.user_id, seen=None)
    await rig.ask(administrator, assign)
    asked = an_outcome(record, plan=PLAN, notes=NOTES)

    for _ in range(2):
        await rig.ask(administrator, asked)
    notices = await named(rig, record)

    assert sorted([creator.user_id, holder.user_id]) == sorted(each.recipient for each in notices)
    assert {record.reference} == {each.reference for each in notices}
    assert not [each for each in notices if PLAN in each.model_dump_json() or NOTES in each.model_dump_json()]


async def test_who_added_the_record_is_not_told_of_their_own_outcome(rig: Rig) -> None:
    administrator = an_administrator()
    record = await rig.referrals.submit(administrator)

    await rig.record(administrator, record, plan=PLAN)

    assert [] == await named(rig, record)


async def test_an_archive_is_told_as_an_archive_and_not_as_an_outcome_too(rig: Rig) -> None:
    administrator, creator, record = await a_record(rig)

    await rig.ask(administrator, an_ending(record))
    left = [
        each for each in await rig.referrals.told(record.record_id) if getattr(each, "occasion", "") == "record_left"
    ]

    assert [] == await named(rig, record)
    assert [creator.user_id] == [getattr(each, "submitted_by", None) for each in left]
