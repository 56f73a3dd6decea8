"""Holders and cover of a record: administrators name them. They get the creator's rights, which the creator keeps."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from asyncpg import InsufficientPrivilegeError
from pydantic import ValidationError

from services.referrals.rules.rights import Cover
from services.referrals.store import holding as store
from shared.clock import utc_now
from shared.contracts.referrals.duplicates import DecideDuplicate
from shared.contracts.referrals.events import RoutineNotice
from shared.contracts.referrals.holding import AddCover, AssignHolder, EndCover, ReadHoldings
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.values import london_day
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Owner, Referrals, a_note

TODAY = london_day(utc_now())


def days(number: int) -> timedelta:
    return timedelta(days=number)


def a_holder(record_id: UUID, user: Visitor, seen: UUID | None = None) -> AssignHolder:
    return AssignHolder(command_id=new_id(), record_id=record_id, user_id=user.user_id, seen=seen)


async def the_holding(referrals: Referrals, ward: "Ward") -> UUID:
    """Return the id of the current holder's entry."""
    return (await referrals.read(ward.creator, ward.record_id)).holdings[0].holding_id


def a_cover(record_id: UUID, user: Visitor, first: int = 0, last: int = 7) -> AddCover:
    """Return the request for a cover, from `first` days after today until `last` days after today."""
    return AddCover(
        command_id=new_id(),
        record_id=record_id,
        user_id=user.user_id,
        from_day=TODAY + days(first),
        until_day=TODAY + days(last),
    )


class Ward:
    """A creator, their colleague, their administrator, and a record."""

    def __init__(self) -> None:
        self.creator = a_visitor()
        self.colleague = colleague_of(self.creator)
        self.administrator = colleague_of(self.creator, Role.ADMINISTRATOR)
        self.receipt = RecordReceipt(record_id=new_id(), reference="", version=0)

    @property
    def record_id(self) -> UUID:
        return self.receipt.record_id


@pytest.fixture
async def ward(referrals: Referrals) -> Ward:
    ward = Ward()
    ward.receipt = await referrals.submit(ward.creator, first_name="Percy")
    await referrals.grants(ward.colleague)
    return ward


@pytest.mark.requirement("R-DSR-007", "R-DSR-114")
async def test_the_holder_lists_finds_reads_updates_and_notes_it_and_the_creator_still_does(
    referrals: Referrals, ward: Ward
) -> None:
    own = await referrals.submit(ward.colleague, first_name="Own")
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))

    page = await referrals.listed(ward.colleague)
    updated = await referrals.update(ward.colleague, ward.receipt, first_name="Peter")
    await referrals.ask(ward.colleague, a_note(ward.record_id))
    by_creator = await referrals.update(ward.creator, updated, first_name="Paul")

    assert ([own.record_id, ward.record_id], 2) == ([row.record_id for row in page.rows], page.total)
    assert (1, 2) == (updated.version, by_creator.version)
    assert ["Paul Plum"] == await referrals.names(ward.colleague, "paul")
    assert (await referrals.read(ward.colleague, ward.record_id)).may_update
    assert (1, 1) == ((await referrals.listed(ward.creator)).total, len((await referrals.listed(ward.creator)).rows))


@pytest.mark.requirement("R-USE-008")
async def test_a_new_holder_the_former_one_and_a_cover_are_told_each_once(referrals: Referrals, ward: Ward) -> None:
    cover = colleague_of(ward.creator)
    naming = a_holder(ward.record_id, ward.colleague)
    for _ in range(2):  # the second is a repeated command
        await referrals.ask(ward.administrator, naming)
    await referrals.grants(cover)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, cover))

    told = [each for each in await referrals.told(ward.record_id) if isinstance(each, RoutineNotice)]

    about = [(each.occasion, each.submitted_by) for each in told if each.occasion.startswith("holder_")]
    named = [("holder_named", ward.colleague.user_id), ("holder_named", cover.user_id)]
    assert sorted([*named, ("holder_replaced", ward.creator.user_id)], key=str) == sorted(about, key=str)
    assert {(ward.receipt.reference, "routine")} == {(each.reference, each.urgency) for each in told}


