"""Administrators and privacy officers read who looked at a record that they can open, and nobody else does."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store import looking as store
from shared.clock import utc_now
from shared.contracts.looks import CheckLooks, LookPlace, ReadRecordLooks, RecordLooks
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import AccountGrant, Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.values import london_day
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals

TODAY = london_day(utc_now())


class Case:
    """A record, its creator, and their administrator."""

    def __init__(self, receipt: RecordReceipt, creator: Visitor) -> None:
        self.receipt, self.creator = receipt, creator
        self.administrator = colleague_of(creator, Role.ADMINISTRATOR)

    @property
    def record_id(self) -> UUID:
        return self.receipt.record_id


@pytest.fixture
async def case(referrals: Referrals) -> Case:
    creator = a_visitor()
    return Case(await referrals.submit(creator, first_name="Percy"), creator)


async def looks(referrals: Referrals, who: Visitor, case: Case, **wanted: object) -> RecordLooks:
    return await referrals.ask(who, ReadRecordLooks.model_validate({"record_id": case.record_id, **wanted}))


def acts(found: RecordLooks) -> list[tuple[str, UUID | None]]:
    return [(each.action, each.user_id) for each in found.looks]


@pytest.mark.requirement("R-USE-011")
async def test_an_administrator_reads_who_did_and_saw_what_newest_first(referrals: Referrals, case: Case) -> None:
    other = await referrals.submit(case.creator, first_name="Peter", last_name="Pear")
    await referrals.read(case.creator, case.record_id)
    await referrals.read(case.creator, other.record_id)
    await referrals.listed(case.administrator)

    found = await looks(referrals, case.administrator, case)

    creator, administrator = case.creator.user_id, case.administrator.user_id
    assert [("records.listed", administrator), ("record.read", creator), ("record.created", creator)] == acts(found)
    assert ([2, 1], {creator, administrator}) == ([each.among for each in found.looks][:2], set(found.user_ids))
    assert (case.receipt.reference, "Percy Plum", False) == (found.reference, found.name, found.more)


@pytest.mark.requirement("R-USE-011")
async def test_the_look_itself_is_audited(referrals: Referrals, owner: Owner, case: Case) -> None:
    await looks(referrals, case.administrator, case)

    again = await looks(referrals, case.administrator, case)

    assert ("record.looks_read", case.administrator.user_id) == acts(again)[0]
    audited = "SELECT count(*) FROM audit WHERE action = $1 AND subjects = ARRAY[$2::uuid]"
    assert 2 == await owner.value(audited, ReferralsAction.RECORD_LOOKS_READ, case.record_id)


@pytest.mark.requirement("R-USE-011")
async def test_they_go_page_by_page_and_by_user_and_day(referrals: Referrals, case: Case) -> None:
    reader = colleague_of(case.creator, Role.REPORTING)
    for who in (case.creator, reader, case.creator):
        await referrals.read(who, case.record_id)

    first = await looks(referrals, case.administrator, case, most=2)
    place = LookPlace.model_validate(first.looks[-1].place)
    second = await looks(referrals, case.administrator, case, most=3, before=place)
    of_reader = await looks(referrals, case.administrator, case, user_id=reader.user_id)
    today = await looks(referrals, case.administrator, case, first_day=TODAY, last_day=TODAY)
    earlier = await looks(referrals, case.administrator, case, last_day=TODAY - timedelta(days=1))
    later = await looks(referrals, case.administrator, case, first_day=TODAY + timedelta(days=1))

    assert (["record.read"] * 2, True) == ([each.action for each in first.looks], first.more)
    assert ["record.read", "record.created"] == [each.action for each in second.looks]
    assert [("record.read", reader.user_id)] == acts(of_reader)
    assert {reader.user_id, case.creator.user_id} <= set(of_reader.user_ids)
    assert (True, [], []) == (len(today.looks) >= 4, list(earlier.looks), list(later.looks))


@pytest.mark.requirement("R-USE-011")
async def test_a_privacy_officer_reads_it_whatever_their_role_and_others_do_not(
    referrals: Referrals, case: Case
) -> None:
    reader = colleague_of(case.creator, Role.REPORTING)
    officer = reader.model_copy(update={"grants": (AccountGrant.PRIVACY_OFFICER,)})

    assert "record.created" in [each.action for each in (await looks(referrals, officer, case)).looks]
    for who in (reader, case.creator):
        for asked in (ReadRecordLooks(record_id=case.record_id), CheckLooks(record_id=case.record_id)):
            with pytest.raises(NotAnswered) as fault:
                await referrals.ask(who, asked)
            assert Fault.NOT_ALLOWED == fault.value.fault


@pytest.mark.requirement("R-USE-011")
async def test_of_a_record_out_of_reach_nothing_is_said(referrals: Referrals, case: Case) -> None:
    own_only = colleague_of(case.creator).model_copy(update={"grants": (AccountGrant.PRIVACY_OFFICER,)})
    others = [
        a_visitor(Role.ADMINISTRATOR),
        case.administrator.model_copy(update={"register_code": "watch"}),
        own_only,
    ]
    for who in others:
        for record_id in (case.record_id, new_id()):
            assert ("not_found", {}) == await referrals.refusal(who, ReadRecordLooks(record_id=record_id))
            assert ("not_found", {}) == await referrals.refusal(who, CheckLooks(record_id=record_id))


@pytest.mark.requirement("R-USE-011")
async def test_the_database_alone_keeps_others_from_the_audit(referrals: Referrals, case: Case) -> None:
    own_only = colleague_of(case.creator)
    who = {
        "here": case.administrator,
        "elsewhere": a_visitor(Role.ADMINISTRATOR),
        "register": case.administrator.model_copy(update={"register_code": "watch"}),
        "own": own_only,
        "master": colleague_of(case.creator, Role.MASTER_ADMIN),
    }
    seen = {}
    for name, visitor in who.items():
        asked = ReadRecordLooks(record_id=case.record_id)
        async with transaction(referrals.pool, visitor) as db:
            found = await store.read_looks(db, asked, organisation_compartment(case.creator.organisation_ids[0]))
        seen[name] = bool(found.looks) or bool(found.user_ids)

    assert {**dict.fromkeys(who, False), "here": True} == seen


async def test_who_looked_at_an_archived_record_is_read_by_those_who_may_open_it(
    referrals: Referrals, case: Case
) -> None:
    await referrals.archive(case.administrator, case.receipt)
    officer = case.creator.model_copy(update={"grants": (AccountGrant.PRIVACY_OFFICER,)})

    found = await looks(referrals, case.administrator, case)

    assert "record.archived" in [each.action for each in found.looks]
    assert ("not_found", {}) == await referrals.refusal(officer, ReadRecordLooks(record_id=case.record_id))


async def test_the_query_alone_finds_no_record_of_others(referrals: Referrals, case: Case) -> None:
    async with transaction(referrals.pool, case.administrator) as db:
        found = [
            await store.find_looked_at(db, who, case.record_id)
            for who in (case.administrator, a_visitor(Role.ADMINISTRATOR), colleague_of(case.creator))
        ]

    assert [True, False, False] == [each is not None for each in found]
