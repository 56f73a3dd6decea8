"""Journeys of one referral over time: young people, reviews, the text for the case record, and reversals."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import (
    a_new_name,
    choose,
    fill_date,
    fill_referral,
    go_to_form,
    open_form,
    open_new_referral,
    open_outcomes,
    open_record,
    question,
    refer,
    say_why,
)

pytestmark = JOURNEY

FIRST, SECOND = "admin@mpft.nhs.uk", "admin@combined.nhs.uk"
REASON = "The wrong person was archived.\nThey have the same name."


# --------------------------------------------------------------------------------------------------------- the referral
@pytest.mark.requirement("R-FLOW-007", "R-DSR-071")
async def test_for_a_young_person_who_is_not_competent_a_parent_consents(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, FIRST)
        await open_new_referral(page, stack)
        await fill_referral(page, a_new_name())
        await choose(page, "capacity to consent", "No")
        await choose(page, "Is the person under 16?", "Yes")
        await expect(question(page, "Has a best interest decision been made?")).to_be_hidden()
        await choose(page, "Has someone with parental responsibility consented?", "Yes")
        await when_i_press(page, "Add Referral")
        await then_the_problem_is(page, re.compile("From 16 it is the person's own consent"))
        await expect(page.get_by_label("First Name*")).to_have_value("Robin")

        await fill_date(page, "Date of Birth", "7", "2", "2013")
        await when_i_press(page, "Add Referral")
        await expect(page.get_by_role("heading", level=1)).to_have_text("The referral has been added")


@pytest.mark.requirement("R-FLOW-004")
async def test_a_rating_that_departs_from_the_tool_asks_for_its_reason(browser: Browser, stack: Product) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, FIRST)
        await open_new_referral(page, stack)
        await fill_referral(page, name)
        reason = page.get_by_label("Why does clinical judgement depart from the tool?*")
        await expect(reason).to_be_hidden()
        await choose(page, "Has the DSD Clinical Support Tool been completed", "Yes")
        await choose(page, "Is this rating different", "Yes")
        await expect(reason).to_be_visible()
        await when_i_press(page, "Add Referral")
        await then_the_problem_is(page, "Say why clinical judgement departs from the tool")

        await page.get_by_role("button", name="Clear answer Is this rating different").click()
        await expect(reason).to_be_hidden()
        await expect(question(page, "Is this rating different").get_by_label("Yes")).to_be_focused()
        await when_i_press(page, "Add Referral")
        await expect(page.get_by_role("heading", level=1)).to_have_text("The referral has been added")
        await open_form(page, stack, name)
        tool = page.get_by_role("button", name="Clear answer Has the DSD Clinical Support Tool")
        await tool.focus()
        await page.keyboard.press("Enter")
        await expect(tool).to_be_hidden()
        await when_i_press(page, "Update Record")
        await page.get_by_role("tab", name="History (1)").click()
        await expect(page.locator("#history")).to_contain_text("Answer removed")


# ----------------------------------------------------------------------------------------------------- reviews and text
async def test_a_rating_that_stands_is_reviewed_and_the_history_and_the_line_say_so(
    browser: Browser, stack: Product
) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = await given_a_referral_of_my_own(page, stack)
        await open_record(page, stack, family_name)
        await page.get_by_role("button", name="Reviewed, no change").dblclick()

        await expect(page.get_by_text("The review has been recorded.")).to_be_visible()
        await expect(page.get_by_text(re.compile("Rating over time: Amber since "))).to_be_visible()
        await page.get_by_role("tab", name="History (1)").click()
        await expect(page.get_by_text("Reviewed, no change, by Gail Thomas")).to_be_visible()


async def test_who_typed_something_and_presses_reviewed_loses_nothing(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = await given_a_referral_of_my_own(page, stack)
        await open_form(page, stack, family_name)
        await page.get_by_label("Latest Update for DSR Meeting").fill("Moved house.")
        await when_i_press(page, "Reviewed, no change")

        await then_the_problem_is(page, re.compile("You have changed something in the form"))
        await expect(page.get_by_label("Latest Update for DSR Meeting")).to_have_value("Moved house.")
        await when_i_press(page, "Update Record")
        await expect(page.get_by_role("tab", name="History (1)")).to_be_visible()


async def test_the_text_for_the_case_record_is_copied_with_one_press(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = await given_a_referral_of_my_own(page, stack)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_role("link", name="Copy for case record").click()
        await when_i_press(page, "Copy")

        await expect(page.get_by_role("status")).to_have_text("Copied.")
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert re.search(r"Reference: DSR-[0-9A-Z]{4}-[0-9A-Z]{4}\n", copied)
        assert "Rating: Amber (Gail Thomas, " in copied
        assert family_name not in copied


# ---------------------------------------------------------------------------------------------------------- reversals
@pytest.mark.requirement("R-DSR-147")
async def test_what_was_archived_in_error_is_put_back_by_a_second(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as first, window(browser, DESKTOP) as second:
        await be_logged_in(second, stack, SECOND)
        family_name = a_new_name()
        reference = await refer(second, stack, family_name)
        await be_logged_in(first, stack, FIRST)
        await when_i_archive(first, stack, family_name)

        await when_i_ask_for(first, stack, reference)
        await expect(first.get_by_text("A second administrator can decide now.")).to_be_visible()
        await expect(waiting(first, reference).get_by_role("button")).to_have_text(["Withdraw my request"])

        await second.goto(f"{stack.base_url}/dsr/administration/")
        await second.get_by_role("link", name="Archived in error").click()
        await expect(waiting(second, reference)).to_contain_text(f"Robin {family_name}")
        await expect(waiting(second, reference)).to_contain_text("The wrong person was archived.")
        await waiting(second, reference).get_by_role("button", name="Confirm – restore the referral").click()
        await expect(second.get_by_text("The referral is active again.")).to_be_visible()

        await open_record(second, stack, family_name)
        await second.get_by_role("tab", name="History (0)").click()
        await expect(second.get_by_text("Archived in error, restored by Amina Patel")).to_be_visible()
        await open_outcomes(second, stack, family_name)
        await second.get_by_role("tab", name="Outcomes (1)").click()
        await expect(second.get_by_text("Archived in error, reversed")).to_be_visible()
        await when_i_archive(second, stack, family_name)


# ------------------------------------------------------------------------------------------------------- accessibility
async def test_everybody_can_use_the_pages_of_a_record(page: Page, stack: Product) -> None:
    family_name = await given_a_referral_of_my_own(page, stack)
    await then_everybody_can_use_it(page, "receipt with text")
    await open_record(page, stack, family_name)
    for rating in ("Red", "Green"):
        await go_to_form(page)
        await choose(page, "Level of risk", rating)
        await when_i_press(page, "Update Record")
        await expect(page.get_by_text("The referral has been updated.")).to_be_visible()
    await when_i_press(page, "Reviewed, no change")
    await expect(page.get_by_text("The review has been recorded.")).to_be_visible()
    await page.get_by_text("Show as a table").click()
    await then_everybody_can_use_it(page, "rating over time")
    await page.get_by_role("link", name="Copy for case record").click()
    await then_everybody_can_use_it(page, "text for the case record")


async def test_everybody_can_use_the_page_of_reversals(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, FIRST)
    family_name = a_new_name()
    reference = await refer(page, stack, family_name)
    await when_i_ask_for(page, stack, "")
    await then_the_problem_is(page, "Enter the reference of the referral")
    await then_everybody_can_use_it(page, "reversals with problems")
    await when_i_ask_for(page, stack, reference)
    await then_the_problem_is(page, "The referral with this reference is not archived.")
    await when_i_archive(page, stack, family_name)
    await when_i_ask_for(page, stack, reference)
    await expect(page.get_by_text("A second administrator can decide now.")).to_be_visible()
    await then_everybody_can_use_it(page, "reversals")
    await waiting(page, reference).get_by_role("button", name="Withdraw my request").click()
    await expect(page.get_by_text("The referral stays archived.")).to_be_visible()


async def given_a_referral_of_my_own(page: Page, stack: Product) -> str:
    """Log in as an administrator, add a referral, and return the family name."""
    family_name = a_new_name()
    await be_logged_in(page, stack, FIRST)
    await refer(page, stack, family_name)
    return family_name


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def when_i_archive(page: Page, stack: Product, family_name: str) -> None:
    await open_outcomes(page, stack, family_name)
    await choose(page, "Has a C(E)TR been requested?", "No")
    await choose(page, "Has a LAEP been requested?", "No")
    await when_i_press(page, "Save & Archive")
    await say_why(page)
    await when_i_press(page, "Yes – Archive")
    await expect(page.get_by_text("The outcome has been saved and the referral is archived.")).to_be_visible()


async def when_i_ask_for(page: Page, stack: Product, reference: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/administration/reversals/")
    await page.get_by_label("Reference").fill(reference)
    await page.get_by_label("Why was archiving it an error?").fill(REASON)
    await when_i_press(page, "Ask a second administrator")


def waiting(page: Page, reference: str) -> Locator:
    return page.get_by_role("region", name=reference)


async def then_the_problem_is(page: Page, said: str | re.Pattern[str]) -> None:
    await expect(page.locator(".nhsuk-error-summary").get_by_role("listitem")).to_have_text([said])
