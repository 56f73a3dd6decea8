"""What became of mails about referrals, in a real browser before the whole product, with a mail relay that refuses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, WITH_AND_WITHOUT_SCRIPTS, Screen, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Mail, Product, product
from tests.journeys.referring import a_new_name, refer
from tests.services.notifier.scripted_server import ScriptedServer

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
ELSEWHERE = "admin@combined.nhs.uk"
TEAM = "dynamicsupportregister@mpft.nhs.uk"
FULL = "550 5.2.2 mailbox full"


@dataclass
class Relayed(Product):
    """The product, whose mail goes to a relay that can be told to refuse."""

    relay: ScriptedServer | None = None

    async def mail(self, to: str = "") -> list[Mail]:
        taken = self.relay.taken if self.relay else []
        mails = [Mail(", ".join(each.recipients), str(each.message["Subject"]), each.text, "") for each in taken]
        return [each for each in reversed(mails) if not to or to in each.to]

    def refuses_next(self) -> None:
        if self.relay:
            self.relay.will_answer("RCPT", FULL)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relayed(quick_folder: Path) -> AsyncIterator[Relayed]:
    relay = ScriptedServer()
    await relay.start()
    settings = {"ICS_SMTP_HOST": "127.0.0.1", "ICS_SMTP_PORT": str(relay.port)}
    async with product(quick_folder / "relayed", "--demo", **settings) as running:
        yield Relayed(**vars(running), relay=relay)
    await relay.stop()


async def test_a_mail_that_failed_shows_as_failed_and_is_sent_again(browser: Browser, relayed: Relayed) -> None:
    async with window(browser, DESKTOP) as page:
        reference = await given_a_referral_whose_mail_fails(page, relayed)
        await when_i_go_to_the_mails(page, relayed)
        await then_it_says(page, reference, "Failed", "The mail relay answered 550.")

        await page.get_by_role("link", name="Show only mails that the relay has not accepted").click()
        await page.get_by_role("button", name=f"Send again {reference}").dblclick()
        await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text("The mail will be sent again.")
        await relayed.mail_after(0, TEAM)

        await page.get_by_role("link", name="Show all mails").click()
        await then_it_says(page, reference, "Accepted", "by the mail relay, ")
        assert 1 == len([mail for mail in await relayed.mail(TEAM) if reference in mail.text])


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_whose_mail_fails_reaches_the_administrators(browser: Browser, relayed: Relayed) -> None:
    earlier = len(await relayed.mail(ADMINISTRATOR))
    async with window(browser, DESKTOP) as page:
        reference = await given_a_referral_whose_mail_fails(page, relayed, "Red")
        while reference not in (mail := await relayed.mail_after(earlier, ADMINISTRATOR)).text:
            earlier += 1  # a PIN came between
        await when_i_go_to_the_mails(page, relayed)

        await then_it_says(page, TEAM, "Failed")
        await then_it_says(page, ADMINISTRATOR, "In place of a mail that was not delivered in time")
        assert f"URGENT: referral {reference}" == mail.subject
        assert [] == [mail for mail in await relayed.mail(ELSEWHERE) if reference in mail.text]


@pytest.mark.parametrize("screen", WITH_AND_WITHOUT_SCRIPTS, ids=str)
async def test_everybody_can_use_the_page_of_mails(browser: Browser, relayed: Relayed, screen: Screen) -> None:
    async with window(browser, screen) as page:
        reference = await given_a_referral_whose_mail_fails(page, relayed)
        await page.goto(f"{relayed.base_url}/dsr/administration/")
        await then_everybody_can_use_it(page, "administration", screen)
        await when_i_go_to_the_mails(page, relayed)
        await then_it_says(page, reference, "Failed")
        await then_everybody_can_use_it(page, "mails", screen)
        await page.get_by_role("link", name="Show only mails that the relay has not accepted").click()
        await page.get_by_role("button", name=f"Send again {reference}").click()
        await then_everybody_can_use_it(page, "mail sent again", screen)


async def given_a_referral_whose_mail_fails(page: Page, relayed: Relayed, risk: str = "Green") -> str:
    """Comes in as an administrator and refers somebody; gives the reference."""
    await be_logged_in(page, relayed, ADMINISTRATOR)
    relayed.refuses_next()
    return await refer(page, relayed, a_new_name(), risk)


async def when_i_go_to_the_mails(page: Page, relayed: Relayed) -> None:
    await page.goto(f"{relayed.base_url}/dsr/administration/")
    await page.get_by_role("link", name="See what became of mails about referrals").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mails about referrals")


async def then_it_says(page: Page, about: str, *said: str) -> None:
    """The newest mail's row says so, at once or after the mail has gone out."""
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
