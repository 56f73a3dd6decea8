"""Journeys through an invented register, defined by one file: from its first record to the Excel file."""

import re
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, PHONE, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.downloading import the_one_row
from tests.journeys.looking import then_everybody_can_use_it, then_no_panel_is_cut
from tests.journeys.product import Product
from tests.journeys.referring import fill_date, go_to_form
from tests.journeys.second.product import CODE, WARDEN, Second

pytestmark = JOURNEY

WORDS_OF_ANOTHER = re.compile(r"referral|\bDSR\b|risk level|C\(E\)TR|Rated|Archive|Green|Amber|Red\b", re.IGNORECASE)


async def test_it_is_walked_from_the_first_entry_to_the_file(browser: Browser, second: Second, tmp_path: Path) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_warden_on_the_home_page(page, second)
        await then_the_menu_is_its_own(page)
        await when_a_household_is_put_on_the_list(page)
        await then_the_team_is_told(second)
        await then_the_list_shows_it(page)
        await when_it_is_changed(page)
        await then_its_history_says_so(page)
        await when_a_jotting_is_made(page)
        await when_a_visit_is_recorded(page)
        await then_the_figures_count_it(page, second)
        await then_the_file_holds_it(page, tmp_path)


async def test_nothing_of_another_register_stands_on_its_pages(browser: Browser, second: Second) -> None:
    async with window(browser, DESKTOP) as page:
        await given_the_warden_on_the_home_page(page, second)
        for place in (
            "home/",
            "records/new",
            "records/",
            "reporting/",
            "help/",
            "administration/",
            "administration/settings/",
        ):
            await page.goto(f"{second.base_url}/{CODE}/{place}")
            said = await page.locator("main").inner_text()
            assert not WORDS_OF_ANOTHER.findall(said), place
    async with window(browser, PHONE) as stranger:
        await stranger.goto(f"{second.base_url}/{CODE}/")
        await expect(stranger.get_by_role("heading", level=1)).to_have_text("A home that fits")
        await stranger.goto(f"{second.base_url}/")
        await expect(stranger.get_by_role("link", name="Fitting Homes List")).to_be_visible()


async def test_everybody_can_use_its_pages(page: Page, second: Second) -> None:
    await given_the_warden_on_the_home_page(page, second)
    looks = {
        "homes home/": "home/",
        "homes records/new": "records/new",
        "homes records/": "records/",
        "homes reporting/": "reporting/",
    }
    for look, place in looks.items():
        await page.goto(f"{second.base_url}/{CODE}/{place}")
        await then_everybody_can_use_it(page, look)


async def given_the_warden_on_the_home_page(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, WARDEN, CODE)


async def then_the_menu_is_its_own(page: Page) -> None:
    menu = page.get_by_role("navigation", name="Menu").get_by_role("listitem")
    places = ["Start", "Waiting list", "Put somebody on the list", "Figures", "How it works", "My password"]
    await expect(menu).to_have_text([*places, "Settings", "Leave"])


async def when_a_household_is_put_on_the_list(page: Page) -> None:
    """Add a household, first with missing answers: each message is in the register's own words."""
    await page.get_by_role("link", name="Put somebody on the list").first.click()
    await page.get_by_label("A hoist").check()
    await page.get_by_role("button", name="Put on the list").click()
    await expect(page.get_by_role("alert").get_by_role("listitem")).to_have_text(
        [
            "What is the person called?",
            "What is the family called?",
            "When was the person born?",
            "How many rooms?",
            "How far must the hoist reach?",
        ]
    )
    await page.get_by_label("Called*").fill("Eleanor")
    await page.get_by_label("Family*").fill("Bold")
    await fill_date(page, "Born on", "3", "5", "1950")
    await page.get_by_label("Rooms*").select_option(label="Two rooms")
    await page.get_by_label("Reach of the hoist").fill("From bed to bath")
    await fill_date(page, "Moving by", "1", "2", "2090")
    await page.get_by_role("button", name="Put on the list").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("They are on the list")


