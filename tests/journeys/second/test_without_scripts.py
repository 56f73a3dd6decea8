"""Journeys over plain HTTP, without scripts: every form works with its own fields and buttons."""

import re
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from bs4 import Tag
from playwright.async_api import Browser

from deploy.runner.waiting import until
from gateway.security.cookies import SESSION
from shared.values import london_day
from tests.journeys.browsing import DESKTOP_WITHOUT_SCRIPTS, JOURNEY, window
from tests.journeys.coming_in import be_logged_in, hand_of, logged_in, session_of
from tests.journeys.looking import then_it_fits
from tests.journeys.referring import a_new_name, refer_by_hand, typed_referral
from tests.journeys.second.product import CODE, WARDEN, Second
from tests.walking import Sheet, Walker, record_in, walker

pytestmark = JOURNEY

ADMINISTRATOR, COLLEAGUE = "admin@mpft.nhs.uk", "admin@combined.nhs.uk"
OWN_PASSWORD = "Sorrel-Canter-77"
STANDARD_BAR = ["Home", "Submit New Referral", "Referrals", "Help", "Change Password", "Logout"]
TWO_NOS = {"cetr_requested": "no", "laep_requested": "no"}
WHY = {"leaving_reason": "other", "leaving_text": "Lives elsewhere now"}
FITTING = (
    "home/",
    "records/new?start",
    "records/",
    "work/",
    "reporting/",
    "duplicates/",
    "account/password",
    "administration/",
    "administration/users/",
    "administration/users/new",
    "administration/addresses/",
    "administration/organisations/",
    "administration/mails/",
    "administration/reversals/",
    "administration/settings/",
    "administration/settings/home/",
)
OF_A_RECORD = ("", "change/", "outcomes/", "holder/", "text/")
FITTING_OF_ANOTHER_REGISTER = ("home/", "records/new", "records/", "reporting/")


@pytest_asyncio.fixture
async def hand(second: Second) -> AsyncIterator[Walker]:
    """The browser of an administrator."""
    async with logged_in(second, ADMINISTRATOR) as hand:
        yield hand


async def test_every_page_fits_the_screen(browser: Browser, second: Second, hand: Walker) -> None:
    record = record_in(await refer_by_hand(hand, a_new_name()))
    places = (*FITTING, *(f"records/{record}/{each}" for each in OF_A_RECORD))
    async with window(browser, DESKTOP_WITHOUT_SCRIPTS) as page:
        for email, code, paths in ((ADMINISTRATOR, "dsr", places), (WARDEN, CODE, FITTING_OF_ANOTHER_REGISTER)):
            await be_logged_in(page, second, email, code)
            for path in paths:
                await page.goto(f"{second.base_url}/{code}/{path}")
                await then_it_fits(page, path)


async def test_somebody_new_comes_in_and_leaves(second: Second) -> None:
    email = f"ruby.{secrets.token_hex(4)}@mpft.nhs.uk"
    async with walker(second.base_url, read_mail=second.texts) as hand:
        temporary = await hand.register_account("Ruby", "Scarlet", email)
        await hand.log_in(email, temporary)
        await hand.change_password(temporary, OWN_PASSWORD)
        home = await hand.see(hand.at("home/"))

        bar = [each.get_text(strip=True) for each in home.tree.select('nav[aria-label="Menu"] li')]
        assert STANDARD_BAR == [each for each in bar if not each.endswith("More")]
        assert "You have logged out." == (await hand.press(home, "Logout")).notice


async def test_a_colleague_at_the_same_computer_neither_sends_nor_sees_what_stood_open(second: Second) -> None:
    async with logged_in(second, ADMINISTRATOR) as hand:
        record = record_in(await refer_by_hand(hand, a_new_name()))
        opened = await hand.open_form(record)
        hand.session.cookie_jar.clear(lambda cookie: cookie.key == SESSION)
        kept = await hand.press(opened, "Update Record", {"latest_update": "Typed by the first."})
        assert "Your session has ended" == kept.heading

    async with hand_of(second, await session_of(second, COLLEAGUE)) as other:
        said = await other.press(kept, "Send again")
        assert "This was typed by someone else" == said.heading
        assert "It was not saved, and it is not shown to you." in said.text
        assert "Typed by the first." not in said.html
    async with logged_in(second, ADMINISTRATOR) as hand:
        assert "Typed by the first." not in (await hand.open(record)).html


