"""Tests of loading a spreadsheet: the upload, the mapping, the checked rows, the load, and what goes wrong."""

from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from typing import get_args
from uuid import UUID

import pytest
from aiohttp import ClientResponse, FormData

from shared.contracts.referrals.loading import (
    CHUNK_BYTES,
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    MapUpload,
    ProcessUpload,
    PutUploadChunk,
    ReadFailedRows,
    StartUpload,
    UploadCounts,
    UploadFault,
    UploadOpen,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import AccountGrant, Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.gateway.stand_in_uploads import READING, UPLOAD_ID, StandInUploads, is_checked, waits_for_mapping
from tests.gateway.test_list_pages import StandInList
from tests.gateway.visit import Page, words

LOAD = "/dsr/load/"
HERE = f"{LOAD}{UPLOAD_ID.hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"
MEGABYTE = 1024 * 1024
BIG = bytes(range(256)) * 2_300  # two whole parts and a piece


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR, grants=(AccountGrant.BULK_LOAD,))


@pytest.fixture
def uploads() -> StandInUploads:
    return StandInUploads()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, uploads: StandInUploads) -> Browser:
    return await open_gateway(identity, uploads)


async def sent_file(
    browser: Browser, content: bytes | AsyncIterator[bytes], name: str = "list.xlsx", command: str = COMMAND
) -> ClientResponse:
    form = FormData({"csrf_token": browser.token, "command": command}, default_to_multipart=True, quote_fields=False)
    whole = BytesIO(content) if isinstance(content, bytes) else content
    form.add_field("file", whole, filename=name, content_type="application/octet-stream")
    return await browser.client.post(LOAD, data=form, allow_redirects=False)


async def refused_file(browser: Browser, content: bytes, name: str = "list.xlsx", status: int = 422) -> Page:
    await browser.see(LOAD)
    return await browser.look(await sent_file(browser, content, name), status)


def main(page: Page) -> str:
    return words(page.tree.select_one("main"))


# ------------------------------------------------------------------------------------------------------------ upload
@pytest.mark.requirement("R-LOAD-001")
async def test_the_first_page_says_what_can_be_loaded_and_shows_earlier_uploads(browser: Browser) -> None:
    page = await browser.see(LOAD)

    assert "Load referrals from a spreadsheet" == page.heading
    assert "up to 10,000 rows and 10 MB" in main(page)
    assert "Being read" in main(page)
    assert [HERE] == [str(each["href"]) for each in page.tree.select("tbody a")]


async def test_a_file_is_sent_on_in_parts_whose_order_and_digest_are_right(
    browser: Browser, uploads: StandInUploads
) -> None:
    await browser.see(LOAD)
    answer = await sent_file(browser, BIG, r"C:\Users\jo\list.XLSX")

    [started], [finished] = uploads.heard(StartUpload), uploads.heard(FinishUpload)
    assert (303, HERE) == (answer.status, answer.headers["Location"])
    assert (UUID(COMMAND), "list.XLSX") == (started.command_id, started.file_name)
    assert len(BIG) <= started.size <= len(BIG) + 2_000
    assert [CHUNK_BYTES, CHUNK_BYTES, len(BIG) - 2 * CHUNK_BYTES] == [len(each) for each in uploads.received.values()]
    assert (BIG, 3) == (b"".join(uploads.received.values()), finished.chunks)


async def test_the_size_of_a_small_file_is_exact(browser: Browser, uploads: StandInUploads) -> None:
    await browser.see(LOAD)
    await sent_file(browser, b"a,b\r\n1,2\r\n", "list.csv")

    assert 10 == uploads.heard(StartUpload)[0].size


async def test_the_file_goes_on_before_all_of_it_has_come(browser: Browser, uploads: StandInUploads) -> None:
    """The browser sends the second half of its file only when the first part has reached the service."""
    await browser.see(LOAD)

    async def slowly() -> AsyncIterator[bytes]:
        yield BIG
        await uploads.has_begun.wait()
        yield BIG

    answer = await sent_file(browser, slowly())

    assert (303, BIG + BIG) == (answer.status, b"".join(uploads.received.values()))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"x", "", "Select a spreadsheet"),
        (b"", "list.csv", "The file is empty."),
        (b"x", "list.xls", "must be an Excel workbook (.xlsx) or a CSV file"),
        (b"x", "list", "must be an Excel workbook (.xlsx) or a CSV file"),
        (bytes(11 * MEGABYTE), "list.xlsx", "must be 10 MB or smaller"),
    ],
)
async def test_a_file_that_cannot_be_right_is_refused_at_its_field(
    browser: Browser, uploads: StandInUploads, content: bytes, name: str, said: str
) -> None:
    page = await refused_file(browser, content, name)

    assert said in page.problems[0]
    assert ["#file"] == [str(each["href"]) for each in page.tree.select(".nhsuk-error-summary a")]
    assert [] == uploads.commands


