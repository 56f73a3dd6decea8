"""Notes on a record."""

import pytest

from shared.contracts.referrals.reading import ReadHistory, ReadPast
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, a_note, an_archive


@pytest.mark.requirement("R-DSR-121")
async def test_notes_are_read_newest_first_and_counted_on_the_record(referrals: Referrals) -> None:
    visitor = a_visitor(full_name="Jayne Billings")
    administrator = colleague_of(visitor, Role.ADMINISTRATOR)
    record_id = (await referrals.submit(visitor)).record_id

    await referrals.ask(visitor, a_note(record_id, " First\r\nsecond line "))
    await referrals.ask(administrator, a_note(record_id, "Later"))

    notes = (await referrals.ask(visitor, ReadPast(record_id=record_id))).notes.notes
    shown = await referrals.read(visitor, record_id)
    assert [("Later", "Sam Colleague"), ("First\nsecond line", "Jayne Billings")] == [
        (note.text, note.written_by) for note in notes
    ]
    assert (2, 0) == (shown.notes, shown.updates)


async def test_a_note_that_is_sent_again_is_one_note(referrals: Referrals) -> None:
    visitor = a_visitor()
    record_id = (await referrals.submit(visitor)).record_id
    asked = a_note(record_id)

    for _ in range(3):
        await referrals.ask(visitor, asked)

    assert 1 == len((await referrals.ask(visitor, ReadPast(record_id=record_id))).notes.notes)


@pytest.mark.parametrize("text", ["  \n", "\x07", "\u3164", "\u2060\u200b"])
async def test_a_note_says_something_readable(referrals: Referrals, text: str) -> None:
    visitor = a_visitor()
    record_id = (await referrals.submit(visitor)).record_id

    assert ("empty", {}) == await referrals.refusal(visitor, a_note(record_id, text))


async def test_nobody_writes_on_a_record_that_they_may_not_change(referrals: Referrals) -> None:
    visitor = a_visitor()
    record_id = (await referrals.submit(visitor)).record_id

    refusals = [
        await referrals.refusal(colleague_of(visitor), a_note(record_id)),
        await referrals.refusal(a_visitor(Role.ADMINISTRATOR), a_note(record_id)),
        await referrals.refusal(visitor, a_note(new_id())),
    ]

    assert [("not_found", {})] * 3 == refusals
    with pytest.raises(NotAnswered) as unanswered:
        await referrals.ask(colleague_of(visitor, Role.REPORTING), a_note(record_id))
    assert Fault.NOT_ALLOWED == unanswered.value.fault


async def test_an_archived_record_takes_no_note(referrals: Referrals) -> None:
    administrator = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(administrator)
    await referrals.ask(administrator, an_archive(receipt))

    assert ("archived", {}) == await referrals.refusal(administrator, a_note(receipt.record_id))


async def test_the_audit_says_that_a_note_was_written_and_not_what(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    record_id = (await referrals.submit(visitor)).record_id
    await referrals.ask(visitor, a_note(record_id, "Canarina"))

    (row,) = await owner.rows("SELECT * FROM audit WHERE action = 'record.note_added' AND actor = $1", visitor.user_id)

    assert [record_id] == row["subjects"]
    assert "Canarina" not in str(row)


@pytest.mark.slow
async def test_however_much_is_noted_the_bus_can_carry_it_and_all_of_it_is_reached(referrals: Referrals) -> None:
    visitor = a_visitor()
    record_id = (await referrals.submit(visitor)).record_id
    for number in range(120):
        await referrals.ask(visitor, a_note(record_id, f"{number:03} " + "\u00e9" * 9_000))

    read: list[str] = []
    while True:
        notes = (await referrals.ask(visitor, ReadPast(record_id=record_id, skip_notes=len(read)))).notes
        assert len(notes.model_dump_json().encode()) < 1_000_000
        read += [note.text[:3] for note in notes.notes]
        if not notes.older:
            break
        assert 120 == len(read) + notes.older

    assert [f"{number:03}" for number in reversed(range(120))] == read


@pytest.mark.slow
async def test_however_much_was_updated_the_bus_can_carry_it_and_all_of_it_is_reached(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    for number in range(60):
        receipt = await referrals.update(visitor, receipt, latest_update=f"{number:03} " + "\u00e9" * 9_000)

    versions: list[int] = []
    while True:
        asked = ReadHistory(record_id=receipt.record_id, skip=len(versions))
        history = await referrals.ask(visitor, asked)
        assert len(history.model_dump_json().encode()) < 1_000_000
        versions += [update.version for update in history.updates]
        if not history.older:
            break

    assert list(range(60, 0, -1)) == versions
