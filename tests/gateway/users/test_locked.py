"""Tests of the page of locked accounts: for a user who may unlock accounts and manages nothing else."""

from uuid import UUID

import pytest

from shared.accounts import UserAct
from shared.contracts.users import ActOnUser, ListLockedUsers, LockedUser
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import AccountGrant, Role
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_users import JO, StandInUsers

ADMINISTRATION = "/dsr/administration/"
HERE = f"{ADMINISTRATION}locked/"
UNLOCK = f"{HERE}{JO.hex}/unlock"
COMMAND = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def identity() -> StandInIdentity:
    """The stand-in for identity, whose user is of the support team."""
    return StandInIdentity(role=Role.STANDARD, grants=(AccountGrant.UNLOCK,))


@pytest.mark.requirement("R-S117-020")
async def test_administration_leads_to_locked_accounts_alone(browser: Browser) -> None:
    home, hub = await browser.see("/dsr/home/"), await browser.see(ADMINISTRATION)

    assert ["Locked accounts: 1"] == home.texts(f'main a[href="{HERE}"]')
    assert [HERE] == [str(each["href"]) for each in hub.tree.select("main a")]


@pytest.mark.requirement("R-S117-020")
async def test_a_locked_account_is_shown_by_name_and_unlocked_by_its_button(
    browser: Browser, users: StandInUsers
) -> None:
    page = await browser.see(HERE)
    sent_to = await browser.go_on(UNLOCK, {"command": COMMAND})

    assert (["Jo Lark"], ["Unlock: Jo Lark"]) == (
        page.texts(".ics-covers__item > span"),
        page.texts(f'form[action="{UNLOCK}"] button'),
    )
    assert "jo.lark@" not in page.html
    assert [ActOnUser(command_id=UUID(COMMAND), user_id=JO, act=UserAct.UNLOCK)] == users.heard(ActOnUser)
    assert "The account has been unlocked." in (await browser.see(sent_to)).html


async def test_a_name_is_searched_and_stays_out_of_the_address(browser: Browser, users: StandInUsers) -> None:
    await browser.see(HERE)

    page = await browser.send(HERE, {"search": " lark "}, status=200)

    box = page.tree.select_one("#search")
    assert box is not None
    assert (" lark ", ListLockedUsers(search="lark")) == (box["value"], users.heard(ListLockedUsers)[-1])


async def test_an_empty_list_says_so_and_a_long_one_how_many_it_shows(browser: Browser, users: StandInUsers) -> None:
    users.more = True
    assert "Only the first 1 are shown." in (await browser.see(HERE)).html

    users.more, users.locked = False, ()
    assert "No locked accounts were found." in (await browser.see(HERE)).html


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (Refused("not_now"), 409, "This user has changed since you opened the page"),
        (NotAnswered(Fault.TOO_LATE), 503, ""),
    ],
)
async def test_why_an_account_was_not_unlocked_is_said_above_the_list(
    browser: Browser, users: StandInUsers, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    users.failing[ActOnUser] = failure
    users.locked = (LockedUser(user_id=UUID(int=32), full_name="Bo Aspen"),)
    await browser.see(HERE)

    page = await browser.send(UNLOCK, {"command": COMMAND}, status=status)

    assert page.problems[0].startswith(said)
    assert ["Bo Aspen"] == page.texts(".ics-covers__item > span")


async def test_the_pages_of_users_stay_closed(browser: Browser, users: StandInUsers) -> None:
    for path in ("users/", "users/new", f"users/{JO.hex}/", "addresses/", "organisations/", "settings/"):
        await browser.see(f"{ADMINISTRATION}{path}", status=403)

    assert [] == users.asked


@pytest.mark.parametrize(
    ("role", "grants"), [(Role.STANDARD, ()), (Role.STANDARD, (AccountGrant.DELETE,)), (None, (AccountGrant.UNLOCK,))]
)
async def test_it_is_closed_without_the_grant_or_a_role(
    browser: Browser,
    identity: StandInIdentity,
    users: StandInUsers,
    role: Role | None,
    grants: tuple[AccountGrant, ...],
) -> None:
    identity.role, identity.grants = role, grants
    await browser.log_in()

    await browser.see(HERE, status=403)

    assert [] == users.asked


async def test_administrators_unlock_on_the_user_s_page_and_see_no_second_way(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.role, identity.grants = Role.ADMINISTRATOR, ()
    await browser.log_in()

    assert not (await browser.see(ADMINISTRATION)).tree.select(f'a[href="{HERE}"]')
