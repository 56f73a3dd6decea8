"""Tests of the page of an upload that is at work, has come to nothing, or is loaded."""

from typing import get_args
from uuid import UUID

import pytest

from shared.contracts.referrals.loading import (
    CancelUpload,
    UploadFault,
)
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.loading.reading import COMMAND, HERE, LOAD, main
from tests.gateway.stand_in_uploads import StandInUploads, is_checked


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
