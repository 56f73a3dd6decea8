"""The page that corrects a user's name, and what the pages of users say of names and log-ins."""

from uuid import UUID

import pytest

from shared.contracts.registration import InvalidRegistrant
from shared.contracts.users import CorrectName, FormerName
from shared.messages import Refused
from shared.values import ValueFault
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_users import JO, WHEN, StandInUsers, a_user
from tests.gateway.test_record_pages import typed_in

COMMAND = "0123456789abcdef0123456789abcdef"
USER = f"/dsr/administration/users/{JO.hex}/"
PAGE = f"{USER}name"
TYPED = {"command": COMMAND, "seen": "Jo Lark", "first_name": "Joanna", "last_name": "Lark"}


async def test_a_name_is_corrected_and_the_page_says_that_the_person_is_told(
    browser: Browser, users: StandInUsers
) -> None:
    page = await browser.see(PAGE)
    after = await browser.see(await browser.go_on(PAGE, TYPED))

    assert ("Jo", "Lark", "Jo Lark") == tuple(typed_in(page, each) for each in ("first_name", "last_name", "seen"))
    assert [
        CorrectName(command_id=UUID(COMMAND), user_id=JO, seen_name="Jo Lark", first_name="Joanna", last_name="Lark")
    ] == users.commands
    assert "The name has been changed. This person gets an email." in after.texts(".nhsuk-notification-banner__heading")
    assert ["Correct the name"] == after.texts(f'a[href="{PAGE}"]')


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (Refused("changed"), 409, "Someone else has changed this name since you opened the page."),
        (Refused("unchanged"), 409, "Nothing was changed, so nothing was saved."),
        (Refused("elsewhere"), 409, "This person uses another register too."),
        (
            Refused(InvalidRegistrant(wrong={"first_name": ValueFault.CHARACTERS})),
            422,
            "First Name",
        ),
    ],
)
async def test_why_a_name_is_not_changed_is_said_and_what_was_typed_stays(
    browser: Browser, users: StandInUsers, failure: Refused, status: int, said: str
) -> None:
    users.failing[CorrectName] = failure

    page = await browser.send(PAGE, TYPED, status=status)

    assert page.problems[0].startswith(said)
    assert "Joanna" == typed_in(page, "first_name")


async def test_a_name_that_is_missing_is_asked_for(browser: Browser, users: StandInUsers) -> None:
    page = await browser.send(PAGE, TYPED | {"last_name": " "}, status=422)

    assert (["Enter the last name"], []) == (page.problems, users.commands)


async def test_who_may_not_correct_the_name_gets_no_page_for_it(browser: Browser, users: StandInUsers) -> None:
    users.may_rename = False

    assert USER == await browser.sent_to(PAGE)
    assert [] == (await browser.see(USER)).texts(f'a[href="{PAGE}"]')


async def test_the_pages_say_when_a_user_last_logged_in_and_what_they_were_called(
    browser: Browser, users: StandInUsers
) -> None:
    users.former_names = (FormerName(full_name="Joe Lark", until=WHEN),)
    page = await browser.see(USER)
    users.listed = (a_user(), a_user(logged_in_at=None))
    listed = await browser.see("/dsr/administration/users/")

    facts = dict(zip(page.texts("main dt"), page.texts("main dd"), strict=True))
    assert "20/11/2026 at 09:05" == facts["Last logged in"]
    assert "Joe Lark, until 20/11/2026" == facts["Earlier names"]
    assert ["Last logged in 20/11/2026 at 09:05", "Last logged in Never"] == [
        each for each in listed.texts("td") if each.startswith("Last logged in")
    ]
