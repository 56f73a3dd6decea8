"""Tests of the help page by role, and of the links to it from the pages that its topics are about."""

from typing import get_args

import pytest

from gateway.routes import PAGES
from gateway.ui.help_links import PLACES
from shared.permissions import AccountGrant, Role
from shared.registers.definition.register import HelpPlace
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_uploads import StandInUploads
from tests.gateway.stand_in_work import StandInWork

EVERYBODY = "Logging in"
TOPICS = {
    Role.STANDARD: ["Making a new referral", "Finding a referral", "Updating a referral", "Holder and cover"],
    Role.REPORTING: ["Finding a referral", "Dashboard and reports"],
    Role.ADMINISTRATOR: [
        "Making a new referral",
        "Finding a referral",
        "Updating a referral",
        "Holder and cover",
        "The work list",
        "Recording an outcome",
        "Archiving a referral",
        "Dashboard and reports",
        "Loading a spreadsheet",
        "Managing users",
    ],
    Role.MASTER_ADMIN: ["Managing users", "What a master admin can do"],
}
FORMS = {f"/{{register}}/{path}" for path in ("records/new", "records/{record}/change/", "login/app", "account/app")}
BY_ROLE = {topic for topics in TOPICS.values() for topic in topics}


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, StandInWork())


@pytest.mark.parametrize("role", list(TOPICS))
async def test_each_role_reads_the_topics_of_its_work(browser: Browser, identity: StandInIdentity, role: Role) -> None:
    identity.role = role
    browser.come_in(identity)

    page = await browser.see("/dsr/help/")

    assert TOPICS[role] == [each for each in page.texts("main h2") if each in BY_ROLE]
    assert EVERYBODY in page.texts("main h2")
    contents = [str(each["href"]).removeprefix("#") for each in page.tree.select("main nav a")]
    assert contents == [str(each["id"]) for each in page.tree.select("main h2[id]")]


@pytest.mark.parametrize(("grants", "links"), [((AccountGrant.BULK_LOAD,), ["/dsr/help/#load"]), ((), [])])
async def test_who_loads_and_is_no_administrator_reads_about_it(
    open_gateway: OpenGateway, grants: tuple[AccountGrant, ...], links: list[str]
) -> None:
    identity = StandInIdentity(role=Role.STANDARD, grants=grants)
    browser = await open_gateway(identity, StandInUploads())

    topics = (await browser.see("/dsr/help/")).texts("main h2")

    assert bool(links) == ("Loading a spreadsheet" in topics)
    if links:
        page = await browser.see("/dsr/load/")
        assert links == [str(each["href"]) for each in page.tree.select("footer a[href*=help]")]


async def test_a_page_links_to_the_topic_about_it_for_whoever_may_read_it(
    browser: Browser, identity: StandInIdentity
) -> None:
    work = await browser.see("/dsr/work/")
    home = await browser.see("/dsr/home/")
    topic = await browser.see("/dsr/help/")

    assert ["/dsr/help/#work"] == [str(each["href"]) for each in work.tree.select("footer a[href*=help]")]
    assert [] == home.tree.select("footer a[href*=help]")
    assert "The work list" == topic.texts("#work")[0]


def test_every_place_is_that_of_a_page_and_every_topic_of_the_dsr_has_one() -> None:
    routes = {each.path for each in PAGES}

    assert [] == [path for path in PLACES if path not in routes]
    assert set(get_args(HelpPlace)) == set(PLACES.values())
    assert FORMS <= PLACES.keys()
    assert frozenset(get_args(HelpPlace)) == load_registers().find("dsr").help_places("administrator")


def test_an_unknown_reader_finds_how_to_log_in_and_nothing_of_the_work_inside() -> None:
    topics = {topic.heading for topic in load_registers().find("dsr").help_for(None)}

    assert EVERYBODY in topics
    assert not topics & BY_ROLE