async def test_a_draft_is_saved_offered_and_discarded(hand: Walker) -> None:
    name = a_new_name()
    empty = await hand.see(hand.at("records/new?start"))
    saved = await hand.press(empty, "Save draft", {"first_name": "Robin", "last_name": name})
    assert "What you typed is saved as a draft." == saved.notice
    assert f"Robin {name}" == text_of(saved, ".ics-identity__name")
    assert (await hand.see(hand.at("home/"))).link(f"Continue Robin {name}")
    offered = await hand.see(hand.at("records/new"))
    assert offered.link(f"Continue Robin {name}")

    asked = await hand.follow(offered, f"Discard Robin {name}")
    assert "Discard this draft?" == asked.heading
    assert "The draft has been discarded." == (await hand.press(asked, "Discard")).notice
    assert name not in (await hand.see(hand.at("records/new"))).html


async def test_a_possible_duplicate_is_asked_about_and_linked(hand: Walker) -> None:
    name = a_new_name()
    first = record_in(await refer_by_hand(hand, name))
    asked = await hand.press(await hand.see(hand.at("records/new?start")), "Add Referral", typed_referral(name))
    assert "This person may already be on the register" == asked.heading
    await hand.press(asked, "Add as a new referral")

    waiting = await hand.follow(await hand.see(hand.at("home/")), "Possible duplicates waiting: 1")
    assert name in waiting.text
    linked = await hand.press(waiting, "Same person – link them")
    assert "The two referrals are now linked." == linked.notice
    assert "No possible duplicates are waiting." in linked.text
    assert "Also on the register: " in (await hand.open(first)).text


async def test_next_and_previous_lead_through_a_long_list(hand: Walker) -> None:
    listed = await hand.list_records()
    for button, first in (("Next", 11), ("Previous", 1)):
        listed = await hand.press(listed, button)
        assert re.match(rf"Showing {first} to \d+ of \d+ entries", text_of(listed, "#results .ics-pagination__showing"))


async def test_cover_is_added_and_ended(hand: Walker) -> None:
    record = record_in(await refer_by_hand(hand, a_new_name()))
    page = await hand.see(hand.at(f"records/{record}/holder/"))
    calum = page.tree.find("option", string=re.compile("Calum Stronach"))
    assert isinstance(calum, Tag)
    typed = {"cover": str(calum["value"]), **date_fields("first", 0), **date_fields("last", 7)}
    added = await hand.press(page, "Add cover", typed)
    assert added.notice.startswith("The cover has been added. Calum Stronach, calum.stronach@mpft.nhs.uk")
    ended = await hand.press(added, "End cover")
    assert "The cover has ended." == ended.notice
    assert "No one covers this referral." in ended.text


async def test_a_mail_that_failed_is_sent_again(second: Second, hand: Walker) -> None:
    await second.refuses_next()
    receipt = await hand.see(await refer_by_hand(hand, a_new_name(), "Green"))
    reference = reference_on(receipt)
    administration = await hand.see(hand.at("administration/"))
    page = await hand.follow(administration, "Notification emails")

    async def it_failed() -> bool:
        rows = (await hand.see(page.path)).tree.select("tbody tr")
        return any(reference in row.get_text() and "Failed" in row.get_text() for row in rows)

    assert await until(it_failed, seconds=10)
    undelivered = await hand.follow(page, "Show only emails not yet accepted")
    assert "The email will be sent again." == (await hand.press(undelivered, f"Send again {reference}")).notice


async def test_users_are_found_and_an_address_is_let_in(second: Second, hand: Walker) -> None:
    administration = await hand.see(hand.at("administration/"))
    organisations = await hand.follow(administration, "Organisations and email domains")
    assert "mpft.nhs.uk" in organisations.text
    users = await hand.follow(administration, "Manage User")
    found = await hand.press(users, "Search", {"search": "harris"})
    assert 1 == len(found.tree.select("tbody tr"))
    asked = await hand.follow(await hand.follow(found, "Jenny Harris"), "Deactivate")
    assert asked.sending("Deactivate")
    assert (await hand.press(await hand.follow(users, "Add a user"), "Add user")).problems

    email = f"kit.{secrets.token_hex(4)}@partner.example"
    addresses = await hand.see(hand.at("administration/addresses/"))
    assert email in (await hand.press(addresses, "Assign this address", {"email": email})).text
    async with walker(second.base_url, read_mail=second.texts) as stranger:
        empty = await stranger.see(stranger.at("login/register/"))
        names = {"first_name": "Pat", "last_name": "Ash"}
        refused = await stranger.press(empty, "Register", names | {"email": f"not.{email}"})
        assert "This email address cannot register" == refused.heading
        assert "Check your email" == (await stranger.press(empty, "Register", names | {"email": email})).heading
    assert email in (await second.mail_after(0, email)).to


