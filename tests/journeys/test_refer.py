"""Journeys of adding a referral: consent first, missing answers, the receipt, the team's mail, and who may see it."""

import re
import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, DESKTOP_WITHOUT_SCRIPTS, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import (
    a_new_name,
    choose,
    fill_referral,
    open_new_referral,
    question,
    refer,
    reference_on,
    search,
)
from tests.walking import a_referral, walker

pytestmark = JOURNEY

TEAM = "dynamicsupportregister@mpft.nhs.uk"
REFERRER, ANOTHER = "standard@mpft.nhs.uk", "calum.stronach@mpft.nhs.uk"
WITHOUT_CONSENT = "be responsive, dynamic, escalate concerns, consult, and seek advice from DSR representatives"
RED_TEXT = (
    "Where the lead professional has assessed the individual as at significant high risk and a crisis is imminent with "
    "a highly likely inpatient admission and/or",
    "Where there is discussions in relation to a planned admission to hospital.",
)


@pytest_asyncio.fixture
async def referrer(page: Page, stack: Product) -> Page:
    """The window of a logged-in referrer."""
    await be_logged_in(page, stack, REFERRER)
    return page


@pytest_asyncio.fixture
async def colleague(browser: Browser, stack: Product) -> AsyncIterator[Page]:
    """The window of another referrer of the same organisation."""
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, ANOTHER)
        yield page


@pytest.mark.requirement("R-DSR-072", "R-DSR-073", "R-DSR-074", "R-DSR-083", "R-DSR-086")
async def test_the_form_asks_for_consent_first_and_guides_on_the_rating(referrer: Page, stack: Product) -> None:
    await open_new_referral(referrer, stack)

    await expect(referrer.get_by_role("heading", level=1)).to_have_text("New Referral")
    await expect(referrer.get_by_role("tab")).to_have_text(["Referral", "History (0)", "Notes (0)"])
    sections = referrer.locator("#record h2")
    await expect(sections.nth(0)).to_have_text("Consent")
    await expect(sections.nth(1)).to_have_text("Details of the Individual")
    asked = question(referrer, "Does the person have capacity to consent to be added to the DSR Register?*")
    await expect(asked.get_by_role("radio")).to_have_count(2)
    justice = question(referrer, "is there any history with criminal justice?")
    await expect(justice.locator("label")).to_have_text(["yes", "no", "DON'T KNOW"])
    await referrer.get_by_text("Help and guidance about the risk levels").click()
    for text in RED_TEXT:
        await expect(referrer.get_by_text(text)).to_be_visible()


@pytest.mark.requirement("R-FLOW-010")
async def test_a_lead_professional_registers_and_completes_the_form(stack: Product) -> None:
    email, name = f"lead.{secrets.token_hex(4)}@mpft.nhs.uk", a_new_name()
    async with walker(stack.base_url) as lead:
        start = await lead.see("/dsr/")
        assert start.tree.select_one('a[href="/dsr/login/register/"]') is not None
        temporary = await lead.register_account("Lea", "Dean", email)
        await lead.log_in(email, temporary)
        await lead.change_password(temporary, "Sorrel-Canter-77")
        await lead.submit(await lead.new_form() | a_referral(last_name=name))

        assert name in (await lead.list_records()).html


@pytest.mark.requirement("R-DSR-085", "R-DSR-088")
async def test_guidance_on_the_rating_opens_beside_it_and_the_meeting_gets_its_update(
    referrer: Page, stack: Product
) -> None:
    await open_new_referral(referrer, stack)
    guidance = referrer.locator("details").filter(has_text="Help and guidance about the risk levels")

    await expect(guidance).not_to_have_attribute("open", "")
    await guidance.locator("summary").click()
    await expect(guidance).to_have_attribute("open", "")
    await expect(referrer.get_by_label("Latest Update for DSR Meeting")).to_be_editable()


@pytest.mark.requirement("R-DSR-075", "R-FLOW-007")
async def test_each_route_to_consent_asks_its_own_question(referrer: Page, stack: Product) -> None:
    await open_new_referral(referrer, stack)
    best_interest = question(referrer, "Has a best interest decision been made?")
    consented = question(referrer, "Has the person consented")

    await expect(best_interest).to_be_hidden()
    await choose(referrer, "capacity to consent", "No")
    await expect(best_interest).to_be_visible()
    await expect(consented).to_be_hidden()
    await choose(referrer, "capacity to consent", "Yes")
    await expect(best_interest).to_be_hidden()
    await expect(consented).to_be_visible()


