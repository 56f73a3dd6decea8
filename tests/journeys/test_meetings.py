"""The journey of a meeting: from its series to the minutes of each person, the print, and the next agenda."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from shared.clock import london_today
from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in, hand_of, session_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product, product
from tests.journeys.referring import a_new_name, fill_date, refer_by_hand

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
AREA, SERVICE = "South Staffordshire", "Community learning disability team"
PEOPLE = 4


@pytest_asyncio.fixture
async def own(quick_folder: Path) -> AsyncIterator[Product]:
    """A product of its own, because a meeting takes every person of its area."""
    async with product(quick_folder / "meetings", "--demo") as running:
        yield running


@pytest.mark.requirement("R-MEET-001", "R-MEET-007", "R-MEET-008", "R-MEET-009", "R-MEET-014")
async def test_a_team_meets_takes_minutes_by_keyboard_and_carries_over_who_is_left(
    browser: Browser, own: Product
) -> None:
    names = [a_new_name() for _ in range(PEOPLE)]
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, own, ADMINISTRATOR)
        green = a_new_name()
        async with hand_of(own, await session_in(page)) as hand:
            for name in names:
                await refer_by_hand(hand, name, "Amber")
            await refer_by_hand(hand, green, "Green")
        await when_i_add_the_series_of_my_area(page, own)
        await when_i_plan_its_meeting(page, 0)
        await then_the_agenda_has(page, names)
        await when_i_add_a_green_by_hand(page, green)
        await when_i_start_it_and_record_who_came(page)
        done = await when_i_take_the_minutes_of_three_by_keyboard(page)
        await then_what_i_type_is_kept_as_a_draft(page)
        await when_i_declare_an_interest(page)
        await when_i_close_it(page)
        await then_the_pack_has_the_minutes(page, done)
        await when_i_correct_the_minutes(page)
        await then_who_was_not_done_is_on_the_next_agenda(page, own, green)


async def when_i_add_the_series_of_my_area(page: Page, stack: Product) -> None:
    await page.get_by_role("link", name="Meetings", exact=True).click()
    await expect(page.get_by_text("There are no meetings yet.")).to_be_visible()
    await then_everybody_can_use_it(page, "no meetings yet")
    await page.get_by_role("button", name="Add a series").click()
    await page.get_by_role("button", name="Save series").click()
    await then_everybody_can_use_it(page, "series with problems")
    await page.get_by_label("Name of the series").fill("South tracking meeting")
    await page.get_by_label("Area").select_option(label=AREA)
    await page.get_by_label("Chair").fill("Cherry Chair")
    await page.get_by_label("Services that must be represented").fill(f"{SERVICE}\nSocial care")
    await page.get_by_role("button", name="Save series").click()
    await expect(page.get_by_text("The series has been saved.")).to_be_visible()
    await then_everybody_can_use_it(page, "series of meetings")
    await page.get_by_role("link", name="South tracking meeting", exact=True).click()
    await then_everybody_can_use_it(page, "one series")
    await page.goto(f"{stack.base_url}/dsr/meetings/")


async def when_i_plan_its_meeting(page: Page, days: int) -> None:
    """Plan a meeting so many days from today, at the end of the day, since a meeting begins in the future."""
    day = london_today() + timedelta(days=days)
    await page.get_by_role("button", name="Plan a meeting").click()
    if not days:
        await page.get_by_role("button", name="Plan meeting").click()
        await then_everybody_can_use_it(page, "meeting with problems")
    await fill_date(page, "Date", str(day.day), str(day.month), str(day.year))
    await page.get_by_label("Time").fill("11:59pm")
    await page.get_by_label("Place").fill("Room 4")
    await page.get_by_role("button", name="Plan meeting").click()
    await expect(page.get_by_text("The meeting has been planned.")).to_be_visible()


async def then_the_agenda_has(page: Page, names: list[str]) -> None:
    for name in names:
        await expect(page.get_by_role("link", name=f"Robin {name}", exact=True)).to_be_visible()
    await then_everybody_can_use_it(page, "planned meeting")
    address = page.url.partition("?")[0]
    await page.goto(f"{address}change/")
    await then_everybody_can_use_it(page, "change a meeting")
    await page.goto(f"{address}cancel/")
    await then_everybody_can_use_it(page, "cancel a meeting")
    await page.goto(f"{address}add/")
    await then_everybody_can_use_it(page, "add a person")
    await page.goto(address)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the invitation").click()
    text = Path(await (await download.value).path()).read_text("utf-8")
    assert "BEGIN:VEVENT" in text
    assert not [name for name in (*names, "Robin") if name in text]


async def when_i_add_a_green_by_hand(page: Page, name: str) -> None:
    await page.get_by_role("link", name="Add a person to the agenda").click()
    await page.get_by_label("Name or reference").fill(name)
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("button", name="Add to the agenda").click()
    await expect(page.get_by_text("The person is on the agenda.")).to_be_visible()


async def when_i_start_it_and_record_who_came(page: Page) -> None:
    await page.get_by_role("button", name="Start the meeting").click()
    await expect(page.get_by_text("The meeting has started.")).to_be_visible()
    await page.get_by_role("link", name="Say who came").click()
    await then_everybody_can_use_it(page, "attendance")
    service = page.get_by_role("group", name=SERVICE)
    await service.get_by_label("Name").fill("Nora Nurse")
    await service.get_by_label("Attendance").select_option(label="Present")
    await page.get_by_role("button", name="Save attendance").click()
    await expect(page.get_by_text("Not represented: Social care")).to_be_visible()
    await then_everybody_can_use_it(page, "meeting in progress")


async def when_i_take_the_minutes_of_three_by_keyboard(page: Page) -> list[str]:
    """Record "no change" for three people with three presses each, and return their names."""
    await page.get_by_role("button", name="Go through the agenda").click()
    await then_everybody_can_use_it(page, "minutes of a person")
    done = []
    for number in (1, 2, 3):
        await expect(page.get_by_text(f"Person {number} of")).to_be_visible()
        done.append((await page.locator(".ics-identity__name").inner_text()).partition(" - ")[0])
        for key in ("Control+Enter", "n", "Control+Enter"):
            await page.keyboard.press(key)
        await expect(page.get_by_text(f"Person {number + 1} of")).to_be_visible()
    return done


async def then_what_i_type_is_kept_as_a_draft(page: Page) -> None:
    await page.get_by_role("textbox", name="Discussion").fill("Half a sentence")
    await expect(page.locator("#draft-status")).to_contain_text("Draft saved at", timeout=15_000)
    await page.reload()
    await expect(page.get_by_role("textbox", name="Discussion")).to_have_value("Half a sentence")
    await page.get_by_role("button", name="Save and next").click()
    await then_everybody_can_use_it(page, "minutes with problems")
    await page.get_by_role("link", name="Show on a screen").click()
    await expect(page.get_by_text("Half a sentence")).to_be_visible()
    await then_everybody_can_use_it(page, "present mode")
    await page.get_by_role("link", name="Minutes", exact=True).click()


async def when_i_declare_an_interest(page: Page) -> None:
    item = page.url
    await page.get_by_role("link", name="Declare an interest").click()
    await then_everybody_can_use_it(page, "declare an interest")
    await page.get_by_role("button", name="Yes – declare an interest").click()
    await expect(page.get_by_text("Your interest has been recorded.")).to_be_visible()
    await page.goto(item)
    await expect(page.get_by_role("heading", name="You have declared an interest")).to_be_visible()
    await then_everybody_can_use_it(page, "shut out of an item")
    await page.get_by_role("link", name="Back to the meeting").click()


async def when_i_close_it(page: Page) -> None:
    await page.get_by_role("button", name="Close the meeting").click()
    await then_everybody_can_use_it(page, "close a meeting")
    await page.get_by_role("button", name="Yes – close the meeting").click()
    await expect(page.get_by_text("The meeting is closed, and its minutes are final.")).to_be_visible()


async def then_the_pack_has_the_minutes(page: Page, done: list[str]) -> None:
    await page.get_by_role("link", name="Print the agenda and minutes").click()
    for name in done:
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert len(done) == await page.get_by_text("No change", exact=True).count()
    await then_everybody_can_use_it(page, "print pack")
    await page.get_by_role("link", name="Back to the meeting").click()


async def when_i_correct_the_minutes(page: Page) -> None:
    await page.get_by_role("table").get_by_role("link").first.click()
    await page.get_by_role("textbox", name="Addendum").fill("The tool was completed in May.")
    await page.get_by_role("button", name="Add addendum").click()
    await expect(page.get_by_text(re.compile("Addendum by .*"))).to_be_visible()
    await expect(page.get_by_text("The tool was completed in May.")).to_be_visible()
    await then_everybody_can_use_it(page, "final minutes")


async def then_who_was_not_done_is_on_the_next_agenda(page: Page, stack: Product, green: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/meetings/")
    await then_everybody_can_use_it(page, "list of meetings")
    await when_i_plan_its_meeting(page, 7)
    row = page.get_by_role("table").get_by_role("row").filter(has_text=green)
    await expect(row.get_by_text("Carried over")).to_be_visible()
