"""Journeys through the work list, so that a red is never missed."""

import re
import time
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from deploy.runner.waiting import until
from tests.inside import Inside
from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Mail, Product
from tests.journeys.referring import a_new_name, choose, open_form, open_outcomes, refer, say_why

pytestmark = JOURNEY

STANDARD, ADMINISTRATOR, SECOND = "standard@mpft.nhs.uk", "admin@mpft.nhs.uk", "admin@combined.nhs.uk"
URGENT, AGENDA = "Urgent Meeting by exception to be convened", "For the next tracking meeting"
AT_ONCE = 5.0  # seconds within which the list follows a rating
TOLD_AGAIN_SECONDS = 20.0
GROW_OLD = "UPDATE outcomes.task SET opened_at = opened_at - interval '61 minutes' WHERE reference = $1"


DISCUSSED = "Discussed, no change since"


@pytest.mark.requirement("R-FLOW-012", "R-FLOW-013", "R-FLOW-014", "R-FLOW-015")
async def test_a_red_waits_until_somebody_has_seen_it_and_goes_by_its_rating(browser: Browser, stack: Product) -> None:
    family_name = a_new_name()
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, STANDARD)
        await refer(page, stack, family_name, "Red")
        await then_the_work_list_is_closed_to_me(page, stack)

    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await when_i_go_to_the_work_list_from_home(page)
        await then_it_stands_under(page, stack, URGENT, family_name)
        await then_it_waits_for_somebody(page, family_name)
        await when_i_say_that_i_have_seen(page, family_name)
        await then_i_am_told(page, "Marked as seen by you.")
        await then_it_was_seen_by(page, family_name, "Gail Thomas")

        await when_its_rating_becomes(page, stack, family_name, "Amber")
        await then_it_stands_under(page, stack, AGENDA, family_name)
        await when_i_say_that_it_was_discussed(page, family_name)
        await then_it_stands_under(page, stack, DISCUSSED, family_name)
        await when_its_rating_becomes(page, stack, family_name, "Green")
        await then_it_stands_nowhere(page, stack, family_name)
        await when_its_rating_becomes(page, stack, family_name, "Red")
        await then_it_stands_under(page, stack, URGENT, family_name)
        await then_it_waits_for_somebody(page, family_name)

        await when_i_archive_it(page, stack, family_name)
        await then_it_stands_nowhere(page, stack, family_name)


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_that_nobody_has_seen_for_an_hour_is_told_to_the_administrators(
    browser: Browser, stack: Product
) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, STANDARD)
        reference = await refer(page, stack, a_new_name(), "Red")
    subject = f"URGENT: no one has seen referral {reference}"

    await when_an_hour_has_gone_by(stack, reference)

    told = await then_is_mailed(stack, subject)
    assert {"dynamicsupportregister@mpft.nhs.uk", ADMINISTRATOR} == told  # no administrator of another organisation


@pytest.mark.requirement("R-FLOW-013")
async def test_whoever_is_second_is_told_who_was_first(browser: Browser, stack: Product) -> None:
    family_name = a_new_name()
    async with window(browser, DESKTOP) as page, window(browser, DESKTOP) as other:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await be_logged_in(other, stack, SECOND)
        await refer(other, stack, family_name, "Red")
        for each in (page, other):
            await then_it_stands_under(each, stack, URGENT, family_name)

        await when_i_say_that_i_have_seen(other, family_name)
        await then_it_was_seen_by(other, family_name, "Amina Patel")
        await when_i_say_that_i_have_seen(page, family_name)

        await then_i_am_told(page, re.compile(r"Already marked as seen by Amina Patel, .+ at .+\."))
        await then_it_was_seen_by(page, family_name, "Amina Patel")
        await when_i_archive_it(page, stack, family_name)


async def test_everybody_can_use_the_work_list(page: Page, stack: Product) -> None:
    family_name = a_new_name()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await refer(page, stack, family_name, "Red")
    await then_it_stands_under(page, stack, URGENT, family_name)
    await then_everybody_can_use_it(page, "work list")
    await when_i_say_that_i_have_seen(page, family_name)
    await then_i_am_told(page, "Marked as seen by you.")
    await then_everybody_can_use_it(page, "work list seen")
    await page.goto(f"{stack.base_url}/dsr/home/")
    await expect(page.get_by_role("link", name="Work list")).to_be_visible()
    await then_everybody_can_use_it(page, "home with the work list")
    await when_i_archive_it(page, stack, family_name)


ARCHIVED = re.compile(r"The outcome has been saved and the referral is archived\.\s+Reference DSR-")


def part(page: Page, heading: str) -> Locator:
    """Return one of the two parts of the list."""
    return page.get_by_role("region", name=heading)


