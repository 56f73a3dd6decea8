"""Journeys in which nothing typed is lost: drafts, the time-out warning, and forms sent after a session has ended."""

import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gateway.security.cookies import SESSION
from services.identity.keys import hash_of
from tests.failure.breaking import administrator
from tests.inside import Inside
from tests.journeys.browsing import DESKTOP, JOURNEY, WITH_AND_WITHOUT_SCRIPTS, Screen, window
from tests.journeys.coming_in import be_logged_in, bring_session, new_session, session_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import (
    a_new_name,
    choose,
    fill_referral,
    open_form,
    open_new_referral,
    open_outcomes,
    refer,
)

pytestmark = JOURNEY

REFERRER, ADMINISTRATOR = "standard@mpft.nhs.uk", "admin@mpft.nhs.uk"
COLLEAGUE = "admin@combined.nhs.uk"
ENDED = "DELETE FROM identity.session WHERE token_hash = $1"
USED = "UPDATE identity.session SET seen_at = clock_timestamp() - make_interval(secs => $2) WHERE token_hash = $1"
SAVED = re.compile(r"^Draft saved at \d\d:\d\d$")
UPDATE = "Latest Update for DSR Meeting"
KEEP_LOOKING = "setInterval(() => window.dispatchEvent(new Event('focus')), 1100)"  # the gateway keeps a session 5 s
SECONDS_BEFORE_WARNING = 13 * 60


@pytest.mark.requirement("R-DSR-057")
async def test_a_time_out_is_announced_and_what_was_typed_comes_back_as_a_draft(
    browser: Browser, stack: Product
) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as page:
        await given_i_came_in_for_this_alone(page, stack, REFERRER)
        await page.clock.install()
        await open_new_referral(page, stack)
        await when_i_type(page, name)
        await then_a_draft_is_saved(page)

        await when_i_do_nothing_for(page, stack, seconds=SECONDS_BEFORE_WARNING + 10)
        await then_i_am_warned(page)
        await page.get_by_role("button", name="Stay logged in").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_label("Last Name*")).to_have_value(name)

        await when_i_do_nothing_for(page, stack, seconds=16 * 60)
        await page.wait_for_url(re.compile(r"/login/\?notice=timeout$"))
        await expect(page.get_by_text("What you typed was kept.")).to_be_visible()

    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, REFERRER)
        await page.get_by_role("link", name=f"Continue Robin {name}").click()
        await then_the_page_is_about(page, f"Robin {name}")
        await fill_referral(page, name)
        await page.get_by_role("button", name="Add Referral").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("The referral has been added")
        await then_nothing_is_offered(page, stack, name)


@pytest.mark.requirement("R-DSR-057")
async def test_two_tabs_with_one_draft_never_overwrite_each_other(browser: Browser, stack: Product) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as one:
        await be_logged_in(one, stack, REFERRER)
        await open_new_referral(one, stack)
        await when_i_type(one, name)
        await then_a_draft_is_saved(one)
        other, third = [await given_the_draft_is_open_in_another_tab(one, stack, name) for _ in range(2)]
        await one.get_by_label(UPDATE).fill("Three sentences.")
        await then_it_is_saved_again(one)

        await other.get_by_label("Name of GP").fill("Dr Okafor")
        await expect(other.locator("#draft-status")).to_contain_text("changed in another tab", timeout=10_000)
        await then_everybody_can_use_it(other, "draft changed elsewhere")
        await expect(other.get_by_label("Name of GP")).to_have_value("Dr Okafor")
        async with other.expect_popup() as opened:
            await other.get_by_role("link", name="Open the newer draft").click()
        newer = await opened.value
        await expect(newer.get_by_label(UPDATE)).to_have_value("Three sentences.")

        await fill_referral(newer, name)
        await newer.get_by_role("button", name="Add Referral").click()
        await expect(newer.get_by_role("heading", level=1)).to_have_text("The referral has been added")
        await third.get_by_label("Name of GP").fill("Dr Okafor")
        await expect(third.locator("#draft-status")).to_contain_text("has been added", timeout=10_000)
        async with third.expect_popup() as opened:
            await third.get_by_role("link", name="View the referral").click()
        await then_the_record_is_of(await opened.value, name)
        await expect(third.get_by_label("Name of GP")).to_have_value("Dr Okafor")


