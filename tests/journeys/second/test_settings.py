"""Journeys of an administrator who rewords the register: what is published applies to every page and file."""

import io

import pytest
from openpyxl import load_workbook
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in, logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, choose, open_form, open_outcomes, refer, search
from tests.journeys.spreadsheets import generated

pytestmark = JOURNEY

EVERYWHERE, OF_ONE = "admin@mpft.nhs.uk", "admin@combined.nhs.uk"
OUTCOMES, LOCALITIES, HOME = "List: What was the outcome?", "List: Locality", "Home page"
GUIDANCE = "Guidance: Level of risk as identified by the DSD Clinical Support Tool"
WHAT = "What was the outcome?"
RETIRED = "Support plan changed"


@pytest.mark.requirement("R-DSR-011", "R-DSR-133")
async def test_an_outcome_is_added_and_another_retired_and_both_read_on_everywhere(
    browser: Browser, second: Product
) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = a_new_name()
        await be_logged_in(page, second, EVERYWHERE)
        await refer(page, second, family_name)
        await when_the_outcome_is(page, second, family_name, RETIRED)

        await when_i_go_to(page, second, OUTCOMES)
        await page.get_by_role("group", name="New option 1").get_by_label("Text").fill("Court diversion")
        await page.get_by_role("group", name="Option 2", exact=True).get_by_label("No longer offered").check()
        await when_i_publish(page)

        await when_the_outcome_is(page, second, family_name, "Court diversion")
        await then_it_is_offered(page, "Court diversion", offered=True)
        await then_it_is_offered(page, RETIRED, offered=False)
        await page.get_by_role("tab", name="Outcomes (2)").click()
        await expect(page.get_by_role("definition").filter(has_text="Court diversion")).to_be_visible()
        await expect(page.get_by_role("definition").filter(has_text=RETIRED)).to_be_visible()
        await then_the_report_says(second, "Court diversion", RETIRED)


@pytest.mark.requirement("R-DSR-081")
async def test_a_locality_that_is_added_can_be_referred_from_filtered_by_and_reported(
    browser: Browser, second: Product
) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = a_new_name()
        await be_logged_in(page, second, EVERYWHERE)
        await refer(page, second, family_name)
        await when_i_go_to(page, second, LOCALITIES)
        await page.get_by_role("group", name="New option 1").get_by_label("Text").fill("Cannock Chase")
        await when_i_publish(page)

        await open_form(page, second, family_name)
        await page.get_by_label("Locality*").select_option(label="Cannock Chase")
        await page.get_by_role("button", name="Update Record").click()
        await expect(page.get_by_text("The referral has been updated.")).to_be_visible()

        await search(page, second, family_name)
        await expect(page.get_by_role("cell", name="Cannock Chase")).to_be_visible()
        async with logged_in(second, EVERYWHERE) as somebody:
            file = await generated(somebody, "referrals", **{"filter-locality": "cannock_chase"})
        rows = list(load_workbook(io.BytesIO(file), read_only=True).worksheets[0].values)
        assert [family_name] == [row[rows[0].index("Last Name")] for row in rows[1:]]
        assert ["Cannock Chase"] == [row[rows[0].index("Locality")] for row in rows[1:]]


@pytest.mark.requirement("R-DSR-032", "R-DSR-171")
async def test_a_stranger_reads_the_new_home_page_and_administrators_who_wrote_it(
    browser: Browser, second: Product
) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, second, EVERYWHERE)
        await when_i_go_to(page, second, HOME)
        await page.get_by_label("Paragraphs").fill("People first.\n\nThen papers.")
        await page.get_by_label("Address of the link").fill("https://example.nhs.uk/dsr")
        await when_i_publish(page)
        await expect(page.get_by_role("row", name="Gail Thomas").first).to_contain_text(HOME)
    async with window(browser, DESKTOP) as stranger:
        await stranger.goto(f"{second.base_url}/dsr/")
        await expect(stranger.get_by_text("People first.")).to_be_visible()
        link = stranger.get_by_role("link", name="Dynamic support register")
        await expect(link.first).to_have_attribute("href", "https://example.nhs.uk/dsr")


async def test_an_administrator_of_one_organisation_reads_alone(browser: Browser, second: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, second, OF_ONE)
        await when_i_go_to_the_hub(page, second)
        await expect(page.get_by_text("Only an administrator of all organisations can change them.")).to_be_visible()
        await expect(page.get_by_role("link", name="Change List")).to_have_count(0)
        await then_everybody_can_use_it(page, "settings read only")


async def test_everybody_can_use_every_page_of_the_settings(page: Page, second: Product) -> None:
    await be_logged_in(page, second, EVERYWHERE)
    await when_i_go_to_the_hub(page, second)
    await then_everybody_can_use_it(page, "settings")
    await when_i_go_to(page, second, OUTCOMES)
    await then_everybody_can_use_it(page, "settings list")
    await page.get_by_role("button", name="Add more options").click()
    await page.get_by_role("group", name="New option 6").get_by_label("Text").fill("Other")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("alert").get_by_role("listitem")).to_have_text(["Other is in the list already"])
    await then_everybody_can_use_it(page, "settings list with problems")
    await page.get_by_role("group", name="New option 6").get_by_label("Text").fill("Moved away")
    await page.get_by_role("group", name="New option 6").get_by_label("Position").fill("1")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check before you publish")
    await then_everybody_can_use_it(page, "settings check")
    await when_i_go_to(page, second, HOME)
    await then_everybody_can_use_it(page, "settings home page")
    await when_i_go_to(page, second, GUIDANCE)
    await then_everybody_can_use_it(page, "settings guidance")
    await page.get_by_label("Lines under heading 1").fill("Something else.")
    await page.get_by_role("button", name="Continue").click()
    await then_everybody_can_use_it(page, "settings check of guidance")


async def when_i_go_to_the_hub(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/administration/")
    await page.get_by_role("link", name="Texts and lists").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Texts and lists")


async def when_i_go_to(page: Page, stack: Product, what: str) -> None:
    await when_i_go_to_the_hub(page, stack)
    await page.get_by_role("link", name=f"Change {what}").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(what)


async def when_i_publish(page: Page) -> None:
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Publish").dblclick()
    await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text(
        "Your change has been published. It is live now."
    )


async def when_the_outcome_is(page: Page, stack: Product, family_name: str, outcome: str) -> None:
    await open_outcomes(page, stack, family_name)
    await choose(page, "Has a C(E)TR been requested?", "No")
    await choose(page, "Has a LAEP been requested?", "Yes")
    await choose(page, "Did either meeting happen?", "Yes")
    await page.get_by_label(WHAT).select_option(label=outcome)
    await page.get_by_role("button", name="Save & Update").click()
    await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text("The outcome has been saved.")


async def then_it_is_offered(page: Page, label: str, *, offered: bool) -> None:
    """Check the options on a new form. The question may still be hidden, so do not look for visible text."""
    await expect(page.get_by_label(WHAT).locator("option").filter(has_text=label)).to_have_count(int(offered))


async def then_the_report_says(stack: Product, *outcomes: str) -> None:
    async with logged_in(stack, EVERYWHERE) as somebody:
        file = await generated(somebody, "referrals_outcomes")
    rows = list(load_workbook(io.BytesIO(file), read_only=True).worksheets[0].values)
    assert set(outcomes) <= {str(row[rows[0].index(WHAT)]) for row in rows[1:]}
