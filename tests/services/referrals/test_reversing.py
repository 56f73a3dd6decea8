"""Reversing an archive that was made in error: it takes two administrators and a reason."""

import asyncio

import pytest

from shared.contracts.referrals.events import RecordReinstated, UrgentNotice
from shared.contracts.referrals.reversing import AskReversal, DecideReversal, ListReversals, ReversalAsked
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, an_update

REASON = "Archived the wrong Percy Plum"


def asking(receipt: RecordReceipt, reason: str = REASON) -> AskReversal:
    return AskReversal(command_id=new_id(), reference=receipt.reference, reason=reason)


def deciding(reversal: ReversalAsked, *, confirmed: bool = True) -> DecideReversal:
    return DecideReversal(command_id=new_id(), reversal_id=reversal.reversal_id, confirmed=confirmed)


@pytest.fixture
def first() -> Visitor:
    return a_visitor(Role.ADMINISTRATOR, full_name="Ada First")


@pytest.fixture
def second(first: Visitor) -> Visitor:
    return colleague_of(first, Role.ADMINISTRATOR)


async def archived(referrals: Referrals, visitor: Visitor, rating: str = "green") -> RecordReceipt:
    receipt = await referrals.submit(visitor, risk_level=rating)
    await referrals.archive(visitor, receipt)
    return receipt


async def asked_for(referrals: Referrals, first: Visitor, receipt: RecordReceipt, by: Visitor) -> ReversalAsked:
    """Ask for a reversal as the first administrator, and return it as `by` sees it."""
    await referrals.ask(first, asking(receipt))
    (found,) = (await referrals.ask(by, ListReversals())).reversals
    return found


async def test_a_second_administrator_sees_who_asks_about_whom_and_why(
    referrals: Referrals, owner: Owner, first: Visitor, second: Visitor
) -> None:
    receipt = await archived(referrals, first)

    found = await asked_for(referrals, first, receipt, second)

    assert (receipt.reference, "Percy Plum", REASON, "Ada First", False) == (
        found.reference,
        found.name,
        found.reason,
        found.asked_by,
        found.yours,
    )
    (own,) = (await referrals.ask(first, ListReversals())).reversals
    assert own.yours
    audited = await owner.rows(
        "SELECT actor, action FROM audit WHERE $1 = ANY(subjects) AND action LIKE 'record.reversal%' ORDER BY id",
        receipt.record_id,
    )
    assert [
        (first.user_id, "record.reversal_asked"),
        (second.user_id, "record.reversals_listed"),
        (first.user_id, "record.reversals_listed"),
    ] == [tuple(row) for row in audited]


@pytest.mark.requirement("R-DSR-147")
async def test_confirmed_the_record_is_active_again_with_all_it_held(
    referrals: Referrals, owner: Owner, first: Visitor, second: Visitor
) -> None:
    receipt = await referrals.submit(first)
    before = await referrals.read(first, receipt.record_id)
    await referrals.archive(first, receipt)
    found = await asked_for(referrals, first, receipt, second)

    await referrals.ask(second, deciding(found))

    shown = await referrals.read(second, receipt.record_id)
    assert ("active", 2, 0) == (shown.state, shown.version, shown.updates)
    assert (before.answers, before.rated_at) == (shown.answers, shown.rated_at)
    assert (["Percy Plum"], 1) == (await referrals.names(second, "Plum"), (await referrals.listed(second)).total)
    assert [("reinstated", "Sam Colleague"), ("archived", "Ada First")] == [
        (each.act, each.changed_by) for each in (await referrals.history(second, receipt.record_id)).updates
    ]
    assert [2] == [
        each.version for each in await referrals.told(receipt.record_id) if isinstance(each, RecordReinstated)
    ]
    assert () == (await referrals.ask(second, ListReversals())).reversals
    assert 0 == await owner.value("SELECT prove_counters()")


async def test_of_an_urgent_record_that_is_back_the_team_is_told_at_once(
    referrals: Referrals, first: Visitor, second: Visitor
) -> None:
    receipt = await archived(referrals, first, "red")
    earlier = [each for each in await referrals.told(receipt.record_id) if isinstance(each, UrgentNotice)]

    await referrals.ask(second, deciding(await asked_for(referrals, first, receipt, second)))

    notices = [each for each in await referrals.told(receipt.record_id) if isinstance(each, UrgentNotice)]
    assert [0] == [each.version for each in earlier]
    assert {0, 2} == {each.version for each in notices}


async def test_nobody_confirms_what_they_asked_for_themselves(
    referrals: Referrals, owner: Owner, first: Visitor, second: Visitor
) -> None:
    receipt = await archived(referrals, first)
    found = await asked_for(referrals, first, receipt, second)

    assert ("not_second", {}) == await referrals.refusal(first, deciding(found))

    assert not (await referrals.read(first, receipt.record_id)).is_open
    assert "open" == await owner.value("SELECT state FROM reversal WHERE id = $1", found.reversal_id)


