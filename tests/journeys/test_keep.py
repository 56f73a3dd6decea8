"""Journeys of keeping a referral up to date: who may, what the history says, notes, and two users at once."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, choose, go_to_form, open_form, open_record, question, refer

pytestmark = JOURNEY

ADMINISTRATOR, REFERRER = "admin@mpft.nhs.uk", "standard@mpft.nhs.uk"
ELSEWHERE, READER = "admin@combined.nhs.uk", "reporting@mpft.nhs.uk"


@pytest_asyncio.fixture
async def administrator(page: Page, stack: Product) -> Page:
    await be_logged_in(page, stack, ADMINISTRATOR)
    return page


@pytest_asyncio.fixture
async def other(browser: Browser) -> AsyncIterator[Page]:
    """The window of a second user."""
    async with window(browser, DESKTOP) as page:
        yield page


@pytest.mark.requirement("R-DSR-115", "R-DSR-117", "R-DSR-119", "R-DSR-120", "R-DSR-122")
async def test_an_administrator_updates_and_the_history_says_what_and_who(administrator: Page, stack: Product) -> None:
    name = a_new_name()
    await refer(administrator, stack, name)
    await open_record(administrator, stack, name)
    await expect(administrator.get_by_role("tab", name="History (0)")).to_be_visible()
    outcomes = administrator.get_by_role("link", name="Outcomes", exact=True)
    await expect(outcomes).to_have_attribute("href", re.compile("/outcomes/$"))

    await go_to_form(administrator)
    await expect(administrator.get_by_role("tab")).to_have_text(["Referral", "History (0)", "Notes (0)"])
    await choose(administrator, "Level of risk", "Green")
    await administrator.get_by_role("button", name="Update Record").click()

    await expect(administrator.get_by_text("The referral has been updated.")).to_be_visible()
    await administrator.get_by_role("tab", name="History (1)").click()
    history = administrator.get_by_role("tabpanel", name="History (1)")
    await expect(history).to_contain_text("Changed by Gail Thomas")
    row = history.get_by_role("row").filter(has_text="Level of risk")
    await expect(row).to_contain_text("Amber")
    await expect(row).to_contain_text("Green")


@pytest.mark.requirement("R-DSR-114", "R-DSR-118")
async def test_a_referrer_updates_their_own(page: Page, stack: Product) -> None:
    name = a_new_name()
    await be_logged_in(page, stack, REFERRER)
    await refer(page, stack, name)
    await open_form(page, stack, name)
    await page.get_by_label("Latest Update for DSR Meeting").fill("Moved house.")
    await page.get_by_role("button", name="Update Record").click()

    await expect(page.get_by_role("tab", name="History (1)")).to_be_visible()


@pytest.mark.requirement("R-DSR-010", "R-DSR-014", "R-DSR-116")
async def test_others_cannot_change_it_and_strangers_do_not_learn_of_it(
    administrator: Page, other: Page, stack: Product
) -> None:
    name = a_new_name()
    await refer(administrator, stack, name)
    await open_record(administrator, stack, name)

    await be_logged_in(other, stack, ELSEWHERE)
    answer = await other.goto(administrator.url)
    assert answer is not None
    assert 404 == answer.status
    await other.context.clear_cookies()
    await be_logged_in(other, stack, READER)
    await other.goto(administrator.url)
    await expect(other.get_by_text("You can read this referral. You cannot change it.").first).to_be_visible()
    await expect(other.get_by_role("button", name="Update Record")).to_have_count(0)
    await expect(other.get_by_role("link", name="Outcomes", exact=True)).to_have_count(0)
    answered = other.locator(".nhsuk-summary-list__row").filter(has_text="Has the person consented")
    await expect(answered.get_by_role("definition")).to_have_text("Yes")
    await then_everybody_can_use_it(other, "record to read")


async def test_two_people_at_once_lose_nothing(administrator: Page, other: Page, stack: Product) -> None:
    name = a_new_name()
    await refer(administrator, stack, name)
    await open_form(administrator, stack, name)
    await be_logged_in(other, stack, ADMINISTRATOR)
    await open_form(other, stack, name)

    await choose(other, "Level of risk", "Red")
    await other.get_by_label("Latest Update for DSR Meeting").fill("Moved house.")
    await other.get_by_role("button", name="Update Record").click()
    await expect(other.get_by_text("The referral has been updated.")).to_be_visible()
    await choose(administrator, "Level of risk", "Green")
    await administrator.get_by_label("Latest Update for DSR Meeting").fill("Doing well.")
    await administrator.get_by_role("button", name="Update Record").click()

    heading = administrator.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Someone else updated this referral while you were editing")
    rating = question(administrator, "Level of risk")
    await expect(rating).to_contain_text("Before: Amber")
    await expect(rating).to_contain_text("Red")
    await expect(rating).to_contain_text("Green")
    await then_everybody_can_use_it(administrator, "conflict")
    await rating.get_by_label("What is saved now").check()
    both = administrator.get_by_label("Latest Update for DSR Meeting: both answers to edit")
    await expect(both).to_have_value("Moved house.\n\nDoing well.")
    await both.fill("Moved house, and doing well.")
    await administrator.get_by_role("button", name="Save these answers").click()
    await expect(administrator.get_by_role("tab", name="History (2)")).to_be_visible()
    await expect(administrator.locator(".ics-read").first).to_contain_text("Moved house, and doing well.")


@pytest.mark.requirement("R-DSR-121")
async def test_notes_are_counted_on_their_tab(administrator: Page, stack: Product) -> None:
    name = a_new_name()
    await refer(administrator, stack, name)
    await open_record(administrator, stack, name)
    await administrator.get_by_role("tab", name="Notes (0)").click()
    await administrator.get_by_role("button", name="Add note").click()
    await expect(administrator.get_by_label("New note")).to_have_accessible_description("Error: Type the note")
    await expect(administrator.get_by_role("link", name="Type the note")).to_have_attribute("href", "#text")

    await administrator.get_by_label("New note").fill("Spoke to the family.\nThey agree.")
    await administrator.get_by_role("button", name="Add note").click()

    await expect(administrator.get_by_text("The note has been added.")).to_be_visible()
    await expect(administrator.get_by_role("tab", name="Notes (1)")).to_have_attribute("aria-selected", "true")
    note = administrator.locator(".ics-note")
    await expect(note).to_contain_text("Spoke to the family.")
    await expect(note).to_contain_text("Gail Thomas, ")


async def test_on_paper_there_is_no_box_for_a_new_note(administrator: Page, stack: Product) -> None:
    await open_record_of_the_demo(administrator, stack)
    await administrator.emulate_media(media="print")

    await expect(administrator.get_by_role("heading", name="Notes")).to_be_visible()
    await expect(administrator.locator("#text")).to_be_hidden()


async def test_nothing_keeps_anybody_out_of_a_record(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, ADMINISTRATOR)
    await open_record_of_the_demo(page, stack)
    for look, place in {"record": "", "record #history": "#history", "record #notes": "#notes"}.items():
        await page.goto(page.url.partition("#")[0] + place)
        await then_everybody_can_use_it(page, look)
    await go_to_form(page)
    await then_everybody_can_use_it(page, "record form")


async def open_record_of_the_demo(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/records/")
    await page.get_by_label("Search:").fill("Percy Plum")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="View Percy Plum").click()
    await expect(page.locator(".ics-identity__name")).to_contain_text("Percy Plum")
