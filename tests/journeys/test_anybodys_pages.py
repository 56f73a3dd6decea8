"""Journeys through pages that need no service: public pages, every error, and every component on one page."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from gateway.ui.brand import Brand
from tests.gateway.small_app import small_app
from tests.journeys.browsing import DESKTOP, DESKTOP_WITHOUT_SCRIPTS, JOURNEY, Screen, window
from tests.journeys.looking import barriers, then_everybody_can_use_it, then_it_fits

pytestmark = JOURNEY

LOOKS_AT = {
    "anybody /": "/",
    "anybody /help/": "/help/",
    "anybody /dsr/": "/dsr/",
    "anybody /dsr/help/": "/dsr/help/",
    "anybody /accessibility/": "/accessibility/",
    "anybody /privacy/": "/privacy/",
    "anybody /showcase/": "/showcase/",
    "anybody /nowhere/": "/nowhere/",
    "anybody /fail/500/": "/fail/500/",
}


@pytest_asyncio.fixture(scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address at which the pages are served."""
    async with TestServer(
        small_app(tmp_path_factory.mktemp("templates"), brand=Brand(logo="nhs"), demo=True)
    ) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_everybody_can_use_every_page(page: Page, address: str) -> None:
    for look, path in LOOKS_AT.items():
        await given_the_page(page, f"{address}{path}")
        await then_everybody_can_use_it(page, look)


FILES = ('<img src="{}">', '<link rel="stylesheet" href="{}">', '<script src="{}"></script>')
WITHOUT_SCRIPTS = FILES[:2]


@pytest.mark.parametrize(
    ("screen", "tag"),
    [(DESKTOP, tag) for tag in FILES] + [(DESKTOP_WITHOUT_SCRIPTS, tag) for tag in WITHOUT_SCRIPTS],
)
async def test_a_window_complains_of_a_file_from_another_host(browser: Browser, screen: Screen, tag: str) -> None:
    with pytest.raises(AssertionError, match="asked elsewhere"):
        async with window(browser, screen) as page:
            await page.set_content(tag.format("http://elsewhere.example/file"))


async def test_every_page_fits_without_scripts(browser: Browser, address: str) -> None:
    async with window(browser, DESKTOP_WITHOUT_SCRIPTS) as page:
        for path in LOOKS_AT.values():
            await given_the_page(page, f"{address}{path}")
            await then_it_fits(page, path)


async def test_problems_are_told_first_and_lead_to_their_questions(page: Page, address: str) -> None:
    await given_the_page(page, f"{address}/showcase/")
    await when_i_press(page, "Add Referral")
    await then_the_problems_have_my_attention(page)
    await then_everybody_can_use_it(page, "problems")
    await when_i_follow(page, "Enter the date of birth")
    await then_i_can_type_in(page, "Day")


async def test_an_answer_opens_the_question_that_belongs_to_it(page: Page, address: str) -> None:
    await given_the_page(page, f"{address}/showcase/")
    await then_nobody_asks(page, "Who decided?")
    await when_i_choose(page, "No")
    await then_i_am_asked(page, "Who decided?")
    assert [] == await barriers(page)


async def test_without_scripts_every_question_is_asked(browser: Browser, address: str) -> None:
    async with window(browser, DESKTOP_WITHOUT_SCRIPTS) as page:
        await given_the_page(page, f"{address}/showcase/")
        await then_i_am_asked(page, "Who decided?")
        await when_i_press(page, "Add Referral")
        await expect(page.get_by_role("link", name="Enter the first name")).to_be_visible()


async def test_a_password_can_be_looked_at_before_it_is_sent(page: Page, address: str) -> None:
    await given_the_page(page, f"{address}/showcase/")
    password = page.get_by_label("Current Password")
    await password.fill("Demo-2026!ics")
    await expect(password).to_have_attribute("type", "password")
    await page.get_by_role("button", name="Show").click()
    await expect(password).to_have_attribute("type", "text")


async def test_on_a_phone_the_places_fold_into_a_menu(phone: Page, address: str) -> None:
    await given_the_page(phone, f"{address}/showcase/")
    await expect(phone.get_by_role("link", name="Administration")).to_be_hidden()
    await when_i_press(phone, "More")
    await expect(phone.get_by_role("link", name="Administration")).to_be_visible()
    await expect(phone.get_by_role("button", name="Logout")).to_be_visible()
    assert [] == await barriers(phone)


@pytest.mark.requirement("R-DSR-025")
async def test_the_start_page_is_light_blue_under_a_dark_blue_header(page: Page, address: str) -> None:
    await given_the_page(page, f"{address}/dsr/")

    await expect(page.locator("body")).to_have_css("background-color", "rgb(217, 233, 247)")
    await expect(page.get_by_role("banner")).to_have_css("background-color", "rgb(0, 48, 135)")


@pytest.mark.requirement("R-DSR-003")
async def test_the_logo_stands_at_the_right_of_the_header(page: Page, address: str) -> None:
    await given_the_page(page, f"{address}/dsr/")
    logo = await page.get_by_role("banner").get_by_text("NHS", exact=True).bounding_box()
    name = await page.get_by_role("banner").get_by_role("link").first.bounding_box()

    assert logo is not None
    assert name is not None
    assert name["x"] + name["width"] < 640 < logo["x"]


async def given_the_page(page: Page, address: str) -> None:
    await page.goto(address)


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button).click()


async def when_i_follow(page: Page, link: str) -> None:
    await page.get_by_role("link", name=link).click()


async def when_i_choose(page: Page, answer: str) -> None:
    await page.get_by_label(answer, exact=True).check()


async def then_the_problems_have_my_attention(page: Page) -> None:
    await expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    assert (await page.title()).startswith("Error: ")


async def then_i_can_type_in(page: Page, label: str) -> None:
    await expect(page.get_by_label(label)).to_be_focused()


async def then_i_am_asked(page: Page, question: str) -> None:
    await expect(page.get_by_label(question)).to_be_visible()


async def then_nobody_asks(page: Page, question: str) -> None:
    await expect(page.get_by_label(question)).to_be_hidden()
