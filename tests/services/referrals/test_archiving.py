"""Archiving a record on behalf of outcomes."""

import pytest

from shared.contracts.referrals.archiving import ArchiveRecord, CheckRecord, FinishArchive, RefuseArchive
from shared.contracts.referrals.events import RecordArchived, RecordNotice
from shared.contracts.referrals.holding import AssignHolder
from shared.contracts.referrals.reading import ReadRecord
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Caller, Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, an_archive


def sweeper(visitor: Visitor | None = None) -> Caller:
    return Caller(service="outcomes", job="sweep", on_behalf_of=visitor.user_id if visitor else None)


def again(first: ArchiveRecord) -> FinishArchive:
    return FinishArchive(
        command_id=first.command_id, register_code="dsr", record_id=first.record_id, version=first.version
    )


def giving_up(first: ArchiveRecord) -> RefuseArchive:
    return RefuseArchive(command_id=first.command_id, register_code="dsr", record_id=first.record_id)


@pytest.fixture
async def administrator() -> Visitor:
    return a_visitor(Role.ADMINISTRATOR)


@pytest.fixture
async def receipt(referrals: Referrals, administrator: Visitor) -> RecordReceipt:
    return await referrals.submit(administrator)


@pytest.mark.requirement("R-DSR-112", "R-DSR-143")
async def test_an_archived_record_is_neither_listed_nor_found_nor_counted_and_administrators_alone_open_it(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt
) -> None:
    reading, others = ReadRecord(record_id=receipt.record_id), (Role.STANDARD, Role.REPORTING)
    await referrals.archive(administrator, receipt)

    pages = [await referrals.listed(administrator, search) for search in ("", "Percy", "erc", receipt.reference)]

    assert [((), 0)] * 4 == [(page.rows, page.total) for page in pages]
    assert [("not_found", {})] * 2 == [
        await referrals.refusal(colleague_of(administrator, role), reading) for role in others
    ]
    assert not (await referrals.ask(administrator, reading)).may_update


async def test_archiving_is_told_kept_in_history_and_audited(
    referrals: Referrals, owner: Owner, administrator: Visitor, receipt: RecordReceipt
) -> None:
    archived = await referrals.archive(administrator, receipt)

    (event,) = [each for each in await referrals.told(receipt.record_id) if isinstance(each, RecordArchived)]
    last = await owner.value(
        "SELECT act FROM record_version WHERE record_id = $1 AND version = $2", receipt.record_id, archived.version
    )
    audited = await owner.value(
        "SELECT subjects FROM audit WHERE action = 'record.archived' AND actor = $1", administrator.user_id
    )
    (notice,) = [each for each in await referrals.told(receipt.record_id) if isinstance(each, RecordNotice)][1:]
    assert ("dsr-referral-archived-1", 1) == (event.event_type(), event.version)
    assert ("record_ended", "routine", 1, receipt.reference) == (
        notice.occasion,
        notice.kind,
        notice.version,
        notice.reference,
    )
    assert ("archived", [receipt.record_id]) == (last, audited)


@pytest.mark.requirement("R-DSR-098")
@pytest.mark.parametrize("by_sweeper", [False, True])
async def test_the_notice_of_an_archive_says_who_submitted_the_record_and_not_who_archived_it(
    referrals: Referrals, *, by_sweeper: bool
) -> None:
    submitter = a_visitor()
    administrator = colleague_of(submitter, Role.ADMINISTRATOR)
    receipt = await referrals.submit(submitter)

    if by_sweeper:
        await referrals.grants(administrator)
        await referrals.ask_as(sweeper(administrator), again(an_archive(receipt)))
    else:
        await referrals.archive(administrator, receipt)

    told = [each for each in await referrals.told(receipt.record_id) if isinstance(each, RecordNotice)]
    assert [submitter.user_id] == [each.submitted_by for each in told if each.occasion == "record_ended"]


async def test_an_archive_that_is_asked_for_again_gives_the_same_answer(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt
) -> None:
    asked = an_archive(receipt)

    answers = [await referrals.ask(administrator, asked) for _ in range(3)]

    assert 1 == len(set(answers))
    assert ("archived", {}) == await referrals.refusal(administrator, an_archive(answers[0]))


async def test_an_archive_of_a_version_that_was_saved_over_is_a_conflict(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt
) -> None:
    await referrals.update(administrator, receipt, latest_update="Moved house")

    assert ("conflict", {"version": 1}) == await referrals.refusal(administrator, an_archive(receipt))
    assert 1 == (await referrals.listed(administrator)).total


