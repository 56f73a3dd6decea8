"""Journeys of leaving the register: the plan is told, a red referral needs words, and a relapse is seen by the team."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, DESKTOP_WITHOUT_SCRIPTS, JOURNEY, PHONE, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, choose, open_outcomes, open_record, refer

pytestmark = JOURNEY

ADMINISTRATOR, STANDARD = "admin@mpft.nhs.uk", "standard@mpft.nhs.uk"
RED = "This referral is rated Red. Say in your own words, too, why it is archived."
WHY, WORDS = "Why is the person leaving the register?", "Reason in your own words"
PLAN = "Weekly visits until spring.\nThe team telephones the family."


@pytest.mark.requirement("R-USE-008", "R-USE-009", "R-MEET-017")
async def test_the_plan_is_told_and_a_relapse_leads_to_the_archived_referral(browser: Browser, stack: Product) -> None:
    family_name = a_new_name()
    async with (
        window(browser, PHONE) as referrer,
        window(browser, DESKTOP_WITHOUT_SCRIPTS) as team,
        window(browser, DESKTOP) as later,
    ):
        await be_logged_in(referrer, stack, STANDARD)
        reference = await refer(referrer, stack, family_name, "Red")
        await be_logged_in(team, stack, ADMINISTRATOR)
        await when_an_outcome_is_recorded(team, stack, family_name)
        await then_the_referrer_is_mailed(stack, f"An outcome was recorded for referral {reference}")
        await open_record(referrer, stack, family_name)
        await then_the_plan_is_told(referrer)

        await when_it_is_archived(team, stack, family_name)
        await then_the_referrer_is_mailed(stack, f"Referral {reference} has been archived")

        await be_logged_in(later, stack, ADMINISTRATOR)
        again = await refer(later, stack, family_name, "Amber")
        await open_record(later, stack, family_name)
        await later.get_by_role("link", name=reference).click()
        await expect(later.get_by_text("Moved out of the area").first).to_be_visible()
        await expect(later.get_by_role("link", name=again)).to_be_visible()
        await then_everybody_can_use_it(later, "archived and referred again")


async def when_an_outcome_is_recorded(page: Page, stack: Product, family_name: str) -> None:
    await open_outcomes(page, stack, family_name)
    await answer(page)
    await page.get_by_role("button", name="Save & Update").click()
    await expect(page.get_by_text("The outcome has been saved.")).to_be_visible()


async def answer(page: Page) -> None:
    await choose(page, "Has a C(E)TR been requested?", "No")
    await choose(page, "Has a LAEP been requested?", "No")
    await page.get_by_label("Notes", exact=True).fill("For the team alone.")
    await page.get_by_label("Plan From Meeting", exact=True).fill(PLAN)


async def then_the_referrer_is_mailed(stack: Product, subject: str) -> None:
    mail = await stack.mail_after(0, STANDARD, subject)
    assert "Weekly visits" not in mail.text


async def then_the_plan_is_told(page: Page) -> None:
    told = page.locator("section[aria-labelledby=last-outcome]")
    await expect(told).to_contain_text("Weekly visits until spring.")
    await expect(page.get_by_text("For the team alone.")).to_have_count(0)
    await then_everybody_can_use_it(page, "record with a told plan")


async def when_it_is_archived(page: Page, stack: Product, family_name: str) -> None:
    """Archive the red referral without scripts: the coded reason alone is not enough."""
    await open_outcomes(page, stack, family_name)
    await answer(page)
    await page.get_by_role("button", name="Save & Archive").click()
    await expect(page.get_by_text(RED)).to_be_visible()
    await choose(page, WHY, "Moved out of the area")
    await page.get_by_role("button", name="Yes – Archive").click()
    await expect(page.get_by_role("alert").get_by_role("listitem")).to_have_text(["Enter the reason in your own words"])
    await page.get_by_label(WORDS).fill("She lives with her aunt in Leeds.")
    await page.get_by_role("button", name="Yes – Archive").click()
    await expect(page.get_by_text("The outcome has been saved and the referral is archived.")).to_be_visible()