async def then_the_team_is_told(stack: Product) -> None:
    mail = await stack.mail_after(0, "homes.desk@barchester.gov.uk")
    assert re.fullmatch(r"Somebody is on the list: HOMES-[0-9A-Z]{4}-[0-9A-Z]{4}", mail.subject)
    assert not re.search("Eleanor|Bold", mail.text + mail.subject)


async def then_the_list_shows_it(page: Page) -> None:
    await page.get_by_role("link", name="Waiting list").click()
    await expect(page.get_by_role("columnheader")).to_have_text(["FAMILY", "NEEDS", "BY", "SINCE", "DO"])
    row = page.get_by_role("row", name="Eleanor Bold")
    await expect(row.get_by_role("cell", name="Two rooms")).to_be_visible()
    await expect(row.get_by_role("cell", name="01/02/2090")).to_be_visible()


async def when_it_is_changed(page: Page) -> None:
    await page.get_by_role("link", name="Look Eleanor Bold").click()
    await go_to_form(page)
    await page.get_by_label("Rooms*").select_option(label="Three rooms or more")
    await page.get_by_role("button", name="Save it").click()
    await expect(page.get_by_text("It is saved.")).to_be_visible()


async def then_its_history_says_so(page: Page) -> None:
    await page.get_by_role("tab", name="What was (1)").click()
    row = page.get_by_role("row", name="Rooms")
    await expect(row.get_by_role("cell")).to_have_text([re.compile("Two rooms"), re.compile("Three rooms or more")])


async def when_a_jotting_is_made(page: Page) -> None:
    await page.get_by_role("tab", name="Jottings (0)").click()
    await page.get_by_label("New jotting").fill("Prefers the ground floor.")
    await page.get_by_role("button", name="Jot it down").click()
    await expect(page.get_by_text("Jotted down.")).to_be_visible()


async def when_a_visit_is_recorded(page: Page) -> None:
    """Record a visit. The register has no way to end a record, so there is no button for it."""
    await page.get_by_role("link", name="Waiting list").click()
    await page.get_by_role("link", name="Visits Eleanor Bold").click()
    await page.get_by_role("group", name="Was a home seen?").get_by_label("No", exact=True).check()
    await page.get_by_label("Why not?").fill("It rained.")
    await expect(page.get_by_role("button", name=re.compile("Archive"))).to_have_count(0)
    await page.get_by_role("button", name="Save the visit").click()
    await expect(page.get_by_text("The visit is saved.")).to_be_visible()
    await expect(page.get_by_role("tab", name="Visits (1)")).to_be_visible()


async def then_the_figures_count_it(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/{CODE}/reporting/")
    while not await page.get_by_role("heading", name="HOUSEHOLDS: 1").count():
        await page.reload()
    table = page.get_by_role("table", name="BY ROOMS")
    counts = zip(await table.locator("th").all_inner_texts(), await table.locator("td").all_inner_texts(), strict=True)
    assert {"One room": "0", "Two rooms": "0", "Three rooms or more": "1"} == dict(counts)
    seen = page.get_by_role("table", name="HOMES SEEN")
    while await seen.locator("td").all_inner_texts() != ["0", "1"]:
        await page.reload()
    await expect(page.locator(".ics-panel", has=seen)).to_contain_text("By the latest answer in the outcomes")
    fittings = page.get_by_role("table", name="BY FITTINGS")
    await expect(fittings.get_by_role("row", name="A hoist")).to_contain_text("1")
    await expect(page.locator(".ics-panel", has=fittings)).to_contain_text("counted under more than one")
    await expect(page.get_by_text("households only")).to_have_count(0)
    await then_no_panel_is_cut(page)


async def then_the_file_holds_it(page: Page, folder: Path) -> None:
    await page.get_by_label("Which figures").select_option(label="Everybody with their visits")
    await page.get_by_label("Rooms needed").select_option(label="Three rooms or more")
    await page.get_by_role("button", name="Make the file").click()
    found = await the_one_row(page, folder)
    assert ("Eleanor", "Bold", "Three rooms or more", "It rained.") == tuple(
        found[label] for label in ("Called", "Family", "Rooms", "Why not?")
    )
