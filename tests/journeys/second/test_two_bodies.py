"""A journey through a register of the second kind: two bodies share a record, and both decide that it ends."""

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, PHONE, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.downloading import the_one_row
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.referring import fill_date, go_to_form
from tests.journeys.second.product import CHAPTER, HOSPITAL, OVERSEER, VESTRY, WATCH, Second

pytestmark = JOURNEY

NUMBER = "999 000 0018"


async def test_two_bodies_share_a_watch_and_end_it_together(browser: Browser, second: Second, tmp_path: Path) -> None:
    mails = len(second.relay.taken)
    async with (
        window(browser, DESKTOP) as vestry,
        window(browser, PHONE) as hospital,
        window(browser, DESKTOP) as other,
    ):
        await be_logged_in(vestry, second, VESTRY, WATCH)
        await be_logged_in(hospital, second, HOSPITAL, WATCH)
        await be_logged_in(other, second, CHAPTER, WATCH)
        await when_the_vestry_adds_a_person(vestry)
        await then_the_other_body_sees_it_and_a_stranger_does_not(second, hospital, other)
        await then_the_same_person_is_refused(vestry, second)
        await then_a_stranger_learns_only_whom_to_ask(other, second)
        await when_the_vestry_enters_the_end_and_changes_its_mind(vestry, second)
        await when_the_vestry_confirms_the_end(vestry)
        await then_both_must_decide(vestry, second)
        await when_the_vestry_decides(vestry)
        await then_it_waits_for_the_hospital_on_a_phone(hospital, second)
        await when_the_hospital_decides(hospital)
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, second, OVERSEER, WATCH)
        await then_it_is_listed_as_ended_and_can_be_read(page, second)
        await then_the_figures_count_it_no_more(page, second)
        await then_the_file_of_ended_watches_holds_it(page, tmp_path)
    pins = [each for each in second.relay.taken[mails:] if "PIN" not in str(each.message["Subject"])]
    assert [] == pins


async def when_the_vestry_adds_a_person(page: Page) -> None:
    await page.get_by_role("link", name="Add a person").first.click()
    await then_everybody_can_use_it(page, "watch records/new")
    await fill_person(page)
    await page.get_by_label("Parish*").select_option(label="Plumstead")
    await page.get_by_label("Almshouse*").select_option(label="Hiram's Hospital")
    await fill_date(page, "The watch ends on", "1", "2", "2026")
    await page.get_by_role("button", name="Add Watch").click()
    await then_everybody_can_use_it(page, "watch confirm ending at first")
    await page.get_by_role("button", name="No – Cancel").click()
    await expect(page.get_by_role("group", name="The watch ends on").get_by_label("Day")).to_have_value("")
    await page.get_by_role("button", name="Add Watch").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The watch is on the list")


async def fill_person(page: Page) -> None:
    await page.get_by_label("First name*").fill("Abel")
    await page.get_by_label("Family name*").fill("Handy")
    await fill_date(page, "Born on", "4", "3", "1950")
    await page.get_by_label("NHS number").fill(NUMBER)
    await fill_date(page, "The watch began on", "5", "1", "2026")


async def then_the_other_body_sees_it_and_a_stranger_does_not(second: Second, hospital: Page, other: Page) -> None:
    await hospital.goto(f"{second.base_url}/{WATCH}/records/")
    await expect(hospital.get_by_role("link", name="View Abel Handy")).to_be_visible()
    await other.goto(f"{second.base_url}/{WATCH}/records/")
    await expect(other.get_by_text("Nobody is watched yet.")).to_be_visible()


