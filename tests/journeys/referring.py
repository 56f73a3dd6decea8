"""Steps of adding a referral, for every journey that needs a record."""

import re
import secrets
import string

from playwright.async_api import Locator, Page, expect

from tests.journeys.coming_in import hand_of, session_in
from tests.journeys.product import Product
from tests.walking import Walker, a_referral


def a_new_name() -> str:
    """Return a family name that no other test of the run uses."""
    return "Quill" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))


async def open_new_referral(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/records/new?start")


async def fill_referral(page: Page, family_name: str, risk: str = "Amber") -> None:
    """Fill in the least that a referral needs."""
    await choose(page, "capacity to consent", "Yes")
    await choose(page, "Has the person consented", "Yes")
    await page.get_by_label("First Name*").fill("Robin")
    await page.get_by_label("Last Name*").fill(family_name)
    await fill_date(page, "Date of Birth", "7", "2", "2001")
    await page.get_by_label("Postcode").fill("ST5 0RG")
    await page.get_by_label("learning disability and/or Autism?*").select_option(label="Autism")
    await page.get_by_label("Ethnicity*").select_option(label="Not stated")
    await page.get_by_label("Locality*").select_option(label="South Staffordshire")
    await page.get_by_label("Name of lead professional*").fill("Lee Lead")
    await choose(page, "Level of risk", risk)


def question(page: Page, words: str) -> Locator:
    return page.get_by_role("group", name=re.compile(re.escape(words)))


async def choose(page: Page, words: str, answer: str) -> None:
    await question(page, words).get_by_label(answer, exact=True).check()


async def say_why(page: Page) -> None:
    """Say why the person leaves the register, on the page that asks whether to archive a referral."""
    await choose(page, "Why is the person leaving the register?", "Other")
    await page.get_by_label("Reason in your own words").fill("The person lives in another county now.")


async def fill_date(page: Page, words: str, day: str, month: str, year: str) -> None:
    for part, value in (("Day", day), ("Month", month), ("Year", year)):
        await question(page, words).get_by_label(part).fill(value)


async def refer(page: Page, stack: Product, family_name: str, risk: str = "Amber") -> str:
    """
    Add a referral as the logged-in user, open its receipt in the window, and return the reference.

    The form is sent over HTTP, because filling it in takes seconds. Use `fill_referral` where the form itself matters.
    """
    async with hand_of(stack, await session_in(page)) as hand:
        receipt = await refer_by_hand(hand, family_name, risk)
    await page.goto(f"{stack.base_url}{receipt}")
    return await reference_on(page)


async def refer_by_hand(hand: Walker, family_name: str, risk: str = "Amber") -> str:
    """Add a referral without a window, and return the address of the receipt."""
    return await hand.go_on(hand.at("records/new"), await hand.new_form() | typed_referral(family_name, risk))


def typed_referral(family_name: str, risk: str = "Amber") -> dict[str, str]:
    """Return the fields that `fill_referral` fills in."""
    return a_referral(
        first_name="Robin",
        last_name=family_name,
        postcode="ST5 0RG",
        ethnicity="Z",
        lead_professional="Lee Lead",
        risk_level=risk.lower(),
    )


async def reference_on(page: Page) -> str:
    shown = await page.locator(".nhsuk-panel__body").inner_text()
    found = re.search(r"DSR-[0-9A-Z]{4}-[0-9A-Z]{4}", shown)
    assert found is not None, shown
    return found[0]


async def search(page: Page, stack: Product, name: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/records/")
    await page.get_by_label("Search:").fill(name)
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.get_by_role("button", name="Search").click()


async def open_record(page: Page, stack: Product, family_name: str) -> None:
    await _open_from_list(page, stack, f"View Robin {family_name}")
    await expect(page.locator(".ics-identity__name")).to_contain_text(family_name)


async def open_form(page: Page, stack: Product, family_name: str) -> None:
    """Open the form of a record, by way of the page to read."""
    await open_record(page, stack, family_name)
    await go_to_form(page)


async def go_to_form(page: Page) -> None:
    """Follow the link from the page to read a record to its form."""
    await page.get_by_role("link", name="Change", exact=True).click()
    await expect(page.locator("#record-form")).to_be_visible()


async def open_outcomes(page: Page, stack: Product, family_name: str) -> None:
    await _open_from_list(page, stack, f"Outcomes Robin {family_name}")


async def _open_from_list(page: Page, stack: Product, link: str) -> None:
    """Open the page that a link of the list leads to. The list is searched over HTTP, which is quicker."""
    async with hand_of(stack, await session_in(page)) as hand:
        await hand.list_records()
        found = await hand.search(link.rpartition(" ")[2])
    await page.goto(f"{stack.base_url}{found.link(link)}")
