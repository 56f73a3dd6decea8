"""Tests of the main journeys in Firefox and in WebKit, Safari's engine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from openpyxl import load_workbook

from deploy.demo.people import DEMO_PASSWORD
from tests.browsers.window import Window
from tests.journeys.browsing import DESKTOP, PHONE
from tests.journeys.coming_in import pin_in
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name

pytestmark = pytest.mark.browsers

ADMINISTRATOR, REFERRER = "admin@mpft.nhs.uk", "standard@mpft.nhs.uk"
BEST_INTEREST = "Has a best interest decision been made?"
FILE_SECONDS = 20
# Looks at the session get no answer. With one, a page closes a warning that is not due when its window is resized.
UNANSWERED_LOOKS = """
    const ask = window.fetch;
    window.fetch = (to, how) => how?.headers?.["X-Passive"] ? Promise.reject(new TypeError()) : ask(to, how);
"""


@pytest_asyncio.fixture
async def inside(window: Window, stack: Product) -> AsyncIterator[Window]:
    """A desktop window of a logged-in administrator. The test fails if the browser reports an error."""
    await window.be(DESKTOP)
    await window.open("/dsr/home/")
    if await window.path() != "/dsr/home/":
        await log_in(window, stack, ADMINISTRATOR)
    yield window
    assert [] == await window.engine.complaints()


@pytest.mark.requirement("R-DSR-015")
async def test_wrong_details_are_refused_and_right_ones_with_the_pin_of_a_mail_let_in(
    window: Window, stack: Product
) -> None:
    await window.open("/dsr/login/")
    await window.then_it_fits("log in")
    await window.type("Email Address", ADMINISTRATOR)
    await window.type("Password", "not the password")
    await window.press("Log In")
    await window.sees("There is a problem", "The login details are incorrect.")
    assert ADMINISTRATOR == await window.value("Email Address")

    await log_in(window, stack, ADMINISTRATOR)
    await window.then_it_fits("home")
    assert [] == await window.engine.complaints()


@pytest.mark.requirement("R-DSR-015")
async def test_questions_come_and_go_with_the_answers_before_them(inside: Window) -> None:
    await inside.open("/dsr/records/new?start")
    assert not await inside.is_asked(BEST_INTEREST)

    await inside.choose("capacity to consent", "No")
    assert await inside.is_asked(BEST_INTEREST)
    await inside.choose("capacity to consent", "Yes")
    assert not await inside.is_asked(BEST_INTEREST)
    assert await inside.is_asked("Has the person consented")


@pytest.mark.requirement("R-DSR-015")
async def test_a_referral_with_something_missing_keeps_what_was_typed_and_is_taken_when_whole(inside: Window) -> None:
    name = a_new_name()
    await inside.open("/dsr/records/new?start")
    await fill_referral(inside, "")
    await inside.press("Add Referral")
    await inside.sees("There is a problem", "Enter the person's last name")
    await inside.then_it_fits("referral with a problem")
    assert "Robin" == await inside.value("First Name*")

    await inside.follow("Enter the person's last name")
    assert "last_name" == await inside.run("return document.activeElement.name")
    await inside.type("Last Name*", name)
    await inside.press("Add Referral")
    await inside.sees("The referral has been added")


@pytest.mark.requirement("R-DSR-015")
async def test_what_is_typed_is_kept_as_a_draft(inside: Window) -> None:
    await inside.open("/dsr/records/new?start")
    await inside.type("First Name*", "Robin")
    await inside.sees("Draft saved at")

    await inside.open("/dsr/records/new")
    await inside.sees("Robin", "Continue")
    assert "Discard" in await inside.reads()


@pytest.mark.requirement("R-DSR-015")
async def test_the_list_narrows_as_one_types_and_leads_to_a_record(inside: Window) -> None:
    await inside.open("/dsr/records/")
    await inside.then_it_fits("list")
    await inside.type("Search:", "percy pl")
    await inside.sees("Showing 1 to 1 of 1 entries", "Percy Plum")
    assert "/dsr/records/" == await inside.path()

    await inside.follow("View Percy Plum")
    await inside.sees("Percy Plum", "Reviewed, no change")
    await inside.then_it_fits("record")
    await inside.follow("Change")
    await inside.sees("Percy Plum", "Update Record")
    await inside.then_it_fits("record form")


@pytest.mark.requirement("R-DSR-015")
async def test_a_record_is_updated_and_its_history_says_so(inside: Window) -> None:
    name = a_new_name()
    await given_a_referral(inside, name)
    await inside.follow("Change")
    await inside.choose("Level of risk", "Green")
    await inside.press("Update Record")
    await inside.sees("The referral has been updated.")

    await inside.follow("History (1)")
    await inside.sees("Changed by Gail Thomas")
    await inside.then_it_fits("history")


@pytest.mark.requirement("R-DSR-015")
async def test_the_warning_before_a_time_out_takes_the_focus_and_goes_at_a_word(inside: Window) -> None:
    await inside.open("/dsr/records/new?start")
    await inside.run(UNANSWERED_LOOKS)
    await inside.run("document.getElementById('time-out').showModal()")
    await inside.sees("Stay logged in")
    await inside.then_it_fits("time-out")
    assert "Stay logged in" == await inside.run("return document.activeElement.textContent.trim()")

    await inside.escape("Stay logged in")
    await inside.until_gone("//dialog")
    await inside.run("document.getElementById('time-out').showModal()")
    await inside.press("Stay logged in")
    await inside.until_gone("//dialog")


@pytest.mark.requirement("R-DSR-015")
async def test_a_report_is_made_while_one_watches_and_is_downloaded(inside: Window) -> None:
    await inside.open("/dsr/reporting/")
    await inside.sees("Reporting Dashboard", "RISK TYPE BY WEEK")
    await inside.then_it_fits("dashboard")
    await inside.pick("Select Report", "Key Working Team Data")
    assert not await inside.is_shown("//select[@id=//label[normalize-space()='Age']/@for]")
    await inside.pick("Select Report", "Referral Data")
    await inside.press("Generate Report")
    await inside.sees("Your report is ready.")

    await inside.click("//a[contains(normalize-space(),'Download')]")
    rows = list(load_workbook(await downloaded(inside.engine.downloads)).worksheets[0].iter_rows(values_only=True))
    assert "Last Name" in rows[0]
    assert len(rows) > 1


@pytest.mark.requirement("R-DSR-015")
async def test_on_a_phone_the_menu_opens(inside: Window) -> None:
    await inside.be(PHONE)
    await inside.open("/dsr/home/")
    await inside.click("//button[contains(@class, 'nhsuk-header__menu-toggle')]")
    await inside.take_picture("menu phone")
    await inside.follow("Referrals")
    await inside.sees("Showing 1 to 10 of")
    assert "/dsr/records/" == await inside.path()


@pytest.mark.requirement("R-DSR-015")
async def test_it_all_works_without_scripts(window_without_scripts: Window, stack: Product) -> None:
    window = window_without_scripts
    await log_in(window, stack, REFERRER)
    await window.open("/dsr/records/new?start")
    assert await window.is_asked(BEST_INTEREST)
    await fill_referral(window, name := a_new_name())
    await window.press("Add Referral")
    await window.sees("The referral has been added")

    await window.open("/dsr/records/")
    await window.type("Search:", name)
    await window.press("Search")
    await window.sees("Showing 1 to 1 of 1 entries", name)


@pytest.mark.requirement("R-DSR-015")
async def test_after_logging_out_the_way_back_shows_nothing(inside: Window) -> None:
    await inside.open("/dsr/records/")
    await inside.sees("Showing 1 to")
    await inside.press("Logout")
    await inside.sees("You have logged out.")

    await inside.back()
    await inside.sees("Authentication")
    assert "Showing" not in await inside.reads()


# --------------------------------------------------------------------------------------------------------------- steps
async def log_in(window: Window, stack: Product, email: str) -> None:
    earlier = len(await stack.mail(email))
    await window.open("/dsr/login/")
    await window.type("Email Address", email)
    await window.type("Password", DEMO_PASSWORD)
    await window.press("Log In")
    pin = pin_in(await stack.mail_after(earlier, email))
    await window.type("Verification code (PIN Access Code)", pin)
    await window.press("Verify")
    await window.sees("Logout")


async def fill_referral(window: Window, family_name: str) -> None:
    """Fill in the least that a referral needs."""
    await window.choose("capacity to consent", "Yes")
    await window.choose("Has the person consented", "Yes")
    await window.type("First Name*", "Robin")
    await window.type("Last Name*", family_name)
    await window.type_date("Date of Birth", "7", "2", "2001")
    await window.type("Postcode", "ST5 0RG")
    await window.pick("learning disability and/or Autism?*", "Autism")
    await window.pick("Ethnicity*", "Not stated")
    await window.pick("Locality*", "South Staffordshire")
    await window.type("Name of lead professional*", "Lee Lead")
    await window.choose("Level of risk", "Amber")


async def given_a_referral(window: Window, name: str) -> None:
    """Add a referral as the logged-in user, and open it in the window."""
    await window.open("/dsr/records/new?start")
    await fill_referral(window, name)
    await window.press("Add Referral")
    await window.follow("View what you added")
    await window.sees(name)


async def downloaded(folder: Path) -> Path:
    """Return the path of the downloaded spreadsheet once the file is no longer empty."""
    async with asyncio.timeout(FILE_SECONDS):
        while not (found := [each for each in folder.glob("*.xlsx") if each.stat().st_size]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found[0]