async def test_nobody_is_told_of_what_they_did_themselves(referrals: Referrals, ward: Ward) -> None:
    await referrals.grants(ward.administrator)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.administrator))

    told = [each for each in await referrals.told(ward.record_id) if isinstance(each, RoutineNotice)]

    assert {"record_created", "holder_replaced"} == {each.occasion for each in told}


async def test_whoever_holds_or_covers_a_record_is_asked_before_they_add_its_person_again(referrals: Referrals) -> None:
    ward, person = Ward(), a_person()
    ward.receipt = await referrals.ask(ward.creator, unasked(**person))
    await referrals.grants(ward.colleague)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague))

    refusal = await referrals.refusal(ward.colleague, unasked(**person))

    assert ("likely_duplicate", {"records": (ward.record_id,)}) == refusal


async def test_whoever_holds_one_of_two_records_of_a_person_sees_it_beside_their_own(referrals: Referrals) -> None:
    ward, person = Ward(), a_person()
    ward.receipt = await referrals.ask(ward.creator, unasked(**person))
    own = await referrals.ask(ward.colleague, unasked(**person))
    linking = DecideDuplicate(command_id=new_id(), one=own.record_id, other=ward.record_id, verdict="linked")
    await referrals.ask(ward.administrator, linking)
    before = await referrals.read(ward.colleague, own.record_id)
    await referrals.grants(ward.colleague)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))

    after = await referrals.read(ward.colleague, own.record_id)

    assert ((), (ward.record_id,)) == (before.same_person, tuple(each.record_id for each in after.same_person))


@pytest.mark.requirement("R-DSR-116")
async def test_nobody_else_does_before_or_after(referrals: Referrals, ward: Ward) -> None:
    other = colleague_of(ward.creator)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))
    await referrals.grants(other)
    seen = await the_holding(referrals, ward)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, other, seen))

    assert ([], 0) == (await referrals.names(ward.colleague), (await referrals.listed(ward.colleague)).total)
    assert [] == await referrals.names(ward.colleague, "percy")
    assert [] == await referrals.names(ward.colleague, ward.receipt.reference)
    with pytest.raises(Exception, match="not_found"):
        await referrals.read(ward.colleague, ward.record_id)
    with pytest.raises(Exception, match="not_found"):
        await referrals.update(ward.colleague, ward.receipt, first_name="Peter")
    with pytest.raises(Exception, match="not_found"):
        await referrals.ask(ward.colleague, a_note(ward.record_id))
    assert ["Percy Plum"] == await referrals.names(other)


@pytest.mark.parametrize(("first", "last", "sees"), [(0, 0, True), (0, 7, True), (1, 7, False), (-3, 0, True)], ids=str)
async def test_cover_counts_from_its_first_day_to_its_last_in_london(
    referrals: Referrals, ward: Ward, *, first: int, last: int, sees: bool
) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, first, last))

    assert (["Percy Plum"] if sees else []) == await referrals.names(ward.colleague)
    assert int(sees) == (await referrals.listed(ward.colleague)).total
    assert sees is not bool((await referrals.refusal(ward.colleague, a_note(ward.record_id)))[0])


async def test_cover_is_over_the_day_after_or_when_it_is_ended(referrals: Referrals, ward: Ward, owner: Owner) -> None:
    other = colleague_of(ward.creator)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, -7, 0))
    await referrals.grants(other)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, other))
    holdings = (await referrals.read(ward.creator, ward.record_id)).holdings

    await owner.rows(
        "UPDATE record_holding SET until_day = $2 WHERE user_id = $1", ward.colleague.user_id, TODAY - days(1)
    )
    for _ in range(2):
        ending = EndCover(command_id=new_id(), record_id=ward.record_id, holding_id=holdings[1].holding_id)
        await referrals.ask(ward.administrator, ending)

    assert [] == await referrals.names(ward.colleague) + await referrals.names(other)
    assert () == (await referrals.read(ward.creator, ward.record_id)).holdings


async def test_a_record_says_who_holds_and_who_covers_it(referrals: Referrals, ward: Ward) -> None:
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague, 1, 3))
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))

    said = (await referrals.read(ward.creator, ward.record_id)).holdings

    assert [
        ("holder", "Sam Colleague", TODAY, None),
        ("cover", "Sam Colleague", TODAY + days(1), TODAY + days(3)),
    ] == [(each.kind, each.full_name, each.from_day, each.until_day) for each in said]