async def test_a_foreign_record_cannot_be_archived(referrals: Referrals, receipt: RecordReceipt) -> None:
    unknown = RecordReceipt(record_id=new_id(), reference="none", version=0)

    refusals = [await referrals.refusal(a_visitor(Role.ADMINISTRATOR), an_archive(each)) for each in (receipt, unknown)]

    assert [("not_found", {})] * 2 == refusals


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN])
async def test_only_who_may_record_outcomes_archives(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt, role: Role
) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await referrals.archive(colleague_of(administrator, role), receipt)

    assert Fault.NOT_ALLOWED == unanswered.value.fault


async def test_the_sweeper_finishes_an_archive_under_the_present_grant_of_who_asked(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt
) -> None:
    first = an_archive(receipt)
    await referrals.grants(administrator)

    finished = await referrals.ask_as(sweeper(administrator), again(first))
    late = await referrals.ask(administrator, first)

    assert finished == late
    assert 0 == (await referrals.listed(administrator)).total


async def test_the_sweeper_finishes_nothing_for_who_may_no_longer(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt
) -> None:
    demoted = administrator.model_copy(update={"role": Role.STANDARD})
    for grant in (demoted, a_visitor(Role.ADMINISTRATOR), None):
        await referrals.grants(grant)
        with pytest.raises(Refused, match="no_grant"):
            await referrals.ask_as(sweeper(administrator), again(an_archive(receipt)))

    with pytest.raises(NotAnswered):
        await referrals.ask_as(sweeper(), again(an_archive(receipt)))
    assert 1 == (await referrals.listed(administrator)).total


async def test_an_archive_that_was_given_up_never_happens(
    referrals: Referrals, owner: Owner, administrator: Visitor, receipt: RecordReceipt
) -> None:
    asked = an_archive(receipt)

    fates = [await referrals.ask_as(sweeper(administrator), giving_up(asked)) for _ in range(2)]

    assert [False, False] == [fate.archived for fate in fates]
    assert ("given_up", {}) == await referrals.refusal(administrator, asked)
    assert 1 == (await referrals.listed(administrator)).total
    audited = await owner.rows(
        "SELECT actor FROM audit WHERE action = 'record.archive_given_up' AND subjects = $1", [receipt.record_id]
    )
    assert administrator.user_id == audited[0]["actor"]


async def test_an_archive_that_was_carried_out_is_not_given_up(
    referrals: Referrals, administrator: Visitor, receipt: RecordReceipt
) -> None:
    asked = an_archive(receipt)
    await referrals.ask(administrator, asked)

    fate = await referrals.ask_as(sweeper(), giving_up(asked))

    assert fate.archived
    assert 1 == (await referrals.ask(administrator, asked)).version


async def test_only_outcomes_finishes_or_gives_up(referrals: Referrals, receipt: RecordReceipt) -> None:
    stranger = Caller(service="referrals", job="sweep", on_behalf_of=new_id())

    for request in (again(an_archive(receipt)), giving_up(an_archive(receipt))):
        with pytest.raises(NotAnswered) as unanswered:
            await referrals.ask_as(stranger, request)
        assert Fault.NOT_ALLOWED == unanswered.value.fault


@pytest.mark.requirement("R-MEET-013")
async def test_who_may_update_a_record_is_said_to_outcomes_and_others_do_not_find_it(
    referrals: Referrals, administrator: Visitor
) -> None:
    creator, holder, other = (colleague_of(administrator) for _ in range(3))
    receipt = await referrals.submit(creator)
    checking = CheckRecord(record_id=receipt.record_id)
    before = await referrals.refusal(holder, checking)
    await referrals.grants(holder)
    assign = AssignHolder(command_id=new_id(), record_id=receipt.record_id, user_id=holder.user_id, seen=None)
    await referrals.ask(administrator, assign)

    found = [await referrals.ask(each, checking) for each in (creator, holder, administrator)]

    assert [(True, receipt.reference)] * 3 == [(each.may_update, each.reference) for each in found]
    assert ["south_staffordshire"] * 3 == [each.locality for each in found]
    assert [("not_found", {})] * 2 == [before, await referrals.refusal(other, checking)]
    reporter = colleague_of(administrator, Role.REPORTING)
    assert not (await referrals.ask(reporter, checking)).may_update
