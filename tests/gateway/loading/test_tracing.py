"""Tests of the file of records without an NHS number, and of sending it back with numbers."""

import pytest

from shared.contracts.referrals.loading import ReadUntracedRecords, StartUpload
from shared.permissions import AccountGrant, Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.loading.reading import HERE, LOAD, main, sent_file
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_uploads import StandInUploads, is_checked, waits_for_mapping

pytestmark = pytest.mark.requirement("R-LOAD-006")


async def test_records_without_a_number_are_a_download_of_the_first_page(
    browser: Browser, uploads: StandInUploads
) -> None:
    page = await browser.see(LOAD)

    answer = await browser.client.get(f"{LOAD}tracing/")

    assert f"{LOAD}tracing/" in [str(each["href"]) for each in page.tree.select("main a")]
    assert b"\xef\xbb\xbfSurname\r\nWren\r\n" == await answer.read()
    assert 'attachment; filename="for-tracing.csv"' == answer.headers["Content-Disposition"]
    assert 2 == len(uploads.heard(ReadUntracedRecords))
    assert 405 == (await browser.client.head(f"{LOAD}tracing/")).status


async def test_the_user_says_what_a_file_is_for_and_it_is_for_adding_records_unless_they_do(
    browser: Browser, uploads: StandInUploads
) -> None:
    page = await browser.see(LOAD)
    assert ["load"] == [str(each["value"]) for each in page.tree.select("input[name=purpose][checked]")]

    await sent_file(browser, b"x", purpose="tracing")
    await sent_file(browser, b"x")
    await sent_file(browser, b"x", purpose="something")

    assert ["tracing", "load", "load"] == [each.purpose for each in uploads.heard(StartUpload)]


async def test_a_file_that_is_refused_is_still_for_tracing(browser: Browser) -> None:
    await browser.see(LOAD)

    page = await browser.look(await sent_file(browser, b"x", name="list.doc", purpose="tracing"), 422)

    assert ["tracing"] == [str(each["value"]) for each in page.tree.select("input[name=purpose][checked]")]


async def test_the_columns_of_a_traced_file_say_which_record_and_its_number(
    browser: Browser, uploads: StandInUploads
) -> None:
    waits_for_mapping(uploads, purpose="tracing", values=(), missing=())

    page = await browser.see(HERE)

    offered = {str(each["value"]) for each in page.tree.select("#column-0 option")} - {"", "leave_out"}
    assert {"reference", "first_name", "last_name", "date_of_birth", "nhs_number"} == offered


async def test_the_page_says_that_nothing_else_of_the_file_is_taken(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads, purpose="tracing")

    assert "This file adds NHS numbers that were traced. Nothing else of it is taken." in main(await browser.see(HERE))


async def test_who_may_not_load_gets_no_file_for_tracing(open_gateway: OpenGateway, uploads: StandInUploads) -> None:
    browser = await open_gateway(StandInIdentity(role=Role.STANDARD), uploads)
    assert 403 == (await browser.client.get(f"{LOAD}tracing/")).status

    other = await open_gateway(StandInIdentity(role=Role.REPORTING, grants=(AccountGrant.UNLOCK,)), uploads)
    assert 403 == (await other.client.get(f"{LOAD}tracing/")).status