@pytest.mark.slow
async def test_the_list_of_who_holds_others_records_has_every_row_once_page_by_page(
    referrals: Referrals, ward: Ward
) -> None:
    for number in range(12):
        made = await referrals.submit(ward.creator if number % 2 else ward.colleague)
        await referrals.ask(ward.administrator, a_holder(made.record_id, ward.colleague))
    everything = (await referrals.ask(ward.colleague, ListRecords(length=25))).rows
    first = await referrals.listed(ward.colleague)
    place = {"updated_at": first.rows[-1].updated_at, "record_id": first.rows[-1].record_id}

    second = await referrals.listed(ward.colleague, page=2)
    beside = await referrals.ask(ward.colleague, ListRecords.model_validate({"page": 2, "after": place}))
    place = {"updated_at": second.rows[0].updated_at, "record_id": second.rows[0].record_id}
    back = await referrals.ask(ward.colleague, ListRecords.model_validate({"page": 1, "before": place}))

    assert (12, 12) == (len({row.record_id for row in everything}), first.total)
    assert everything == first.rows + second.rows
    assert (second.rows, first.rows) == (beside.rows, back.rows)


@pytest.mark.parametrize("who", ["nobody", "elsewhere", "reporting", "master admin"])
async def test_who_is_no_colleague_is_not_given_a_record(referrals: Referrals, ward: Ward, who: str) -> None:
    user = {
        "nobody": a_visitor(None, *ward.creator.organisation_ids),
        "elsewhere": a_visitor(),
        "reporting": colleague_of(ward.creator, Role.REPORTING),
        "master admin": a_visitor(Role.MASTER_ADMIN, *ward.creator.organisation_ids),
    }[who]
    await referrals.grants(None if who == "nobody" else user)

    for asked in (a_holder(ward.record_id, user), a_cover(ward.record_id, user)):
        assert ("not_a_colleague", {}) == await referrals.refusal(ward.administrator, asked)
    assert () == (await referrals.read(ward.creator, ward.record_id)).holdings


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN])
async def test_administrators_alone_may_ask(referrals: Referrals, ward: Ward, role: Role) -> None:
    for asked in (
        a_cover(ward.record_id, ward.colleague),
        EndCover(command_id=new_id(), record_id=ward.record_id, holding_id=new_id()),
        ReadHoldings(record_id=ward.record_id),
        *([] if role is Role.STANDARD else [a_holder(ward.record_id, ward.colleague)]),
    ):
        with pytest.raises(NotAnswered) as unanswered:
            await referrals.ask(colleague_of(ward.creator, role), asked)
        assert Fault.NOT_ALLOWED is unanswered.value.fault


async def test_another_organisations_administrator_finds_no_record(referrals: Referrals, ward: Ward) -> None:
    for asked in (
        a_holder(ward.record_id, ward.colleague),
        a_cover(ward.record_id, ward.colleague),
        EndCover(command_id=new_id(), record_id=ward.record_id, holding_id=new_id()),
    ):
        assert ("not_found", {}) == await referrals.refusal(a_visitor(Role.ADMINISTRATOR), asked)


async def test_no_cover_begins_before_the_person_was_born(referrals: Referrals, ward: Ward) -> None:
    born = TODAY - days(30)
    child = await referrals.submit(ward.creator, date_of_birth=born.isoformat())

    refusals = [
        await referrals.refusal(ward.administrator, a_cover(child.record_id, ward.colleague, first))
        for first in (-31, -30)
    ]

    assert [("before_birth", {}), ("", {})] == refusals


async def test_covers_are_in_the_days_to_come_for_a_year_at_most_and_not_twice(
    referrals: Referrals, ward: Ward
) -> None:
    for first, last, code in ((-2, -1, "past"), (0, 367, "too_long"), (0, 7, ""), (7, 9, "already_covers"), (8, 9, "")):
        asked = a_cover(ward.record_id, ward.colleague, first, last)
        assert code == (await referrals.refusal(ward.administrator, asked))[0]
    with pytest.raises(ValidationError):
        a_cover(ward.record_id, ward.colleague, 1, 0)


