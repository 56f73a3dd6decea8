"""Spreadsheets that are loaded: from the bytes of a file to records on the register."""

import asyncio
import csv
import io

import pytest

from shared.contracts.identity import CheckGrant, Grant
from shared.contracts.referrals.loading import (
    CHUNK_BYTES,
    REASONS,
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    ListUploads,
    MapUpload,
    ProcessUpload,
    PutUploadChunk,
    ReadFailedRows,
    ReadUpload,
    StartUpload,
)
from shared.fake_bus import FakeBus
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.registers.bodies import compartment_of
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import an_nhs_number
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.uploading import END_OTHERS, FILE_NAME, Loader, a_loader, a_row, an_organisation, counts
from tests.services.two_bodies import a_code, a_two_body_register
from tests.support.connections import ServicePools

STOPPED = "SELECT fields FROM audit WHERE action = 'upload.stopped' AND $1 = ANY(subjects)"


@pytest.fixture
async def loader(referrals: Referrals, owner: Owner, read_here: None) -> Loader:
    """A user who loads. No upload of an earlier test waits: a replica takes the oldest first."""
    await owner.rows(END_OTHERS)
    return await Loader.open(referrals, a_loader())


@pytest.mark.programs
@pytest.mark.requirement("R-USE-013")
async def test_the_bytes_of_a_file_become_records_on_the_register(referrals: Referrals, owner: Owner) -> None:
    """The file is read in a process of its own, as in the product."""
    await owner.rows(END_OTHERS)
    loader = await Loader.open(referrals, a_loader())
    people = [a_row(), a_row(), a_row()]

    checked = await loader.check(loader.file(*people))
    await loader.process(checked.upload_id)
    await loader.until_idle()

    done = await loader.read(checked.upload_id)
    assert ("checked", (3, 0, 0, 0)) == (checked.state, counts(checked))
    assert ("done", 3, 3) == (done.state, done.rows_done, done.counts.total)
    rows = await loader.rows(done.upload_id, "new")
    assert [True] * 3 == [row.is_processed for row in rows]
    for row, person in zip(rows, people, strict=True):
        assert row.record_id
        shown = await loader.referrals.read(loader.user, row.record_id)
        assert (person, row.reference) == (shown.answers, shown.reference)


async def test_a_row_about_a_record_changes_it_and_a_blank_cell_keeps_what_is_there(loader: Loader) -> None:
    person = a_row(latest_update="Seen in May")
    receipt = await loader.referrals.submit(loader.user, **person)
    changed = {**person, "risk_level": "red", "latest_update": ""}

    done = await loader.load(loader.file(changed, a_row(latest_update="New")))

    assert ("done", (1, 1, 0, 0)) == (done.state, counts(done))
    (row,) = await loader.rows(done.upload_id, "updated")
    assert receipt.reference == row.reference
    assert [("Green", "Red")] == [(each.before, each.after) for each in row.changes]
    shown = await loader.referrals.read(loader.user, receipt.record_id)
    assert {**person, "risk_level": "red"} == shown.answers


async def test_the_same_file_again_changes_nothing(loader: Loader, owner: Owner) -> None:
    content = loader.file(a_row(), a_row())
    await loader.load(content)
    before = await owner.value("SELECT max(version) FROM record WHERE created_by = $1", loader.user.user_id)

    again = await loader.load(content)

    assert (("done", (0, 2, 0, 0)), 2) == ((again.state, counts(again)), again.counts.unchanged)
    after = await owner.value("SELECT max(version) FROM record WHERE created_by = $1", loader.user.user_id)
    assert (0, 0) == (before, after)