@pytest.mark.requirement("R-DSR-057")
async def test_what_no_draft_holds_stays_under_a_cover_until_its_owner_is_back(
    browser: Browser, stack: Product
) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as page:
        await given_i_came_in_for_this_alone(page, stack, REFERRER)
        await refer(page, stack, name)
        await open_form(page, stack, name)
        await page.clock.install()
        await page.reload()
        await page.get_by_label(UPDATE).fill("Typed before the time-out.")

        await when_i_do_nothing_for(page, stack, seconds=16 * 60)
        await expect(page.get_by_role("dialog", name="You have been logged out")).to_be_visible()
        await expect(page.locator("main")).to_be_hidden()
        await then_everybody_can_use_it(page, "time-out cover")
        await page.get_by_role("button", name="I have logged in again").click()
        await expect(page.get_by_text("You are not logged in yet.")).to_be_visible()

        await given_i_am_back_in_another_tab(page, stack, REFERRER)
        await page.get_by_role("button", name="I have logged in again").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_role("button", name="Update Record").click()
        await expect(page.get_by_text("The referral has been updated.")).to_be_visible()
        await expect(page.locator(".ics-read").first).to_contain_text("Typed before the time-out.")


async def test_who_types_on_after_the_session_has_ended_is_told_at_once(browser: Browser, stack: Product) -> None:
    name = a_new_name()
    # Not `window`, which would fail the test: the browser reports the refused save as an error.
    context = await browser.new_context()
    page = await context.new_page()
    await be_logged_in(page, stack, REFERRER)
    await open_new_referral(page, stack)
    await given_the_next_answer_is_cut_off(page)
    await when_i_type(page, name)
    await expect(page.locator("#draft-status")).to_have_text(
        re.compile("^The draft could not be saved"), timeout=10_000
    )
    await given_the_session_has_ended(page)
    await when_i_type(page, name)

    await expect(page.get_by_role("dialog", name="You have been logged out")).to_be_visible(timeout=10_000)
    await given_i_am_back_in_another_tab(page, stack, REFERRER)
    await page.get_by_role("button", name="I have logged in again").click()
    await then_a_draft_is_saved(page)
    await page.goto(f"{stack.base_url}/dsr/home/")
    await expect(page.get_by_role("link", name=f"Continue Robin {name}")).to_be_visible()
    await context.close()


@pytest.mark.requirement("R-DSR-057")
async def test_a_log_out_in_one_tab_hides_every_person_in_the_others(browser: Browser, stack: Product) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as only_read:
        await given_i_came_in_for_this_alone(only_read, stack, REFERRER)
        await refer(only_read, stack, name)
        await open_form(only_read, stack, name)
        typed_in, third = [await given_another_tab_at(only_read, only_read.url) for _ in range(2)]
        await only_read.goto(only_read.url.removesuffix("change/"))
        await typed_in.get_by_label(UPDATE).fill("Typed before the log-out.")

        await third.get_by_role("button", name="Logout").click()
        await only_read.wait_for_url(re.compile(r"/login/\?notice=ended$"))
        await then_nobody_can_be_read(typed_in, name)

        await given_i_came_in_for_this_alone(third, stack, REFERRER)
        await typed_in.get_by_role("button", name="I have logged in again").click()
        await expect(typed_in.get_by_label(UPDATE)).to_have_value("Typed before the log-out.")
        await only_read.goto(typed_in.url)
        await when_the_session_is_ended_from_elsewhere(third, stack)
        for tab in (only_read, typed_in):
            await tab.evaluate(KEEP_LOOKING)
        await only_read.wait_for_url(re.compile(r"/login/\?notice=ended$"))
        await then_nobody_can_be_read(typed_in, name)


@pytest.mark.parametrize("screen", WITH_AND_WITHOUT_SCRIPTS, ids=str)
async def test_forms_that_are_sent_after_the_session_has_ended_are_sent_again(
    browser: Browser, stack: Product, screen: Screen
) -> None:
    name = a_new_name()
    async with window(browser, screen) as page:
        await given_i_came_in_for_this_alone(page, stack, ADMINISTRATOR)
        await given_a_change_that_was_sent_too_late(page, stack, name, "Typed before.")
        await given_i_am_back_in_another_tab(page, stack, ADMINISTRATOR)
        await when_i_send_it_again(page, screen)
        await expect(page.get_by_text("The referral has been updated.")).to_be_visible()

        await open_outcomes(page, stack, name)
        await choose(page, "Has a C(E)TR been requested?", "No")
        await choose(page, "Has a LAEP been requested?", "No")
        await given_the_session_has_ended(page)
        await page.get_by_role("button", name="Save & Update").click()
        await then_what_i_sent_is_kept(page)
        await given_i_am_back_in_another_tab(page, stack, ADMINISTRATOR)
        await when_i_send_it_again(page, screen)
        await expect(page.get_by_text("The outcome has been saved.")).to_be_visible()


