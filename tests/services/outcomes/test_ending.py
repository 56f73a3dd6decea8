"""Outcomes that archive their record: both happen or neither, through failures and races."""

import asyncio
from collections.abc import Coroutine

import pytest

from shared.contracts.outcomes import ListOutcomes
from shared.contracts.referrals.archiving import ArchiveRecord, CheckRecord, FinishArchive, RefuseArchive
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Fault
from shared.permissions import Role, Visitor
from tests.services.outcomes.rig import Rig, an_administrator, an_ending, an_outcome
from tests.services.referrals.builders import colleague_of
from tests.services.referrals.rig import Owner, an_update

Refusal = tuple[str, dict[str, object]]
Race = tuple[Refusal, Refusal, Refusal]

ROUNDS = 50
NOT_FOUND: Refusal = ("not_found", {})
ALL_ANSWERS = (CheckRecord, ArchiveRecord, FinishArchive, RefuseArchive)


async def a_record(rig: Rig) -> tuple[Visitor, RecordReceipt]:
    """Return an administrator, and a record that a colleague has added."""
    administrator = an_administrator()
    return administrator, await rig.referrals.submit(colleague_of(administrator))


async def states(owner: Owner, record: RecordReceipt) -> list[tuple[bool, str, str | None]]:
    """Return for each outcome of the record, in order: whether it archives, its state, and why it was refused."""
    rows = await owner.rows(
        "SELECT ending, state, refusal FROM outcome WHERE record_id = $1 ORDER BY recorded_at", record.record_id
    )
    return [(row["ending"], row["state"], row["refusal"]) for row in rows]


async def let_it_wait(owner: Owner, record: RecordReceipt) -> None:
    """Move the record's pending outcome back by a minute."""
    waited = "UPDATE outcome SET asked_at = asked_at - interval '1 minute' WHERE record_id = $1"
    await owner.rows(waited, record.record_id)


# ---------------------------------------------------------------------------------------------------- both or neither
@pytest.mark.requirement("R-DSR-124", "R-DSR-140", "R-DSR-143")
async def test_the_outcome_is_saved_and_the_record_archived(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)

    receipt = await rig.archive(administrator, record, notes="The person has moved away.")

    assert not receipt.pending
    assert [(True, "saved", None)] == await states(owner, record)
    assert await rig.is_archived(administrator, record)
    assert [] == await rig.referrals.names(administrator)
    assert ["dsr-referral-archived-1"] == [
        event.event_type() for event in await rig.referrals.told(record.record_id) if event.kind == "archived"
    ]
    (event,) = await rig.told(record.record_id)
    assert (receipt.outcome_id, record.version + 1) == (event.outcome_id, event.version)


@pytest.mark.requirement("R-DSR-142")
async def test_an_archived_record_takes_no_outcome_and_no_update_and_administrators_read_its_outcomes(
    rig: Rig, owner: Owner
) -> None:
    administrator, record = await a_record(rig)
    await rig.archive(administrator, record)

    refusals = [
        (await rig.refusal(administrator, asked))[0]
        for asked in (an_outcome(record), an_ending(record), an_update(record, last_name="Pear"))
    ]
    listed = await rig.listed(administrator, record.record_id)
    elsewhere = await rig.refusal(an_administrator(), ListOutcomes(record_id=record.record_id))

    assert ["archived"] * 3 == refusals
    assert [(True, True)] == [(each.ending, each.counted) for each in listed.outcomes]
    assert NOT_FOUND == elsewhere
    assert [(True, "saved", None)] == await states(owner, record)


async def test_what_was_archived_by_somebody_else_is_said_to_be_archived(rig: Rig, owner: Owner) -> None:
    """Outcomes does not know the record, because it was archived another way."""
    administrator, record = await a_record(rig)
    await rig.referrals.archive(administrator, record)

    assert ("archived", {}) == await rig.refusal(administrator, an_outcome(record))
    assert [] == await states(owner, record)


async def test_a_record_that_was_changed_since_it_was_read_is_not_archived_and_nothing_counts(
    rig: Rig, owner: Owner
) -> None:
    administrator, record = await a_record(rig)
    updated = await rig.referrals.update(administrator, record, last_name="Pear")
    asked = an_ending(record, notes="Percy has moved away.")

    refusal = await rig.refusal(administrator, asked)
    again = await rig.refusal(administrator, asked)

    assert ("conflict", {"version": updated.version}) == refusal
    assert "conflict" == again[0]
    assert [(True, "refused", "conflict")] == await states(owner, record)
    assert "Percy has moved away." not in await owner.all_text()
    found = await rig.listed(administrator, record.record_id)
    assert ((), 0, False) == (found.outcomes, found.recorded, found.being_archived)
    assert not (await rig.archive(administrator, updated)).pending


