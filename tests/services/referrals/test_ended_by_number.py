"""An archived record is found by NHS number: by administrators in whose reach it is, and by nobody else."""

import pytest

from shared.contracts.referrals.ended import FindEnded
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.people import an_nhs_number
from tests.services.referrals.rig import Owner, Referrals


async def test_an_archived_person_is_found_however_the_number_is_written_and_the_audit_holds_no_number(
    referrals: Referrals, owner: Owner
) -> None:
    creator, number = a_visitor(), an_nhs_number()
    administrator = colleague_of(creator, Role.ADMINISTRATOR)
    receipt = await referrals.submit(creator, first_name="Percy", nhs_number=number)
    before = (await referrals.ask(administrator, FindEnded(nhs_number=number))).records
    await referrals.archive(administrator, receipt)

    written = (number, f"{number[:3]} {number[3:6]} {number[6:]}", f" {number[:3]}-{number[3:6]}-{number[6:]} ")
    found = [(await referrals.ask(administrator, FindEnded(nhs_number=each))).records for each in written]

    assert () == before
    assert [[receipt.record_id]] * 3 == [[each.record_id for each in records] for records in found]
    assert ("Percy Plum", receipt.reference) == (found[0][0].name, found[0][0].reference)
    rows = await owner.rows(
        "SELECT subjects, fields FROM audit WHERE actor = $1 AND action = 'records.searched' ORDER BY id",
        administrator.user_id,
    )
    assert [([], []), *[([receipt.record_id], [])] * 3] == [(row["subjects"], row["fields"]) for row in rows]


async def test_no_administrator_elsewhere_finds_it_and_no_other_role_may_ask(referrals: Referrals) -> None:
    creator, number = a_visitor(), an_nhs_number()
    await referrals.archive(
        colleague_of(creator, Role.ADMINISTRATOR), await referrals.submit(creator, nhs_number=number)
    )
    asked = FindEnded(nhs_number=number)

    assert () == (await referrals.ask(a_visitor(Role.ADMINISTRATOR), asked)).records
    for role in (Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN):
        with pytest.raises(NotAnswered) as unanswered:
            await referrals.ask(colleague_of(creator, role), asked)
        assert Fault.NOT_ALLOWED is unanswered.value.fault


@pytest.mark.parametrize("text", ["", "Percy", "943476591", "94347659190", "943 476 5919 Percy"])
async def test_what_is_no_nhs_number_is_not_searched_for(referrals: Referrals, text: str) -> None:
    assert ("unreadable", {}) == await referrals.refusal(a_visitor(Role.ADMINISTRATOR), FindEnded(nhs_number=text))