async def test_a_form_without_a_file_asks_for_one(browser: Browser) -> None:
    await browser.see(LOAD)

    assert ["Select a spreadsheet"] == (await browser.send(LOAD, {"command": COMMAND})).problems


async def test_a_file_without_a_length_is_cut_off_at_the_limit(browser: Browser, uploads: StandInUploads) -> None:
    await browser.see(LOAD)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield bytes(MEGABYTE)

    page = await browser.look(await sent_file(browser, endless()), 422)

    assert page.problems[0].startswith("The file must be 10 MB or smaller.")
    assert ([UPLOAD_ID], []) == ([each.upload_id for each in uploads.heard(CancelUpload)], uploads.heard(FinishUpload))
    assert sum(map(len, uploads.received.values())) <= 10 * MEGABYTE


@pytest.mark.parametrize("code", ["too_big", "wrong_type", "no_organisation"])
async def test_what_the_service_refuses_is_said(browser: Browser, uploads: StandInUploads, code: str) -> None:
    uploads.failing[StartUpload] = Refused(code)

    page = await refused_file(browser, b"x", status=409)

    assert 1 == len(page.problems)
    assert {} == uploads.received


async def test_an_open_upload_is_in_the_way_and_is_linked(browser: Browser, uploads: StandInUploads) -> None:
    uploads.put("checked")
    uploads.blocking = Refused(UploadOpen(upload_id=UPLOAD_ID))

    page = await refused_file(browser, b"x", status=409)

    assert ["You already have an upload that is not finished. Finish it or cancel it first."] == page.problems
    assert [HERE] == [str(each["href"]) for each in page.tree.select("#open a")]
    assert [] == uploads.heard(CancelUpload)


async def test_an_upload_that_did_not_arrive_makes_way(browser: Browser, uploads: StandInUploads) -> None:
    uploads.put("receiving")
    uploads.blocking = Refused(UploadOpen(upload_id=UPLOAD_ID))
    await browser.see(LOAD)

    answer = await sent_file(browser, b"x")

    first, second = uploads.heard(StartUpload)
    assert (303, 1) == (answer.status, len(uploads.heard(CancelUpload)))
    assert first.command_id != second.command_id


async def test_a_second_click_comes_to_the_upload_of_the_first(browser: Browser, uploads: StandInUploads) -> None:
    uploads.failing[PutUploadChunk] = Refused("not_receiving")
    await browser.see(LOAD)

    answer = await sent_file(browser, b"x")

    assert (303, HERE, []) == (answer.status, answer.headers["Location"], uploads.heard(CancelUpload))


@pytest.mark.parametrize("kind", [PutUploadChunk, FinishUpload])
async def test_a_file_that_did_not_arrive_is_asked_for_again(
    browser: Browser, uploads: StandInUploads, kind: type[PutUploadChunk | FinishUpload]
) -> None:
    uploads.failing[kind] = NotAnswered(Fault.TOO_LATE)

    page = await refused_file(browser, b"x", status=503)

    assert ["The file did not arrive complete, so nothing was read. Select it and upload it again."] == page.problems
    assert [UPLOAD_ID] == [each.upload_id for each in uploads.heard(CancelUpload)]


async def test_a_session_that_ends_during_the_upload_ends_it(
    browser: Browser, identity: StandInIdentity, uploads: StandInUploads
) -> None:
    await browser.see(LOAD)

    async def then_log_out() -> AsyncIterator[bytes]:
        yield BIG
        await uploads.has_begun.wait()
        identity.sessions.clear()
        yield BIG

    answer = await sent_file(browser, then_log_out())

    assert (401, []) == (answer.status, uploads.heard(FinishUpload))