async def test_an_outcome_is_saved_and_the_record_archived(hand: Walker) -> None:
    record = record_in(await refer_by_hand(hand, a_new_name()))
    page = await hand.see(hand.at(f"records/{record}/outcomes/"))
    assert 2 == len((await hand.press(page, "Save & Update")).problems)
    saved = await hand.press(page, "Save & Update", TWO_NOS | {"notes": "The family was there."})
    assert "The outcome has been saved." == saved.notice
    assert "Outcomes (1)" in saved.text
    await archive(hand, record)


async def test_a_record_is_rated_reviewed_and_copied(hand: Walker) -> None:
    receipt = await hand.see(await refer_by_hand(hand, a_new_name()))
    for rating in ("red", "green"):
        form = await hand.open_form(record_in(receipt.path))
        page = await hand.press(form, "Update Record", {"risk_level": rating})
        assert "The referral has been updated." == page.notice
    page = await hand.press(page, "Reviewed, no change")
    assert "The review has been recorded." == page.notice
    assert "Show as a table" in page.text
    assert "Rating: Green" in (await hand.follow(page, "Copy for case record")).text


async def test_a_reversal_is_asked_for_and_taken_back(hand: Walker) -> None:
    receipt = await hand.see(await refer_by_hand(hand, a_new_name()))
    reference = reference_on(receipt)
    page = await hand.see(hand.at("administration/reversals/"))
    for said, problem in (
        ("", "Enter the reference of the referral"),
        (reference, "The referral with this reference is not archived."),
    ):
        assert [problem] == (await ask_for(hand, page, said)).problems
    await archive(hand, record_in(receipt.path))
    waiting = await ask_for(hand, page, reference)
    assert "A second administrator can decide now." in waiting.text
    assert "The referral stays archived." in (await hand.press(waiting, "Withdraw my request")).text


async def test_a_list_and_a_guidance_are_changed_up_to_the_check(hand: Walker) -> None:
    hub = await hand.see(hand.at("administration/settings/"))
    more = await hand.press(await hand.follow(hub, "Change List: What was the outcome?"), "Add more options")
    twice = await hand.press(more, "Continue", {"new-label-6": "Other"})
    assert ["Other is in the list already"] == twice.problems
    checked = await hand.press(twice, "Continue", {"new-label-6": "Moved away", "new-place-6": "1"})
    assert "Check before you publish" == checked.heading
    assert "Home page" == (await hand.follow(hub, "Change Home page")).heading
    guidance = await hand.follow(hub, "Change Guidance: Level of risk")
    assert "Check before you publish" == (await hand.press(guidance, "Continue", {"lines-1": "Another."})).heading


async def test_a_red_is_seen_on_the_work_list(hand: Walker) -> None:
    name = a_new_name()
    record = record_in(await refer_by_hand(hand, name, "Red"))
    page = hand.at("work/")

    async def it_is_there() -> bool:
        return name in (await hand.see(page)).text

    assert await until(it_is_there, seconds=5)
    seen = await hand.press(await hand.see(page), f"Mark as seen Robin {name}")
    assert "Marked as seen by you." == seen.notice
    assert (await hand.see(hand.at("home/"))).link("Work list")
    await archive(hand, record)


async def archive(hand: Walker, record: str) -> None:
    page = await hand.see(hand.at(f"records/{record}/outcomes/"))
    asked = await hand.press(page, "Save & Archive", TWO_NOS)
    assert ("Archive this referral?", 5) == (asked.heading, len(asked.tree.select("main li")))
    archived = await hand.press(asked, "Yes – Archive", WHY)
    assert archived.notice.startswith("The outcome has been saved and the referral is archived. Reference DSR-")


async def ask_for(hand: Walker, page: Sheet, reference: str) -> Sheet:
    typed = {"reference": reference, "reason": "The wrong person was archived."}
    return await hand.press(page, "Ask a second administrator", typed)


def date_fields(question: str, days_ahead: int) -> dict[str, str]:
    day = london_day(datetime.now(UTC)) + timedelta(days=days_ahead)
    return {f"{question}-day": str(day.day), f"{question}-month": str(day.month), f"{question}-year": str(day.year)}


def reference_on(receipt: Sheet) -> str:
    found = re.search(r"DSR-[0-9A-Z]{4}-[0-9A-Z]{4}", text_of(receipt, ".nhsuk-panel__body"))
    assert found is not None
    return found[0]


def text_of(sheet: Sheet, selector: str) -> str:
    found = sheet.tree.select_one(selector)
    return " ".join(found.get_text().split()) if found else ""