async def test_a_colleague_at_the_computer_neither_sends_nor_sees_what_stood_open(page: Page, stack: Product) -> None:
    name = a_new_name()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await given_a_change_that_was_sent_too_late(page, stack, name, "Typed by the first.")
    await then_everybody_can_use_it(page, "session ended")
    await given_a_colleague_is_in_another_tab(page, stack, COLLEAGUE)

    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("This was typed by someone else")
    await expect(page.get_by_text("It was not saved, and it is not shown to you.")).to_be_visible()
    assert "Typed by the first." not in await page.content()
    await then_everybody_can_use_it(page, "typed by someone else")
    await be_logged_in(page, stack, ADMINISTRATOR)
    await open_form(page, stack, name)
    await expect(page.get_by_label(UPDATE)).not_to_have_value("Typed by the first.")


@pytest.mark.requirement("R-FLOW-019")
async def test_refusing_consent_is_said_at_once_and_deletes_the_draft_after_one_question(
    browser: Browser, stack: Product
) -> None:
    name = a_new_name()
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, stack, REFERRER)
        await open_new_referral(page, stack)
        await when_i_type(page, name)
        await then_a_draft_is_saved(page)
        await choose(page, "capacity to consent", "Yes")
        await choose(page, "Has the person consented", "No")
        await expect(page.get_by_role("heading", name="This person cannot be added to the register")).to_be_visible()
        await expect(page.get_by_role("button", name="Add Referral")).to_be_hidden()
        await page.get_by_role("button", name="Close without saving").click()
        await then_everybody_can_use_it(page, "close without saving")

        await page.get_by_role("button", name="Go back to the form").click()
        await expect(page.get_by_label("Last Name*")).to_have_value(name)
        await then_everybody_can_use_it(page, "consent refused")
        for _ in range(2):
            await page.get_by_role("button", name="Close without saving").click()
        await then_nothing_is_offered(page, stack, name)


async def test_a_note_and_the_record_do_not_cost_each_other_what_was_typed(page: Page, stack: Product) -> None:
    name = a_new_name()
    await be_logged_in(page, stack, REFERRER)
    await refer(page, stack, name)
    await open_form(page, stack, name)
    await page.get_by_label(UPDATE).fill("Not saved yet.")
    await page.get_by_role("tab", name="Notes (0)").click()
    await page.get_by_label("New note").fill("Spoke to the family.")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.get_by_text("The note has been added.")).to_be_visible()
    await page.get_by_role("tab", name="Referral", exact=True).click()
    await expect(page.get_by_label(UPDATE)).to_have_value("Not saved yet.")

    await page.get_by_role("tab", name="Notes (1)").click()
    await page.get_by_label("New note").fill("Not added yet.")
    await page.get_by_role("tab", name="Referral", exact=True).click()
    await page.get_by_role("button", name="Update Record").click()
    await expect(page.get_by_text("The referral has been updated.")).to_be_visible()
    await page.get_by_role("tab", name="Notes (1)").click()
    await expect(page.get_by_label("New note")).to_have_value("Not added yet.")


async def test_everybody_can_use_every_page_of_drafts(page: Page, stack: Product) -> None:
    name = a_new_name()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await open_new_referral(page, stack)
    await page.get_by_label("First Name*").fill("Robin")
    await page.get_by_label("Last Name*").fill(name)
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_text("What you typed is saved as a draft.")).to_be_visible()
    await then_the_page_is_about(page, f"Robin {name}")
    await then_everybody_can_use_it(page, "draft")
    for look, path in {"drafts on home/": "home/", "drafts on records/new": "records/new"}.items():
        await page.goto(f"{stack.base_url}/dsr/{path}")
        await then_everybody_can_use_it(page, look)
    await page.get_by_role("link", name=f"Discard Robin {name}").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Discard this draft?")
    await then_everybody_can_use_it(page, "discard draft")
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_text("The draft has been discarded.")).to_be_visible()
    await then_nothing_is_offered(page, stack, name)


# --------------------------------------------------------------------------------------------------------------- steps
async def given_i_came_in_for_this_alone(page: Page, stack: Product, email: str) -> None:
    """Log in with a separate session, which the test may end."""
    await bring_session(page, stack, await new_session(stack, email))


