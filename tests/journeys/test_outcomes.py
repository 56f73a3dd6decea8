"""Journeys of recording the outcomes of a referral, up to archiving it."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, choose, open_outcomes, question, refer, say_why, search

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
CETR, LAEP = "Has a C(E)TR been requested?", "Has a LAEP been requested?"
HAPPENED, WHY_NOT, WHAT = "Did either meeting happen?", "Why did this not happen?", "What was the outcome?"
NOTES = "The family was there.\nThey agree with the plan."
IMPACTS = 5
ARCHIVED = re.compile(
    r"^\s*The outcome has been saved and the referral is archived\.\s+Reference DSR-[-\w]+\. Archived in error\?\s*$"
)


@pytest.mark.requirement("R-DSR-137", "R-DSR-138", "R-DSR-139", "R-DSR-140", "R-DSR-143")
async def test_an_administrator_records_outcomes_and_archives_the_referral(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = await given_a_referral_of_my_own(page, stack)
        await when_i_go_to_its_outcomes(page, stack, family_name)
        await then_the_page_is_about(page, f"Robin {family_name} - 07/02/2001 (ST5 0RG)")
        await then_the_tabs_are(page, "Home", "Outcomes (0)")

        await when_i_answer_with_two_nos(page)
        await when_i_press(page, "Save & Update")
        await then_i_am_told(page, "The outcome has been saved.")
        await then_the_tabs_are(page, "Home", "Outcomes (1)")
        await page.get_by_role("tab", name="Outcomes (1)").click()
        await expect(page.get_by_role("heading", name="Recorded by Gail Thomas")).to_be_visible()
        await page.get_by_role("tab", name="Home").click()

        await when_i_answer_with_two_nos(page)
        await when_i_press(page, "Save & Archive")
        await then_i_am_asked_whether_to_archive(page)
        await when_i_press(page, "No – Cancel")
        await then_what_i_typed_is_there(page)

        await when_i_press(page, "Save & Archive")
        await when_i_press(page, "Yes – Archive")
        await then_i_am_asked_why(page)
        await say_why(page)
        await page.get_by_role("button", name="Yes – Archive").dblclick()
        await then_i_am_told(page, ARCHIVED)
        await then_the_list_does_not_hold(page, stack, family_name)


@pytest.mark.requirement("R-DSR-130", "R-DSR-131", "R-DSR-132", "R-DSR-133")
async def test_each_question_comes_when_the_answers_before_it_call_for_it(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as page:
        family_name = await given_a_referral_of_my_own(page, stack)
        await when_i_go_to_its_outcomes(page, stack, family_name)
        happened, why_not, what = question(page, HAPPENED), page.get_by_label(WHY_NOT), page.get_by_label(WHAT)

        await when_i_answer_with_two_nos(page)
        await then_these_are_shown(happened, why_not, what, shown=[False, False, False])
        await choose(page, LAEP, "Yes")
        await then_these_are_shown(happened, why_not, what, shown=[True, False, False])
        await choose(page, HAPPENED, "No")
        await then_these_are_shown(happened, why_not, what, shown=[True, True, False])
        await choose(page, HAPPENED, "Yes")
        await then_these_are_shown(happened, why_not, what, shown=[True, False, True])
        await choose(page, LAEP, "No")
        await then_these_are_shown(happened, why_not, what, shown=[False, False, False])

        await archive(page)


async def test_everybody_can_use_every_page_of_outcomes(page: Page, stack: Product) -> None:
    family_name = await given_a_referral_of_my_own(page, stack)
    await when_i_go_to_its_outcomes(page, stack, family_name)
    await then_everybody_can_use_it(page, "outcomes")
    await when_i_press(page, "Save & Update")
    await expect(page.get_by_role("alert").get_by_role("listitem")).to_have_count(2)
    await then_everybody_can_use_it(page, "outcomes with problems")
    await when_i_answer_with_two_nos(page)
    await when_i_press(page, "Save & Update")
    await then_i_am_told(page, "The outcome has been saved.")
    await page.get_by_role("link", name="Outcomes (1)").or_(page.get_by_role("tab", name="Outcomes (1)")).click()
    await then_everybody_can_use_it(page, "outcomes so far")
    await page.get_by_role("link", name="Home").or_(page.get_by_role("tab", name="Home")).last.click()
    await when_i_answer_with_two_nos(page)
    await when_i_press(page, "Save & Archive")
    await then_i_am_asked_whether_to_archive(page)
    await then_everybody_can_use_it(page, "archive")
    await when_i_press(page, "Yes – Archive")
    await then_i_am_asked_why(page)
    await then_everybody_can_use_it(page, "archive with problems")
    await say_why(page)
    await when_i_press(page, "Yes – Archive")
    await then_i_am_told(page, ARCHIVED)
    await then_everybody_can_use_it(page, "archived list")
    await when_i_look_for_it_among_the_archived(page, family_name)
    await then_everybody_can_use_it(page, "archived referrals")
    await page.get_by_role("link", name=f"Robin {family_name}").click()
    await expect(page.get_by_text("by Gail Thomas").first).to_be_visible()
    await expect(page.get_by_text("The person lives in another county now.").first).to_be_visible()
    await then_everybody_can_use_it(page, "archived referral")


async def given_a_referral_of_my_own(page: Page, stack: Product) -> str:
    """Log in as an administrator, add a referral, and return the family name."""
    family_name = a_new_name()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await refer(page, stack, family_name)
    return family_name


async def when_i_go_to_its_outcomes(page: Page, stack: Product, family_name: str) -> None:
    await open_outcomes(page, stack, family_name)
    await page.wait_for_url(re.compile("/records/[0-9a-f]{32}/outcomes/$"))


async def when_i_answer_with_two_nos(page: Page) -> None:
    await choose(page, CETR, "No")
    await choose(page, LAEP, "No")
    await page.get_by_label("Notes", exact=True).fill(NOTES)


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def when_i_look_for_it_among_the_archived(page: Page, family_name: str) -> None:
    await page.get_by_role("link", name="Archived referrals").click()
    await page.get_by_label("Search:").fill(family_name)
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody")).to_contain_text("Other: The person lives in another county now.")


async def archive(page: Page) -> None:
    await when_i_press(page, "Save & Archive")
    await say_why(page)
    await when_i_press(page, "Yes – Archive")
    await then_i_am_told(page, ARCHIVED)


async def then_the_page_is_about(page: Page, whom: str) -> None:
    await expect(page.locator(".ics-identity__name")).to_have_text(whom)


async def then_the_tabs_are(page: Page, *labels: str) -> None:
    await expect(page.get_by_role("tab")).to_have_text(list(labels))


async def then_i_am_told(page: Page, said: str | re.Pattern[str]) -> None:
    await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text(said)


async def then_i_am_asked_whether_to_archive(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text("Archive this referral?")
    await expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(IMPACTS)


async def then_i_am_asked_why(page: Page) -> None:
    problems = page.get_by_role("alert").get_by_role("listitem")
    await expect(problems).to_have_text(["Choose why the person is leaving the register"])


async def then_what_i_typed_is_there(page: Page) -> None:
    await expect(page.get_by_label("Notes", exact=True)).to_have_value(NOTES)
    for asked in (CETR, LAEP):
        await expect(question(page, asked).get_by_label("No", exact=True)).to_be_checked()


async def then_these_are_shown(*asked: Locator, shown: list[bool]) -> None:
    for each, visible in zip(asked, shown, strict=True):
        await expect(each).to_be_visible(visible=visible)


async def then_the_list_does_not_hold(page: Page, stack: Product, family_name: str) -> None:
    await search(page, stack, family_name)
    await expect(page.get_by_text("No matching entries.")).to_be_visible()
    await expect(page.get_by_role("link", name=family_name)).to_have_count(0)
