"""A journey with an action: agreed by the team, followed up by its owner on a phone, and confirmed."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from deploy.runner.waiting import until
from shared.clock import london_today
from tests.journeys.browsing import DESKTOP, JOURNEY, PHONE, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, fill_date, open_record, refer

pytestmark = JOURNEY

STANDARD, ADMINISTRATOR = "standard@mpft.nhs.uk", "admin@mpft.nhs.uk"
TEXT, RESULT = "Ask housing whether the flat is free", "The flat is his from Monday"
MAILED_SECONDS = 20.0
LINK = re.compile(r"https?://\S+/dsr/actions/[0-9a-f]{32}/")


@pytest.mark.requirement("R-FLOW-017", "R-MEET-010", "R-MEET-011", "R-MEET-012", "R-MEET-013")
async def test_an_action_is_followed_up_until_the_team_confirms_it(browser: Browser, stack: Product) -> None:
    family_name, text = a_new_name(), f"{TEXT} for {a_new_name()}"
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        reference = await refer(page, stack, family_name)
        await when_i_add_an_action(page, stack, family_name, text)
        await when_i_say_that_the_family_was_told(page)
    address = await then_its_owner_is_mailed_by_reference(stack, reference, (family_name, text))

    async with window(browser, PHONE) as page:
        await be_logged_in(page, stack, STANDARD)
        await expect(page.get_by_text(re.compile(r"^Your open actions: \d+"))).to_be_visible()
        await then_everybody_can_use_it(page, "home with actions")
        await when_i_report_it_as_done(page, stack, address, family_name)

    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await when_i_look_at_it(page, stack, address)
        await when_i_confirm_it_from_the_list(page, stack, text)


async def when_i_add_an_action(page: Page, stack: Product, family_name: str, text: str) -> None:
    await open_record(page, stack, family_name)
    await then_everybody_can_use_it(page, "record with actions")
    await page.get_by_role("link", name="All actions, add an action").click()
    await page.get_by_role("button", name="Add action").click()
    await expect(page.locator(".nhsuk-error-summary")).to_contain_text("Enter what is to be done")
    await then_everybody_can_use_it(page, "action not added")
    await page.get_by_label("What is to be done").fill(text)
    due = london_today() + timedelta(days=14)
    await fill_date(page, "Due", str(due.day), str(due.month), str(due.year))
    options = await page.get_by_label("Colleague", exact=True).locator("option").all_inner_texts()
    owner = next(each for each in options if STANDARD in each)
    await page.get_by_label("Colleague", exact=True).select_option(owner)
    await page.get_by_role("button", name="Add action").dblclick()
    await then_i_am_told(page, "The action has been added.")
    await expect(page.get_by_role("row").filter(has_text=text)).to_have_count(1)


async def when_i_say_that_the_family_was_told(page: Page) -> None:
    await then_everybody_can_use_it(page, "actions of a record")
    await page.get_by_role("link", name="Say who was told of the plan").click()
    await then_everybody_can_use_it(page, "who was told")
    await page.get_by_label("The family or carers").check()
    await page.get_by_label("No", exact=True).check()
    await page.get_by_label("Why not?").fill("They asked us to wait")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The family or carers: not told. They asked us to wait")).to_be_visible()


async def then_its_owner_is_mailed_by_reference(stack: Product, reference: str, secrets: tuple[str, ...]) -> str:
    """Wait for the mail, and return the address in it. It names neither the person nor what is to be done."""
    found: list[str] = []

    async def it_is_there() -> bool:
        mails = [mail for mail in await stack.mail() if mail.to == STANDARD and reference in mail.text]
        found[:] = [mail.text for mail in mails if mail.subject == "An action has been given to you"]
        return bool(found)

    assert await until(it_is_there, seconds=MAILED_SECONDS, every=0.2)
    assert [] == [each for each in secrets if each in found[0]]
    link = LINK.search(found[0])
    assert link is not None
    return link[0].partition("/dsr/")[2]


async def when_i_report_it_as_done(page: Page, stack: Product, address: str, family_name: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/{address}")
    await expect(page.get_by_text(family_name)).to_have_count(0)  # the owner does not see the record
    await then_everybody_can_use_it(page, "action")
    await page.get_by_role("button", name="Report as done").click()
    await expect(page.locator(".nhsuk-error-summary")).to_contain_text("Enter what came of it")
    await then_everybody_can_use_it(page, "action not reported")
    await page.get_by_label("What came of it?").fill(RESULT)
    await page.get_by_label("Comment, or what was said").fill("They call back tomorrow")
    await page.get_by_label("Contact with the person who does it").select_option("By phone")
    await page.get_by_role("button", name="Add to the log").click()
    await then_i_am_told(page, "Added to the log.")
    await expect(page.get_by_label("What came of it?")).to_have_value(RESULT)
    await page.get_by_role("button", name="Report as done").click()
    await then_i_am_told(page, "Reported as done.")


async def when_i_look_at_it(page: Page, stack: Product, address: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/{address}")
    await expect(page.get_by_text(RESULT).first).to_be_visible()
    await then_everybody_can_use_it(page, "action to confirm")
    await page.get_by_label("Why is it returned?").fill("From which day?")
    await page.get_by_role("button", name="Return").click()
    await then_i_am_told(page, "The action has been returned.")
    await page.get_by_role("link", name="Change the due date or who does it").click()
    await then_everybody_can_use_it(page, "action to change")
    await page.get_by_role("link", name="Action", exact=True).click()
    await page.get_by_label("What came of it?").fill(RESULT)
    await page.get_by_role("button", name="Report as done").click()


async def when_i_confirm_it_from_the_list(page: Page, stack: Product, text: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/actions/")
    await then_everybody_can_use_it(page, "actions")
    await page.get_by_role("link", name=re.compile("^To confirm")).click()
    row = page.get_by_role("row").filter(has_text=text)
    await row.get_by_role("checkbox").check()
    await then_everybody_can_use_it(page, "actions to confirm")
    await page.get_by_role("button", name="Confirm the ticked actions").dblclick()
    await then_i_am_told(page, "The actions have been confirmed and closed.")
    await expect(row).to_have_count(0)


async def then_i_am_told(page: Page, said: str) -> None:
    await expect(page.locator(".nhsuk-notification-banner__content")).to_contain_text(said)