async def test_a_file_with_a_forged_token_is_not_read(browser: Browser, uploads: StandInUploads) -> None:
    await browser.see(LOAD)
    browser.token = "0" * len(browser.token)

    answer = await sent_file(browser, BIG)

    assert (403, []) == (answer.status, uploads.asked[1:])


async def test_a_token_after_the_file_does_not_count(browser: Browser, uploads: StandInUploads) -> None:
    await browser.see(LOAD)
    form = FormData(default_to_multipart=True)
    form.add_field("file", b"x", filename="list.csv")
    form.add_field("csrf_token", browser.token)

    answer = await browser.client.post(LOAD, data=form, allow_redirects=False)

    assert (403, []) == (answer.status, uploads.commands)


async def test_who_lacks_the_permission_cannot_load(open_gateway: OpenGateway, uploads: StandInUploads) -> None:
    browser = await open_gateway(StandInIdentity(role=Role.ADMINISTRATOR), uploads)

    await browser.see(LOAD, status=403)
    answer = await sent_file(browser, BIG)

    assert (403, []) == (answer.status, uploads.asked)


async def test_a_register_that_is_not_loaded_from_spreadsheets_has_no_such_page(
    open_gateway: OpenGateway, identity: StandInIdentity, uploads: StandInUploads
) -> None:
    browser = await open_gateway(identity, uploads, registers=Registers([not_loaded(register("dsr"))]))

    await browser.see(LOAD, status=404)
    await browser.see(HERE, status=404)
    answer = await sent_file(browser, BIG)

    assert (404, []) == (answer.status, uploads.asked)


def not_loaded(written: LoadedRegister) -> LoadedRegister:
    return replace(written, definition=written.definition.model_copy(update={"load": None}))


def register(code: str) -> LoadedRegister:
    return next(each for each in load_registers().every() if each.definition.code == code)


# ---------------------------------------------------------------------------------------------------------- progress
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("receiving", "The file has not been received completely."),
        ("reading", "Your spreadsheet is being read."),
        ("checking", "The rows are being checked."),
        ("processing", "The rows are being put on the register."),
    ],
)
async def test_an_upload_at_work_shows_its_progress_with_and_without_scripts(
    browser: Browser, uploads: StandInUploads, state: str, said: str
) -> None:
    is_checked(uploads, state, rows_done=20)

    page = await browser.see(HERE)

    assert said in main(page)
    assert "20 of 60 rows" in main(page)
    assert page.tree.select_one("noscript meta[http-equiv=refresh]") is not None
    assert page.tree.select_one("[data-again]") is not None
    assert "load" not in page.texts("main button")


async def test_the_script_gets_the_state_alone_and_is_told_when_it_leads_on(
    browser: Browser, uploads: StandInUploads
) -> None:
    running = await (await browser.client.get(HERE, headers={"X-Fragment": "report"})).text()
    is_checked(uploads)
    checked = await (await browser.client.get(HERE, headers={"X-Fragment": "report"})).text()

    assert ("data-again" in running, "data-leads-on" in running) == (True, False)
    assert ("data-again" in checked, "data-leads-on" in checked) == (False, True)
    assert "<html" not in running + checked


async def test_an_upload_can_be_cancelled_once(browser: Browser, uploads: StandInUploads) -> None:
    await browser.see(HERE)

    assert f"{LOAD}?notice=cancelled" == await browser.go_on(f"{HERE}cancel/", {"command": COMMAND})
    uploads.failing[CancelUpload] = Refused("not_open")
    assert HERE == await browser.go_on(f"{HERE}cancel/", {"command": COMMAND})
    assert "The upload was cancelled" in main(await browser.see(f"{LOAD}?notice=cancelled"))


@pytest.mark.parametrize("fault", get_args(UploadFault))
async def test_each_fault_of_a_file_says_what_to_do(browser: Browser, uploads: StandInUploads, fault: str) -> None:
    uploads.put("failed", fault=fault)

    page = await browser.see(HERE)

    assert "This spreadsheet could not be used" == page.heading
    assert 40 < len(page.texts("main p")[1])
    assert "In Excel" in main(page) or "Excel" in main(page) or fault in ("no_rows", "no_grant", "broken")