async def test_declined_or_taken_back_it_stays_archived_and_may_be_asked_for_again(
    referrals: Referrals, first: Visitor, second: Visitor
) -> None:
    receipt = await archived(referrals, first)

    await referrals.ask(second, deciding(await asked_for(referrals, first, receipt, second), confirmed=False))
    await referrals.ask(first, deciding(await asked_for(referrals, first, receipt, first), confirmed=False))

    assert not (await referrals.read(second, receipt.record_id)).is_open
    assert ("", {}) == await referrals.refusal(first, asking(receipt))


@pytest.mark.requirement("R-DSR-147")
async def test_an_archive_is_undone_on_no_other_ground(referrals: Referrals, first: Visitor, second: Visitor) -> None:
    """An update, a request without a reason, or one administrator alone cannot undo it."""
    receipt = await archived(referrals, first)

    refusals = [
        await referrals.refusal(first, an_update(receipt, latest_update="At risk again")),
        await referrals.refusal(first, asking(receipt, reason=" ")),
    ]

    assert ["archived", "empty"] == [code for code, _ in refusals]
    assert [] == await referrals.names(second)


async def test_what_is_active_unknown_or_asked_for_already_cannot_be_asked_for(
    referrals: Referrals, first: Visitor, second: Visitor
) -> None:
    receipt, active = await archived(referrals, first), await referrals.submit(first)
    stranger = a_visitor(Role.ADMINISTRATOR)
    nonsense = AskReversal(command_id=new_id(), reference="Percy Plum", reason=REASON)
    await referrals.ask(first, asking(receipt))

    refusals = [
        await referrals.refusal(visitor, asked)
        for visitor, asked in (
            (first, asking(active)),
            (first, nonsense),
            (stranger, asking(receipt)),
            (second, asking(receipt)),
        )
    ]

    assert ["not_archived", "not_found", "not_found", "asked_before"] == [code for code, _ in refusals]


async def test_administrators_of_other_organisations_learn_nothing_of_it(
    referrals: Referrals, first: Visitor, second: Visitor
) -> None:
    receipt = await archived(referrals, first)
    found = await asked_for(referrals, first, receipt, second)
    stranger = a_visitor(Role.ADMINISTRATOR)

    assert () == (await referrals.ask(stranger, ListReversals())).reversals
    assert ("not_found", {}) == await referrals.refusal(stranger, deciding(found))


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN])
async def test_only_administrators_ask_see_and_decide(
    referrals: Referrals, first: Visitor, second: Visitor, role: Role
) -> None:
    receipt = await archived(referrals, first)
    found = await asked_for(referrals, first, receipt, second)

    for asked in (asking(receipt), ListReversals(), deciding(found)):
        with pytest.raises(NotAnswered) as unanswered:
            await referrals.ask(colleague_of(first, role), asked)
        assert Fault.NOT_ALLOWED == unanswered.value.fault


async def test_row_level_security_alone_keeps_reversals_to_administrators_of_the_organisation(
    referrals: Referrals, owner: Owner, first: Visitor, second: Visitor
) -> None:
    receipt = await archived(referrals, first)
    await referrals.ask(first, asking(receipt))
    seen = []
    for visitor in (second, a_visitor(Role.ADMINISTRATOR), colleague_of(first), colleague_of(first, Role.REPORTING)):
        async with transaction(referrals.pool, visitor) as db:
            seen.append(await db.fetchval("SELECT count(*) FROM reversal WHERE record_id = $1", receipt.record_id))

    assert [1, 0, 0, 0] == seen


async def test_sent_twice_or_decided_by_two_at_once_it_is_done_once(
    referrals: Referrals, owner: Owner, first: Visitor, second: Visitor
) -> None:
    third = colleague_of(first, Role.ADMINISTRATOR)
    receipt = await archived(referrals, first)
    found = await asked_for(referrals, first, receipt, second)
    confirming = deciding(found)

    refusals = await asyncio.gather(
        referrals.refusal(second, confirming),
        referrals.refusal(second, confirming),
        referrals.refusal(third, deciding(found)),
        referrals.refusal(third, deciding(found, confirmed=False)),
    )

    decided = [code for code, _ in refusals]
    state = await owner.value("SELECT state FROM reversal WHERE id = $1", found.reversal_id)
    back = len([each for each in await referrals.told(receipt.record_id) if isinstance(each, RecordReinstated)])
    assert decided[0] == decided[1]
    assert {"", "decided"} == set(decided)
    assert (back == 1) == (state == "confirmed")
    assert back <= 1
