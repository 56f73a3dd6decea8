"""Outcomes says who looked at a record's outcomes and tasks, to those whom referrals lets read it."""

from uuid import UUID

import pytest

from services.outcomes.store.looking import read_looks
from shared.contracts.looks import CheckLooks, Looks, ReadOutcomeLooks
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from tests.services.outcomes.rig import Rig, an_administrator
from tests.services.referrals.builders import a_visitor, colleague_of

Case = tuple[Visitor, RecordReceipt]


@pytest.fixture
async def case(rig: Rig) -> Case:
    """An administrator, and a record of which they have read and recorded outcomes."""
    administrator = an_administrator()
    record = await rig.referrals.submit(colleague_of(administrator))
    await rig.listed(administrator, record.record_id)
    await rig.record(administrator, record)
    return administrator, record


def acts(found: Looks) -> list[tuple[str, UUID | None]]:
    return [(each.action, each.user_id) for each in found.looks]


@pytest.mark.requirement("R-USE-011")
async def test_an_administrator_reads_who_saw_and_recorded_outcomes(rig: Rig, case: Case) -> None:
    administrator, record = case
    asked = ReadOutcomeLooks(record_id=record.record_id)

    found = await rig.ask(administrator, asked)
    again = await rig.ask(administrator, asked)

    who = administrator.user_id
    assert [("outcome.recorded", who), ("outcome.listed", who)] == acts(found)
    assert (("outcome.looks_read", who), (who,)) == (acts(again)[0], found.user_ids)


@pytest.mark.requirement("R-USE-011")
async def test_others_read_nothing_of_it(rig: Rig, case: Case) -> None:
    administrator, record = case
    asked = ReadOutcomeLooks(record_id=record.record_id)

    assert ("not_found", {}) == await rig.refusal(a_visitor(Role.ADMINISTRATOR), asked)
    assert Fault.NOT_ALLOWED == await rig.fault(colleague_of(administrator, Role.REPORTING), asked)
    with rig.away(CheckLooks), pytest.raises(NotAnswered):
        await rig.ask(administrator, asked)


@pytest.mark.requirement("R-USE-011")
async def test_the_database_alone_keeps_others_from_the_audit(rig: Rig, case: Case) -> None:
    administrator, record = case
    stranger = a_visitor(Role.ADMINISTRATOR)
    where = organisation_compartment(administrator.organisation_ids[0])
    seen = []
    for who in (administrator, stranger, administrator.model_copy(update={"register_code": "watch"})):
        async with transaction(rig.pool, who) as db:
            found = await read_looks(db, ReadOutcomeLooks(record_id=record.record_id), where)
        seen.append((bool(found.looks), bool(found.user_ids)))

    assert [(True, True), (False, False), (False, False)] == seen