async def test_it_is_done_once_and_audited_with_ids_alone(referrals: Referrals, ward: Ward, owner: Owner) -> None:
    asked = a_holder(ward.record_id, ward.colleague)
    for _ in range(2):
        await referrals.ask(ward.administrator, asked)
    again = await referrals.refusal(ward.administrator, a_holder(ward.record_id, ward.colleague))
    other = colleague_of(ward.creator)
    await referrals.grants(other)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, other))

    rows = await owner.rows(
        "SELECT action, actor, subjects FROM audit WHERE actor = $1 ORDER BY id", ward.administrator.user_id
    )
    both = [ward.record_id, ward.colleague.user_id]
    assert ("already_holds", {}) == again
    assert [
        ("record.holder_assigned", ward.administrator.user_id, both),
        ("record.cover_added", ward.administrator.user_id, [ward.record_id, other.user_id]),
    ] == [tuple(row) for row in rows]


@pytest.mark.parametrize("request_for", [a_holder, a_cover])
async def test_a_repeated_request_is_answered_when_identity_no_longer_knows_the_colleague(
    referrals: Referrals, ward: Ward, request_for: Callable[[UUID, Visitor], AssignHolder | AddCover]
) -> None:
    asked = request_for(ward.record_id, ward.colleague)
    first = await referrals.ask(ward.administrator, asked)

    await referrals.grants(None)

    assert first == await referrals.ask(ward.administrator, asked)
    assert ("not_a_colleague", {}) == await referrals.refusal(
        ward.administrator, request_for(ward.record_id, ward.colleague)
    )


async def test_everybody_who_was_named_is_remembered_with_who_named_and_who_ended_it(
    referrals: Referrals, ward: Ward
) -> None:
    other = colleague_of(ward.creator).model_copy(update={"full_name": "Olive Other"})
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))
    await referrals.grants(other)
    seen = await the_holding(referrals, ward)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, other, seen))
    await referrals.grants(ward.colleague)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, ward.colleague))

    told = await referrals.ask(ward.administrator, ReadHoldings(record_id=ward.record_id))

    assert [
        ("cover", "Sam Colleague", "Sam Colleague", None),
        ("holder", "Olive Other", "Sam Colleague", None),
        ("holder", "Sam Colleague", "Sam Colleague", "Sam Colleague"),
    ] == [(each.kind, each.full_name, each.named_by, each.ended_by) for each in told.named]
    elsewhere = await referrals.refusal(a_visitor(Role.ADMINISTRATOR), ReadHoldings(record_id=ward.record_id))
    assert (0, ("not_found", {})) == (told.older, elsewhere)


@pytest.mark.parametrize("named_before", [False, True])
async def test_of_two_who_assign_a_holder_at_once_the_second_is_told_and_nothing_is_changed(
    referrals: Referrals, ward: Ward, *, named_before: bool
) -> None:
    seen = None
    if named_before:
        await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))
        seen = await the_holding(referrals, ward)
    first, second = colleague_of(ward.creator), colleague_of(ward.creator)
    await referrals.grants(first)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, first, seen))
    await referrals.grants(second)

    refusal = await referrals.refusal(ward.administrator, a_holder(ward.record_id, second, seen))

    assert ("changed", {}) == refusal
    assert ["Percy Plum"] == await referrals.names(first)
    assert [] == await referrals.names(second)


@pytest.mark.parametrize("named", [False, True])
async def test_nobody_covers_for_themselves(referrals: Referrals, ward: Ward, *, named: bool) -> None:
    holder = ward.colleague if named else ward.creator
    await referrals.grants(holder)
    if named:
        await referrals.ask(ward.administrator, a_holder(ward.record_id, holder))

    refusal = await referrals.refusal(ward.administrator, a_cover(ward.record_id, holder))

    assert ("is_holder", {}) == refusal


async def test_an_archived_record_is_given_to_nobody(referrals: Referrals, ward: Ward) -> None:
    await referrals.archive(ward.administrator, ward.receipt)

    refusal = await referrals.refusal(ward.administrator, a_holder(ward.record_id, ward.colleague))

    assert ("archived", {}) == refusal


async def test_where_standard_users_see_each_other_s_records_and_update_their_own_a_holder_updates_it(
    referrals: Referrals, ward: Ward
) -> None:
    colleague = ward.colleague.model_copy(update={"standard_sees": "scope"})
    assert not (await referrals.read(colleague, ward.record_id)).may_update
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))

    updated = await referrals.update(colleague, ward.receipt, first_name="Peter")

    assert 1 == updated.version
    assert (await referrals.read(colleague, ward.record_id)).may_update


