"""Archives that are reversed in referrals: outcomes shows this at once, and the record may be archived again."""

import asyncio

import pytest

from shared.contracts.referrals.archiving import ArchiveRecord
from shared.contracts.referrals.reversing import AskReversal, DecideReversal, ListReversals
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Refused
from shared.permissions import Role, Visitor
from tests.services.outcomes.rig import Rig, an_administrator, an_ending, an_outcome
from tests.services.outcomes.test_ending import a_record, let_it_wait, states
from tests.services.referrals.builders import colleague_of, new_id
from tests.services.referrals.rig import Owner

ROUNDS = 20


async def ask_to_reverse(rig: Rig, administrator: Visitor, record: RecordReceipt) -> DecideReversal:
    """Ask for a reversal, and return the confirmation that another administrator may send."""
    await rig.ask(administrator, AskReversal(command_id=new_id(), reference=record.reference, reason="The wrong one"))
    (found,) = (await rig.ask(administrator, ListReversals())).reversals
    return DecideReversal(command_id=new_id(), reversal_id=found.reversal_id, confirmed=True)


async def reverse(rig: Rig, administrator: Visitor, record: RecordReceipt) -> RecordReceipt:
    """Reverse the archive with two administrators, and return the receipt of the record's new version."""
    confirmation = await ask_to_reverse(rig, administrator, record)
    second = colleague_of(administrator, Role.ADMINISTRATOR)
    await rig.ask(second, confirmation)
    version = (await rig.referrals.read(second, record.record_id)).version
    return record.model_copy(update={"version": version})


async def test_the_outcome_that_archived_stays_and_says_that_this_was_an_error(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    await rig.record(administrator, record)
    await rig.archive(administrator, record, notes="The person has moved away.")

    await reverse(rig, administrator, record)

    found = await rig.listed(administrator, record.record_id)
    assert (2, False) == (found.recorded, found.being_archived)
    assert [(True, True), (False, False)] == [(each.ending, each.reversed) for each in found.outcomes]
    assert "The person has moved away." == found.outcomes[0].answers["notes"]


async def test_the_record_takes_outcomes_again_and_may_be_archived_again(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    await rig.archive(administrator, record)
    back = await reverse(rig, administrator, record)

    await rig.record(administrator, back)
    await rig.archive(administrator, back)

    assert await rig.is_archived(administrator, record)
    assert [(True, "saved", None), (False, "saved", None), (True, "saved", None)] == await states(owner, record)
    assert "archived" == (await rig.refusal(administrator, an_outcome(back)))[0]
    assert 3 == len(await rig.told(record.record_id))


async def test_archived_and_reversed_twice_each_archive_is_said_to_be_reversed(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    await rig.archive(administrator, record)
    back = await reverse(rig, administrator, record)
    await rig.archive(administrator, back)

    await reverse(rig, administrator, back)

    assert [True, True] == [each.reversed for each in (await rig.listed(administrator, record.record_id)).outcomes]


async def test_an_archive_that_was_never_confirmed_here_is_reversed_all_the_same(rig: Rig, owner: Owner) -> None:
    """The reply to the archive is lost, and the reversal comes before the sweeper."""
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    with rig.losing_replies(ArchiveRecord):
        await rig.archive(administrator, record)
    back = await reverse(rig, administrator, record)
    assert "archiving" == (await rig.refusal(administrator, an_outcome(back)))[0]
    await let_it_wait(owner, record)

    await rig.sweeping.sweep()

    assert [True] == [each.reversed for each in (await rig.listed(administrator, record.record_id)).outcomes]
    assert ("", {}) == await rig.refusal(administrator, an_ending(back))


async def test_the_command_that_archived_sent_again_archives_nothing_that_was_put_back(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    ending = an_ending(record)
    await rig.ask(administrator, ending)
    await reverse(rig, administrator, record)

    await rig.ask(administrator, ending)

    assert not await rig.is_archived(administrator, record)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["an outcome", "an archive"])
async def test_what_is_recorded_while_a_reversal_is_confirmed_is_never_done_by_half(
    rig: Rig, owner: Owner, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is refused while the record is archived, so that whatever it shows is of an active record."""
    monkeypatch.setattr("services.outcomes.handlers.reading.reads_ended", lambda *_: False)
    administrator = an_administrator()
    second = colleague_of(administrator, Role.ADMINISTRATOR)
    for _ in range(ROUNDS):
        record = await rig.referrals.submit(administrator)
        await rig.archive(administrator, record)
        confirmation = await ask_to_reverse(rig, administrator, record)
        back = record.model_copy(update={"version": 2})
        asked = an_ending(back) if which == "an archive" else an_outcome(back)
        _, refusal, listed = await asyncio.gather(
            rig.ask(second, confirmation), rig.refusal(administrator, asked), seen(rig, administrator, record)
        )

        archived = await rig.is_archived(administrator, record)
        assert refusal in (("", {}), ("archived", {}))
        assert archived == (which == "an archive" and not refusal[0])
        assert [True] * (1 + archived) == [ending for ending, _, _ in await states(owner, record) if ending]
        assert listed is None or all(each or which == "an archive" for each in listed)


async def seen(rig: Rig, visitor: Visitor, record: RecordReceipt) -> list[bool] | None:
    """Return for each archive on the page whether it is marked as reversed. Return None if the page is refused."""
    try:
        found = await rig.listed(visitor, record.record_id)
    except Refused:
        return None
    return [each.reversed for each in found.outcomes if each.ending]