async def test_two_equal_uploads_at_once_put_each_person_on_the_register_once(
    loader: Loader, referrals: Referrals, owner: Owner
) -> None:
    people = [a_row() for _ in range(20)]
    other = await Loader.open(referrals, a_loader(Role.ADMINISTRATOR, *loader.user.organisation_ids))
    await grants_of(referrals, loader.user, other.user)
    uploads = [await each.check(each.file(*people)) for each in (loader, other)]
    for each, upload in zip((loader, other), uploads, strict=True):
        await each.process(upload.upload_id)

    await asyncio.gather(loader.until_idle(), other.until_idle())

    done = [await each.read(upload.upload_id) for each, upload in zip((loader, other), uploads, strict=True)]
    assert ["done", "done"] == [each.state for each in done]
    assert 20 == sum(each.counts.new for each in done)
    assert 20 == sum(each.counts.errors for each in done)
    numbers = [str(each["nhs_number"]) for each in people]
    found = await owner.value("SELECT count(*) FROM record WHERE nhs_number = ANY($1)", numbers)
    assert 20 == found


async def grants_of(referrals: Referrals, *users: Visitor) -> None:
    """Let identity answer what each of these users may do."""
    known = {each.user_id: each for each in users}

    async def answer(asked: CheckGrant, _context: object) -> Grant:
        return Grant(visitor=known[asked.user_id])

    await FakeBus("identity", referrals.wire).answer(CheckGrant, answer)


# --------------------------------------------------------------------------------------------------- who may see what
async def test_an_upload_is_its_users_alone(loader: Loader, referrals: Referrals) -> None:
    upload = await loader.check(loader.file(a_row()))
    colleague = a_loader(Role.ADMINISTRATOR, *loader.user.organisation_ids)
    upload_id, command_id = upload.upload_id, new_id()
    requests = (
        PutUploadChunk(upload_id=upload_id, number=0, content=b"x"),
        FinishUpload(command_id=command_id, upload_id=upload_id, chunks=1, sha256="0" * 64),
        ReadUpload(upload_id=upload_id),
        MapUpload(command_id=command_id, upload_id=upload_id, columns={0: "first_name"}),
        ProcessUpload(command_id=command_id, upload_id=upload_id),
        CancelUpload(command_id=command_id, upload_id=upload_id),
        ListUploadRows(upload_id=upload_id, tab="new"),
        ReadFailedRows(upload_id=upload_id),
    )
    for request in requests:
        assert ("not_found", {}) == await referrals.refusal(colleague, request)
    assert () == (await referrals.ask(colleague, ListUploads())).uploads
    assert [upload_id] == [each.upload_id for each in (await referrals.ask(loader.user, ListUploads())).uploads]


async def test_a_user_who_no_longer_reaches_the_records_no_longer_sees_the_upload(
    loader: Loader, referrals: Referrals
) -> None:
    upload = await loader.check(loader.file(a_row()))
    moved = a_loader(Role.ADMINISTRATOR, user_id=loader.user.user_id)

    assert ("not_found", {}) == await referrals.refusal(moved, ReadUpload(upload_id=upload.upload_id))
    begun = await referrals.ask(moved, StartUpload(command_id=new_id(), file_name=FILE_NAME, size=10))
    assert "receiving" == begun.state
    assert "cancelled" == (await loader.read(upload.upload_id)).state


async def test_without_the_grant_nothing_is_answered(loader: Loader, referrals: Referrals) -> None:
    user = a_visitor(Role.ADMINISTRATOR)
    with pytest.raises(NotAnswered) as raised:
        await referrals.ask(user, StartUpload(command_id=new_id(), file_name=FILE_NAME, size=1))
    assert Fault.NOT_ALLOWED == raised.value.fault


async def test_a_reporting_user_with_the_grant_loads_nothing(referrals: Referrals) -> None:
    asked = StartUpload(command_id=new_id(), file_name=FILE_NAME, size=1)
    assert ("not_loadable", {}) == await referrals.refusal(a_loader(Role.REPORTING), asked)


