"""Tests of what the home page says is waiting for each role, and of what it does not ask for."""

import pytest

from shared.contracts.notifier import CountUndelivered
from shared.contracts.outcomes import CountTasks
from shared.contracts.referrals.caseload import Caseload, ReadCaseload
from shared.contracts.referrals.consent import CountConsentsToConfirm
from shared.contracts.reports import ReadDashboard
from shared.contracts.users import CountAccountsWaiting
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import StandIn
from tests.gateway.stand_in_caseload import NEW, StandInCaseload, a_caseload
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_notifier import StandInNotifier
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.gateway.stand_in_reports import StandInReports
from tests.gateway.stand_in_users import StandInUsers
from tests.gateway.stand_in_work import StandInWork
from tests.gateway.visit import Page

pytestmark = pytest.mark.requirement("R-USE-010")

NOT_WHOLE = "Some of what is waiting for you cannot be shown at the moment. Reload this page in a minute."
HOME, LIST = "/dsr/home/", "/dsr/records/"


async def home_of(open_gateway: OpenGateway, role: Role, *others: StandIn) -> Page:
    browser: Browser = await open_gateway(StandInIdentity(role=role), *others)
    return await browser.see(HOME)


def links_of(page: Page) -> dict[str, str]:
    return {" ".join(link.get_text(" ").split()): str(link["href"]) for link in page.tree.select("main a")}


async def test_a_referrer_sees_their_people_by_rating_and_whom_to_look_at(open_gateway: OpenGateway) -> None:
    page = await home_of(open_gateway, Role.STANDARD, StandInCaseload(caseload=a_caseload()))

    assert {
        "Red 1": f"{LIST}?rating=red",
        "Amber 0": f"{LIST}?rating=amber",
        "Green 4": f"{LIST}?rating=green",
        "New with you: Percy Plum, since 2 days ago": f"{LIST}{NEW.hex}/",
        "Longest without an update: Tester Three, 40 days ago": f"{LIST}{RECORD_ID.hex}/",
    } == links_of(page)
    assert ["Red 1", "Amber 0", "Green 4"] == page.texts(".ics-home-ratings li")


async def test_a_referrer_without_people_is_told_so(open_gateway: OpenGateway) -> None:
    page = await home_of(open_gateway, Role.STANDARD, StandInCaseload())

    assert {} == links_of(page)
    assert any(each.startswith("You have not added anyone yet") for each in page.texts("main p"))


async def test_the_search_is_sent_in_a_form_and_never_in_an_address(open_gateway: OpenGateway) -> None:
    page = await home_of(open_gateway, Role.STANDARD, StandInCaseload())

    (form,) = page.tree.select("main form")
    assert ("post", LIST, 1) == (form["method"], form["action"], len(form.select("input[name=search]")))


async def test_an_administrator_sees_what_could_not_be_delivered_and_who_is_locked_out(
    open_gateway: OpenGateway,
) -> None:
    page = await home_of(
        open_gateway, Role.ADMINISTRATOR, StandInNotifier(undelivered=3), StandInUsers(), StandInCaseload()
    )

    links = links_of(page)
    assert "/dsr/administration/mails/?undelivered=1" == links["Emails that could not be delivered: 3"]
    assert "/dsr/administration/locked/" == links["Locked accounts: 1"]


async def test_a_reporting_user_has_the_figures_and_the_last_reports_at_once(open_gateway: OpenGateway) -> None:
    page = await home_of(open_gateway, Role.REPORTING, StandInReports(), StandInCaseload(caseload=Caseload()))

    assert any(each.startswith("TOTAL RECORDS") for each in page.texts(".ics-panel h2"))
    assert ["TOTALS BY RISK TYPE"] == page.texts(".ics-panel caption")


async def test_nothing_waits_for_a_master_admin_and_home_says_so(open_gateway: OpenGateway) -> None:
    page = await home_of(open_gateway, Role.MASTER_ADMIN, StandInUsers(locked=()))

    assert "Nothing is waiting for you." in page.texts("main p")
    assert [] == page.tree.select("main a, main form")


async def test_home_says_what_a_master_admin_may_do_and_who_changes_texts_and_lists(open_gateway: OpenGateway) -> None:
    master = await home_of(open_gateway, Role.MASTER_ADMIN, StandInUsers(locked=()))
    hint = (
        "Master admin: Can add and manage users, propose administrators, and view the list of organisations, "
        "but cannot see any referral. Administrators change texts and lists."
    )

    assert hint in master.texts("main p")


async def test_home_says_nothing_of_master_admins_to_others(open_gateway: OpenGateway) -> None:
    other = await home_of(open_gateway, Role.STANDARD, StandInUsers(locked=()))

    assert not any("Master admin" in each for each in other.texts("main p"))


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        (Role.STANDARD, {ReadCaseload, CountConsentsToConfirm}),
        (Role.REPORTING, {ReadCaseload, ReadDashboard}),
        (
            Role.ADMINISTRATOR,
            {ReadCaseload, CountConsentsToConfirm, CountTasks, CountUndelivered, CountAccountsWaiting},
        ),
        (Role.MASTER_ADMIN, {CountAccountsWaiting}),
    ],
)
async def test_each_role_asks_once_for_what_it_may_see_and_for_nothing_else(
    open_gateway: OpenGateway, role: Role, asked: set[type]
) -> None:
    others = (StandInCaseload(), StandInWork(), StandInNotifier(), StandInUsers(), StandInReports())

    await home_of(open_gateway, role, *others)

    heard = [type(each) for other in others for each in other.asked]
    assert (asked, len(asked)) == (set(heard), len(heard))


async def test_home_opens_while_every_service_is_away(open_gateway: OpenGateway) -> None:
    others = (StandInCaseload(), StandInNotifier(), StandInUsers())
    for other, kind in zip(others, (ReadCaseload, CountUndelivered, CountAccountsWaiting), strict=True):
        other.failing[kind] = NotAnswered(Fault.UNAVAILABLE)

    page = await home_of(open_gateway, Role.ADMINISTRATOR, *others)

    assert {"Work list": "/dsr/work/"} == links_of(page)
    assert NOT_WHOLE in page.texts("main p")


async def test_home_does_not_say_that_nothing_waits_while_it_does_not_know(open_gateway: OpenGateway) -> None:
    away, users = StandInCaseload(), StandInUsers(locked=())
    away.failing[ReadCaseload] = NotAnswered(Fault.UNAVAILABLE)
    users.failing[CountAccountsWaiting] = NotAnswered(Fault.TOO_LATE)

    for role, other in ((Role.STANDARD, away), (Role.MASTER_ADMIN, users)):
        said = (await home_of(open_gateway, role, other)).texts("main p")

        assert (True, False) == (NOT_WHOLE in said, "Nothing is waiting for you." in said)


def test_home_and_the_work_list_call_the_next_meeting_by_one_name() -> None:
    words = load_registers().find("dsr").words

    assert f"{words('tasks.agenda')}: 2" == words("tasks.agenda_count", count=2)