# --------------------------------------------------------------------------------------------------- handing over
async def test_a_holder_hands_the_record_over_with_audit_and_notice(
    referrals: Referrals, ward: Ward, owner: Owner
) -> None:
    next_one = colleague_of(ward.creator)
    may = [(await referrals.read(ward.creator, ward.record_id)).may_hand_over]
    await referrals.ask(ward.creator, a_holder(ward.record_id, ward.colleague))  # its creator holds it so far
    may += [(await referrals.read(each, ward.record_id)).may_hand_over for each in (ward.creator, ward.colleague)]
    await referrals.grants(next_one)
    seen = await the_holding(referrals, ward)
    await referrals.ask(ward.colleague, a_holder(ward.record_id, next_one, seen))

    told = [each for each in await referrals.told(ward.record_id) if isinstance(each, RoutineNotice)]
    rows = await owner.rows("SELECT actor FROM audit WHERE action = 'record.holder_assigned' ORDER BY id DESC LIMIT 2")
    named = (await referrals.ask(ward.administrator, ReadHoldings(record_id=ward.record_id))).named
    assert [True, False, True] == may
    assert (["Percy Plum"], []) == (await referrals.names(next_one), await referrals.names(ward.colleague))
    assert [ward.colleague.user_id, ward.creator.user_id] == [row["actor"] for row in rows]
    assert {("holder_named", ward.colleague.user_id), ("holder_named", next_one.user_id)} == {
        (each.occasion, each.submitted_by) for each in told if each.occasion.startswith("holder_")
    }
    assert 2 == len(named)


@pytest.mark.parametrize("who", ["creator", "cover"])
async def test_who_sees_a_record_and_does_not_hold_it_gives_it_to_no_one(
    referrals: Referrals, ward: Ward, who: str
) -> None:
    cover, other = colleague_of(ward.creator), colleague_of(ward.creator)
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))
    await referrals.grants(cover)
    await referrals.ask(ward.administrator, a_cover(ward.record_id, cover))
    await referrals.grants(other)
    asker = cover if who == "cover" else ward.creator

    asked = a_holder(ward.record_id, other, await the_holding(referrals, ward))

    assert ("not_yours", {}) == await referrals.refusal(asker, asked)
    assert not (await referrals.read(asker, ward.record_id)).may_hand_over


async def test_a_colleague_who_sees_nothing_of_a_record_gives_it_to_no_one(referrals: Referrals, ward: Ward) -> None:
    stranger = colleague_of(ward.creator)

    asked = a_holder(ward.record_id, ward.colleague)

    assert ("not_found", {}) == await referrals.refusal(stranger, asked)


async def test_a_holder_gives_the_record_to_no_one_elsewhere(referrals: Referrals, ward: Ward) -> None:
    elsewhere = a_visitor()
    await referrals.grants(elsewhere)

    assert ("not_a_colleague", {}) == await referrals.refusal(ward.creator, a_holder(ward.record_id, elsewhere))


async def test_the_database_lets_a_standard_user_name_a_holder_of_what_they_hold_alone(
    referrals: Referrals, ward: Ward
) -> None:
    """The statements of the service, without its rules: row-level security decides."""
    await referrals.ask(ward.administrator, a_holder(ward.record_id, ward.colleague))
    refused = []
    for visitor in (ward.creator, ward.colleague):
        by = (visitor.user_id, visitor.full_name)
        for kind in ("holder", "cover"):
            try:
                async with transaction(referrals.context.pool, visitor) as db:
                    if kind == "holder":
                        await store.replace_holder(db, new_id(), ward.record_id, by, TODAY, by)
                    else:
                        cover = Cover(visitor.user_id, TODAY, TODAY)
                        await store.add_cover(db, new_id(), ward.record_id, cover, "Sam", by, begins=True)
                    raise Undone
            except Undone:
                continue
            except InsufficientPrivilegeError:
                refused.append((visitor is ward.colleague, kind))

    assert [(False, "holder"), (False, "cover"), (True, "cover")] == refused


class Undone(Exception):
    """Rolls back what was let through."""