async def test_a_cancelled_upload_says_so(browser: Browser, uploads: StandInUploads) -> None:
    uploads.put("cancelled")

    assert "What you uploaded has been deleted." in main(await browser.see(HERE))


async def test_an_upload_that_is_no_longer_kept_says_so(browser: Browser) -> None:
    for page in ("", "mapping/", "process/"):
        assert "no longer here" in (await browser.see(f"{LOAD}{UUID(int=9).hex}/{page}", status=404)).heading


# ----------------------------------------------------------------------------------------------------------- mapping
@pytest.mark.requirement("R-LOAD-001")
async def test_each_column_can_be_mapped_to_a_question_or_left_out(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)

    page = await browser.see(HERE)

    labels = ["Column A: Surname", "Column B: RAG", "Column C: Kept by", "Column AB, without a heading"]
    assert labels == page.texts("#columns ~ .nhsuk-form-group > label")
    assert {"column-0": "last_name", "column-1": "risk_level", "column-2": "", "column-27": "leave_out"} == chosen(page)
    assert "For example: Plum; Lark" in main(page)
    groups = [str(each["label"]) for each in page.tree.select("#column-2 optgroup")]
    dsr = load_registers().find("dsr")
    assert ["About the row", *(section.title for section in dsr.form.sections)] == groups
    assert "“Date of Birth”" in main(page)


@pytest.mark.requirement("R-LOAD-001")
async def test_what_was_chosen_is_sent(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE))
    red, purple = value_fields(await browser.see(HERE))

    fields |= {"column-2": "organisation", red: "code-red", purple: "no_answer"}
    assert HERE == await browser.go_on(f"{HERE}mapping/", fields)

    [mapped] = uploads.heard(MapUpload)
    assert {0: "last_name", 1: "risk_level", 2: "organisation", 27: ""} == mapped.columns
    assert {"risk_level": {"R": "red", "Purple": "", "amber": "amber"}} == mapped.values
    assert ("day_first", "") == (mapped.day_order, mapped.sheet)


async def test_a_value_for_which_nothing_is_chosen_is_left_to_its_rows(
    browser: Browser, uploads: StandInUploads
) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "leave_out"}

    await browser.go_on(f"{HERE}mapping/", fields)

    assert {"risk_level": {"amber": "amber"}} == uploads.heard(MapUpload)[0].values


@pytest.mark.requirement("R-LOAD-001")
async def test_a_column_is_ignored_by_choice_alone(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE))

    page = await browser.send(f"{HERE}mapping/", fields)
    at_its_field = [str(each["href"]) for each in page.tree.select(".nhsuk-error-summary a")]
    await browser.go_on(f"{HERE}mapping/", fields | {"rest": "yes"})

    assert ["Choose what this column holds, or leave it out: Column C: Kept by"] == page.problems
    assert ["#column-2"] == at_its_field
    assert [""] == [each.columns[2] for each in uploads.heard(MapUpload)]


async def test_no_answer_is_chosen_for_two_columns(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "last_name"}

    page = await browser.send(f"{HERE}mapping/", fields)

    assert 2 == len(page.problems)
    assert "is chosen for more than one column" in page.problems[0]
    assert ("last_name", []) == (chosen(page)["column-2"], uploads.commands)


@pytest.mark.requirement("R-LOAD-002")
async def test_dates_with_two_meanings_are_asked_about(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads, reading=READING.model_copy(update={"day_order": "mixed"}))
    fields = filled(await browser.see(HERE)) | {"column-2": "leave_out"}

    page = await browser.send(f"{HERE}mapping/", fields)
    await browser.go_on(f"{HERE}mapping/", fields | {"day_order": "month_first"})

    assert ["Choose how dates are written"] == page.problems
    assert "Month first: 03/04/2020 is 4 March 2020" in main(page)
    assert ["month_first"] == [each.day_order for each in uploads.heard(MapUpload)]


@pytest.mark.requirement("R-LOAD-002")
async def test_dates_are_asked_about_when_the_service_cannot_tell(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "leave_out"}
    uploads.failing[MapUpload] = Refused("day_order")

    page = await browser.send(f"{HERE}mapping/", fields, status=409)
    uploads.failing.clear()
    await browser.go_on(f"{HERE}mapping/", filled(page) | {"day_order": "month_first"})

    assert ["Choose how dates are written"] == page.problems
    assert "month_first" == uploads.heard(MapUpload)[-1].day_order


