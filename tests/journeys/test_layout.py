"""What users found wrong with sizes, colours and places on the page, measured in a browser."""

import pytest
from playwright.async_api import Browser, Page

from tests.journeys.browsing import DESKTOP, DESKTOP_WITHOUT_SCRIPTS, JOURNEY, PHONE, Screen, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, choose, open_record, refer

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
SIZES = "all => all.map(each => { const box = each.getBoundingClientRect(); return [box.width, box.height] })"
COLOURS = "all => all.map(each => getComputedStyle(each).backgroundColor)"
SHOWN = "all => all.filter(each => each.getClientRects().length).length"
PLACES = """all => all.map(each => {
    const [label, text] = [...each.children].map(child => child.getBoundingClientRect());
    return label.bottom <= text.top + 1 ? "above" : "beside";
})"""


async def shown(page: Page, selector: str) -> int:
    """Return how many of these elements take up room on the page."""
    count: int = await page.locator(selector).evaluate_all(SHOWN)
    return count


async def test_search_box_button_and_list_of_lengths_have_one_height_and_the_list_is_narrow(
    browser: Browser, stack: Product
) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await page.goto(f"{stack.base_url}/dsr/records/")
        search = ".ics-list-tools__search .nhsuk-input, .ics-list-tools__search .nhsuk-button"
        sizes = await page.locator(f"{search}, .ics-list-tools__length .nhsuk-select").evaluate_all(SIZES)

    heights = [round(height) for _, height in sizes]
    assert (3, 1) == (len(heights), len(set(heights))), heights
    widths = [width for width, _ in sizes]
    assert min(widths) < 120, widths


async def test_the_main_buttons_have_one_colour_before_and_after_the_log_in(browser: Browser, stack: Product) -> None:
    found = []
    async with window(browser, DESKTOP) as page:
        for place, button in (("login/", "Log In"), ("login/register/", "Register")):
            await page.goto(f"{stack.base_url}/dsr/{place}")
            found += await page.get_by_role("button", name=button, exact=True).evaluate_all(COLOURS)
        await be_logged_in(page, stack, ADMINISTRATOR)
        for place, button in (("account/password", "Submit"), ("records/new?start", "Add Referral")):
            await page.goto(f"{stack.base_url}/dsr/{place}")
            found += await page.get_by_role("button", name=button, exact=True).evaluate_all(COLOURS)

    assert (4, 1) == (len(found), len(set(found))), found


@pytest.mark.parametrize("screen", [DESKTOP, DESKTOP_WITHOUT_SCRIPTS], ids=["scripts", "no scripts"])
async def test_without_scripts_a_dependent_question_says_when_it_applies_and_none_is_starred(
    browser: Browser, stack: Product, screen: Screen
) -> None:
    async with window(browser, screen) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await page.goto(f"{stack.base_url}/dsr/records/new?start")
        if screen.scripts:
            await choose(page, "capacity to consent", "No")
        said, starred = await shown(page, ".ics-when"), await shown(page, ".ics-star")
        texts = await page.locator(".ics-when").all_inner_texts()

    if screen.scripts:
        assert (0, True) == (said, starred > 0)
    else:
        assert (True, 0) == (said > 0, starred)
        assert all(each.startswith("Only if ") for each in texts), texts


async def test_a_new_referral_has_no_empty_tabs_on_a_phone_and_a_saved_one_has_its_own(
    browser: Browser, stack: Product
) -> None:
    name = a_new_name()
    async with window(browser, PHONE) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await page.goto(f"{stack.base_url}/dsr/records/new?start")
        new = await shown(page, ".nhsuk-tabs__list, .nhsuk-tabs__title, #history, #notes")
        await refer(page, stack, name)
        await open_record(page, stack, name)
        saved = await shown(page, ".nhsuk-tabs__list, .nhsuk-tabs__title, #history, #notes")
    assert (0, True) == (new, saved > 0)


async def test_on_a_phone_each_label_of_the_identity_bar_stands_above_its_value_without_a_domain(
    browser: Browser, stack: Product
) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await refer(page, stack, name)
        await open_record(page, stack, name)
        wide = await _bar(page)
        await page.set_viewport_size({"width": PHONE.width, "height": PHONE.height})
        phone = await _bar(page)

    assert ({"beside"}, True) == wide
    assert ({"above"}, False) == phone


async def _bar(page: Page) -> tuple[set[str], bool]:
    """Return where the labels stand, and whether the organisation's domain is shown."""
    places = await page.locator(".ics-identity__fact").evaluate_all(PLACES)
    return set(places), "@mpft.nhs.uk" in await page.locator(".ics-identity").inner_text()
