"""Minutes in the browser: by keyboard, saved while typing, and with two users at one person."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in, logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.meeting import SERIES, add_series, agenda_with, plan, plan_for_today, refer_in_the_north
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name
from tests.walking import Walker

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"


@pytest_asyncio.fixture
async def hand(second: Product) -> AsyncIterator[Walker]:
    async with logged_in(second, ADMINISTRATOR) as walker:
        yield walker


@pytest.mark.requirement("R-MEET-007", "R-MEET-009")
async def test_minutes_by_keyboard_by_two_users_and_while_the_network_is_lost(
    browser: Browser, second: Product, hand: Walker
) -> None:
    """One meeting serves all of it, because an area has one series, and a series one meeting a day."""
    records = [await refer_in_the_north(hand, a_new_name(), "Red") for _ in range(3)]
    await add_series(hand, SERIES)
    meeting = await plan_for_today(hand, SERIES)
    await agenda_with(hand, meeting)
    started = await hand.press(await hand.see(meeting), "Start the meeting")
    people = [str(link["href"]) for link in started.tree.select("section[aria-labelledby=agenda] tbody a")]
    own = [f"{meeting}{record}/" for record in records]
    assert set(own) <= set(people)

    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, second, ADMINISTRATOR)
        await one_press_records_no_change_and_opens_the_next(page, second, people)
        await what_is_typed_is_saved_and_survives_a_lost_network(page, second, own[1])
        await two_users_see_both_texts(page, second, hand, own[2])
        await everybody_can_use_the_pages(page, second, hand, meeting, own[0])
        await who_declares_an_interest_is_shut_out(page, second, own[1])
    await hand.press(await hand.see(f"{meeting}close/"), "Yes, close the meeting")


async def one_press_records_no_change_and_opens_the_next(page: Page, second: Product, people: list[str]) -> None:
    """The bar allows three actions and one page load for each person."""
    await page.goto(second.base_url + people[0])
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    await page.get_by_role("button", name="No change: save and next").focus()

    await page.keyboard.press("Enter")
    await page.wait_for_url(second.base_url + people[1])

    assert [second.base_url + people[1]] == loads
    await page.goto(second.base_url + people[0])
    await expect(page.get_by_text("Done", exact=True)).to_be_visible()


async def what_is_typed_is_saved_and_survives_a_lost_network(page: Page, second: Product, person: str) -> None:
    await page.goto(second.base_url + person)
    discussion = page.get_by_role("textbox", name="Discussion")
    await discussion.fill("The flat is")
    await expect(page.locator("#minutes-status")).to_contain_text("Draft saved at")
    await page.context.set_offline(True)
    await discussion.fill("The flat is safe now.")
    await expect(page.locator("#minutes-status")).not_to_contain_text("Draft saved at")
    await page.context.set_offline(False)
    await discussion.fill("The flat is safe now. Lee visits.")
    await expect(page.locator("#minutes-status")).to_contain_text("Draft saved at")

    await page.goto(second.base_url + person)

    await expect(page.get_by_role("textbox", name="Discussion")).to_have_value("The flat is safe now. Lee visits.")
    await page.get_by_role("combobox", name="Decision").select_option(label="No change")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("The minutes have been saved.")


async def two_users_see_both_texts(page: Page, second: Product, hand: Walker, person: str) -> None:
    await page.goto(second.base_url + person)
    await hand.press(await hand.see(person), "Save", {"discussion": "What she said.", "decision": "no_change"})
    await page.get_by_role("textbox", name="Discussion").fill("What I heard.")
    await page.get_by_role("combobox", name="Decision").select_option(label="Support plan changed")
    await page.get_by_role("button", name="Save", exact=True).click()

    await expect(page.get_by_role("region", name="Saved meanwhile")).to_contain_text("What she said.")
    await expect(page.get_by_role("textbox", name="Discussion")).to_have_value("What I heard.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("The minutes have been saved.")


async def everybody_can_use_the_pages(page: Page, second: Product, hand: Walker, meeting: str, person: str) -> None:
    at = second.base_url
    planned = await plan(hand, SERIES, datetime.now(UTC) + timedelta(days=7))
    series = (await hand.see(hand.at("meetings/series/"))).link("Change")
    looks = (
        (f"{at}/dsr/meetings/", "meetings"),
        (f"{at}/dsr/meetings/series/", "meetings series"),
        (f"{at}/dsr/meetings/series/new", "meetings series new"),
        (at + series, "meetings series change"),
        (f"{at}/dsr/meetings/new", "meetings plan"),
        (f"{at}{planned}change/", "meeting change"),
        (f"{at}{planned}cancel/", "meeting cancel"),
        (at + meeting, "meeting"),
        (f"{at}{meeting}add/", "meeting add"),
        (f"{at}{meeting}attendance/", "meeting attendance"),
        (f"{at}{meeting}close/", "meeting close"),
        (f"{at}{meeting}pack/", "meeting pack"),
        (at + person, "meeting person"),
        (f"{at}{person}interest/", "meeting person interest"),
        (f"{at}{person}present/", "meeting person present"),
    )
    for address, look in looks:
        await page.goto(address)
        await then_everybody_can_use_it(page, look)


async def who_declares_an_interest_is_shut_out(page: Page, second: Product, person: str) -> None:
    await page.goto(f"{second.base_url}{person}interest/")
    await page.get_by_role("button", name="Yes, I have an interest").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("You have declared an interest")
    await page.goto(f"{second.base_url}{person}present/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You have declared an interest")