async def test_another_sheet_can_be_read(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"act": "read_sheet", "sheet": "1"}

    await browser.go_on(f"{HERE}mapping/", fields)

    [mapped] = uploads.heard(MapUpload)
    assert ("Old", {}) == (mapped.sheet, mapped.columns)


async def test_a_mapping_of_another_sheet_is_not_taken_for_this_one(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"of_sheet": "Old", "column-2": "leave_out"}

    page = await browser.send(f"{HERE}mapping/", fields, status=409)

    assert "has changed since you opened this page" in page.problems[0]
    assert [] == uploads.commands


@pytest.mark.parametrize("refusal", sorted(set(MapUpload.refused_as()) - {"not_found", "day_order", "command_reused"}))
async def test_a_mapping_that_is_refused_stays_on_the_page(
    browser: Browser, uploads: StandInUploads, refusal: str
) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "added_on"}
    uploads.failing[MapUpload] = Refused(refusal)

    page = await browser.send(f"{HERE}mapping/", fields, status=409)

    assert (1, "added_on") == (len(page.problems), chosen(page)["column-2"])


async def test_the_mapping_can_be_changed_after_the_check(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)
    fields = filled(await browser.see(f"{HERE}mapping/"))

    await browser.go_on(f"{HERE}mapping/", fields)

    assert 1 == len(uploads.heard(MapUpload))
    uploads.put("done")
    assert HERE == await browser.sent_to(f"{HERE}mapping/")
    assert HERE == await browser.go_on(f"{HERE}mapping/", fields)
    assert 1 == len(uploads.heard(MapUpload))


# -------------------------------------------------------------------------------------------------------------- rows
@pytest.mark.requirement("R-LOAD-002", "R-LOAD-004")
async def test_the_checked_rows_are_counted_and_shown_in_four_tabs(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)

    page = await browser.see(HERE)

    assert ["New (30)", "Updated (20)", "Ended (1)", "Errors (9)"] == page.texts(".nhsuk-tabs__tab")
    assert ["30", "20", "1", "9"] == page.texts(".ics-load__tile dd")
    assert ["1", "Percy Plum", "", "“Ethnicity”"] == cells(page, "new")
    assert ["2", "Jo Lark", "DSR-7KQ2-M9XP", "Locality: no answer becomes → South Staffordshire"] == cells(
        page, "updated"
    )
    assert ["4", "Sam Finch", "", "DOB: This is not a date. The row is there twice."] == cells(page, "errors")
    assert f"/dsr/records/{RECORD_ID.hex}/" in [str(each["href"]) for each in page.tree.select("#updated a")]
    assert "Updated rows without a change: 4" in main(page)
    assert "Rows that lack answers which the form asks for: 2" in main(page)


@pytest.mark.requirement("R-LOAD-001", "R-LOAD-002")
async def test_the_page_says_how_the_file_was_read(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)

    page = await browser.see(HERE)

    facts = dict(zip(page.texts(".nhsuk-summary-list__key"), page.texts(".nhsuk-summary-list__value"), strict=True))
    assert ("DSR list", "Old") == (facts["Sheet"], facts["Sheets that were not read"])
    assert "In row 3 of the sheet" == facts["Headings"]
    assert "1, 2, 64" == facts["Rows of the sheet without data, such as titles and totals"]
    assert "Day first: 03/04/2020 is 3 April 2020" == facts["Dates"]
    assert "Column C: Kept by, Column AB, without a heading" == facts["Columns left out"]


async def test_each_tab_has_its_own_pages(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)
    first = await browser.see(HERE)
    second = await browser.see(f"{HERE}?new=2")

    assert [f"{HERE}?new=2#new"] == [str(each["href"]) for each in first.tree.select("nav.nhsuk-pagination a")]
    assert [f"{HERE}?#new"] == [str(each["href"]) for each in second.tree.select("nav.nhsuk-pagination a")]
    assert {("new", 2), ("updated", 1)} <= {(each.tab, each.page) for each in uploads.heard(ListUploadRows)}


