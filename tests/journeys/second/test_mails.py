"""Journeys through the state of mails about referrals, in a browser, with a mail relay that refuses."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.referring import a_new_name, refer
from tests.journeys.second.product import Second

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
ELSEWHERE = "admin@combined.nhs.uk"
TEAM = "dynamicsupportregister@mpft.nhs.uk"


async def test_a_mail_that_failed_shows_as_failed_and_is_sent_again(browser: Browser, second: Second) -> None:
    async with window(browser, DESKTOP) as page:
        reference = await given_a_referral_whose_mail_fails(page, second)
        await when_i_go_to_the_mails(page, second)
        await then_it_says(page, reference, "Failed", "The mail server answered 550.")

        await page.get_by_role("link", name="Show only emails not yet accepted").click()
        await page.get_by_role("button", name=f"Send again {reference}").dblclick()
        await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text("The email will be sent again.")
        await second.mail_after(0, TEAM, reference)

        await page.get_by_role("link", name="Show all emails").click()
        await then_it_says(page, reference, "Accepted", "by the mail server, ")
        assert 1 == len(await second.mail(TEAM, reference))


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_whose_mail_fails_reaches_the_administrators(browser: Browser, second: Second) -> None:
    async with window(browser, DESKTOP) as page:
        reference = await given_a_referral_whose_mail_fails(page, second, "Red")
        mail = await second.mail_after(0, ADMINISTRATOR, reference)
        await when_i_go_to_the_mails(page, second)

        await then_it_says(page, TEAM, "Failed")
        await then_it_says(page, ADMINISTRATOR, "Sent because another email was not delivered in time")
        assert f"URGENT: referral {reference}" == mail.subject
        assert [] == await second.mail(ELSEWHERE, reference)


async def test_everybody_can_use_the_page_of_mails(page: Page, second: Second) -> None:
    reference = await given_a_referral_whose_mail_fails(page, second)
    await page.goto(f"{second.base_url}/dsr/administration/")
    await then_everybody_can_use_it(page, "administration")
    await when_i_go_to_the_mails(page, second)
    await then_it_says(page, reference, "Failed")
    await then_everybody_can_use_it(page, "mails")
    await page.get_by_role("link", name="Show only emails not yet accepted").click()
    await page.get_by_role("button", name=f"Send again {reference}").click()
    await then_everybody_can_use_it(page, "mail sent again")


async def given_a_referral_whose_mail_fails(page: Page, second: Second, risk: str = "Green") -> str:
    """Log in as an administrator and add a referral whose mail the relay refuses. Return the reference."""
    await be_logged_in(page, second, ADMINISTRATOR)
    await second.refuses_next()
    return await refer(page, second, a_new_name(), risk)


async def when_i_go_to_the_mails(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/dsr/administration/")
    await page.get_by_role("link", name="Notification emails").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Notification emails")


async def then_it_says(page: Page, about: str, *said: str) -> None:
    """Wait until the row of the newest such mail contains these words."""
    row = row_of(page, about)
    for words in said:
        for _ in range(20):
            if words in await row.inner_text():
                break
            await page.wait_for_timeout(250)
            await page.reload()
        await expect(row).to_contain_text(words)


def row_of(page: Page, about: str) -> Locator:
    return page.locator("tbody tr").filter(has_text=about).first