def line(page: Page, heading: str, family_name: str) -> Locator:
    return part(page, heading).get_by_role("row").filter(has_text=family_name)


async def then_the_work_list_is_closed_to_me(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/home/")
    await expect(page.get_by_role("link", name="Work list")).to_have_count(0)
    await page.goto(f"{stack.base_url}/dsr/work/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You do not have permission to see this page")


async def when_i_go_to_the_work_list_from_home(page: Page) -> None:
    await expect(page.get_by_text(re.compile(r"Urgent and not yet seen: \d+"))).to_be_visible()
    await page.get_by_role("link", name="Work list").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Work list")


async def then_it_waits_for_somebody(page: Page, family_name: str) -> None:
    waiting = line(page, URGENT, family_name)
    await expect(waiting).to_contain_text("Not yet seen")
    await expect(waiting).to_contain_text(re.compile(r"Waiting (less than a|\d+) minutes?"))
    await expect(waiting.get_by_role("link", name=f"Robin {family_name}")).to_be_visible()


async def when_i_say_that_i_have_seen(page: Page, family_name: str) -> None:
    await page.get_by_role("button", name=f"Mark as seen Robin {family_name}").dblclick()


async def when_an_hour_has_gone_by(stack: Product, reference: str) -> None:
    """Make the task 61 minutes older, in the database."""
    db = await asyncpg.connect(Inside.of(stack).addresses.databases["outcomes"].admin_dsn)
    try:

        async def is_older() -> bool:
            return await db.execute(GROW_OLD, reference) == "UPDATE 1"

        assert await until(is_older, seconds=AT_ONCE, every=0.1)
    finally:
        await db.close()


async def then_is_mailed(stack: Product, subject: str) -> set[str]:
    """Wait for two mails with this subject, and return their recipients."""
    found: list[Mail] = []

    async def all_are_there() -> bool:
        found[:] = [mail for mail in await stack.mail() if mail.subject == subject]
        return len(found) == 2

    assert await until(all_are_there, seconds=TOLD_AGAIN_SECONDS, every=0.2)
    return {mail.to for mail in found}


async def then_i_am_told(page: Page, said: str | re.Pattern[str]) -> None:
    await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text(said)


async def then_it_was_seen_by(page: Page, family_name: str, who: str) -> None:
    seen = line(page, URGENT, family_name)
    await expect(seen).to_contain_text(re.compile(rf"Seen by {who}, \d\d/\d\d/\d{{4}} at \d\d:\d\d"))
    await expect(seen.get_by_role("button")).to_have_count(0)


async def when_its_rating_becomes(page: Page, stack: Product, family_name: str, rating: str) -> None:
    await open_form(page, stack, family_name)
    await choose(page, "Level of risk", rating)
    await page.get_by_role("button", name="Update Record").click()
    await then_i_am_told(page, "The referral has been updated.")


async def when_i_archive_it(page: Page, stack: Product, family_name: str) -> None:
    await open_outcomes(page, stack, family_name)
    for asked in ("Has a C(E)TR been requested?", "Has a LAEP been requested?"):
        await choose(page, asked, "No")
    await page.get_by_role("button", name="Save & Archive").click()
    await say_why(page)
    await page.get_by_role("button", name="Yes – Archive").click()
    await then_i_am_told(page, ARCHIVED)


async def then_it_stands_under(page: Page, stack: Product, heading: str, family_name: str) -> None:
    """Check that the list shows the record under this heading. Reload for a moment until it does."""

    async def it_does() -> None:
        await page.goto(f"{stack.base_url}/dsr/work/")
        await expect(line(page, heading, family_name)).to_be_visible(timeout=500)

    await within_a_moment(it_does)
    other = AGENDA if heading == URGENT else URGENT
    await expect(line(page, other, family_name)).to_have_count(0)


async def then_it_stands_nowhere(page: Page, stack: Product, family_name: str) -> None:
    async def it_does_not() -> None:
        await page.goto(f"{stack.base_url}/dsr/work/")
        await expect(page.get_by_role("row").filter(has_text=family_name)).to_have_count(0, timeout=500)

    await within_a_moment(it_does_not)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Work list")


async def within_a_moment(holds: Callable[[], Awaitable[None]]) -> None:
    """Try until the check passes. Raise its `AssertionError` if it still fails when the time is over."""
    over = time.monotonic() + AT_ONCE
    while True:
        try:
            return await holds()
        except AssertionError:
            if time.monotonic() > over:
                raise


async def when_i_say_that_it_was_discussed(page: Page, family_name: str) -> None:
    await page.get_by_role("button", name=re.compile(f"^Discussed .*{family_name}$")).click()
    await then_i_am_told(page, "Marked as discussed. It is off the list until the referral changes.")
