"""Tests of the Home and Administration pages for each role."""

import pytest

from shared.contracts.registration import JoinRegister
from shared.messages import Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity

HOME = "/dsr/home/"
ADMINISTRATION = "/dsr/administration/"
BAR = {
    Role.STANDARD: ["Home", "Submit New Referral", "Referrals", "Help", "Change Password", "Logout"],
    Role.REPORTING: ["Home", "Referrals", "Reporting", "Help", "Change Password", "Logout"],
    Role.ADMINISTRATOR: [
        "Home",
        "Submit New Referral",
        "Referrals",
        "Reporting",
        "Help",
        "Change Password",
        "Administration",
        "Logout",
    ],
    Role.MASTER_ADMIN: ["Home", "Help", "Change Password", "Administration", "Logout"],
}


@pytest.mark.requirement("R-DSR-067", "R-DSR-069", "R-DSR-070")
@pytest.mark.parametrize("role", list(Role))
async def test_the_navigation_bar_holds_what_the_role_may_use_and_marks_where_one_is(
    browser: Browser, identity: StandInIdentity, role: Role
) -> None:
    identity.role = role
    browser.come_in(identity)
    page = await browser.see(HOME)

    assert BAR[role] == page.texts(".nhsuk-header__navigation-item")
    assert ["Home"] == page.texts('.nhsuk-header__navigation [aria-current="page"]')


@pytest.mark.requirement("R-DSR-168")
async def test_help_in_the_navigation_bar_opens_the_registers_help(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)
    home = await browser.see(HOME)
    (link,) = [each for each in home.tree.select(".nhsuk-header__navigation a") if each.get_text().strip() == "Help"]

    page = await browser.see(str(link["href"]))

    assert ("Help", True) == (page.heading, "Training" in page.texts("main h2"))


async def test_home_welcomes_by_name(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)
    page = await browser.see(HOME)

    assert ("Home", "Welcome, Jayne Billings") == (page.heading, page.texts("main p")[0])


@pytest.mark.requirement("R-USE-010")
@pytest.mark.parametrize("role", [*Role, None])
async def test_home_repeats_nothing_of_the_navigation(
    browser: Browser, identity: StandInIdentity, role: Role | None
) -> None:
    identity.role = role
    browser.come_in(identity)

    page = await browser.see(HOME)

    bar = {str(link["href"]) for link in page.tree.select(".nhsuk-header__navigation a")}
    assert set() == bar & {str(link["href"]) for link in page.tree.select("main a")}


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (Role.ADMINISTRATOR, ["Work list", "Meetings", "Actions", "Possible duplicates"]),
        (Role.STANDARD, []),
        (Role.REPORTING, []),
        (Role.MASTER_ADMIN, []),
    ],
)
async def test_the_second_bar_leads_the_team_to_its_pages(
    browser: Browser, identity: StandInIdentity, role: Role, shown: list[str]
) -> None:
    identity.role = role
    browser.come_in(identity)

    assert shown == (await browser.see(HOME)).texts(".ics-team a")


async def test_who_has_no_role_yet_is_told_so(browser: Browser, identity: StandInIdentity) -> None:
    identity.role = None
    browser.come_in(identity)
    page = await browser.see(HOME)

    assert page.texts("main p")[1].startswith("Your account has no role in this register yet.")
    assert "Ask the register's administrators for one: DynamicSupportRegister@mpft.nhs.uk." == page.texts("main p")[2]
    assert [] == page.texts("main button")


