"""Why a record leaves its register: asked when it is archived, and stored with its end (R-USE-009, R-MEET-017)."""

import json
from contextlib import nullcontext
from datetime import date

import pytest

from services.outcomes import rules
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.archiving import ArchiveRecord
from shared.contracts.referrals.reading import PastWanted, ReadPast, ReadRecord
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.load import load_registers
from tests.services.outcomes.acting import Acting
from tests.services.outcomes.rig import LEAVING, Rig, an_administrator, an_ending, an_outcome
from tests.services.outcomes.test_ending import let_it_wait
from tests.services.outcomes.test_reversals import reverse
from tests.services.referrals.builders import colleague_of
from tests.services.referrals.rig import Owner

GONE = "Lives at the seaside with her aunt."
MOVED: dict[str, Answer] = {"leaving_reason": "moved_away"}


async def a_record(rig: Rig, rating: str = "green") -> tuple[Visitor, RecordReceipt]:
    administrator = an_administrator()
    return administrator, await rig.referrals.submit(colleague_of(administrator), risk_level=rating)


async def stored(owner: Owner, record: RecordReceipt) -> list[dict[str, Answer] | None]:
    """Return why each version of the record was archived, in order."""
    rows = await owner.rows("SELECT leaving FROM outcome WHERE record_id = $1 ORDER BY recorded_at", record.record_id)
    return [json.loads(row["leaving"]) for row in rows]


@pytest.mark.requirement("R-USE-009")
async def test_the_reason_is_stored_with_the_end_of_the_record_and_read_with_it(rig: Rig) -> None:
    administrator, record = await a_record(rig)

    await rig.ask(administrator, an_ending(record, MOVED))
    read = await rig.referrals.ask(administrator, ReadRecord(record_id=record.record_id, past=PastWanted()))

    assert (MOVED, administrator.full_name, False) == (read.leaving, read.ended_by, read.is_open)
    assert read.past is not None
    assert [("archived", MOVED)] == [(each.act, each.leaving) for each in read.past.history.updates]


@pytest.mark.requirement("R-USE-009")
@pytest.mark.parametrize(
    "leaving",
    [
        {},
        {"leaving_reason": "went_off"},
        {"leaving_reason": "other"},
        {"leaving_reason": "other", "leaving_text": " . "},
        {"leaving_reason": "other", "leaving_text": "x" * 2001},
        {"leaving_reason": ("died", "other")},
        {**MOVED, "last_name": "Pear"},
    ],
)
async def test_a_record_is_not_archived_without_a_reason_of_the_list(
    rig: Rig, owner: Owner, leaving: dict[str, Answer]
) -> None:
    administrator, record = await a_record(rig)

    refusal = await rig.refusal(administrator, an_ending(record, leaving))

    assert ("invalid_answers", {"faults": 1}) == refusal
    assert not await rig.is_archived(administrator, record)
    assert [] == await stored(owner, record)


@pytest.mark.requirement("R-MEET-017")
async def test_a_red_record_needs_a_written_reason_too(rig: Rig) -> None:
    administrator, record = await a_record(rig, "red")

    without = await rig.refusal(administrator, an_ending(record, MOVED))
    receipt = await rig.ask(administrator, an_ending(record, {**MOVED, "leaving_text": "Lives in Leeds now."}))

    assert ("invalid_answers", {"faults": 1}) == without
    assert not receipt.pending


@pytest.mark.requirement("R-MEET-017")
@pytest.mark.parametrize(
    ("rating", "actions", "refused"), [("green", 0, False), ("amber", 0, False), ("red", 0, True), ("green", 1, True)]
)
def test_a_red_rating_or_an_action_that_is_not_done_demands_words(rating: str, actions: int, *, refused: bool) -> None:
    register = load_registers().find("dsr")
    asked = an_ending(RecordReceipt(record_id=an_administrator().user_id, reference="DSR-1", version=0), MOVED)

    with pytest.raises(Refused) if refused else nullcontext():
        rules.checked_leaving(register, asked, date(2026, 12, 1), rating, actions)


@pytest.mark.requirement("R-USE-009")
async def test_an_outcome_that_ends_nothing_stores_no_reason(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)

    await rig.ask(administrator, an_outcome(record).model_copy(update={"leaving": MOVED}))

    assert [{}] == await stored(owner, record)


@pytest.mark.requirement("R-USE-009")
async def test_an_archive_that_is_finished_later_has_its_reason(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    with rig.away(ArchiveRecord):
        receipt = await rig.ask(administrator, an_ending(record, MOVED))
    await let_it_wait(owner, record)

    await rig.referrals.grants(administrator)
    await rig.sweeping.sweep()
    read = await rig.referrals.ask(administrator, ReadRecord(record_id=record.record_id))

    assert receipt.pending
    assert MOVED == read.leaving


@pytest.mark.requirement("R-USE-009")
async def test_a_reason_goes_with_a_refused_archive(rig: Rig, owner: Owner) -> None:
    administrator, record = await a_record(rig)
    await rig.referrals.update(administrator, record, last_name="Pear")

    refusal = await rig.refusal(
        administrator, an_ending(record, {**MOVED, "leaving_reason": "other", "leaving_text": GONE})
    )

    assert "conflict" == refusal[0]
    assert [{}] == await stored(owner, record)
    assert GONE not in await owner.all_text()


@pytest.mark.requirement("R-USE-009")
async def test_standard_users_are_not_told_why_a_record_was_archived_once(rig: Rig) -> None:
    administrator = an_administrator()
    creator = colleague_of(administrator)
    record = await rig.referrals.submit(creator)
    await rig.ask(administrator, an_ending(record))
    await reverse(rig, administrator, record)

    standard = await rig.referrals.ask(creator, ReadPast(record_id=record.record_id))
    read = await rig.referrals.ask(administrator, ReadPast(record_id=record.record_id))

    assert [{}, {}] == [each.leaving for each in standard.history.updates]
    assert [{}, LEAVING] == [each.leaving for each in read.history.updates]


@pytest.mark.requirement("R-USE-009")
async def test_the_events_of_an_archive_say_nothing_of_the_reason(rig: Rig) -> None:
    administrator, record = await a_record(rig)

    await rig.ask(administrator, an_ending(record, {"leaving_reason": "died"}))
    told = [each.model_dump_json() for each in await rig.referrals.told(record.record_id)]

    assert told
    assert not [each for each in told if "died" in each or "leaving" in each]


@pytest.mark.requirement("R-MEET-017")
async def test_a_record_with_an_action_that_is_not_done_needs_a_written_reason(rig: Rig) -> None:
    administrator, record = await a_record(rig)
    acting = await Acting.over(rig)
    owner = acting.colleague(*administrator.organisation_ids)
    action = await acting.add(administrator, record, owner)
    reported = await acting.report(owner, action)

    open_still = await rig.refusal(administrator, an_ending(record, MOVED))
    await acting.decide(administrator, reported, "close")
    closed = await rig.refusal(administrator, an_ending(record, MOVED))

    assert (("invalid_answers", {"faults": 1}), ("", {})) == (open_still, closed)