async def test_rows_are_put_on_the_register_after_a_question_that_names_the_counts(
    browser: Browser, uploads: StandInUploads
) -> None:
    is_checked(uploads)

    page = await browser.see(f"{HERE}process/")
    leads_to = await browser.go_on(f"{HERE}process/", {"command": COMMAND})

    assert "Do you want to put 51 rows on the register?" == page.heading
    for said in ("New: 30", "Updated: 16", "Without a change: 4", "Ended: 1", "are not put on the register: 9"):
        assert said in main(page)
    assert ([UUID(COMMAND)], HERE) == ([each.command_id for each in uploads.heard(ProcessUpload)], leads_to)


async def test_a_second_click_puts_nothing_on_the_register_again(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads, "done")
    uploads.failing[ProcessUpload] = Refused("not_checked")
    await browser.see(HERE)

    assert HERE == await browser.sent_to(f"{HERE}process/")
    assert HERE == await browser.go_on(f"{HERE}process/", {"command": COMMAND})


async def test_errors_alone_cannot_be_put_on_the_register(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads, counts=UploadCounts(total=3, errors=3))

    page = await browser.see(HERE)

    assert "No row can be put on the register." in main(page)
    assert [] == page.tree.select(f"a[href='{HERE}process/']")


async def test_a_loaded_upload_leads_to_the_list_and_to_the_failed_rows(
    browser: Browser, uploads: StandInUploads
) -> None:
    is_checked(uploads, "done")

    page = await browser.see(HERE)
    links = {str(each["href"]) for each in page.tree.select("main a")}

    assert "The spreadsheet has been loaded" == page.heading
    assert "Rows put on the register: 51" in main(page)
    assert {"/dsr/records/", f"{HERE}failed/", LOAD} <= links
    assert f"{HERE}process/" not in links


async def test_the_rows_with_errors_are_a_file(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)

    answer = await browser.client.get(f"{HERE}failed/")

    assert b"".join(uploads.failed) == await answer.read()
    assert ("text/csv", 'attachment; filename="rows-with-errors.csv"') == (
        answer.content_type,
        answer.headers["Content-Disposition"],
    )
    assert [0, 1] == [each.number for each in uploads.heard(ReadFailedRows)]
    assert 405 == (await browser.client.head(f"{HERE}failed/")).status


# ------------------------------------------------------------------------------------------------------------- links
async def test_home_and_the_list_lead_to_the_load_for_those_who_may(
    open_gateway: OpenGateway, identity: StandInIdentity, uploads: StandInUploads
) -> None:
    def links(page: Page) -> list[str]:
        return page.texts(f"main a[href='{LOAD}']")

    may = await open_gateway(identity, uploads, StandInList())
    may_not = await open_gateway(StandInIdentity(role=Role.ADMINISTRATOR), uploads, StandInList())

    assert [["Load referrals from a spreadsheet"]] * 2 == [
        links(await may.see(path)) for path in ("/dsr/home/", "/dsr/records/")
    ]
    assert [[], []] == [links(await may_not.see(path)) for path in ("/dsr/home/", "/dsr/records/")]


# ------------------------------------------------------------------------------------------------------------- parts
def chosen(page: Page) -> dict[str, str]:
    """Return what is chosen for each column."""
    return {name: value for name, value in filled(page).items() if name.startswith("column-")}


def filled(page: Page) -> dict[str, str]:
    """Return the fields of the mapping as a browser would send them."""
    fields = {}
    for each in page.tree.select("form[action$='mapping/'] [name]:not(button)"):
        if each.name == "select":
            option = each.select_one("option[selected]") or each.select_one("option")
            assert option is not None
            fields[str(each["name"])] = str(option["value"])
        elif each.get("type") == "hidden":
            fields[str(each["name"])] = str(each["value"])
    return fields


def value_fields(page: Page) -> list[str]:
    """Return the names of the fields of unknown values."""
    return [str(each["name"]) for each in page.tree.select("#values ~ .nhsuk-form-group select")]


def cells(page: Page, tab: str) -> list[str]:
    """Return the cells of the first row of a tab, without their headings for phones."""
    for heading in page.tree.select(".nhsuk-table__heading"):
        heading.decompose()
    for line in page.tree.select("td br"):
        line.replace_with(" ")
    row = page.tree.select_one(f"#{tab} tbody tr")
    assert row is not None
    return [words(cell) for cell in row.find_all(["td", "th"])]
