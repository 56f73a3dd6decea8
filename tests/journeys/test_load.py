"""A journey from a team's untidy Excel workbook to the register."""

import csv
import re
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.async_api import FilePayload, Page, expect

from shared.clock import london_today
from tests.journeys.browsing import JOURNEY
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, open_record

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
WORK_SECONDS = 30_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = (
    *("Name", "DOB", "NHS No", "RAG", "Locality/Team", "Has capacity", "Consent", "Key worker", "LD/ASD?", "Ethnicity"),
    *("Comments", "Date added"),
)


@pytest.mark.requirement("R-USE-013", "R-LOAD-001", "R-LOAD-002")
async def test_an_untidy_workbook_comes_onto_the_register(page: Page, stack: Product, tmp_path: Path) -> None:
    family_name, wrong = a_new_name(), a_new_name()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await when_i_go_to_the_load(page)
    await then_everybody_can_use_it(page, "load")
    await when_i_upload_nothing(page)
    await then_everybody_can_use_it(page, "load without a file")
    await when_i_read_the_guide(page)
    await then_everybody_can_use_it(page, "load guide")

    await when_i_upload(page, stack, a_workbook(family_name, wrong))
    await expect(page.get_by_role("heading", name="Say what the columns mean")).to_be_visible(timeout=WORK_SECONDS)
    await then_everybody_can_use_it(page, "load mapping")
    await page.get_by_role("button", name="Check the rows").click()
    await expect(page.get_by_role("alert")).to_contain_text("Column K: Comments")
    await then_everybody_can_use_it(page, "load mapping with problems")
    await page.get_by_label("Column K: Comments").select_option(label="Latest Update for DSR Meeting")
    await page.get_by_role("button", name="Check the rows").click()

    await expect(page.get_by_role("tab", name="New (1)")).to_be_visible(timeout=WORK_SECONDS)
    await page.get_by_role("tab", name="Errors (1)").click()
    await expect(page.get_by_role("tabpanel", name="Errors (1)")).to_contain_text("DOB: This is not a date")
    await then_everybody_can_use_it(page, "load checked")
    await then_the_rows_with_errors_can_be_mended(page, tmp_path, wrong)
    await page.get_by_role("button", name="Put on the register").click()
    await then_everybody_can_use_it(page, "load confirm")
    await page.get_by_role("button", name="Put on the register").click()
    await expect(page.get_by_role("alert")).to_contain_text("Rows put on the register: 1", timeout=WORK_SECONDS)
    await then_everybody_can_use_it(page, "load done")
    await open_record(page, stack, family_name)
    await expect(page.get_by_role("main")).to_contain_text("Moved to ward 2/3")


@pytest.mark.requirement("R-LOAD-003")
async def test_a_row_without_consent_comes_onto_the_register_by_an_authority(page: Page, stack: Product) -> None:
    family_name = a_new_name()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await when_i_upload(page, stack, a_list_without_consent(family_name))

    await page.get_by_role("link", name="Name the authority").click(timeout=WORK_SECONDS)
    await then_everybody_can_use_it(page, "load authority")
    await page.get_by_role("button", name="Name this authority").click()
    await expect(page.get_by_role("alert")).to_contain_text("Say who decided this, when, and why")
    await then_everybody_can_use_it(page, "load authority with problems")
    await page.get_by_label("Who decided this, when, and why?").fill("The Caldicott Guardian, on 1 June")
    due = london_today() + timedelta(days=30)
    for name, part in (("Day", due.day), ("Month", due.month), ("Year", due.year)):
        await page.get_by_label(name, exact=True).fill(str(part))
    await page.get_by_role("button", name="Name this authority").click()

    await page.get_by_role("button", name="Put on the register").click(timeout=WORK_SECONDS)
    await page.get_by_role("button", name="Put on the register").click()
    await expect(page.get_by_role("alert")).to_contain_text("Rows put on the register: 1", timeout=WORK_SECONDS)
    await page.goto(f"{stack.base_url}/dsr/home/")
    await page.get_by_role("link", name="Consent to be confirmed").click()
    await expect(page.get_by_role("row", name=family_name)).to_contain_text("The Caldicott Guardian, on 1 June")
    await then_everybody_can_use_it(page, "consents to confirm")


def a_list_without_consent(family_name: str) -> bytes:
    """Return a workbook with one person, about whose consent it says nothing."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(("Surname", "Forename", "DOB", "RAG", "Locality/Team", "Key worker", "LD/ASD?", "Ethnicity"))
    sheet.append((family_name, "Robin", date(2001, 2, 17), "G", "South Staffs", "Lee Lead", "ASD", "Z"))
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def a_workbook(family_name: str, wrong: str) -> bytes:
    """Return a workbook with a title, a total and a second sheet, and two people: one with a date that is none."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    said = ("G", "South Staffs", "Y", "Y", "Lee Lead", "ASD", "Z", "Moved to ward 2/3", "13/06/2024")
    rows = (
        ("Our list of people at risk",),
        (),
        HEADINGS,
        (f"{family_name}, Robin", date(2001, 2, 17), "", *said),
        (f"{wrong}, Robin", "31/02/2001", "", *said),
        (),
        ("Total", 2),
    )
    for row in rows:
        sheet.append(row)
    workbook.create_sheet("Left the register").append(HEADINGS)
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


async def when_i_go_to_the_load(page: Page) -> None:
    await page.get_by_role("link", name="Load referrals from a spreadsheet").click()
    await expect(page.get_by_role("heading", name="Load referrals from a spreadsheet")).to_be_visible()


async def when_i_upload_nothing(page: Page) -> None:
    await page.get_by_role("button", name="Upload file").click()
    await expect(page.get_by_role("alert")).to_contain_text("Select a spreadsheet")


async def when_i_read_the_guide(page: Page) -> None:
    await page.get_by_role("link", name="See what to write in each column").click()
    await expect(page.get_by_role("heading", name="What to write in each column")).to_be_visible()


async def when_i_upload(page: Page, stack: Product, content: bytes) -> None:
    await page.goto(f"{stack.base_url}/dsr/load/")
    file = FilePayload(name="our list.xlsx", mimeType=XLSX, buffer=content)
    await page.locator("input[type=file]").set_input_files([file])
    await page.get_by_role("button", name="Upload file").click()


async def then_the_rows_with_errors_can_be_mended(page: Page, folder: Path, wrong: str) -> None:
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the rows with errors (CSV)").click()
    await (await download.value).save_as(folder / "errors.csv")
    with (folder / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        headings, *rows = csv.reader(file)
    assert list(HEADINGS) == headings[: len(HEADINGS)]
    assert [f"{wrong}, Robin"] == [row[0] for row in rows]
    assert re.search("not a date", rows[0][-1])