async def test_a_second_click_archives_once_and_is_answered_the_same(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    asked = an_ending(record)

    at_once = await asyncio.gather(*(rig.ask(administrator, asked) for _ in range(5)))
    later = await rig.ask(administrator, asked)

    assert {later} == set(at_once)
    assert [(True, "saved", None)] == await states(owner, record)
    assert 1 == len(await rig.told(record.record_id))


async def test_a_second_click_that_finds_the_record_archived_is_answered_as_the_first(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    asked = an_ending(record)

    with rig.delaying(CheckRecord) as (received, answer):
        second = asyncio.create_task(rig.ask(administrator, asked))
        await received.wait()
    first = await rig.ask(administrator, asked)
    answer.set()

    assert first == await second


# ---------------------------------------------------------------------------------------------------- referrals is away
async def test_while_referrals_is_away_nothing_is_recorded(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)

    with rig.away(*ALL_ANSWERS):
        faults = [await rig.fault(administrator, asked) for asked in (an_outcome(record), an_ending(record))]

    assert [Fault.UNAVAILABLE] * 2 == faults
    assert [] == await states(owner, record)


async def test_until_referrals_has_archived_the_outcome_does_not_count_and_the_record_takes_no_other(
    rig: Rig, owner: Owner
) -> None:
    administrator, record = await a_record(rig)
    await rig.record(administrator, record)

    with rig.away(ArchiveRecord):
        receipt = await rig.archive(administrator, record)

    found = await rig.listed(administrator, record.record_id)
    assert receipt.pending
    assert (1, True) == (found.recorded, found.being_archived)
    assert [False] == [each.ending for each in found.outcomes]
    assert "active" == (await rig.referrals.read(administrator, record.record_id)).state
    assert [("archiving", {})] * 2 == [
        await rig.refusal(administrator, asked) for asked in (an_outcome(record), an_ending(record))
    ]
    assert 1 == len(await rig.told(record.record_id))


async def test_the_sweeper_finishes_once_referrals_is_back(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    with rig.away(*ALL_ANSWERS[1:]):
        receipt = await rig.archive(administrator, record)
        await let_it_wait(owner, record)
        await rig.sweeping.sweep()
        assert [(True, "pending", None)] == await states(owner, record)
    await let_it_wait(owner, record)

    await rig.sweeping.sweep()

    assert [(True, "saved", None)] == await states(owner, record)
    assert await rig.is_archived(administrator, record)
    assert [receipt.outcome_id] == [event.outcome_id for event in await rig.told(record.record_id)]
    (row,) = await owner.rows(
        "SELECT * FROM audit WHERE $1 = ANY(subjects) AND action = 'outcome.recorded'", receipt.outcome_id
    )
    assert (administrator.user_id, None, "dsr") == (row["actor"], row["session"], row["register"])


async def test_the_sweeper_leaves_alone_what_is_being_asked_just_now(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    with rig.away(ArchiveRecord):
        await rig.archive(administrator, record)

    await rig.sweeping.sweep()

    assert [(True, "pending", None)] == await states(owner, record)


@pytest.mark.parametrize("how", ["asked again", "swept"])
async def test_an_archive_whose_answer_was_lost_is_confirmed_and_not_done_twice(
    rig: Rig, owner: Owner, how: str
) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    asked = an_ending(record)
    with rig.losing_replies(ArchiveRecord):
        assert (await rig.ask(administrator, asked)).pending
    assert NOT_FOUND == await rig.refusal(administrator, ListOutcomes(record_id=record.record_id))
    await let_it_wait(owner, record)

    await (rig.ask(administrator, asked) if how == "asked again" else rig.sweeping.sweep())

    assert [(True, "saved", None)] == await states(owner, record)
    assert [record.version + 1] == [event.version for event in await rig.told(record.record_id)]
    assert 1 == len([each for each in await rig.referrals.told(record.record_id) if each.kind == "archived"])


async def test_two_sweepers_and_the_person_at_once_archive_and_tell_once(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    asked = an_ending(record)
    with rig.away(ArchiveRecord):
        await rig.ask(administrator, asked)
    await let_it_wait(owner, record)

    await asyncio.gather(rig.sweeping.sweep(), rig.ask(administrator, asked), rig.sweeping.sweep())

    assert [(True, "saved", None)] == await states(owner, record)
    assert 1 == len(await rig.told(record.record_id))


# ---------------------------------------------------------------------------------------------------------- giving up
async def test_what_cannot_be_archived_any_more_is_given_up_for_good_and_what_was_typed_is_shown(
    rig: Rig, owner: Owner
) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    asked = an_ending(record, notes="The person has moved away.")
    with rig.away(ArchiveRecord):
        receipt = await rig.ask(administrator, asked)
    updated = await rig.referrals.update(administrator, record, last_name="Pear")
    await let_it_wait(owner, record)

    await rig.sweeping.sweep()

    assert [(True, "given_up", "conflict")] == await states(owner, record)
    found = await rig.listed(administrator, record.record_id)
    assert (0, False) == (found.recorded, found.being_archived)
    assert [(False, "The person has moved away.")] == [(each.counted, each.answers["notes"]) for each in found.outcomes]
    late = ArchiveRecord(command_id=receipt.outcome_id, record_id=record.record_id, version=updated.version)
    assert "given_up" == (await rig.referrals.refusal(administrator, late))[0]
    assert "conflict" == (await rig.refusal(administrator, asked))[0]
    assert [] == await rig.told(record.record_id)
    assert not (await rig.archive(administrator, updated)).pending


async def test_who_may_record_no_outcome_any_more_archives_nothing_after_leaving(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    with rig.away(ArchiveRecord):
        await rig.archive(administrator, record)
    await rig.referrals.grants(administrator.model_copy(update={"role": Role.STANDARD}))
    await let_it_wait(owner, record)

    await rig.sweeping.sweep()

    assert [(True, "given_up", "no_grant")] == await states(owner, record)
    assert not await rig.is_archived(administrator, record)


async def test_what_is_archived_is_never_given_up_whoever_may_what_by_now(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    with rig.losing_replies(ArchiveRecord):
        await rig.archive(administrator, record)
    await rig.referrals.grants(None)
    await let_it_wait(owner, record)

    await rig.sweeping.sweep()

    assert [(True, "saved", None)] == await states(owner, record)
    assert 1 == len(await rig.told(record.record_id))


@pytest.mark.parametrize("how", ["asked again", "swept"])
async def test_nothing_is_given_up_before_referrals_has_said_that_it_never_will(
    rig: Rig, owner: Owner, how: str
) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.grants(administrator)
    asked = an_ending(record)
    with rig.away(ArchiveRecord):
        await rig.ask(administrator, asked)
    await rig.referrals.update(administrator, record, last_name="Pear")
    await let_it_wait(owner, record)

    with rig.away(RefuseArchive):
        if how == "swept":
            await rig.sweeping.sweep()
        else:
            assert "conflict" == (await rig.refusal(administrator, asked))[0]
        assert [(True, "pending", None)] == await states(owner, record)


# ----------------------------------------------------------------------------------------------- several people at once
@pytest.mark.slow
async def test_an_archive_racing_an_update_and_another_outcome_is_never_done_by_half(rig: Rig, owner: Owner) -> None:
    administrator = an_administrator()
    archives = 0
    for turn in range(ROUNDS):
        record = await rig.referrals.submit(administrator)
        archive, update, other = await race(rig, administrator, record, turn)
        archived = await rig.is_archived(administrator, record)
        archives += archived

        assert (("", {}) if archived else ("conflict", {"version": 1})) == archive
        assert update[0] in (("archived", "conflict") if archived else ("",))
        assert other[0] in ("", "archived", "archiving")
        saved = [ending for ending, state, _ in await states(owner, record) if state == "saved"]
        assert [False] * (not other[0]) + [True] * archived == saved  # nothing after the archive
        assert len(saved) == len(await rig.told(record.record_id))
    assert 0 < archives < ROUNDS


async def race(rig: Rig, administrator: Visitor, record: RecordReceipt, turn: int) -> Race:
    """Archive the record beside an update and another outcome. Each turn starts those two at other moments."""
    colleague = colleague_of(administrator, Role.ADMINISTRATOR)
    begun = asyncio.Event()
    begun.set()
    with rig.noticing(ArchiveRecord) as (asked, answered):
        moments = (begun, asked, answered)
        async with asyncio.timeout(20):
            return await asyncio.gather(
                rig.refusal(administrator, an_ending(record)),
                _after(moments[turn % 3], rig.refusal(colleague, an_update(record, lead_professional="Pear"))),
                _after(moments[turn // 3 % 3], rig.refusal(colleague, an_outcome(record))),
            )


async def _after(moment: asyncio.Event, work: Coroutine[object, object, Refusal]) -> Refusal:
    await moment.wait()
    return await work


async def test_of_two_who_archive_at_once_one_does(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    colleague = colleague_of(administrator, Role.ADMINISTRATOR)

    refusals = await asyncio.gather(
        rig.refusal(administrator, an_ending(record)), rig.refusal(colleague, an_ending(record))
    )

    (refused,) = [code for code, _ in refusals if code]
    assert refused in ("archived", "archiving")
    assert [(True, "saved", None)] == await states(owner, record)
