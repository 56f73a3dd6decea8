"""The list of archived records, for the roles that may open them: in order, searched, in scope, audited."""

from uuid import UUID

import pytest

from shared.contracts.referrals.ended import ENDED_PAGE, EndedList, ListEnded
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner, Referrals, an_archive

pytestmark = pytest.mark.requirement("R-USE-009")
LAST_AUDIT = "SELECT action, subjects FROM audit WHERE actor = $1 ORDER BY id DESC LIMIT 1"
MOVED = {"leaving_reason": "moved_away"}


async def an_ended(referrals: Referrals, administrator: Visitor, **person: str) -> RecordReceipt:
    record = await referrals.submit(colleague_of(administrator), **a_person(**person))
    await referrals.ask(administrator, an_archive(record).model_copy(update={"leaving": MOVED}))
    return record


async def listed(referrals: Referrals, visitor: Visitor, search: str = "", skip: int = 0) -> EndedList:
    return await referrals.ask(visitor, ListEnded(search=search, skip=skip))


async def found(referrals: Referrals, visitor: Visitor, search: str) -> list[UUID]:
    return [each.record_id for each in (await listed(referrals, visitor, search)).records]


async def test_the_last_archived_comes_first_with_who_and_why(referrals: Referrals, owner: Owner) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR, full_name="Grace Allan")
    first, second = [await an_ended(referrals, administrator) for _ in range(2)]
    await referrals.submit(colleague_of(administrator), **a_person())

    page = await listed(referrals, administrator)

    assert ([second.record_id, first.record_id], False) == ([each.record_id for each in page.records], page.more)
    shown = page.records[0]
    assert (second.reference, "Grace Allan", MOVED) == (shown.reference, shown.ended_by, shown.leaving)
    audited = (await owner.rows(LAST_AUDIT, administrator.user_id))[0]
    assert ("records.listed", [second.record_id, first.record_id]) == tuple(audited)


async def test_it_has_pages(referrals: Referrals) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    ended = [await an_ended(referrals, administrator) for _ in range(ENDED_PAGE + 2)]

    first, second = await listed(referrals, administrator), await listed(referrals, administrator, skip=ENDED_PAGE)

    assert (True, False) == (first.more, second.more)
    ids = [each.record_id for each in (*first.records, *second.records)]
    assert [each.record_id for each in reversed(ended)] == ids


async def test_it_is_searched_by_name_number_birth_and_reference(referrals: Referrals, owner: Owner) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    record = await an_ended(referrals, administrator, first_name="Zoë", last_name="O'Quillan")
    await an_ended(referrals, administrator)
    shown = await referrals.read(administrator, record.record_id)
    number, born = str(shown.answers["nhs_number"]), str(shown.answers["date_of_birth"])
    year, month, day = born.split("-")

    searches = ["zoe quillan", "O'Quillan", number, f"{number[:3]} {number[3:6]} {number[6:]}", record.reference]
    assert [[record.record_id]] * 5 == [await found(referrals, administrator, each) for each in searches]
    assert record.record_id in await found(referrals, administrator, f"{day}/{month}/{year}")
    assert [] == await found(referrals, administrator, "Zoë Nobody")
    assert "records.searched" == (await owner.rows(LAST_AUDIT, administrator.user_id))[0]["action"]


async def test_active_records_and_those_of_others_are_not_in_it(referrals: Referrals) -> None:
    administrator, elsewhere = a_visitor(Role.ADMINISTRATOR), a_visitor(Role.ADMINISTRATOR)
    theirs = await an_ended(referrals, elsewhere, last_name="Elsewhere")
    await referrals.submit(colleague_of(administrator), **a_person(last_name="Elsewhere"))

    assert [] == await found(referrals, administrator, "elsewhere")
    assert () == (await listed(referrals, administrator)).records
    assert [theirs.record_id] == await found(referrals, elsewhere, "elsewhere")


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_nobody_else_may_list_them(referrals: Referrals, role: Role) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await listed(referrals, a_visitor(role))

    assert Fault.NOT_ALLOWED is unanswered.value.fault
