"""A new record of somebody whose record was archived is linked to it, for the team and nobody else."""

import pytest
from asyncpg import InsufficientPrivilegeError

from shared.contracts.referrals.ended import ListEndedBefore, ListReturned
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.test_ended_before import Relapse, relapse

__all__ = ["relapse"]
pytestmark = pytest.mark.requirement("R-USE-009")
READ = "SELECT subjects FROM audit WHERE actor = $1 AND action = 'record.ended_before_read' ORDER BY id DESC LIMIT 1"


async def before(referrals: Referrals, visitor: Visitor, record: RecordReceipt) -> list[str]:
    found = await referrals.ask(visitor, ListEndedBefore(record_ids=(record.record_id,)))
    return [each.reference for each in found.records]


async def returned(referrals: Referrals, visitor: Visitor, ended: RecordReceipt) -> list[str]:
    return [each.reference for each in (await referrals.ask(visitor, ListReturned(record_id=ended.record_id))).records]


async def test_both_records_lead_to_the_other_and_reading_that_is_audited(
    referrals: Referrals, owner: Owner, relapse: Relapse
) -> None:
    administrator = relapse.administrator

    assert [relapse.archived.reference] == await before(referrals, administrator, relapse.again)
    assert [relapse.again.reference] == await returned(referrals, administrator, relapse.archived)
    assert [relapse.archived.record_id, relapse.again.record_id] == await owner.value(READ, administrator.user_id)


async def test_the_link_stays_when_name_number_and_birth_are_corrected(referrals: Referrals, relapse: Relapse) -> None:
    corrected = await referrals.update(relapse.administrator, relapse.again, **a_person())

    assert [relapse.archived.reference] == await before(referrals, relapse.administrator, corrected)
    assert [relapse.again.reference] == await returned(referrals, relapse.administrator, relapse.archived)


async def test_a_number_that_is_added_later_links_too(referrals: Referrals) -> None:
    administrator, person = a_visitor(Role.ADMINISTRATOR), a_person()
    archived = await referrals.submit(administrator, **person)
    await referrals.archive(administrator, archived)
    other = a_person(nhs_number="")
    again = await referrals.submit(administrator, **other)

    assert [] == await returned(referrals, administrator, archived)
    await referrals.update(administrator, again, **other | {"nhs_number": person["nhs_number"]})

    assert [again.reference] == await returned(referrals, administrator, archived)


async def test_of_two_that_have_ended_the_later_one_is_the_return(referrals: Referrals, relapse: Relapse) -> None:
    await referrals.archive(relapse.administrator, relapse.again)

    assert [relapse.again.reference] == await returned(referrals, relapse.administrator, relapse.archived)
    assert [] == await returned(referrals, relapse.administrator, relapse.again)


async def test_two_people_by_the_teams_decision_are_not_linked(
    referrals: Referrals, owner: Owner, relapse: Relapse
) -> None:
    await owner.rows(
        "INSERT INTO possible_duplicate (one, other, register_code, rule, state, decided_at) "
        "VALUES (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid), 'dsr', 'nhs_number', 'dismissed', now())",
        relapse.archived.record_id,
        relapse.again.record_id,
    )

    assert [] == await returned(referrals, relapse.administrator, relapse.archived)
    assert [] == await before(referrals, relapse.administrator, relapse.again)


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_nobody_but_administrators_learns_of_it(referrals: Referrals, relapse: Relapse, role: Role) -> None:
    visitor = colleague_of(relapse.administrator, role)

    with pytest.raises(NotAnswered) as unanswered:
        await returned(referrals, visitor, relapse.archived)

    assert Fault.NOT_ALLOWED is unanswered.value.fault


async def test_an_administrator_sees_only_the_half_in_reach_and_so_nothing(
    referrals: Referrals, relapse: Relapse
) -> None:
    elsewhere = a_visitor(Role.ADMINISTRATOR)
    shown = await referrals.read(relapse.administrator, relapse.archived.record_id)
    person = {name: shown.answers[name] for name in ("first_name", "last_name", "date_of_birth", "nhs_number")}
    theirs = await referrals.submit(elsewhere, **a_person(**person))

    assert [] == await returned(referrals, elsewhere, relapse.archived)
    assert [] == await before(referrals, elsewhere, theirs)
    assert [relapse.again.reference] == await returned(referrals, relapse.administrator, relapse.archived)


async def test_the_service_itself_cannot_read_the_links(referrals: Referrals) -> None:
    with pytest.raises(InsufficientPrivilegeError):
        await referrals.pool.fetch("SELECT * FROM record_return")