async def test_who_could_register_joins_by_one_press(browser: Browser, identity: StandInIdentity) -> None:
    identity.role, identity.may_join = None, True
    browser.come_in(identity)
    await identity.beat()
    page = await browser.see(HOME)

    home = await browser.see(await browser.go_on("/dsr/account/join", fields(page)))

    assert ["Join this register"] == page.texts("main button")
    assert 1 == len(identity.heard(JoinRegister))
    assert ["You have joined this register. We have sent you an email."] == home.texts(
        ".nhsuk-notification-banner__heading"
    )
    assert [] == [each for each in home.texts("main p") if "no role" in each]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("removed", "You cannot join this register yourself. Nothing was changed."),
        ("not_open", "You cannot join this register yourself. Nothing was changed."),
        ("joined_before", "You have joined this register. We have sent you an email."),
    ],
)
async def test_who_may_not_join_is_told(browser: Browser, identity: StandInIdentity, code: str, said: str) -> None:
    identity.role, identity.may_join = None, True
    browser.come_in(identity)
    page = await browser.see(HOME)
    identity.failing[JoinRegister] = Refused(code)

    home = await browser.see(await browser.go_on("/dsr/account/join", fields(page)))

    assert [said] == home.texts(".nhsuk-notification-banner__heading")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MASTER_ADMIN])
async def test_administration_leads_to_the_organisations_and_whose_addresses_are_accepted(
    browser: Browser, identity: StandInIdentity, role: Role
) -> None:
    identity.role = role
    browser.come_in(identity)

    hub = await browser.see(ADMINISTRATION)
    page = await browser.see(f"{ADMINISTRATION}organisations/")

    assert ("Administration", "Organisations and email domains") == (hub.heading, page.heading)
    assert 1 == len(hub.tree.select(f'main a[href="{ADMINISTRATION}organisations/"]'))
    assert ["Midlands Partnership Foundation Trust", "Stoke on Trent City Council"] == [
        name.removeprefix("Organisation ") for name in page.texts("tbody th")
    ]
    assert ["mpft.nhs.uk", "stoke.gov.uk"] == [name.removeprefix("Email domain ") for name in page.texts("tbody td")]
    assert ["nhs.net", "nhs.uk", "gov.uk"] == page.texts("main ul li")


PLACES = {
    Role.ADMINISTRATOR: [
        *(f"{ADMINISTRATION}{each}" for each in ("users/", "organisations/", "settings/", "mails/")),
        *("/dsr/ended/", f"{ADMINISTRATION}reversals/"),
    ],
    Role.MASTER_ADMIN: [f"{ADMINISTRATION}users/", f"{ADMINISTRATION}organisations/"],
}


@pytest.mark.parametrize("role", PLACES)
async def test_administration_leads_to_what_the_role_may_use(
    browser: Browser, identity: StandInIdentity, role: Role
) -> None:
    identity.role = role
    browser.come_in(identity)

    links = (await browser.see(ADMINISTRATION)).tree.select("main a")

    assert PLACES[role] == [str(link["href"]) for link in links]


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, None])
async def test_administration_is_closed_to_others(
    browser: Browser, identity: StandInIdentity, role: Role | None
) -> None:
    identity.role = role
    browser.come_in(identity)

    assert "You do not have permission to see this page" == (await browser.see(ADMINISTRATION, status=403)).heading


# -------------------------------------------------------------------------------------- an account without organisation
@pytest.mark.parametrize("path", [HOME, "/dsr/records/new"])
async def test_who_has_no_organisation_is_told_before_the_form_and_whom_to_ask(
    browser: Browser, identity: StandInIdentity, path: str
) -> None:
    with_one = await browser_of(browser, identity).see(path)
    identity.organisation_ids = ()
    without = await browser_of(browser, identity).see(path)

    said = "Your account belongs to no organisation of this register yet. You cannot add anyone until an administrator"
    assert [] == with_one.texts(".nhsuk-card--warning p")
    (told,) = without.texts(".nhsuk-card--warning p")
    assert told.startswith(said)
    assert told.endswith("Please email DynamicSupportRegister@mpft.nhs.uk.")


@pytest.mark.parametrize("role", [Role.REPORTING, Role.MASTER_ADMIN])
async def test_who_adds_nobody_is_not_told_of_an_organisation(
    browser: Browser, identity: StandInIdentity, role: Role
) -> None:
    identity.role, identity.organisation_ids = role, ()

    assert [] == (await browser_of(browser, identity).see(HOME)).texts(".nhsuk-card--warning p")


def browser_of(browser: Browser, identity: StandInIdentity) -> Browser:
    browser.come_in(identity)
    return browser
