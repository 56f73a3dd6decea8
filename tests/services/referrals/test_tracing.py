"""Records without an NHS number go out as a file, and come back with numbers and nothing else (R-LOAD-006)."""

import csv
import io
from collections.abc import Callable

import pytest

from shared.contracts.referrals.loading import MapUpload, ReadUntracedRecords, UploadShown
from shared.contracts.referrals.saving import RecordReceipt
from shared.permissions import Role
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.people import an_nhs_number
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.uploading import END_OTHERS, Loader, a_loader, a_row, counts

AUDITED = "SELECT subjects FROM audit WHERE action = 'records.sent_for_tracing' AND $1 = ANY(subjects)"
Sheet = list[list[str]]
REFERENCE, FAMILY, GIVEN, BORN, POSTCODE, NUMBER = range(6)


@pytest.fixture
async def loader(referrals: Referrals, owner: Owner, read_here: None) -> Loader:
    """A user who loads. No upload of an earlier test waits: a replica takes the oldest first."""
    await owner.rows(END_OTHERS)
    return await Loader.open(referrals, a_loader())


async def sent_out(loader: Loader) -> Sheet:
    content = (await loader.referrals.ask(loader.user, ReadUntracedRecords())).content
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


async def came_back(loader: Loader, rows: Sheet) -> UploadShown:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    content = out.getvalue().encode()
    started = await loader.start(len(content), "traced.csv", "tracing")
    await loader.put(started.upload_id, content)
    await loader.finish(started.upload_id, content)
    await loader.until_idle()
    return await loader.read(started.upload_id)


async def loaded(loader: Loader, rows: Sheet) -> UploadShown:
    checked = await came_back(loader, rows)
    await loader.process(checked.upload_id)
    await loader.until_idle()
    return await loader.read(checked.upload_id)


async def untraced(loader: Loader, **changes: str) -> RecordReceipt:
    return await loader.referrals.submit(loader.user, **a_row(nhs_number="", **changes))


@pytest.mark.requirement("R-LOAD-006")
async def test_records_without_a_number_go_out_and_come_back_with_one_and_nothing_else_changes(
    loader: Loader, owner: Owner
) -> None:
    receipt = await untraced(loader, postcode="ST4 4LJ")
    await loader.referrals.submit(loader.user, **a_row())
    before = await loader.referrals.read(loader.user, receipt.record_id)
    sheet = await sent_out(loader)
    assert ["Reference", "Last Name", "First Name", "Date of Birth", "Postcode", "NHS Number"] == sheet[0][:6]
    assert [(receipt.reference, "ST4 4LJ", "")] == [(row[REFERENCE], row[POSTCODE], row[NUMBER]) for row in sheet[1:]]
    assert [receipt.record_id] == (await owner.rows(AUDITED, receipt.record_id))[0]["subjects"]
    number = an_nhs_number()

    sheet[1][NUMBER], sheet[1][POSTCODE], sheet[1][GIVEN] = number, "M1 1AE", "Another"
    done = await loaded(loader, sheet)

    shown = await loader.referrals.read(loader.user, receipt.record_id)
    assert ("done", "tracing", (0, 1, 0, 0)) == (done.state, done.purpose, counts(done))
    assert dict(before.answers) | {"nhs_number": number} == shown.answers
    assert 1 == len(await sent_out(loader))
    assert 1 == (await loaded(loader, sheet)).counts.unchanged


@pytest.mark.requirement("R-LOAD-006")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: row.__setitem__(REFERENCE, ""), "Give the reference of the referral."),
        (lambda row: row.__setitem__(FAMILY, "Otherwise"), "Check that the columns were not sorted apart."),
        (lambda row: row.__setitem__(BORN, "13/06/1970"), "Check that the columns were not sorted apart."),
        (lambda row: row.__setitem__(BORN, ""), "Check that the columns were not sorted apart."),
        (lambda row: row.__setitem__(NUMBER, "999 000 0019"), "This is not a valid NHS number"),
    ],
)
async def test_a_row_that_is_not_surely_about_the_record_gives_it_no_number(
    loader: Loader, change: Callable[[list[str]], None], said: str
) -> None:
    await untraced(loader)
    sheet = await sent_out(loader)
    sheet[1][NUMBER] = an_nhs_number()
    change(sheet[1])

    checked = await came_back(loader, sheet)

    (row,) = await loader.rows(checked.upload_id, "errors")
    assert (0, 0, 0, 1) == counts(checked)
    assert [said in fault.says for fault in row.faults] == [True]


@pytest.mark.requirement("R-LOAD-006")
async def test_a_number_that_a_record_has_or_that_another_has_is_not_overwritten(loader: Loader) -> None:
    taken = an_nhs_number()
    await loader.referrals.submit(loader.user, **a_row(nhs_number=taken))
    receipt, other = await untraced(loader), await untraced(loader)
    rows = {row[REFERENCE]: row for row in await sent_out(loader)}
    heading, mine, theirs = rows["Reference"], rows[receipt.reference], rows[other.reference]
    answers = dict((await loader.referrals.read(loader.user, receipt.record_id)).answers)
    await loader.referrals.update(loader.user, receipt, **answers | {"nhs_number": an_nhs_number()})
    mine[NUMBER], theirs[NUMBER] = an_nhs_number(), taken

    checked = await came_back(loader, [heading, mine, theirs])

    said = [each.faults[0].says for each in await loader.rows(checked.upload_id, "errors")]
    assert ["has an NHS number already" in said[0], "Another referral has this NHS number" in said[1]] == [True, True]


@pytest.mark.requirement("R-LOAD-006")
async def test_a_file_that_does_not_say_which_record_and_person_waits_for_its_columns(loader: Loader) -> None:
    await untraced(loader)
    sheet = await sent_out(loader)
    without = [[row[REFERENCE], row[GIVEN], row[FAMILY], row[NUMBER]] for row in sheet]

    waiting = await came_back(loader, without)

    asked = MapUpload(
        command_id=new_id(), upload_id=waiting.upload_id, columns={0: "reference", 2: "last_name", 3: "nhs_number"}
    )
    other = MapUpload(command_id=new_id(), upload_id=waiting.upload_id, columns={0: "reference", 3: "locality"})
    assert ("mapping", "columns_missing") == (waiting.state, (await loader.referrals.refusal(loader.user, asked))[0])
    assert "unknown_question" == (await loader.referrals.refusal(loader.user, other))[0]


@pytest.mark.requirement("R-LOAD-006")
async def test_what_a_traced_file_leaves_out_is_not_left_out_of_the_next_load(loader: Loader) -> None:
    await untraced(loader, postcode="ST4 4LJ")
    sheet = await sent_out(loader)
    sheet[1][NUMBER] = an_nhs_number()
    checked = await came_back(loader, sheet)
    await loader.map(checked.upload_id, {each.place: each.target or "" for each in checked.columns})
    await loader.until_idle()
    await loader.cancel(checked.upload_id)

    upload = await loader.check(loader.file(a_row(postcode="ST4 4LJ")))

    assert "postcode" in {each.target for each in upload.columns}


@pytest.mark.requirement("R-LOAD-006")
async def test_only_records_that_the_loader_sees_go_out(loader: Loader, referrals: Referrals) -> None:
    await referrals.submit(a_visitor(Role.ADMINISTRATOR), **a_row(nhs_number=""))

    assert 1 == len(await sent_out(loader))
