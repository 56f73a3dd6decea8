"""The records that are on the register and not in an upload's file: listed, and never touched (R-LOAD-005)."""

import csv
import io
from uuid import UUID

import pytest

from services.referrals.store import uploads as store
from shared.contracts.referrals.loading import ReadAbsentRecords
from shared.permissions import Role
from tests.services.referrals.builders import a_visitor
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.uploading import END_OTHERS, Loader, a_loader, a_row, counts

AUDITED = "SELECT subjects FROM audit WHERE action = 'upload.absent_downloaded' AND $1 = ANY(subjects)"
AS_THEY_ARE = "SELECT version, updated_at, is_open FROM record WHERE id = $1"


@pytest.fixture
async def loader(referrals: Referrals, owner: Owner, read_here: None) -> Loader:
    """A user who loads. No upload of an earlier test waits: a replica takes the oldest first."""
    await owner.rows(END_OTHERS)
    return await Loader.open(referrals, a_loader())


async def absent(loader: Loader, upload_id: UUID) -> list[list[str]]:
    """Return the whole file, read part by part."""
    content, after, is_first = b"", None, True
    while after or is_first:
        part = await loader.referrals.ask(loader.user, ReadAbsentRecords(upload_id=upload_id, after=after))
        content, after, is_first = content + part.content, part.after, False
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.requirement("R-LOAD-005")
async def test_records_that_the_file_lacks_are_listed_outside_the_counts_and_nothing_is_done_to_them(
    loader: Loader, owner: Owner
) -> None:
    people = [a_row(last_name=name) for name in ("Ash", "Birch", "Cedar")]
    *_, third = [await loader.referrals.submit(loader.user, **each) for each in people]
    before = await owner.rows(AS_THEY_ARE, third.record_id)

    upload = await loader.load(loader.file(people[0], {**people[1], "risk_level": "purple"}, a_row()))

    headings, *rows = await absent(loader, upload.upload_id)
    assert (1, 1, 0, 1) == counts(upload)
    assert ["Reference", "Last Name", "First Name", "Date of Birth", "NHS Number"] == headings[:5]
    assert [(third.reference, "Cedar", "Green")] == [(row[0], row[1], row[5]) for row in rows]
    assert before == await owner.rows(AS_THEY_ARE, third.record_id)
    (audited,) = await owner.rows(AUDITED, upload.upload_id)
    assert [upload.upload_id, third.record_id] == audited["subjects"]


@pytest.mark.requirement("R-LOAD-005")
async def test_only_open_records_of_the_loaders_bodies_are_listed(loader: Loader, referrals: Referrals) -> None:
    stranger = a_visitor(Role.ADMINISTRATOR)
    await referrals.submit(stranger, **a_row(last_name="Stranger"))
    colleague = a_visitor(Role.ADMINISTRATOR, *loader.user.organisation_ids)
    await referrals.submit(colleague, **a_row(last_name="Colleague"))
    await referrals.archive(loader.user, await referrals.submit(loader.user, **a_row(last_name="Archived")))

    upload = await loader.check(loader.file(a_row()))

    assert ["Colleague"] == [row[1] for row in (await absent(loader, upload.upload_id))[1:]]
    asked = ReadAbsentRecords(upload_id=upload.upload_id)
    assert ("not_found", {}) == await referrals.refusal(a_loader(Role.ADMINISTRATOR), asked)


@pytest.mark.requirement("R-LOAD-005")
async def test_a_long_list_comes_in_parts_and_no_cell_is_a_formula(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [a_row(last_name=name) for name in ("Ash", "Ash", "Birch", "Cedar", "=Elm")]
    receipts = [await loader.referrals.submit(loader.user, **each) for each in people]
    upload = await loader.check(loader.file(a_row()))
    monkeypatch.setattr(store, "LIST_ABSENT", store.LIST_ABSENT.replace("LIMIT 500", "LIMIT 2"))
    monkeypatch.setattr(store, "MOST_ABSENT", 2)

    rows = (await absent(loader, upload.upload_id))[1:]

    assert sorted(each.reference for each in receipts) == sorted(row[0] for row in rows)
    assert {"Ash", "Birch", "Cedar", "'=Elm"} == {row[1] for row in rows}


@pytest.mark.requirement("R-LOAD-005")
async def test_there_is_no_list_before_the_check(loader: Loader) -> None:
    upload = await loader.send(loader.file(a_row()))

    asked = ReadAbsentRecords(upload_id=upload.upload_id)

    assert ("not_found", {}) == await loader.referrals.refusal(loader.user, asked)
