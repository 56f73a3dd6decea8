"""Journeys through the reporting dashboard and a report, from the choice to the file, in a browser."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from openpyxl import load_workbook
from playwright.async_api import Browser, Locator, Page, expect

from deploy.demo.people import PEOPLE
from tests.journeys.browsing import DESKTOP, JOURNEY, WITH_AND_WITHOUT_SCRIPTS, Screen, window
from tests.journeys.coming_in import be_logged_in, logged_in
from tests.journeys.downloading import downloaded
from tests.journeys.looking import then_everybody_can_use_it, then_no_panel_is_cut
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, refer
from tests.journeys.spreadsheets import Rows, generated, opened_by_office

pytestmark = JOURNEY

EVERYWHERE, ONE_ORGANISATION, STANDARD = "admin@mpft.nhs.uk", "admin@combined.nhs.uk", "standard@mpft.nhs.uk"
REPORTING = "reporting@mpft.nhs.uk"
MPFT = "Midlands Partnership Foundation Trust (@mpft.nhs.uk)"
COMBINED = "North Staffordshire Combined Healthcare Trust (@combined.nhs.uk)"
POLICE = "Staffordshire Police Harm Reduction Hub (@staffordshire.police.uk)"
STOKE = "Stoke on Trent City Council (@stoke.gov.uk)"
COUNTY = "Staffordshire County Council (@staffordshire.gov.uk)"
EVERYBODY = sorted(f"{each.first_name} {each.last_name}" for each in PEOPLE)
UP_TO_25 = sorted(f"{each.first_name} {each.last_name}" for each in PEOPLE if each.age <= 25)
REPORTS = {
    "referrals": ("Referral Data", EVERYBODY),
    "referrals_outcomes": ("Referral and Outcome Data", EVERYBODY),
    "key_working": ("Key Working Team Data", UP_TO_25),
    "archived": ("Archived – Combined (referral", []),
}


@pytest_asyncio.fixture(scope="module")
async def four(printed: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four reports of the demo as files."""
    folder = tmp_path_factory.mktemp("reports")
    async with logged_in(printed, EVERYWHERE) as somebody:
        for report in REPORTS:
            (folder / f"{report}.xlsx").write_bytes(await generated(somebody, report))
    return folder


@pytest_asyncio.fixture(scope="module")
async def shown(four: Path) -> dict[str, dict[str, Rows]]:
    """What LibreOffice shows of each report: file → sheet → rows."""
    return await opened_by_office([four / f"{report}.xlsx" for report in REPORTS], four)