async def test_an_upload_whose_user_lost_the_grant_stops(loader: Loader, referrals: Referrals, owner: Owner) -> None:
    upload = await loader.check(loader.file(a_row()))
    await loader.process(upload.upload_id)
    await referrals.grants(loader.user.model_copy(update={"grants": ()}))

    await loader.until_idle()

    stopped = await loader.read(upload.upload_id)
    assert ("failed", "no_grant", 0) == (stopped.state, stopped.fault, stopped.rows_done)
    assert 0 == await owner.value("SELECT count(*) FROM record WHERE created_by = $1", loader.user.user_id)
    assert ["no_grant"] == await owner.value(STOPPED, upload.upload_id)


# ------------------------------------------------------------------------------------------------------------- begin
@pytest.mark.parametrize(
    ("file_name", "size", "code"),
    [("list.csv", 10_485_761, "too_big"), ("list.xls", 10, "wrong_type"), ("list", 10, "wrong_type")],
)
async def test_a_file_that_is_too_big_or_of_another_type_is_refused(
    loader: Loader, referrals: Referrals, file_name: str, size: int, code: str
) -> None:
    asked = StartUpload(command_id=new_id(), file_name=file_name, size=size)
    assert (code, {}) == await referrals.refusal(loader.user, asked)


async def test_a_user_has_one_open_upload_even_if_two_begin_at_once(loader: Loader, referrals: Referrals) -> None:
    asked = [StartUpload(command_id=new_id(), file_name=FILE_NAME, size=10) for _ in range(5)]

    answers = await asyncio.gather(*(referrals.refusal(loader.user, each) for each in asked))

    begun = [each.command_id for each, (code, _) in zip(asked, answers, strict=True) if not code]
    assert 1 == len(begun)
    assert [("upload_open", {"upload_id": begun[0]})] * 4 == [each for each in answers if each[0]]
    await loader.cancel(begun[0])
    await loader.start()


async def test_a_repeated_start_is_the_same_upload(loader: Loader, referrals: Referrals) -> None:
    asked = StartUpload(command_id=new_id(), file_name=FILE_NAME, size=10)
    first, second = [await referrals.ask(loader.user, asked) for _ in range(2)]

    assert first == second
    other = asked.model_copy(update={"size": 11})
    assert ("command_reused", {}) == await referrals.refusal(loader.user, other)


async def test_a_file_of_several_parts_is_read_as_a_whole_and_a_part_may_come_twice(loader: Loader) -> None:
    people = [a_row(latest_update="x" * 3_000) for _ in range(100)]
    content = loader.file(*people)
    assert len(content) > CHUNK_BYTES
    started = await loader.start(len(content))
    await loader.put(started.upload_id, content)
    await loader.put(started.upload_id, content)
    await loader.finish(started.upload_id, content)
    await loader.until_idle()

    assert (100, 0, 0, 0) == counts(await loader.read(started.upload_id))


@pytest.mark.parametrize("wrong", ["digest", "missing", "more"])
async def test_a_file_that_is_not_whole_is_not_read(loader: Loader, referrals: Referrals, wrong: str) -> None:
    content = b"a,b\r\n1,2\r\n"
    started = await loader.start(len(content))
    await loader.put(started.upload_id, content)
    chunks = {"digest": 1, "missing": 2, "more": 1}[wrong]
    if wrong == "more":
        await referrals.ask(loader.user, PutUploadChunk(upload_id=started.upload_id, number=3, content=b"x"))
    sha256 = "0" * 64
    asked = FinishUpload(command_id=new_id(), upload_id=started.upload_id, chunks=chunks, sha256=sha256)

    assert ("not_whole", {}) == await referrals.refusal(loader.user, asked)
    assert "receiving" == (await loader.read(started.upload_id)).state


