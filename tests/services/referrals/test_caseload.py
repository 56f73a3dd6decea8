"""What a user looks after: their own records by rating, the longest without an update, and those new with them."""

import pytest

from services.referrals.audit_actions import ReferralsAction
from shared.contracts.referrals.caseload import Caseload, OwnRecords, ReadCaseload
from shared.contracts.referrals.holding import AssignHolder
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Owner, Referrals

pytestmark = pytest.mark.requirement("R-USE-010")


async def caseload_of(referrals: Referrals, visitor: Visitor) -> Caseload:
    return await referrals.ask(visitor, ReadCaseload())


def totals(own: OwnRecords | None) -> dict[str, int]:
    assert own is not None
    return {each.rating: each.total for each in own.ratings}


async def test_a_referrer_has_their_own_records_by_rating_and_the_longest_without_an_update(
    referrals: Referrals,
) -> None:
    creator = a_visitor()
    first = await referrals.ask(creator, unasked(**a_person(), risk_level="red"))
    for rating in ("red", "green"):
        await referrals.ask(creator, unasked(**a_person(), risk_level=rating))
    await referrals.ask(colleague_of(creator), unasked(**a_person(), risk_level="red"))

    found = await caseload_of(referrals, creator)

    assert {"red": 2, "green": 1} == totals(found.own)
    assert [first.record_id] == [each.oldest.record_id for each in (found.own,) if each and each.oldest]
    assert () == found.new


async def test_who_becomes_a_holder_has_the_record_and_it_is_new_with_them(referrals: Referrals) -> None:
    creator = a_visitor()
    colleague, administrator = colleague_of(creator), colleague_of(creator, Role.ADMINISTRATOR)
    record = await referrals.ask(creator, unasked(**a_person(), risk_level="amber"))
    await referrals.grants(colleague)
    named = AssignHolder(command_id=new_id(), record_id=record.record_id, user_id=colleague.user_id, seen=None)
    await referrals.ask(administrator, named)

    found = await caseload_of(referrals, colleague)

    assert ({"amber": 1}, [record.record_id]) == (totals(found.own), [each.record_id for each in found.new])
    assert () == (await caseload_of(referrals, creator)).new


async def test_those_who_see_more_than_their_own_have_no_counts(referrals: Referrals) -> None:
    creator = a_visitor()
    await referrals.ask(creator, unasked(**a_person()))

    assert Caseload() == await caseload_of(referrals, colleague_of(creator, Role.ADMINISTRATOR))


async def test_the_reading_is_audited_once_with_the_records_that_it_names(referrals: Referrals, owner: Owner) -> None:
    creator = a_visitor()
    empty = await caseload_of(referrals, creator)
    record = await referrals.ask(creator, unasked(**a_person()))
    await referrals.ask(creator, unasked(**a_person()))

    await caseload_of(referrals, creator)

    rows = await owner.rows(
        "SELECT subjects FROM audit WHERE actor = $1 AND action = $2", creator.user_id, ReferralsAction.RECORDS_LISTED
    )
    assert ([[record.record_id]], {}) == ([list(row["subjects"]) for row in rows], totals(empty.own))