@pytest.mark.requirement("R-DSR-148", "R-DSR-150", "R-DSR-151", "R-DSR-152", "R-DSR-154")
async def test_the_dashboard_shows_the_printed_figures(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_dashboard(page, printed, EVERYWHERE)

        assert {"Green": "3", "Amber": "3", "Red": "6"} == await beside(page, "TOTALS BY RISK TYPE")
        await expect(page.get_by_role("heading", name="TOTAL RECORDS: 12")).to_be_visible()
        assert {"Under 18s": "2", "18s and over": "10"} == await beside(page, "TOTALS BY AGE")
        assert [(MPFT, "7"), (COMBINED, "2"), (POLICE, "2"), (STOKE, "1"), (COUNTY, "0")] == await beneath(
            page, "ORGANISATION BREAKDOWN"
        )


async def test_the_weeks_are_a_picture_in_colour_with_its_table(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_dashboard(page, printed, EVERYWHERE)

        picture = page.get_by_role("img", name="RISK TYPE BY WEEK")
        await expect(picture).to_be_visible()
        red = picture.locator(".ics-weeks__ground--red")
        assert "rgb(213, 40, 27)" == await red.evaluate("each => getComputedStyle(each).fill")
        rows = await table(page, "RISK TYPE BY WEEK").locator("tbody tr").all_inner_texts()
        assert 13 == len(rows)
        assert {"3 3 6"} == {" ".join(row.split()[1:]) for row in rows}
        await then_no_panel_is_cut(page)


@pytest.mark.requirement("R-DSR-149")
async def test_one_organisation_can_be_looked_at_alone(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_dashboard(page, printed, EVERYWHERE)
        field = page.get_by_label("Referring Organisation").first
        await expect(field.get_by_role("option").first).to_have_text("All Organisations")

        await field.select_option(label=COMBINED)
        await page.get_by_role("button", name="Show", exact=True).click()

        await expect(page.get_by_role("heading", name="TOTAL RECORDS: 2")).to_be_visible()
        assert {"Green": "1", "Amber": "1", "Red": "0"} == await beside(page, "TOTALS BY RISK TYPE")
        assert {"Under 18s": "0", "18s and over": "2"} == await beside(page, "TOTALS BY AGE")
        assert [(COMBINED, "2")] == await beneath(page, "ORGANISATION BREAKDOWN")


@pytest.mark.requirement("R-DSR-155")
async def test_who_is_restricted_sees_totals_of_their_own_organisation(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_dashboard(page, printed, ONE_ORGANISATION)

        await expect(page.get_by_role("heading", name="TOTAL RECORDS: 2")).to_be_visible()
        for field in await page.get_by_label("Referring Organisation").all():
            await expect(field.get_by_role("option")).to_have_text(["All Organisations", COMBINED])


async def test_a_standard_user_has_no_way_to_the_dashboard(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, printed, STANDARD)
        await expect(page.get_by_role("link", name="Reporting")).to_have_count(0)

        answer = await page.goto(f"{printed.base_url}/dsr/reporting/")

        assert answer is not None
        assert 403 == answer.status


@pytest.mark.requirement("R-DSR-008")
async def test_a_reporting_user_sees_the_data_and_reports_on_it(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, printed, REPORTING)
        await page.goto(f"{printed.base_url}/dsr/records/")
        await expect(page.get_by_text("Showing 1 to 7 of 7 entries")).to_be_visible()
        await page.get_by_role("link", name="View Percy Plum").click()
        await expect(page.locator(".ics-identity__name")).to_contain_text("Percy Plum")
        await expect(page.get_by_role("button", name="Update Record")).to_have_count(0)

        await given_the_dashboard(page, printed, REPORTING)
        await expect(page.get_by_role("heading", name="TOTAL RECORDS: 7")).to_be_visible()
        await page.get_by_role("button", name="Generate Report").click()
        await expect(page.locator(".ics-report__said")).to_have_text("Your report is ready.", timeout=20_000)


@pytest.mark.requirement("R-DSR-157", "R-DSR-158", "R-DSR-164", "R-DSR-165", "R-DSR-167")
@pytest.mark.parametrize("screen", WITH_AND_WITHOUT_SCRIPTS, ids=str)
async def test_a_report_is_asked_for_made_and_downloaded(
    browser: Browser, printed: Product, screen: Screen, tmp_path: Path
) -> None:
    async with window(browser, screen) as page:
        await given_the_dashboard(page, printed, EVERYWHERE)
        await expect(page.get_by_text("contain patient identifiable data")).to_be_visible()
        await expect(page.get_by_role("link", name="DynamicSupportRegister@mpft.nhs.uk")).to_be_visible()

        await page.get_by_label("Select Report").select_option(label="Referral Data")
        await page.get_by_label("Locality").select_option(label="South Staffordshire")
        file = await when_i_generate_the_report(page, screen, tmp_path)

        assert file.name.startswith("dsr-referrals-")
        assert file.suffix == ".xlsx"
        rows = list(load_workbook(file).worksheets[0].iter_rows(values_only=True))
        locality = rows[0].index("Locality")
        assert ["South Staffordshire"] * 7 == [row[locality] for row in rows[1:]]


@pytest.mark.requirement("R-DSR-158", "R-DSR-159", "R-DSR-160", "R-DSR-161", "R-DSR-164")
@pytest.mark.parametrize("report", REPORTS)
async def test_the_right_rows_are_in_each_report(four: Path, report: str) -> None:
    sheet, people = REPORTS[report]
    book = load_workbook(four / f"{report}.xlsx")
    rows = [[str(cell) for cell in row] for row in book[sheet].iter_rows(values_only=True)]

    assert people == names_in(rows)
    assert [sheet, "Summary", "Definitions"] == book.sheetnames


@pytest.mark.office
@pytest.mark.parametrize("report", REPORTS)
async def test_libreoffice_shows_the_right_rows_of_each_report(shown: dict[str, dict[str, Rows]], report: str) -> None:
    sheet, people = REPORTS[report]
    sheets = shown[f"{report}.xlsx"]

    assert people == names_in(sheets[sheet])
    assert {sheet, "Summary", "Definitions"} == set(sheets)
    born = sheets[sheet][0].index("Date of Birth")
    assert all(re.fullmatch(r"01/01/\d{4}", row[born]) for row in sheets[sheet][1:])


@pytest.mark.office
async def test_libreoffice_finds_the_printed_figures_in_the_summary(shown: dict[str, dict[str, Rows]]) -> None:
    counts = {row[0]: row[1] for row in shown["referrals.xlsx"]["Summary"]}

    assert ("12", "3", "3", "6") == tuple(counts[each] for each in ("Records", "Green", "Amber", "Red"))
    assert ("2", "10") == tuple(counts[each] for each in ("Under 18s", "18s and over"))
    assert ["7", "2", "2", "1", "0"] == [counts[each] for each in (MPFT, COMBINED, POLICE, STOKE, COUNTY)]


@pytest.mark.requirement("R-DSR-163")
async def test_the_age_filter_goes_when_the_report_is_bound_to_ages(browser: Browser, printed: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_dashboard(page, printed, EVERYWHERE)
        report, age = page.get_by_label("Select Report"), page.get_by_label("Age", exact=True)
        await report.select_option(label="Referral Data")
        await expect(age).to_be_visible()

        await report.select_option(label="Key Working Team Data")

        await expect(age).to_be_hidden()


async def test_a_new_referral_is_counted_at_once(browser: Browser, second: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_dashboard(page, second, EVERYWHERE)
        before = await total(page)
        await refer(page, second, a_new_name())

        await page.goto(f"{second.base_url}/dsr/reporting/")
        while await total(page) <= before:
            await page.reload()

        assert before < await total(page)


async def test_everybody_can_use_every_page_of_reporting(page: Page, printed: Product) -> None:
    await given_the_dashboard(page, printed, EVERYWHERE)
    await then_everybody_can_use_it(page, "reporting")
    await page.get_by_label("Select Report").select_option(label="Key Working Team Data")
    await page.get_by_role("button", name="Generate Report").click()
    await then_everybody_can_use_it(page, "report in the making")
    await expect(page.locator(".ics-report__said")).to_have_text("Your report is ready.", timeout=20_000)
    await then_everybody_can_use_it(page, "report ready")


def names_in(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names in a sheet, sorted, because records of one day have no fixed order."""
    heads = [rows[0].index(each) for each in ("First Name", "Last Name")]
    return sorted(" ".join(row[place] for place in heads) for row in rows[1:])


async def given_the_dashboard(page: Page, stack: Product, email: str) -> None:
    await be_logged_in(page, stack, email)
    await page.goto(f"{stack.base_url}/dsr/reporting/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reporting Dashboard")


async def beside(page: Page, title: str) -> dict[str, str]:
    """Return the counts of a panel that shows them side by side."""
    heads = await table(page, title).locator("th").all_inner_texts()
    cells = await table(page, title).locator("td").all_inner_texts()
    return dict(zip(heads, cells, strict=True))


async def beneath(page: Page, title: str) -> list[tuple[str, str]]:
    """Return the counts of a panel that shows them one below another."""
    heads = await table(page, title).locator("tbody th").all_inner_texts()
    counts = await table(page, title).locator(".ics-bar__count").all_inner_texts()
    return list(zip(heads, counts, strict=True))


def table(page: Page, title: str) -> Locator:
    return page.get_by_role("table", name=title)


async def total(page: Page) -> int:
    heading = await page.get_by_role("heading", name="TOTAL RECORDS:").inner_text()
    return int(heading.rpartition(" ")[2])


async def when_i_generate_the_report(page: Page, screen: Screen, folder: Path) -> Path:
    """Return the file. With scripts it comes by itself, once, and the button gives it again."""
    generate = page.get_by_role("button", name="Generate Report")
    if screen.scripts:
        async with page.expect_download(timeout=20_000):
            await generate.click()
        await expect(page).to_have_url(re.compile(r"/reporting/jobs/[0-9a-f]{32}/$"))
    else:
        await generate.click()
    await expect(page.locator(".ics-report__said")).to_have_text("Your report is ready.", timeout=20_000)
    return await downloaded(page, folder)