async def test_each_state_refuses_what_does_not_belong_to_it(loader: Loader, referrals: Referrals) -> None:
    upload_id = (await loader.check(loader.file(a_row()))).upload_id
    chunk = PutUploadChunk(upload_id=upload_id, number=0, content=b"x")
    finish = FinishUpload(command_id=new_id(), upload_id=upload_id, chunks=1, sha256="0" * 64)
    assert ("not_receiving", {}) == await referrals.refusal(loader.user, chunk)
    assert ("not_receiving", {}) == await referrals.refusal(loader.user, finish)
    await loader.process(upload_id)
    mapping = MapUpload(command_id=new_id(), upload_id=upload_id, columns={0: "first_name"})
    assert ("not_mappable", {}) == await referrals.refusal(loader.user, mapping)
    assert ("not_found", {}) == await referrals.refusal(loader.user, ReadFailedRows(upload_id=upload_id))
    await loader.until_idle()
    for kind, code in ((ProcessUpload, "not_checked"), (CancelUpload, "not_open")):
        refused = await referrals.refusal(loader.user, kind(command_id=new_id(), upload_id=upload_id))
        assert (code, {}) == refused


# ----------------------------------------------------------------------------------------------------------- mapping
@pytest.mark.requirement("R-LOAD-001")
async def test_unknown_headings_are_mapped_once_and_known_in_the_organisations_next_file(
    loader: Loader, referrals: Referrals
) -> None:
    def renamed(content: bytes) -> bytes:
        return content.replace(b"First Name", b"Vorname", 1)

    upload = await loader.check(renamed(loader.file(a_row())))
    assert ("mapping", (0, 0, 0, 0)) == (upload.state, counts(upload))
    unknown = [each for each in upload.columns if each.target is None]
    assert ["Vorname"] == [each.heading for each in unknown]
    targets = {each.place: each.target or "first_name" for each in upload.columns}
    await loader.map(upload.upload_id, targets)
    await loader.until_idle()
    assert (1, 0, 0, 0) == counts(await loader.read(upload.upload_id))

    colleague = await Loader.open(referrals, a_loader(Role.ADMINISTRATOR, *loader.user.organisation_ids))
    assert "checked" == (await colleague.check(renamed(colleague.file(a_row())))).state
    stranger = await Loader.open(referrals, a_loader())
    assert "mapping" == (await stranger.check(renamed(stranger.file(a_row())))).state


async def test_a_mapping_may_be_said_again_and_the_rows_are_checked_again(loader: Loader) -> None:
    upload = await loader.check(loader.file(a_row(latest_update="Moved")))
    targets = {each.place: each.target or "" for each in upload.columns}
    ignored = targets | {place: "" for place, name in targets.items() if name == "latest_update"}

    shown = await loader.map(upload.upload_id, ignored)
    assert ("checking", (0, 0, 0, 0)) == (shown.state, counts(shown))
    assert [] == list(await loader.rows(upload.upload_id, "new"))
    await loader.until_idle()
    await loader.process(upload.upload_id)
    await loader.until_idle()

    (row,) = await loader.rows(upload.upload_id, "new")
    assert row.record_id
    assert "latest_update" not in (await loader.referrals.read(loader.user, row.record_id)).answers


@pytest.mark.requirement("R-LOAD-002")
async def test_the_order_of_day_and_month_that_the_user_chose_is_told(loader: Loader) -> None:
    sent = await loader.send(loader.file(a_row(date_of_birth="1998-04-03")), FILE_NAME)
    await loader.until_idle()
    upload = await loader.read(sent.upload_id)
    targets = {each.place: each.target or "" for each in upload.columns}
    asked = MapUpload(command_id=new_id(), upload_id=upload.upload_id, columns=targets, day_order="month_first")

    await loader.referrals.ask(loader.user, asked)
    await loader.until_idle()

    shown = await loader.read(upload.upload_id)
    assert upload.reading
    assert shown.reading
    assert ("mixed", "month_first") == (upload.reading.day_order, shown.reading.day_order)


# ----------------------------------------------------------------------------------------------------- errors of rows
async def says_of(loader: Loader, content: bytes) -> list[tuple[int, str]]:
    """Return the number of each row under Errors, with what is said of it."""
    upload = await loader.check(content)
    rows = await loader.rows(upload.upload_id, "errors")
    assert sum(counts(upload)) == upload.counts.total
    await loader.cancel(upload.upload_id)
    return [(row.number, " ".join(fault.says for fault in row.faults)) for row in rows]


