"""Lists, searches and reading one record."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.contracts.referrals.listing import ListRecords, RecordPage, RowPlace
from shared.contracts.referrals.reading import PastWanted, ReadHistory, ReadPast, ReadRecord
from shared.contracts.referrals.saving import ReviewRecord
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, a_note

# Search texts whose time of the last update is not that of the record.
BEHIND = """
    SELECT count(*) FROM record AS r JOIN record_search AS s ON s.record_id = r.id WHERE s.updated_at <> r.updated_at
"""
# Twenty updates of 80 kB, and twenty notes of 20 kB.
LONG_UPDATES = """
    INSERT INTO record_version (record_id, version, act, changed_at, edition, changes, answers)
    SELECT $1, n, 'updated', now(), '2022',
        jsonb_build_array(jsonb_build_array('latest_update', repeat('é', 20000), repeat('é', 20000))), '{}'
    FROM generate_series(1, 20) AS n
"""
LONG_NOTES = """
    INSERT INTO note (id, record_id, text, written_by, written_by_name)
    SELECT gen_random_uuid(), $1, repeat('é', 10000), gen_random_uuid(), 'Some Body' FROM generate_series(1, 20)
"""
NAMES = ("Ada", "Ben", "Cas", "Dee", "Eve", "Flo", "Gus", "Hal", "Ivy", "Jon", "Kit", "Lou")


async def a_dozen(referrals: Referrals, visitor: Visitor) -> list[UUID]:
    """Add twelve records, and return their ids, oldest first."""
    return [(await referrals.submit(visitor, first_name=name)).record_id for name in NAMES]


def ids(page: RecordPage) -> list[UUID]:
    return [row.record_id for row in page.rows]


def place_of(page: RecordPage, row: int) -> RowPlace:
    return RowPlace(updated_at=page.rows[row].updated_at, record_id=page.rows[row].record_id)


@pytest.mark.requirement("R-DSR-107")
async def test_the_list_shows_ten_at_a_time_the_last_updated_first(referrals: Referrals) -> None:
    visitor = a_visitor()
    made = await a_dozen(referrals, visitor)

    pages = [await referrals.listed(visitor, page=number) for number in (1, 2, 3)]

    assert [made[:1:-1], made[1::-1], []] == [ids(page) for page in pages]
    assert [(1, 12), (11, 12), (0, 12)] == [(page.first, page.total) for page in pages]


async def test_the_length_of_a_page_can_be_chosen(referrals: Referrals) -> None:
    visitor = a_visitor()
    made = await a_dozen(referrals, visitor)

    page = await referrals.ask(visitor, ListRecords(length=25))

    assert made[::-1] == ids(page)


@pytest.mark.parametrize("scope", ["own", "one", "few", "most"])
async def test_a_page_is_found_by_the_row_beside_it(referrals: Referrals, scope: str) -> None:
    submitter = a_visitor(Role.STANDARD)
    reach = {"own": 1, "one": 1, "few": 4, "most": 12}[scope]
    others = [new_id() for _ in range(reach - 1)]
    role = Role.STANDARD if scope == "own" else Role.ADMINISTRATOR
    reader = a_visitor(role, *submitter.organisation_ids, *others, user_id=submitter.user_id)
    made = await a_dozen(referrals, submitter)
    first = await referrals.listed(reader)

    second = await referrals.ask(reader, ListRecords(page=2, after=place_of(first, -1)))
    back = await referrals.ask(reader, ListRecords(page=1, before=place_of(second, 0)))

    assert (made[1::-1], 11) == (ids(second), second.first)
    assert (made[:1:-1], 1) == (ids(back), back.first)


async def test_the_last_numbered_page_is_the_hundredth() -> None:
    beside = RowPlace(updated_at=datetime(2026, 1, 1, tzinfo=UTC), record_id=new_id())

    assert 101 == ListRecords(page=101, after=beside).page
    with pytest.raises(ValidationError):
        ListRecords(page=101)
    with pytest.raises(ValidationError):
        ListRecords(after=beside, before=beside)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("percy", ["Percy Plum", "Percy O'Brien-Smythe"]),
        ("PLUM percy", ["Percy Plum"]),
        ("p", ["Percy Plum", "Percy O'Brien-Smythe"]),
        ("lu", ["Zoë Łuk"]),
        ("um", []),
        ("lum", ["Percy Plum"]),
        ("obrien", ["Percy O'Brien-Smythe"]),
        ("o'br smy", ["Percy O'Brien-Smythe"]),
        ("zoe", ["Zoë Łuk"]),
        ("zo lu", ["Zoë Łuk"]),
        ("percy zoe", []),
        ("100%", []),
        ("  ", ["Zoë Łuk", "Percy Plum", "Percy O'Brien-Smythe"]),
    ],
)
@pytest.mark.parametrize("role", [Role.STANDARD, Role.ADMINISTRATOR])
async def test_the_search_finds_every_word_in_the_name(
    referrals: Referrals, role: Role, typed: str, found: list[str]
) -> None:
    visitor = a_visitor(role)
    for first, last in (("Percy", "O'Brien-Smythe"), ("Percy", "Plum"), ("Zoë", "Łuk")):
        await referrals.submit(visitor, first_name=first, last_name=last)

    page = await referrals.listed(visitor, typed)

    assert found == [row.name for row in page.rows]
    assert (len(found), 3, False) == (page.matches, page.total, page.capped)


async def test_a_reference_finds_its_record_however_it_is_typed(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await referrals.submit(visitor)

    typed = [receipt.reference, receipt.reference.lower(), receipt.reference.replace("-", "")]

    assert [[receipt.record_id]] * 3 == [ids(await referrals.listed(visitor, each)) for each in typed]
    assert [] == ids(await referrals.listed(a_visitor(), receipt.reference))


async def test_a_search_has_pages_too(referrals: Referrals) -> None:
    visitor = a_visitor()
    made = await a_dozen(referrals, visitor)

    second = await referrals.listed(visitor, "plum", page=2)

    assert (made[1::-1], 11, 12) == (ids(second), second.first, second.matches)


async def test_what_is_found_by_its_old_name_is_not_found_by_it_after_an_update(referrals: Referrals) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(visitor, first_name="Before")

    await referrals.update(visitor, receipt, first_name="Behind")

    assert ["Behind Plum"] == await referrals.names(visitor, "behi")
    assert [] == await referrals.names(visitor, "before")


@pytest.mark.parametrize("typed", ["plum", "plu per", "pl"])
async def test_a_search_shows_the_last_updated_first(referrals: Referrals, owner: Owner, typed: str) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    first, second, third = [await referrals.submit(visitor) for _ in range(3)]

    await referrals.update(visitor, third, first_name="Perdita")
    await referrals.update(visitor, second, latest_update="Moved house")
    updated = ids(await referrals.listed(visitor, typed))
    await referrals.ask(visitor, ReviewRecord(command_id=new_id(), record_id=first.record_id, version=first.version))
    reviewed = ids(await referrals.listed(visitor, typed))

    assert [second.record_id, third.record_id, first.record_id] == updated
    assert [first.record_id, second.record_id, third.record_id] == reviewed
    assert 0 == await owner.value(BEHIND)


@pytest.mark.requirement("R-DSR-007")
async def test_a_standard_user_sees_only_what_they_added(referrals: Referrals) -> None:
    visitor = a_visitor()
    colleague = colleague_of(visitor)
    theirs = await referrals.submit(colleague, first_name="Theirs")
    own = await referrals.submit(visitor, first_name="Own")

    page = await referrals.listed(visitor)

    assert ([own.record_id], 1) == (ids(page), page.total)
    assert [] == await referrals.names(visitor, "theirs")
    assert [] == await referrals.names(visitor, theirs.reference)
    assert ("not_found", {}) == await referrals.refusal(visitor, ReadRecord(record_id=theirs.record_id))


@pytest.mark.requirement("R-DSR-009")
async def test_a_reporting_user_sees_their_own_organisation_and_no_other(referrals: Referrals) -> None:
    standard = a_visitor()
    reporting = colleague_of(standard, Role.REPORTING)
    here = await referrals.submit(standard)
    elsewhere = await referrals.submit(a_visitor())

    page = await referrals.listed(reporting)

    assert ([here.record_id], 1) == (ids(page), page.total)
    assert not (await referrals.read(reporting, here.record_id)).may_update
    assert ("not_found", {}) == await referrals.refusal(reporting, ReadRecord(record_id=elsewhere.record_id))


@pytest.mark.requirement("R-DSR-014")
@pytest.mark.parametrize("role", [Role.REPORTING, Role.ADMINISTRATOR])
async def test_a_grant_for_some_organisations_shows_the_records_of_those(referrals: Referrals, role: Role) -> None:
    submitters = [a_visitor() for _ in range(4)]
    made = [(await referrals.submit(each)).record_id for each in submitters]
    granted = a_visitor(role, *submitters[0].organisation_ids, *submitters[1].organisation_ids)

    page = await referrals.listed(granted)

    assert (made[1::-1], 2) == (ids(page), page.total)
    assert ["not_found"] * 2 == [(await referrals.refusal(granted, ReadRecord(record_id=each)))[0] for each in made[2:]]


@pytest.mark.parametrize("kind", [ReadRecord, ReadHistory, ReadPast])
async def test_a_foreign_id_is_answered_exactly_as_an_unknown_one(
    referrals: Referrals, owner: Owner, kind: type[ReadRecord] | type[ReadHistory] | type[ReadPast]
) -> None:
    foreign = await referrals.submit(a_visitor())
    of_another_register = a_visitor(Role.ADMINISTRATOR, register_code="s117")
    visitor = a_visitor(Role.ADMINISTRATOR)

    refusals = [
        await referrals.refusal(visitor, kind(record_id=foreign.record_id)),
        await referrals.refusal(visitor, kind(record_id=new_id())),
        await referrals.refusal(of_another_register, kind(record_id=foreign.record_id)),
    ]

    assert [("not_found", {})] * 3 == refusals
    assert [] == await owner.rows("SELECT 1 FROM audit WHERE actor = $1", visitor.user_id)


async def test_a_record_is_shown_in_the_edition_and_with_the_counts_that_its_page_needs(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    shown = await referrals.read(visitor, receipt.record_id)

    assert ("2022", "active", receipt.reference, 0) == (shown.edition, shown.state, shown.reference, shown.version)
    assert (0, 0, True) == (shown.updates, shown.notes, shown.may_update)
    assert "Percy" == shown.answers["first_name"]


async def test_a_record_is_read_with_its_past_as_by_two_requests(referrals: Referrals, owner: Owner) -> None:
    submitter = a_visitor()
    reader = colleague_of(submitter, Role.REPORTING)
    receipt = await referrals.submit(submitter)
    for text in ("Moved house", "Moved again", "Back home"):
        receipt = await referrals.update(submitter, receipt, latest_update=text)
        await referrals.ask(submitter, a_note(receipt.record_id, text))
    record_id, skipped = receipt.record_id, {"skip_updates": 1, "skip_notes": 2}

    opened = await referrals.ask(reader, ReadRecord(record_id=record_id, past=PastWanted(**skipped)))

    audited = await owner.rows("SELECT action, subjects FROM audit WHERE actor = $1 ORDER BY id", reader.user_id)
    actions = ("record.read", "record.history_read", "record.notes_read")
    assert [(action, [record_id]) for action in actions] == [tuple(row) for row in audited]
    assert await referrals.ask(reader, ReadPast(record_id=record_id, **skipped)) == opened.past
    assert await referrals.read(reader, record_id) == opened.model_copy(update={"past": None})
    assert opened.past is not None
    assert [2, 1] == [each.version for each in opened.past.history.updates]
    assert ["Moved house"] == [each.text for each in opened.past.notes.notes]


async def test_a_record_fits_into_one_reply_with_a_past_of_long_texts(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    await owner.rows(LONG_UPDATES, receipt.record_id)
    await owner.rows(LONG_NOTES, receipt.record_id)

    opened = await referrals.ask(visitor, ReadRecord(record_id=receipt.record_id, past=PastWanted()))

    assert opened.past is not None
    assert (17, 8) == (opened.past.history.older, opened.past.notes.older)
    assert len(opened.model_dump_json().encode()) < 600_000


async def test_reading_is_audited_with_the_ids_shown_before_the_reply(referrals: Referrals, owner: Owner) -> None:
    submitter = a_visitor()
    reader = colleague_of(submitter, Role.REPORTING)
    made = await a_dozen(referrals, submitter)

    await referrals.listed(reader)
    await referrals.listed(reader, "Ada")
    await referrals.read(reader, made[3])
    await referrals.ask(reader, ReadPast(record_id=made[3]))

    rows = await owner.rows("SELECT action, subjects, fields FROM audit WHERE actor = $1 ORDER BY id", reader.user_id)
    assert [
        ("records.listed", made[:1:-1]),
        ("records.searched", made[:1]),
        ("record.read", made[3:4]),
        ("record.history_read", made[3:4]),
        ("record.notes_read", made[3:4]),
    ] == [(row["action"], row["subjects"]) for row in rows]
    assert "ada" not in str([(row["action"], row["fields"]) for row in rows]).lower()