async def then_the_same_person_is_refused(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/{WATCH}/records/new")
    await fill_person(page)
    await page.get_by_label("Parish*").select_option(label="Plumstead")
    await page.get_by_label("Almshouse*").select_option(label="St Ewold's")
    await page.get_by_role("button", name="Add Watch").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("This person is already on the register")
    await expect(page.get_by_role("button", name="Add as a new watch")).to_have_count(0)
    await then_everybody_can_use_it(page, "watch refused duplicate")
    await page.get_by_role("button", name="Go back").click()
    await expect(page.get_by_label("Family name*")).to_have_value("Handy")


async def then_a_stranger_learns_only_whom_to_ask(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/{WATCH}/records/new")
    await fill_person(page)
    await page.get_by_label("Parish*").select_option(label="Crabtree Parva")
    await page.get_by_label("Almshouse*").select_option(label="St Ewold's")
    await page.get_by_role("button", name="Add Watch").click()
    summary = page.get_by_role("alert").get_by_role("listitem")
    await expect(summary).to_have_text(
        "Duplicate watch already exists. You cannot see that watch. Please ask watch.office@barchester.gov.uk."
    )


async def when_the_vestry_enters_the_end_and_changes_its_mind(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/{WATCH}/records/")
    await page.get_by_role("link", name="View Abel Handy").click()
    await go_to_form(page)
    await page.get_by_role("group", name="Does the person keep a lamp?").get_by_label("Yes").check()
    await fill_date(page, "The watch ends on", "1", "2", "2026")
    await page.get_by_role("button", name="Update Watch").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Does this watch end?")
    await then_everybody_can_use_it(page, "watch confirm ending")
    await page.get_by_role("button", name="No – Cancel").click()
    await expect(page.get_by_role("tab", name="History (0)")).to_be_visible()
    await expect(page.get_by_role("group", name="The watch ends on").get_by_label("Day")).to_have_value("")
    await expect(page.get_by_role("group", name="Does the person keep a lamp?").get_by_label("Yes")).to_be_checked()


async def when_the_vestry_confirms_the_end(page: Page) -> None:
    await fill_date(page, "The watch ends on", "1", "2", "2026")
    await page.get_by_role("button", name="Update Watch").click()
    await page.get_by_role("button", name="Yes - confirm").click()
    await expect(page.get_by_text("The watch has been updated.")).to_be_visible()


async def then_both_must_decide(page: Page, second: Second) -> None:
    await expect(page.get_by_text("Ends on 01/02/2026.")).to_contain_text(
        "Waiting for the decision of Plumstead, Hiram's Hospital"
    )
    await page.goto(f"{second.base_url}/{WATCH}/records/")
    await expect(page.get_by_role("row", name="Abel Handy")).to_contain_text("Waiting for a decision about its end")
    await page.get_by_role("link", name="View Abel Handy").click()


async def when_the_vestry_decides(page: Page) -> None:
    """Decide, first with nothing filled in: each message says what to do. The other body cannot be chosen."""
    await page.get_by_role("link", name="Decide about the end of this watch").click()
    await page.get_by_role("button", name="Record the decision").click()
    await expect(page.get_by_role("alert").get_by_role("listitem")).to_have_text(
        ["Say why this watch is no longer needed", "Say whether the person has been told"]
    )
    await expect(page.get_by_role("radio", name="Hiram's Hospital")).to_have_count(0)
    await expect(page.get_by_role("radio", name="Plumstead")).to_be_checked()
    await page.get_by_label("Why is this watch no longer needed?").fill("She sleeps well now.")
    await page.get_by_role("radio", name="Yes").check()
    await page.get_by_role("button", name="Record the decision").click()
    await expect(page.get_by_text("The decision has been recorded.")).to_be_visible()
    await expect(page.get_by_text("Ends on 01/02/2026.")).to_contain_text("the decision of Hiram's Hospital.")


async def then_it_waits_for_the_hospital_on_a_phone(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/{WATCH}/records/")
    await page.get_by_role("link", name="View Abel Handy").click()
    await page.get_by_role("link", name="Decide about the end of this watch").click()
    await expect(page.get_by_text("She sleeps well now.")).to_be_visible()
    await then_everybody_can_use_it(page, "watch decisions")


async def when_the_hospital_decides(page: Page) -> None:
    await page.get_by_label("Why is this watch no longer needed?").fill("Agreed at the round.")
    await page.get_by_role("radio", name="No", exact=True).check()
    await page.get_by_role("button", name="Record the decision").click()
    await expect(page.get_by_text("The decision has been recorded, and the watch has ended.")).to_be_visible()
    await expect(page.get_by_text("Nobody is watched yet.")).to_be_visible()
    await expect(page.get_by_role("link", name="Ended watches")).to_have_count(0)


async def then_it_is_listed_as_ended_and_can_be_read(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/{WATCH}/records/")
    await page.get_by_role("link", name="Ended watches").click()
    await then_everybody_can_use_it(page, "watch ended records")
    await expect(page.get_by_role("row", name="Abel Handy")).to_contain_text("Ended")
    await page.get_by_role("link", name="View Abel Handy").click()
    await expect(page.get_by_text("This watch has ended. It can no longer be updated.")).to_be_visible()
    await expect(page.get_by_role("button", name="Update Watch")).to_have_count(0)
    await page.get_by_role("tab", name="History (1)").click()
    await expect(page.get_by_text("Ended by John Bunce")).to_be_visible()
    await page.get_by_role("link", name="Decisions about the end of this watch").click()
    await expect(page.get_by_text("Agreed at the round.")).to_be_visible()


async def then_the_figures_count_it_no_more(page: Page, second: Second) -> None:
    await page.goto(f"{second.base_url}/{WATCH}/reporting/")
    while not await page.get_by_role("heading", name="WATCHES: 0").count():
        await page.reload()
    await then_everybody_can_use_it(page, "watch reporting/")


async def then_the_file_of_ended_watches_holds_it(page: Page, folder: Path) -> None:
    await page.get_by_label("Select Report").select_option(label="Watches that are over")
    await page.get_by_label("Almshouse").select_option(label="Every almshouse")
    await page.get_by_role("button", name="Generate Report").click()
    found = await the_one_row(page, folder)
    assert ("Abel", "Handy", "Plumstead", "Hiram's Hospital") == tuple(
        found[label] for label in ("First name", "Family name", "Parish", "Almshouse")
    )