@pytest.mark.requirement("R-DSR-091")
async def test_each_missing_answer_is_asked_for_at_its_question_and_nothing_typed_is_lost(
    referrer: Page, stack: Product
) -> None:
    await open_new_referral(referrer, stack)
    await fill_referral(referrer, family_name="")
    await referrer.get_by_label("Ethnicity*").select_option(label="Select Option")
    await referrer.get_by_role("button", name="Add Referral").click()

    summary = referrer.locator(".nhsuk-error-summary").get_by_role("link")
    await expect(summary).to_have_text(["Enter the person's last name", "Choose the person's ethnicity"])
    await expect(referrer.get_by_label("Last Name*")).to_have_accessible_description(
        re.compile("Enter the person's last name")
    )
    await expect(referrer.get_by_label("First Name*")).to_have_value("Robin")
    await expect(question(referrer, "Level of risk").get_by_label("Amber")).to_be_checked()
    assert (await referrer.title()).startswith("Error: ")


@pytest.mark.requirement("R-FLOW-019", "R-DSR-071")
async def test_without_consent_nothing_is_kept_and_the_page_says_what_the_team_must_do(
    referrer: Page, stack: Product
) -> None:
    name = a_new_name()
    await open_new_referral(referrer, stack)
    await fill_referral(referrer, name)
    await choose(referrer, "Has the person consented", "No")
    for _ in range(2):  # the second time on the page that asks whether this is right
        await referrer.get_by_role("button", name="Close without saving").click()

    await expect(referrer.get_by_role("heading", level=1)).to_have_text("This person cannot be added to the register")
    await expect(referrer.get_by_text("Nothing that you typed has been kept.")).to_be_visible()
    await expect(referrer.get_by_text(WITHOUT_CONSENT)).to_be_visible()
    await search(referrer, stack, name)
    await expect(referrer.get_by_text("No matching entries.")).to_be_visible()


async def test_who_goes_back_finds_every_answer_also_where_one_hangs_on_another(referrer: Page, stack: Product) -> None:
    await open_new_referral(referrer, stack)
    await fill_referral(referrer, a_new_name())
    await choose(referrer, "Has the person consented", "No")
    await referrer.get_by_role("button", name="Close without saving").click()
    await expect(referrer.get_by_role("button", name="Go back to the form")).to_be_visible()
    await referrer.go_back()

    consented = question(referrer, "Has the person consented")
    await expect(consented.get_by_label("No", exact=True)).to_be_checked()
    await expect(question(referrer, "Has a best interest decision been made?")).to_be_hidden()


@pytest.mark.requirement("R-DSR-097", "R-DSR-099", "R-FLOW-011")
async def test_a_red_referral_gives_a_receipt_and_the_team_is_told_urgently_without_a_name(
    referrer: Page, stack: Product
) -> None:
    name = a_new_name()
    reference = await refer(referrer, stack, name, "Red")

    await expect(referrer.get_by_text("an urgent Meeting by exception will be convened", exact=False)).to_be_visible()
    await expect(referrer.get_by_text("It is not watched at night", exact=False)).to_be_visible()
    mail = await stack.mail_after(0, TEAM, reference)
    assert "URGENT" in mail.subject
    assert reference in mail.text
    assert "/dsr/" in mail.text
    for secret in (name, "Robin", "2001", "ST5"):
        assert secret not in mail.subject + mail.text


@pytest.mark.requirement("R-DSR-007")
async def test_a_referrer_sees_their_own_referral_at_once_and_another_does_not(
    referrer: Page, colleague: Page, stack: Product
) -> None:
    name = a_new_name()
    await refer(referrer, stack, name)
    await referrer.get_by_role("link", name="View what you added").click()
    await expect(referrer.locator(".ics-identity__name")).to_contain_text(name)

    await search(colleague, stack, name)
    await expect(colleague.get_by_text("No matching entries.")).to_be_visible()
    answer = await colleague.goto(referrer.url)
    assert answer is not None
    assert 404 == answer.status


async def test_a_second_click_adds_nothing(referrer: Page, stack: Product) -> None:
    name = a_new_name()
    await open_new_referral(referrer, stack)
    await fill_referral(referrer, name)
    await referrer.evaluate(
        "document.querySelector('#record form').submit(), document.querySelector('#record form').submit()"
    )
    await expect(referrer.get_by_role("heading", level=1)).to_have_text("The referral has been added")

    await search(referrer, stack, name)
    await expect(referrer.locator("#results")).to_contain_text("Showing 1 to 1 of 1 entries")


