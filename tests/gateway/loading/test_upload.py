"""Tests of uploading a spreadsheet: the file in parts, its limits, and who may."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from aiohttp import FormData

from shared.contracts.referrals.loading import (
    CHUNK_BYTES,
    CancelUpload,
    FinishUpload,
    PutUploadChunk,
    StartUpload,
    UploadCounts,
    UploadOpen,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.loading.reading import (
    COMMAND,
    HERE,
    LOAD,
    main,
    refused_file,
    sent_file,
)
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_uploads import UPLOAD_ID, StandInUploads, is_checked
from tests.gateway.test_list_pages import StandInList
from tests.gateway.visit import Page

MEGABYTE = 1024 * 1024
BIG = bytes(range(256)) * 2_300  # two whole parts and a piece


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
    is_checked(uploads)
    uploads.blocking = Refused(UploadOpen(upload_id=UPLOAD_ID))

    page = await refused_file(browser, b"x", status=409)

    assert ["You already have an upload that is not finished. Finish it or cancel it first."] == page.problems
    assert [HERE] == [str(each["href"]) for each in page.tree.select("#open a")]
    assert [] == uploads.heard(CancelUpload)


@pytest.mark.parametrize("state", ["receiving", "checked"])
async def test_an_upload_that_came_to_nothing_makes_way(browser: Browser, uploads: StandInUploads, state: str) -> None:
    is_checked(uploads, state, counts=UploadCounts(total=3, errors=3))
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


async def test_a_file_that_did_not_arrive_is_sent_again_as_another_upload(
    browser: Browser, uploads: StandInUploads
) -> None:
    await browser.see(LOAD)
    uploads.failing[PutUploadChunk] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.look(await sent_file(browser, b"x"), 503)

    commands = [str(each["value"]) for each in page.tree.select("main form input[name=command]")]
    assert commands
    assert COMMAND not in commands
