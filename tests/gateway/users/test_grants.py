"""Tests of grants on the pages of users: checkboxes and a fact where the register offers them, nothing elsewhere."""

from uuid import UUID

import pytest

from shared.contracts.users import AddUser, ChangeAccess, GrantedAccess, ProposeAdministrator
from shared.permissions import AccountGrant, Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_users import JO, MPFT, StandInUsers, a_user
from tests.gateway.visit import Page
from tests.support.grants import offering

USERS = "/dsr/administration/users/"
NEW = f"{USERS}new"
HERE = f"{USERS}{JO.hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"
OFFERED = (AccountGrant.DELETE, AccountGrant.UNLOCK)
MAY_DELETE = "May delete a record that was added by mistake"
MAY_UNLOCK = "May unlock the accounts of colleagues"
CHOSEN = {"command": COMMAND, "role": "standard", "organisations": MPFT.hex, "home": ""}
PERSON = {"first_name": "Kit", "last_name": "Wren", "email": "kit@example.org"}


@pytest.fixture
def users() -> StandInUsers:
    access = GrantedAccess(role=Role.STANDARD, organisation_ids=(MPFT,), grants=(AccountGrant.DELETE,))
    return StandInUsers(grants=OFFERED, user=a_user(access=access))


@pytest.fixture
async def offers(open_gateway: OpenGateway, identity: StandInIdentity, users: StandInUsers) -> Browser:
    """Return a browser at a register that offers two grants."""
    return await open_gateway(identity, users, registers=offering(*OFFERED))


def boxes(page: Page) -> dict[str, bool]:
    """Return each grant with a checkbox by its words, and whether it is ticked."""
    found = page.tree.select('input[name="grants"]')
    labels = {str(each["for"]): each.get_text(strip=True) for each in page.tree.select("label")}
    return {labels[str(each["id"])]: each.has_attr("checked") for each in found}


def facts(page: Page) -> dict[str, str]:
    return dict(
        zip(page.texts(".nhsuk-summary-list__key"), page.texts(".nhsuk-summary-list__value"), strict=True),
    )


async def test_what_a_user_has_is_a_fact_and_is_ticked(offers: Browser) -> None:
    page = await offers.see(HERE)

    assert MAY_DELETE == facts(page)["Further permissions"]
    assert {MAY_DELETE: True, MAY_UNLOCK: False} == boxes(page)


async def test_a_user_without_grants_is_said_to_have_none(offers: Browser, users: StandInUsers) -> None:
    users.user = a_user()

    assert "No further permissions" == facts(await offers.see(HERE))["Further permissions"]


async def test_grants_are_changed_with_the_role(offers: Browser, users: StandInUsers) -> None:
    await offers.see(HERE)
    await offers.go_on(HERE, CHOSEN | {"version": "3", "grants": "unlock"})

    [asked] = users.heard(ChangeAccess)
    assert (AccountGrant.UNLOCK,) == asked.access.grants


async def test_no_box_is_ticked_to_take_every_grant(offers: Browser, users: StandInUsers) -> None:
    await offers.see(HERE)
    await offers.go_on(HERE, CHOSEN | {"version": "3"})

    assert [()] == [each.access.grants for each in users.heard(ChangeAccess)]


async def test_a_user_is_added_with_grants(offers: Browser, users: StandInUsers) -> None:
    page = await offers.see(NEW)
    await offers.go_on(NEW, CHOSEN | PERSON | {"grants": "delete"})

    assert {MAY_DELETE: False, MAY_UNLOCK: False} == boxes(page)
    assert [(AccountGrant.DELETE,)] == [each.access.grants for each in users.heard(AddUser)]


async def test_what_was_ticked_stays_if_something_is_missing(offers: Browser) -> None:
    await offers.see(NEW)

    page = await offers.send(NEW, CHOSEN | {"grants": "unlock"})

    assert {MAY_DELETE: False, MAY_UNLOCK: True} == boxes(page)


async def test_a_grant_that_is_not_in_the_vocabulary_is_not_sent_on(offers: Browser, users: StandInUsers) -> None:
    await offers.see(HERE)

    await offers.send(HERE, CHOSEN | {"version": "3", "grants": "administer"}, status=400)

    assert [] == users.heard(ChangeAccess)


async def test_a_proposal_asks_for_no_grants(offers: Browser, identity: StandInIdentity, users: StandInUsers) -> None:
    identity.role, users.roles, users.grants = Role.MASTER_ADMIN, (), ()
    users.may_change, users.may_propose = False, True
    await offers.log_in()
    page = await offers.see(HERE)

    await offers.go_on(f"{HERE}propose", CHOSEN | {"grants": "unlock"})

    assert {} == boxes(page)
    assert [()] == [each.access.grants for each in users.heard(ProposeAdministrator)]


async def test_a_register_without_grants_says_nothing_of_them(
    open_gateway: OpenGateway, identity: StandInIdentity, users: StandInUsers
) -> None:
    users.grants = ()
    browser = await open_gateway(identity, users, registers=offering())
    one, new = await browser.see(HERE), await browser.see(NEW)
    await browser.go_on(HERE, CHOSEN | {"version": "3", "grants": "unlock"})

    assert ({}, {}) == (boxes(one), boxes(new))
    assert not any("Further permissions" in page.html for page in (one, new))
    expected = GrantedAccess(role=Role.STANDARD, organisation_ids=(MPFT,))
    assert [ChangeAccess(command_id=UUID(COMMAND), user_id=JO, version=3, access=expected)] == users.heard(ChangeAccess)