@pytest.mark.requirement("R-DSR-110")
async def test_the_list_narrows_as_one_types(referrer: Page, stack: Product) -> None:
    name = a_new_name()
    await refer(referrer, stack, name)
    await referrer.goto(f"{stack.base_url}/dsr/records/")

    await referrer.get_by_label("Search:").press_sequentially(name[:8].lower())

    await expect(referrer.get_by_text("Showing 1 to 1 of 1 entries", exact=True).first).to_be_visible()
    await expect(referrer.get_by_role("rowheader")).to_have_text([re.compile(f"^NAME Robin {name}")])
    assert name.lower()[:8] not in referrer.url


@pytest.mark.requirement("R-DSR-101", "R-DSR-103", "R-DSR-104", "R-DSR-106", "R-DSR-108")
async def test_the_administrators_list_is_the_printed_one(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, "admin@mpft.nhs.uk")
    for typed in ("999 000 0018", "Plum, Percy", "percy plum"):
        await search(page, stack, typed)
        await expect(page.get_by_role("row").filter(has_text="Percy Plum")).to_have_count(1)

    await expect(page.get_by_role("columnheader")).to_have_text(
        ["NAME", "ORG", "LOCALITY", "RISK LEVEL", "DATE CREATED", "LAST UPDATED", "CREATED BY", "ACTIONS"]
    )
    row = page.get_by_role("row").filter(has_text="Percy Plum")
    for text in ("Midlands Partnership Foundation Trust (@mpft.nhs.uk)", "South Staffordshire", "Green"):
        await expect(row).to_contain_text(text)
    for text in ("17/06/2022", "14/07/2022", "Jenny Harris"):
        await expect(row).to_contain_text(text)
    await expect(row.get_by_role("link")).to_have_text(["Percy Plum", "View Percy Plum", "Outcomes Percy Plum"])
    await expect(page.get_by_label("Show")).to_have_value("10")
    await expect(page.get_by_text("Showing 1 to 1 of 1 entries", exact=True).first).to_be_visible()


@pytest.mark.requirement("R-DSR-100", "R-DSR-102", "R-DSR-105", "R-DSR-109")
async def test_the_list_goes_from_page_to_page_and_no_further(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, "admin@combined.nhs.uk")
    rows = page.get_by_role("row").filter(has=page.get_by_role("cell"))
    for name, rating in (("Gordon Green", "Amber"), ("Tony Tiger", "Green")):
        await search(page, stack, name)

        await expect(page.get_by_role("heading", level=1)).to_have_text("Referrals")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text(name)
        await expect(rows).to_contain_text(rating)
        await expect(rows.get_by_role("link")).to_have_text([name, re.compile("^View "), re.compile("^Outcomes ")])
        await expect(page.get_by_role("button", name="Previous")).to_be_disabled()
        await expect(page.get_by_role("button", name="Next")).to_be_disabled()


async def test_next_and_previous_lead_through_a_long_list(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, "admin@mpft.nhs.uk")
    await page.get_by_role("link", name="Referrals", exact=True).click()
    showing = page.locator("#results .ics-pagination__showing")
    await expect(showing).to_have_text(re.compile(r"^Showing 1 to 10 of \d+ entries$"))

    await page.get_by_role("button", name="Next").click()
    await expect(showing).to_have_text(re.compile(r"^Showing 11 to \d+ of \d+ entries$"))
    await page.get_by_role("button", name="Previous").click()
    await expect(showing).to_have_text(re.compile(r"^Showing 1 to 10 of \d+ entries$"))


@pytest.mark.requirement("R-DSR-089", "R-DSR-096")
async def test_it_all_works_without_scripts(browser: Browser, stack: Product) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP_WITHOUT_SCRIPTS) as page:
        await be_logged_in(page, stack, REFERRER)
        await open_new_referral(page, stack)
        await fill_referral(page, name)
        await page.get_by_role("button", name="Add Referral").click()
        assert await reference_on(page)
        await search(page, stack, name)
        await expect(page.get_by_text("Showing 1 to 1 of 1 entries")).to_be_visible()


async def test_nothing_keeps_anybody_out(page: Page, stack: Product) -> None:
    await be_logged_in(page, stack, REFERRER)
    await open_new_referral(page, stack)
    await then_everybody_can_use_it(page, "new referral")
    await page.get_by_role("button", name="Add Referral").click()
    await then_everybody_can_use_it(page, "new referral with problems")
    await refer(page, stack, a_new_name(), "Red")
    await then_everybody_can_use_it(page, "receipt")
    await page.goto(f"{stack.base_url}/dsr/records/")
    await then_everybody_can_use_it(page, "list")
    await search(page, stack, "nobody by this name")
    await then_everybody_can_use_it(page, "empty list")
