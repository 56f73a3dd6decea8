"""Tests of adding a user, and of one user's page: role, organisations and account actions."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.accounts import UserAct, UserState
from shared.contracts.registration import InvalidRegistrant
from shared.contracts.users import ActOnUser, AddUser, AlreadyHere, ChangeAccess, GrantedAccess, ProposeAdministrator
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.values import ValueFault
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_users import JO, MPFT, STOKE, StandInUsers, a_user
from tests.gateway.visit import Page

USERS = "/dsr/administration/users/"
NEW = f"{USERS}new"
HERE = f"{USERS}{JO.hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"
TYPED = {
    "command": COMMAND,
    "first_name": "Kit",
    "last_name": "Wren",
    "email": "kit@example.org",
    "role": "reporting",
    "organisations": STOKE.hex,
    "home": "",
}
WRONG_ADDRESS = InvalidRegistrant(wrong={"email": ValueFault.EMAIL})
CHOSEN = {"command": COMMAND, "version": "3", "role": "administrator", "organisations": "all", "home": MPFT.hex}


def ticked(page: Page) -> list[str]:
    return [str(box["value"]) for box in page.tree.select("main input[checked]")]


@pytest.mark.requirement("R-DSR-018", "R-DSR-170")
async def test_a_user_is_added_with_role_and_organisations(browser: Browser, users: StandInUsers) -> None:
    page = await browser.see(NEW)
    sent_to = await browser.go_on(NEW, TYPED)

    [asked] = users.heard(AddUser)
    assert ["Standard user", "Reporting user", "Administrator"] == page.texts(".nhsuk-radios__label")
    assert ("All organisations", 3) == (
        page.texts(".nhsuk-checkboxes__label")[0],
        len(page.texts(".nhsuk-checkboxes__label")),
    )
    assert GrantedAccess(role=Role.REPORTING, organisation_ids=(STOKE,)) == asked.access
    assert (UUID(COMMAND), f"{HERE}?notice=added") == (asked.command_id, sent_to)
    assert "The user has been added." in (await browser.see(sent_to)).html


async def test_the_page_is_headed_by_the_name_and_says_since_when(browser: Browser, users: StandInUsers) -> None:
    users.user = a_user(joined_at=datetime(2022, 6, 17, 12, tzinfo=UTC))

    page = await browser.see(HERE)

    assert users.user.full_name == page.heading
    assert users.user.full_name not in page.title
    joined = dict(zip(page.texts("main dt"), page.texts("main dd"), strict=True))["Joined"]
    assert "17/06/2022" == joined


async def test_somebody_who_had_an_account_is_said_to_have_had_one(browser: Browser, users: StandInUsers) -> None:
    users.existing = True
    await browser.see(NEW)

    assert "already had an account" in (await browser.see(await browser.go_on(NEW, TYPED))).html


async def test_what_is_missing_is_said_and_what_was_typed_stays(browser: Browser, users: StandInUsers) -> None:
    await browser.see(NEW)

    page = await browser.send(NEW, {"command": COMMAND, "first_name": "Kit", "role": "reporting"})

    assert ["Enter the last name", "Enter the email address", "Choose at least one organisation"] == page.problems
    assert (["reporting"], []) == (ticked(page), users.heard(AddUser))


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (
            Refused(WRONG_ADDRESS),
            422,
            "Enter an email address in the correct format",
        ),
        (Refused(AlreadyHere(user_id=JO)), 409, "A user of this register already has this email address"),
        (Refused(AlreadyHere()), 409, "A user of this register already has this email address"),
        (Refused("other_name"), 409, "An account with this email address has a different name."),
        (Refused("deactivated"), 409, "The account with this email address is deactivated."),
        (Refused("home_missing"), 409, "Choose the organisation for new referrals"),
        (Refused("not_yours"), 409, "You can give only roles and organisations that you have yourself."),
        (NotAnswered(Fault.UNAVAILABLE), 503, ""),
        (NotAnswered(Fault.TOO_LATE), 503, ""),
    ],
)
async def test_somebody_who_is_not_added_is_said_why_and_nothing_is_lost(
    browser: Browser, users: StandInUsers, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    users.failing[AddUser] = failure
    await browser.see(NEW)

    page = await browser.send(NEW, TYPED, status=status)

    assert page.problems[0].startswith(said)
    assert ["reporting", STOKE.hex] == ticked(page)
    known = isinstance(failure, Refused) and failure.details == AlreadyHere(user_id=JO)
    assert known == bool(page.tree.select(f'a[href="{HERE}"]'))
    command = page.tree.select_one("input[name=command]")
    assert command is not None
    assert isinstance(failure, NotAnswered) == (command["value"] == COMMAND)


async def test_a_master_admin_is_asked_for_no_role(
    browser: Browser, identity: StandInIdentity, users: StandInUsers
) -> None:
    identity.role, users.roles = Role.MASTER_ADMIN, ()
    await browser.log_in()
    page = await browser.see(NEW)

    await browser.go_on(NEW, TYPED)

    assert [] == page.tree.select("main [type=radio], main [type=checkbox]")
    assert [GrantedAccess(role=Role.STANDARD)] == [each.access for each in users.heard(AddUser)]


@pytest.mark.requirement("R-DSR-170")
async def test_role_and_organisations_are_shown_and_changed(browser: Browser, users: StandInUsers) -> None:
    page = await browser.see(HERE)
    sent_to = await browser.go_on(HERE, CHOSEN)

    given = GrantedAccess(role=Role.ADMINISTRATOR, all_organisations=True, home_organisation_id=MPFT)
    expected = ChangeAccess(command_id=UUID(COMMAND), user_id=JO, version=3, access=given)
    assert (["standard", MPFT.hex], [expected]) == (ticked(page), users.heard(ChangeAccess))
    assert "The role and organisations have been changed." in (await browser.see(sent_to)).html


async def test_what_somebody_else_changed_meanwhile_is_shown_beside_what_was_chosen(
    browser: Browser, users: StandInUsers
) -> None:
    users.failing[ChangeAccess] = Refused("changed")
    await browser.see(HERE)
    users.user = a_user(version=4, access=GrantedAccess(role=Role.REPORTING, organisation_ids=(STOKE,)))

    page = await browser.send(HERE, CHOSEN, status=409)

    version = page.tree.select_one("input[name=version]")
    assert version is not None
    assert page.problems[0].startswith("Someone else has changed this user")
    assert ("4", ["administrator", "all"]) == (version["value"], ticked(page))
    assert ["Reporting user", "Stoke on Trent City Council"] == page.texts(".nhsuk-summary-list__value")[2:4]


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (Refused("unchanged"), 409, "Nothing was changed"),
        (Refused("last_administrator"), 409, "This is the only administrator of the register"),
        (Refused("not_yours"), 409, "You can give only roles and organisations"),
        (NotAnswered(Fault.TOO_LATE), 503, ""),
    ],
)
async def test_what_is_not_saved_says_why_and_stays(
    browser: Browser, users: StandInUsers, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    users.failing[ChangeAccess] = failure
    await browser.see(HERE)

    page = await browser.send(HERE, CHOSEN, status=status)

    assert (True, ["administrator", "all"]) == (page.problems[0].startswith(said), ticked(page))


async def test_without_an_organisation_nothing_is_asked(browser: Browser, users: StandInUsers) -> None:
    await browser.see(HERE)

    page = await browser.send(HERE, {"command": COMMAND, "version": "3", "role": "standard"})

    assert (["Choose at least one organisation"], []) == (page.problems, users.heard(ChangeAccess))


@pytest.mark.parametrize("sent", [{"version": "x"}, {"role": "odd"}, {"organisations": "odd"}, {"command": "odd"}])
async def test_what_no_form_of_ours_sends_is_not_done(
    browser: Browser, users: StandInUsers, sent: dict[str, str]
) -> None:
    await browser.see(HERE)

    await browser.send(HERE, CHOSEN | sent, status=400)

    assert [] == users.heard(ChangeAccess)


async def test_somebody_unknown_has_no_page(browser: Browser) -> None:
    for user in (UUID(int=99).hex, "odd"):
        assert "Page not found" == (await browser.see(f"{USERS}{user}/", status=404)).heading


# ---------------------------------------------------------------------------------------------------------------- acts
@pytest.mark.requirement("R-S117-020")
async def test_a_locked_account_is_unlocked_by_its_button(browser: Browser, users: StandInUsers) -> None:
    users.user, users.acts = a_user(state=UserState.LOCKED), (UserAct.UNLOCK,)

    page = await browser.see(HERE)
    sent_to = await browser.go_on(f"{HERE}act", {"command": COMMAND, "act": "unlock"})

    assert (["Locked"], ["Unlock"]) == (page.texts(".nhsuk-tag"), page.texts(f'form[action="{HERE}act"] button'))
    assert [ActOnUser(command_id=UUID(COMMAND), user_id=JO, act=UserAct.UNLOCK)] == users.heard(ActOnUser)
    assert "The account has been unlocked." in (await browser.see(sent_to)).html


@pytest.mark.requirement("R-DSR-170")
async def test_deactivating_asks_first(browser: Browser, users: StandInUsers) -> None:
    page = await browser.see(HERE)
    asked_first = await browser.see(f"{HERE}confirm/deactivate/")
    before = users.heard(ActOnUser)
    await browser.go_on(f"{HERE}act", {"command": COMMAND, "act": "deactivate"})

    assert ["Deactivate"] == page.texts(f'a[href="{HERE}confirm/deactivate/"]')
    assert (["Deactivate"], []) == (asked_first.texts(f'form[action="{HERE}act"] button'), before)
    assert [UserAct.DEACTIVATE] == [each.act for each in users.heard(ActOnUser)]


async def test_what_cannot_be_done_now_is_not_asked_about(browser: Browser, users: StandInUsers) -> None:
    users.acts = ()

    assert HERE == await browser.sent_to(f"{HERE}confirm/deactivate/")
    await browser.see(f"{HERE}confirm/unlock/", status=404)
    await browser.send(f"{HERE}act", {"command": COMMAND, "act": "odd"}, status=400)


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (Refused("not_now"), 409, "This user has changed since you opened the page"),
        (Refused("last_administrator"), 409, "This is the only administrator of the register"),
        (Refused("elsewhere"), 409, "This person uses another register too."),
        (NotAnswered(Fault.TOO_LATE), 503, ""),
    ],
)
async def test_what_was_not_done_to_an_account_says_why(
    browser: Browser, users: StandInUsers, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    users.failing[ActOnUser] = failure
    await browser.see(HERE)

    page = await browser.send(f"{HERE}act", {"command": COMMAND, "act": "end_sessions"}, status=status)

    assert page.problems[0].startswith(said)


async def test_whose_role_was_taken_away_has_no_page_to_come_back_to(browser: Browser, users: StandInUsers) -> None:
    await browser.see(HERE)

    assert f"{USERS}?notice=removed" == await browser.go_on(f"{HERE}act", {"command": COMMAND, "act": "remove"})


async def test_ones_own_page_offers_nothing(browser: Browser, users: StandInUsers) -> None:
    users.yourself, users.may_change, users.acts = True, False, ()

    page = await browser.see(HERE)

    assert "This is your own account." in page.html
    assert [] == page.tree.select("main form")


async def test_a_master_admin_proposes_an_administrator(
    browser: Browser, identity: StandInIdentity, users: StandInUsers
) -> None:
    identity.role, users.roles, users.may_change, users.may_propose = Role.MASTER_ADMIN, (), False, True
    await browser.log_in()
    page = await browser.see(HERE)

    sent_to = await browser.go_on(f"{HERE}propose", {"command": COMMAND, "organisations": MPFT.hex})

    [asked] = users.heard(ProposeAdministrator)
    assert "Propose as an administrator" in page.texts("h2")
    assert GrantedAccess(role=Role.ADMINISTRATOR, organisation_ids=(MPFT,)) == asked.access
    assert "The proposal has been made." in (await browser.see(sent_to)).html


@pytest.mark.parametrize("code", ["proposed_before", "own_name", "no_organisation"])
async def test_a_proposal_that_is_not_made_says_why(
    browser: Browser, identity: StandInIdentity, users: StandInUsers, code: str
) -> None:
    identity.role, users.roles, users.may_change, users.may_propose = Role.MASTER_ADMIN, (), False, True
    users.failing[ProposeAdministrator] = Refused(code)
    await browser.log_in()
    await browser.see(HERE)

    page = await browser.send(f"{HERE}propose", {"command": COMMAND, "organisations": MPFT.hex}, status=409)

    assert ([MPFT.hex], 1) == (ticked(page), len(page.problems))


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        ((UserAct.REMOVE,), "a master admin can deactivate the whole account, and reset its authenticator app"),
        ((UserAct.DEACTIVATE, UserAct.REMOVE), "“Deactivate” closes their account on all registers"),
    ],
)
async def test_who_may_close_the_whole_account_is_told_so(
    browser: Browser, users: StandInUsers, acts: tuple[UserAct, ...], said: str
) -> None:
    users.user, users.acts = a_user(elsewhere=True), acts

    assert said in (await browser.see(HERE)).html


async def test_the_page_of_who_was_proposed_leads_to_where_it_is_accepted(
    browser: Browser, users: StandInUsers
) -> None:
    users.proposed = True

    page = await browser.see(HERE)

    assert ["Proposed administrators"] == [
        each.get_text() for each in page.tree.select(f'main a[href="{USERS}"]') if "roposed" in each.get_text()
    ]