async def test_the_second_row_about_one_person_is_an_error(loader: Loader) -> None:
    person = a_row()
    said = await says_of(loader, loader.file(a_row(), person, {**person, "risk_level": "red"}))

    assert [(3, "Row 2 is about the same person. Keep only one of the two rows.")] == said


async def test_a_match_out_of_reach_says_nothing_more_and_is_audited(loader: Loader, owner: Owner) -> None:
    elsewhere = a_visitor(Role.ADMINISTRATOR)
    person = a_row()
    theirs = await loader.referrals.submit(elsewhere, **person)

    said = await says_of(loader, loader.file({**person, "first_name": "Other"}))
    by_reference = await says_of(loader, loader.file(a_row(), Reference=[theirs.reference]))
    unknown = await says_of(loader, loader.file(a_row(), Reference=["DSR-K7Q2-M9XP"]))

    assert [(1, "This row cannot be put on the register from here. Ask the register team about this person.")] == said
    assert by_reference == unknown
    looked = "SELECT count(*) FROM audit WHERE action = 'upload.match_unseen' AND actor = $1 AND $2 = ANY(subjects)"
    assert 2 == await owner.value(looked, loader.user.user_id, theirs.record_id)


async def test_a_record_that_has_ended_or_is_about_another_person_is_an_error(loader: Loader) -> None:
    gone, kept = a_row(), a_row()
    receipt = await loader.referrals.submit(loader.user, **gone)
    await loader.referrals.archive(loader.user, receipt)
    await loader.referrals.submit(loader.user, **kept)
    wrong = a_row(nhs_number=str(kept["nhs_number"]), date_of_birth="1990-03-04")
    other = {**kept, "nhs_number": an_nhs_number()}

    said = await says_of(loader, loader.file(gone, wrong, other))

    begun = [" ".join(each.split()[:3]) for _, each in said]
    assert ["This person has", "The referral with", "The referral with"] == begun
    assert "another last name" in said[1][1]
    assert "another NHS number" in said[2][1]


async def test_a_match_of_several_asks_for_the_reference(loader: Loader) -> None:
    person = a_row(nhs_number="")
    receipts = [await loader.referrals.submit(loader.user, **person) for _ in range(2)]

    assert [1] == [number for number, _ in await says_of(loader, loader.file(person))]
    done = await loader.load(loader.file({**person, "risk_level": "amber"}, Reference=[receipts[0].reference.lower()]))
    assert (0, 1, 0, 0) == counts(done)
    assert "amber" == (await loader.referrals.read(loader.user, receipts[0].record_id)).answers["risk_level"]


async def test_a_standard_user_changes_only_what_they_may(referrals: Referrals, owner: Owner, read_here: None) -> None:
    await owner.rows(END_OTHERS)
    loader = await Loader.open(referrals, a_loader(Role.STANDARD))
    own, theirs = a_row(), a_row()
    await referrals.submit(loader.user, **own)
    await referrals.submit(colleague_of(loader.user), **theirs)

    upload = await loader.check(loader.file({**own, "risk_level": "red"}, {**theirs, "risk_level": "red"}, a_row()))

    assert (1, 1, 0, 1) == counts(upload)


async def test_a_row_may_name_another_organisation_that_the_user_reaches(loader: Loader, referrals: Referrals) -> None:
    home, second, third = new_id(), new_id(), new_id()
    both = await Loader.open(referrals, a_loader(Role.ADMINISTRATOR, home, second))
    named = ((home, "Home"), (second, "Second"), (third, "Third"))
    both.names.extend(an_organisation(each, name) for each, name in named)
    written = ["", "second", "Third", "Fourth"]

    done = await both.load(both.file(*(a_row() for _ in written), Organisation=written))

    assert (2, 0, 0, 2) == counts(done)
    rows = await both.rows(done.upload_id, "new")
    found = [(await referrals.read(both.user, row.record_id)).organisation_id for row in rows if row.record_id]
    assert [home, second] == found