async def given_a_change_that_was_sent_too_late(page: Page, stack: Product, name: str, typed: str) -> None:
    """Add a referral, type into its record, and send the form after the session has ended."""
    await refer(page, stack, name)
    await open_form(page, stack, name)
    await page.get_by_label(UPDATE).fill(typed)
    await given_the_session_has_ended(page)
    await page.get_by_role("button", name="Update Record").click()
    await then_what_i_sent_is_kept(page)


async def given_the_session_has_ended(page: Page) -> None:
    """Delete the session cookie, as if the session had ended in another window."""
    await page.context.clear_cookies(name=SESSION)


async def given_the_next_answer_is_cut_off(page: Page) -> None:
    """Let the connection fail in the middle of the answer to the next save of a draft."""

    async def cut_off(route: Route) -> None:
        await route.fulfill(content_type="application/json", body="{")  # codespell:ignore fulfill

    await page.route("**/records/new/draft", cut_off, times=1)


async def given_i_am_back_in_another_tab(page: Page, stack: Product, email: str) -> None:
    other = await page.context.new_page()
    await be_logged_in(other, stack, email)
    await other.close()


async def given_another_tab_at(page: Page, address: str) -> Page:
    other = await page.context.new_page()
    await other.goto(address)
    return other


async def when_the_session_is_ended_from_elsewhere(page: Page, stack: Product) -> None:
    """End the session on the server alone, as when an administrator changes the user's role."""
    async with administrator(Inside.of(stack)) as db:
        await db.execute(ENDED, hash_of(await session_in(page)))


async def given_a_colleague_is_in_another_tab(page: Page, stack: Product, email: str) -> None:
    await given_i_am_back_in_another_tab(page, stack, email)


async def given_the_draft_is_open_in_another_tab(page: Page, stack: Product, family_name: str) -> Page:
    other = await page.context.new_page()
    await other.goto(f"{stack.base_url}/dsr/home/")
    await other.get_by_role("link", name=f"Continue Robin {family_name}").click()
    await then_the_page_is_about(other, f"Robin {family_name}")
    return other


async def when_i_type(page: Page, family_name: str) -> None:
    await page.get_by_label("First Name*").fill("Robin")
    await page.get_by_label("Last Name*").fill(family_name)


async def when_i_do_nothing_for(page: Page, stack: Product, seconds: int) -> None:
    """Let this many seconds pass, both for the session in the database and for the page's clock."""
    cookies = await page.context.cookies()
    token = next(cookie.get("value", "") for cookie in cookies if cookie.get("name") == SESSION)
    async with administrator(Inside.of(stack)) as db:
        await db.execute(USED, hash_of(token), seconds)
    await page.clock.fast_forward(seconds * 1000)


async def when_i_send_it_again(page: Page, screen: Screen) -> None:
    """Press the button to send again. Without scripts a second press is needed: the first fetches a new token."""
    await page.get_by_role("button", name="Send again").click()
    if not screen.scripts:
        await expect(page.get_by_role("heading", level=1)).to_have_text("This page was open for too long")
        await page.get_by_role("button", name="Send again").click()


async def then_a_draft_is_saved(page: Page) -> None:
    await expect(page.locator("#draft-status")).to_have_text(SAVED, timeout=10_000)


async def then_it_is_saved_again(page: Page) -> None:
    async with page.expect_response(re.compile(r"/records/new/draft$"), timeout=10_000) as saved:
        pass
    assert (await (await saved.value).json())["is_saved"]


async def then_the_record_is_of(page: Page, family_name: str) -> None:
    await expect(page.locator(".ics-identity__name")).to_contain_text(family_name)


async def then_nobody_can_be_read(page: Page, family_name: str) -> None:
    """Check that the cover hides the page from the eye, from screen readers and from paper."""
    await expect(page.get_by_role("dialog", name="You have been logged out")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="You have been logged out")).to_be_visible()
    await expect(page.get_by_text(family_name)).to_be_hidden()
    assert family_name not in await page.locator("body").aria_snapshot()
    await page.emulate_media(media="print")
    assert family_name not in await page.locator("body").inner_text()
    await page.emulate_media(media="screen")


async def then_i_am_warned(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="You will be logged out soon")
    await expect(dialog).to_contain_text("in 2 minutes")
    await expect(dialog.get_by_role("button", name="Stay logged in")).to_be_focused()
    await then_everybody_can_use_it(page, "time-out warning")


async def then_what_i_sent_is_kept(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your session has ended")


async def then_the_page_is_about(page: Page, whom: str) -> None:
    await expect(page.locator(".ics-identity__name")).to_have_text(whom)


async def then_nothing_is_offered(page: Page, stack: Product, family_name: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/records/new")
    await expect(page.get_by_text(family_name)).to_have_count(0)
