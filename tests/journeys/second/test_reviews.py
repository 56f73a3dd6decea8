"""A journey through reviews: an interval is entered, a review is overdue on Home, and is confirmed from the list."""

import re

import asyncpg
import pytest
from playwright.async_api import Page, expect

from deploy.runner.waiting import until
from tests.inside import Inside
from tests.journeys.browsing import JOURNEY
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, refer, search

pytestmark = JOURNEY

EVERYWHERE = "admin@mpft.nhs.uk"
SOURCE = "DSR policy, section 4, June 2026"
GROW_OLD = "UPDATE referrals.record SET rated_at = rated_at - interval '400 days' WHERE reference = $1"


@pytest.mark.requirement("R-USE-007")
async def test_an_overdue_review_is_found_from_home_and_confirmed_from_the_list(page: Page, second: Product) -> None:
    family_name = a_new_name()
    await be_logged_in(page, second, EVERYWHERE)
    await when_i_enter_the_interval_of_reds(page, second, "365")
    reference = await refer(page, second, family_name, "Red")
    await when_a_year_has_gone_by(second, reference)

    await page.goto(f"{second.base_url}/dsr/home/")
    await page.get_by_role("link", name=re.compile("Reviews overdue: ")).click()
    await expect(page.get_by_role("row").filter(has_text=family_name)).to_contain_text(reference)
    await then_everybody_can_use_it(page, "overdue reviews")
    await page.get_by_role("row").filter(has_text=family_name).get_by_role("button").dblclick()

    await expect(page.get_by_text("The review has been recorded.")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text=family_name)).to_have_count(0)
    await search(page, second, family_name)
    await page.get_by_role("link", name=family_name).first.click()
    await expect(page.get_by_text("Next review due ")).to_be_visible()
    await page.goto(f"{second.base_url}/dsr/reviews/?due=soon")
    await then_everybody_can_use_it(page, "reviews due soon")


async def when_i_enter_the_interval_of_reds(page: Page, product: Product, days: str) -> None:
    await page.goto(f"{product.base_url}/dsr/administration/settings/reviews/")
    await then_everybody_can_use_it(page, "settings reviews")
    await page.get_by_label("Red: days until the next review").fill(days)
    await page.get_by_label("Where the numbers come from").fill(SOURCE)
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text(f"From: {SOURCE}")).to_be_visible()
    await then_everybody_can_use_it(page, "settings check of reviews")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Your change has been published. It is live now.")).to_be_visible()


async def when_a_year_has_gone_by(product: Product, reference: str) -> None:
    db = await asyncpg.connect(Inside.of(product).addresses.databases["referrals"].admin_dsn)
    try:

        async def is_older() -> bool:
            return await db.execute(GROW_OLD, reference) == "UPDATE 1"

        assert await until(is_older, seconds=5.0, every=0.1)
    finally:
        await db.close()