async def test_failed_rows_come_back_as_a_file_that_runs_nothing(loader: Loader) -> None:
    person = a_row()
    good = a_row(latest_update="Fine")
    wrong = {**person, "risk_level": "purple", "latest_update": '=HYPERLINK("x")', "lead_professional": "+44 Ann"}
    upload = await loader.check(loader.file(good, wrong))

    content = await loader.failed_rows(upload.upload_id)

    headings, row = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert REASONS == headings[-1]
    assert row[-1]
    assert {'\'=HYPERLINK("x")', "'+44 Ann", "purple"} <= set(row)
    assert all(line.startswith('"') for line in content.decode("utf-8-sig").splitlines())
    again = await loader.referrals.refusal(loader.user, ReadFailedRows(upload_id=upload.upload_id, number=1))
    assert ("not_found", {}) == again


async def test_failed_rows_are_mended_and_uploaded_as_they_were_written(loader: Loader) -> None:
    person = a_row(latest_update='=HYPERLINK("x")')
    upload = await loader.check(loader.file({**person, "risk_level": "purple"}))
    content = await loader.failed_rows(upload.upload_id)
    await loader.cancel(upload.upload_id)

    done = await loader.load(content.replace(b"purple", b"Green"))

    (row,) = await loader.rows(done.upload_id, "new")
    assert row.record_id
    assert person == (await loader.referrals.read(loader.user, row.record_id)).answers


async def test_rows_are_shown_by_tab_and_page_in_the_files_order(loader: Loader, owner: Owner) -> None:
    known = a_row()
    receipt = await loader.referrals.submit(loader.user, **known)
    upload = await loader.check(loader.file(*(a_row() for _ in range(27)), known))

    first, second = [await loader.rows(upload.upload_id, "new", page) for page in (1, 2)]
    assert (list(range(1, 26)), [26, 27]) == ([row.number for row in first], [row.number for row in second])
    shown = {each.label: (each.before, each.after) for each in first[0].changes}
    assert {("", "Red"), ("", "Amber"), ("", "Green")} & set(shown.values())
    assert all(after for _, after in shown.values())
    (row,) = await loader.rows(upload.upload_id, "updated")
    assert ("unchanged", receipt.record_id) == (row.verdict, row.record_id)
    read = "SELECT count(*) FROM audit WHERE action = 'upload.rows_read' AND $1 = ANY(subjects)"
    assert 1 == await owner.value(read, receipt.record_id)


async def test_in_a_register_of_bodies_a_row_enters_the_compartment_that_it_names(
    pools: ServicePools, owner: Owner, read_here: None
) -> None:
    await owner.rows(END_OTHERS)
    code = a_code()
    referrals = await Referrals.open(pools, Registers([a_two_body_register(code)]))
    north = a_loader().model_copy(update={"register_code": code, "bodies": ("authority:north",)})
    loader = await Loader.open(referrals, north)
    bodies = [("north", "first"), ("north", "second"), ("south", "first")]
    people = [a_row(authority=one, commissioner=other) for one, other in bodies]

    done = await loader.load(loader.file(*people))

    assert ("done", (2, 0, 0, 1)) == (done.state, counts(done))
    rows = await loader.rows(done.upload_id, "new")
    entered = [await owner.value("SELECT compartment_id FROM record WHERE id = $1", row.record_id) for row in rows]
    named = [compartment_of(code, (f"authority:{one}", f"commissioner:{other}")) for one, other in bodies[:2]]
    assert [each.compartment_id for each in named] == entered
    first = north.model_copy(update={"bodies": ("commissioner:first",)})
    assert ("not_found", {}) == await referrals.refusal(first, ReadUpload(upload_id=done.upload_id))
