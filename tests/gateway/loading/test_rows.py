"""Tests of the checked rows, of putting them on the register, and of those with errors."""

from uuid import UUID

import pytest

from shared.contracts.referrals.loading import (
    ListUploadRows,
    ProcessUpload,
    ReadAbsentRecords,
    ReadFailedRows,
    UploadCounts,
)
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.loading.reading import COMMAND, HERE, LOAD, cells, main
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.gateway.stand_in_uploads import StandInUploads, is_checked


@pytest.mark.requirement("R-LOAD-002", "R-LOAD-004")
async def test_the_checked_rows_are_counted_and_shown_in_four_tabs(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)

    page = await browser.see(HERE)

    assert ["New (30)", "Updated (20)", "Ended (1)", "Errors (9)"] == page.texts(".nhsuk-tabs__tab")
    assert ["30", "20", "1", "9"] == page.texts(".ics-load__tile dd")
    read = "First Name: Percy; Last Name: Plum Missing: “Ethnicity”"
    assert ["1", "Percy Plum", "", read] == cells(page, "new")
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

    assert "Do you want to put 47 rows on the register?" == page.heading
    for said in ("New: 30", "Updated: 16", "Without a change: 4", "Ended: 1", "are not put on the register: 9"):
        assert said in main(page)
    assert ([UUID(COMMAND)], HERE) == ([each.command_id for each in uploads.heard(ProcessUpload)], leads_to)


async def test_a_second_click_puts_nothing_on_the_register_again(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads, "done")
    uploads.failing[ProcessUpload] = Refused("not_checked")
    await browser.see(HERE)

    assert HERE == await browser.sent_to(f"{HERE}process/")
    assert HERE == await browser.go_on(f"{HERE}process/", {"command": COMMAND})


@pytest.mark.parametrize("counts", [{"errors": 3}, {"updated": 3, "unchanged": 3}])
async def test_rows_that_change_nothing_cannot_be_put_on_the_register(
    browser: Browser, uploads: StandInUploads, counts: dict[str, int]
) -> None:
    is_checked(uploads, counts=UploadCounts(total=3, **counts))

    page = await browser.see(HERE)

    assert "No row would change the register." in main(page)
    assert [] == page.tree.select(f"a[href='{HERE}process/']")
    assert HERE == await browser.sent_to(f"{HERE}process/")


async def test_a_loaded_upload_leads_to_the_list_and_to_the_failed_rows(
    browser: Browser, uploads: StandInUploads
) -> None:
    is_checked(uploads, "done")

    page = await browser.see(HERE)
    links = {str(each["href"]) for each in page.tree.select("main a")}

    assert "The spreadsheet has been loaded" == page.heading
    assert "Rows put on the register: 47" in main(page)
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


@pytest.mark.requirement("R-LOAD-005")
async def test_the_records_that_the_file_lacks_are_a_download_outside_the_four_counts(
    browser: Browser, uploads: StandInUploads
) -> None:
    is_checked(uploads)
    page = await browser.see(HERE)

    answer = await browser.client.get(f"{HERE}absent/")

    assert f"{HERE}absent/" in [str(each["href"]) for each in page.tree.select("main a")]
    assert 4 == len(page.texts(".ics-load__tile dd"))
    assert b"\xef\xbb\xbfSurname\r\nWren\r\n" == await answer.read()
    assert ('attachment; filename="not-in-the-file.csv"', "text/csv") == (
        answer.headers["Content-Disposition"],
        answer.content_type,
    )
    assert [None, RECORD_ID] == [each.after for each in uploads.heard(ReadAbsentRecords)]
    assert 405 == (await browser.client.head(f"{HERE}absent/")).status
