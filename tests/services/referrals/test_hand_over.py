"""All records of one colleague are listed, and handed over to another in one act."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from services.referrals.handlers import hand_over as handlers
from shared.clock import utc_now
from shared.contracts.referrals.events import RecordsHandedOver, RoutineNotice
from shared.contracts.referrals.hand_over import (
    CheckHandOver,
    CountHeld,
    HandOver,
    HandOverChecked,
    ListHeld,
)
from shared.contracts.referrals.holding import AddCover, AssignHolder
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.values import london_day
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner, Referrals

TODAY = london_day(utc_now())
FIND_HOLDERS = "SELECT record_id, user_id FROM record_holding WHERE kind = 'holder' AND ended_at IS NULL"
FIND_AUDIT = "SELECT subjects FROM audit WHERE action = 'record.holder_assigned' AND actor = $1"


class Team:
    """A user who holds records, two colleagues and their administrator."""

    def __init__(self) -> None:
        self.holder = a_visitor()
        self.colleague = colleague_of(self.holder)
        self.administrator = colleague_of(self.holder, Role.ADMINISTRATOR)


@pytest.fixture
async def team(referrals: Referrals) -> Team:
    team = Team()
    await referrals.grants(team.colleague)
    return team


async def add(referrals: Referrals, who: Visitor, count: int) -> list[RecordReceipt]:
    return [await referrals.submit(who, **a_person()) for _ in range(count)]


async def assign(referrals: Referrals, who: Visitor, record: RecordReceipt, user: Visitor) -> None:
    await referrals.ask(
        who, AssignHolder(command_id=new_id(), record_id=record.record_id, user_id=user.user_id, seen=None)
    )


async def check(
    referrals: Referrals, who: Visitor, holder: Visitor, to: Visitor, kept: Sequence[UUID] = ()
) -> HandOverChecked:
    return await referrals.ask(who, CheckHandOver(user_id=holder.user_id, new_user_id=to.user_id, kept=tuple(kept)))


def a_hand_over(holder: Visitor, to: Visitor, seen: str, kept: Sequence[UUID] = ()) -> HandOver:
    return HandOver(command_id=new_id(), user_id=holder.user_id, new_user_id=to.user_id, kept=tuple(kept), seen=seen)


async def hand_over(
    referrals: Referrals, who: Visitor, holder: Visitor, to: Visitor, kept: Sequence[UUID] = ()
) -> HandOver:
    command = a_hand_over(holder, to, (await check(referrals, who, holder, to, kept)).seen, kept)
    await referrals.ask(who, command)
    return command


async def held_by(referrals: Referrals, who: Visitor, user: Visitor) -> set[UUID]:
    found = await referrals.ask(who, ListHeld(user_id=user.user_id))
    assert found.total == len(found.records)
    return {each.record_id for each in found.records}


@pytest.mark.requirement("R-USE-012")
async def test_all_records_of_a_colleague_get_a_new_holder_in_one_act(
    referrals: Referrals, owner: Owner, team: Team
) -> None:
    created = await add(referrals, team.holder, 2)
    [named] = await add(referrals, team.administrator, 1)
    await referrals.grants(team.holder)
    await assign(referrals, team.administrator, named, team.holder)
    await referrals.grants(team.colleague)
    all_ids = {each.record_id for each in (*created, named)}
    before = await held_by(referrals, team.administrator, team.holder)

    await hand_over(referrals, team.administrator, team.holder, team.colleague)

    holders = {row["record_id"]: row["user_id"] for row in await owner.rows(FIND_HOLDERS)}
    assert all_ids == before
    assert dict.fromkeys(all_ids, team.colleague.user_id) == {each: holders[each] for each in all_ids}
    assert set() == await held_by(referrals, team.administrator, team.holder)
    assert all_ids == await held_by(referrals, team.colleague, team.colleague)
    audited = await owner.rows(FIND_AUDIT, team.administrator.user_id)
    assert {(each, team.colleague.user_id) for each in all_ids} <= {tuple(row["subjects"]) for row in audited}


@pytest.mark.requirement("R-USE-012")
async def test_the_new_and_the_former_holder_are_told_once_with_the_references(
    referrals: Referrals, team: Team
) -> None:
    records = await add(referrals, team.holder, 3)

    command = await hand_over(referrals, team.administrator, team.holder, team.colleague)
    await referrals.ask(team.administrator, command)  # the same command again

    told = [each for each in await referrals.told(command.command_id) if isinstance(each, RecordsHandedOver)]
    references = {each.reference for each in records}
    assert [("holder_named", team.colleague.user_id), ("holder_replaced", team.holder.user_id)] == sorted(
        (each.occasion, each.told) for each in told
    )
    assert [(references, 3)] * 2 == [(set(each.references), each.total) for each in told]
    about = [await referrals.told(each.record_id) for each in records]
    assert {"record_created"} == {each.occasion for some in about for each in some if isinstance(each, RoutineNotice)}


@pytest.mark.requirement("R-USE-012")
async def test_a_holder_hands_over_their_own_records_and_no_one_elses(referrals: Referrals, team: Team) -> None:
    await add(referrals, team.holder, 2)
    [other] = await add(referrals, team.colleague, 1)

    command = await hand_over(referrals, team.holder, team.holder, team.colleague)

    told = [each for each in await referrals.told(command.command_id) if isinstance(each, RecordsHandedOver)]
    assert [team.colleague.user_id] == [each.told for each in told]
    assert 3 == len(await held_by(referrals, team.colleague, team.colleague))
    asked = (
        ListHeld(user_id=team.colleague.user_id),
        CheckHandOver(user_id=team.colleague.user_id, new_user_id=team.holder.user_id),
        a_hand_over(team.colleague, team.holder, "0" * 64),
    )
    assert [("not_yours", {})] * 3 == [await referrals.refusal(team.holder, each) for each in asked]
    assert other.record_id in await held_by(referrals, team.colleague, team.colleague)


@pytest.mark.requirement("R-USE-012")
async def test_records_that_are_kept_or_archived_stay(referrals: Referrals, owner: Owner, team: Team) -> None:
    kept, moved, archived = await add(referrals, team.holder, 3)
    await referrals.archive(team.administrator, archived)

    found = await check(referrals, team.administrator, team.holder, team.colleague, [kept.record_id])
    await hand_over(referrals, team.administrator, team.holder, team.colleague, [kept.record_id])

    holders = {row["record_id"]: row["user_id"] for row in await owner.rows(FIND_HOLDERS)}
    assert ((moved.reference,), 1, 0) == (found.references, found.moving, found.unseen)
    assert team.colleague.user_id == holders[moved.record_id]
    assert {kept.record_id, archived.record_id}.isdisjoint(holders)
    assert {kept.record_id} == await held_by(referrals, team.administrator, team.holder)


@pytest.mark.requirement("R-USE-012")
async def test_records_that_the_new_holder_may_not_see_are_named_and_stay(referrals: Referrals) -> None:
    here, there = new_id(), new_id()
    holder = a_visitor(Role.STANDARD, here, there)
    elsewhere = holder.model_copy(update={"home_organisation_id": there})
    administrator = a_visitor(Role.ADMINISTRATOR, here, there)
    colleague = a_visitor(Role.STANDARD, here)
    await referrals.grants(colleague)
    [seen] = await add(referrals, holder, 1)
    [unseen] = await add(referrals, elsewhere, 1)

    found = await check(referrals, administrator, holder, colleague)
    done = await referrals.ask(administrator, a_hand_over(holder, colleague, found.seen))

    assert ((seen.reference,), (unseen.reference,)) == (found.references, found.unseen_references)
    assert (1, 1) == (done.moved, done.left)
    assert {unseen.record_id} == await held_by(referrals, administrator, holder)


@pytest.mark.requirement("R-USE-012")
async def test_nothing_is_moved_when_a_record_has_another_holder_than_the_page_showed(
    referrals: Referrals, team: Team
) -> None:
    first, _ = await add(referrals, team.holder, 2)
    found = await check(referrals, team.administrator, team.holder, team.colleague)
    await assign(referrals, team.administrator, first, team.colleague)

    refusal = await referrals.refusal(team.administrator, a_hand_over(team.holder, team.colleague, found.seen))

    assert ("changed", {}) == refusal
    assert 1 == len(await held_by(referrals, team.administrator, team.holder))


async def test_a_record_added_since_the_page_was_shown_is_not_moved_unseen(referrals: Referrals, team: Team) -> None:
    await add(referrals, team.holder, 1)
    found = await check(referrals, team.administrator, team.holder, team.colleague)
    await add(referrals, team.holder, 1)

    assert ("changed", {}) == await referrals.refusal(
        team.administrator, a_hand_over(team.holder, team.colleague, found.seen)
    )


@pytest.mark.requirement("R-USE-012")
async def test_covers_are_shown_and_stay(referrals: Referrals, owner: Owner, team: Team) -> None:
    [record] = await add(referrals, team.holder, 1)
    [covered] = await add(referrals, team.administrator, 1)
    cover = colleague_of(team.holder)
    for record_id, user in ((record.record_id, cover), (covered.record_id, team.holder)):
        await referrals.grants(user)
        days = {"from_day": TODAY, "until_day": TODAY + timedelta(days=7)}
        covering = AddCover(command_id=new_id(), record_id=record_id, user_id=user.user_id, **days)
        await referrals.ask(team.administrator, covering)
    await referrals.grants(team.colleague)

    found = await referrals.ask(team.administrator, ListHeld(user_id=team.holder.user_id))
    counted = await referrals.ask(team.administrator, CountHeld(user_id=team.holder.user_id))
    await hand_over(referrals, team.administrator, team.holder, team.colleague)

    assert [("Sam Colleague", TODAY)] == [(each.full_name, each.from_day) for each in found.records[0].covers]
    assert [covered.reference] == [each.reference for each in found.covered]
    assert (1, 1) == (counted.held, counted.covered)
    lasting = "SELECT count(*) FROM record_holding WHERE kind = 'cover' AND ended_at IS NULL AND record_id = ANY($1)"
    assert 2 == await owner.value(lasting, [record.record_id, covered.record_id])


async def test_the_list_goes_page_by_page_by_family_name(
    referrals: Referrals, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "HELD_AT_ONCE", 2)
    for family in ("Cole", "Ash", "Birch"):
        await referrals.submit(team.holder, **a_person(last_name=family))

    pages = [
        await referrals.ask(team.administrator, ListHeld(user_id=team.holder.user_id, skip=skip)) for skip in (0, 2, 4)
    ]

    families = [[each.name.split()[-1] for each in page.records] for page in pages]
    assert ([["Ash", "Birch"], ["Cole"], []], [3, 3, 3]) == (families, [page.total for page in pages])


async def test_more_than_fit_into_one_act_go_in_parts(
    referrals: Referrals, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MOST_AT_ONCE", 2)
    await add(referrals, team.holder, 3)

    found = await check(referrals, team.administrator, team.holder, team.colleague)
    done = await referrals.ask(team.administrator, a_hand_over(team.holder, team.colleague, found.seen))

    assert ((2, 1), (2, 1)) == ((found.moving, found.later), (done.moved, done.left))
    await hand_over(referrals, team.administrator, team.holder, team.colleague)
    assert set() == await held_by(referrals, team.administrator, team.holder)


async def test_an_administrator_elsewhere_finds_none_of_them(referrals: Referrals, team: Team) -> None:
    await add(referrals, team.holder, 2)
    stranger = a_visitor(Role.ADMINISTRATOR)
    both = a_visitor(Role.STANDARD, *stranger.organisation_ids, *team.holder.organisation_ids)
    await referrals.grants(both)

    found = await check(referrals, stranger, team.holder, both)
    counted = await referrals.ask(stranger, CountHeld(user_id=team.holder.user_id))

    assert (0, 0, "") == (found.moving, found.unseen, found.full_name)
    assert (0, set()) == (counted.held, await held_by(referrals, stranger, team.holder))
    refusal = await referrals.refusal(stranger, a_hand_over(team.holder, both, found.seen))
    assert ("nothing_to_move", {}) == refusal


async def test_records_are_handed_to_no_one_who_may_not_hold_them(referrals: Referrals, team: Team) -> None:
    await add(referrals, team.holder, 1)
    reporter, stranger = colleague_of(team.holder, Role.REPORTING), a_visitor()
    codes = []
    for granted, to in ((reporter, reporter), (stranger, stranger), (None, team.colleague), (team.holder, team.holder)):
        await referrals.grants(granted)
        asked = CheckHandOver(user_id=team.holder.user_id, new_user_id=to.user_id)
        codes.append((await referrals.refusal(team.administrator, asked))[0])

    assert [*["not_a_colleague"] * 3, "already_holds"] == codes


async def test_readers_of_reports_hand_nothing_over(referrals: Referrals, team: Team) -> None:
    reporter = colleague_of(team.holder, Role.REPORTING)
    for asked in (ListHeld(user_id=reporter.user_id), a_hand_over(reporter, team.colleague, "")):
        with pytest.raises(NotAnswered) as fault:
            await referrals.ask(reporter, asked)
        assert Fault.NOT_ALLOWED == fault.value.fault
