"""Tests of downloading the list: which records the report holds, and what the page says when it cannot be made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from shared.contracts.referrals.duplicates import LinkedPeople, ListLinked
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.reports import StartReport
from shared.messages import Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_reports import JOB_ID, StandInReports
from tests.gateway.test_list_pages import LIST, a_row

DOWNLOAD = f"{LIST}download"
JOB = f"/dsr/reporting/jobs/{JOB_ID.hex}/?notice=started"


@dataclass
class StandInLongList(StandIn):
    """Answers with the pages of a list of these ids. `meanwhile` is called after each page."""

    ids: list[UUID] = field(default_factory=lambda: [UUID(int=21)])
    capped: bool = False
    meanwhile: Callable[[], object] = field(default=lambda: None)

    def table(self) -> tuple[Row, ...]:
        return (row(ListRecords, self._list), row(ListLinked, lambda _: LinkedPeople(records=())))

    def _list(self, asked: ListRecords) -> RecordPage:
        first = (asked.page - 1) * asked.length
        rows = tuple(a_row(record_id=each) for each in self.ids[first : first + asked.length])
        found = RecordPage(
            rows=rows, first=first + 1, matches=len(self.ids), total=len(self.ids), capped=self.capped, sort=asked.sort
        )
        self.meanwhile()
        return found


@pytest.fixture
def lister() -> StandInLongList:
    return StandInLongList()


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR, organisation_ids=tuple(o.organisation_id for o in ORGANISATIONS))


@pytest.fixture
def reports() -> StandInReports:
    return StandInReports()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway, lister: StandInLongList, reports: StandInReports, identity: StandInIdentity
) -> Browser:
    return await open_gateway(identity, lister, reports)


def sent(**fields: str) -> dict[str, str]:
    return {"command": uuid4().hex, **fields}


@pytest.mark.requirement("R-USE-005")
async def test_a_filtered_list_becomes_a_report_of_all_its_pages(
    browser: Browser, lister: StandInLongList, reports: StandInReports
) -> None:
    lister.ids = [UUID(int=number) for number in range(1, 251)]
    fields = sent(rating="red", length="10", page="3", sort="name")

    assert JOB == await browser.go_on(DOWNLOAD, fields)

    (asked,) = reports.heard(StartReport)
    assert (UUID(hex=fields["command"]), "referrals") == (asked.command_id, asked.report)
    assert tuple(lister.ids) == asked.record_ids
    assert {("red",)} == {each.narrowing.ratings for each in lister.heard(ListRecords)}


@pytest.mark.requirement("R-USE-005")
async def test_what_was_searched_for_is_downloaded_and_nothing_else(
    browser: Browser, lister: StandInLongList, reports: StandInReports
) -> None:
    assert JOB == await browser.go_on(DOWNLOAD, sent(search="percy"))

    assert {"percy"} == {each.search for each in lister.heard(ListRecords)}
    assert ((UUID(int=21),),) == tuple(each.record_ids for each in reports.heard(StartReport))


@pytest.mark.requirement("R-USE-005")
async def test_the_whole_list_needs_no_ids_however_long_it_is(
    browser: Browser, lister: StandInLongList, reports: StandInReports
) -> None:
    lister.ids = [UUID(int=number) for number in range(1, 5_001)]

    assert JOB == await browser.go_on(DOWNLOAD, sent())

    assert [("referrals", None)] == [(each.report, each.record_ids) for each in reports.heard(StartReport)]


async def test_the_button_sends_the_form_of_the_list_with_a_command_of_its_own(browser: Browser) -> None:
    first, second = await browser.see(LIST), await browser.see(LIST)

    buttons = [page.tree.select_one(f'button[formaction="{DOWNLOAD}"]') for page in (first, second)]

    assert {("search-form", "command", "Download this list")} == {
        (str(each["form"]), str(each["name"]), each.get_text().strip()) for each in buttons if each
    }
    assert 2 == len({UUID(hex=str(each["value"])) for each in buttons if each})


@pytest.mark.parametrize(("ids", "capped"), [(range(1, 1_002), False), (range(1, 30), True)])
async def test_a_list_that_is_too_long_is_shown_again_with_its_search_and_what_to_do(
    browser: Browser, lister: StandInLongList, reports: StandInReports, ids: range, *, capped: bool
) -> None:
    lister.ids, lister.capped = [UUID(int=number) for number in ids], capped

    page = await browser.send(DOWNLOAD, sent(search="percy", rating="red"), status=200)

    assert "The list has more than 1,000 entries. Choose filters" in page.html
    assert 'value="percy"' in page.html
    assert [] == reports.heard(StartReport)


async def test_an_empty_list_is_not_downloaded(
    browser: Browser, lister: StandInLongList, reports: StandInReports
) -> None:
    lister.ids = []

    page = await browser.send(DOWNLOAD, sent(rating="red"), status=200)

    assert "There are no entries to download." in page.html
    assert [] == reports.heard(StartReport)


async def test_a_list_that_changes_while_it_is_read_is_read_again(
    browser: Browser, lister: StandInLongList, reports: StandInReports
) -> None:
    lister.ids = [UUID(int=number) for number in range(1, 151)]

    def one_leaves() -> None:
        if len(lister.ids) == 150:
            lister.ids.pop(0)

    lister.meanwhile = one_leaves

    assert JOB == await browser.go_on(DOWNLOAD, sent(rating="red"))
    assert tuple(lister.ids) == reports.heard(StartReport)[-1].record_ids


async def test_a_list_that_never_stands_still_is_not_downloaded_in_part(
    browser: Browser, lister: StandInLongList, reports: StandInReports
) -> None:
    lister.ids = [UUID(int=number) for number in range(1, 151)]
    lister.meanwhile = lambda: lister.ids.pop(0)

    page = await browser.send(DOWNLOAD, sent(rating="red"), status=200)

    assert "The list changes at this moment. Please try again." in page.html
    assert [] == reports.heard(StartReport)


async def test_with_three_reports_being_made_it_says_so(browser: Browser, reports: StandInReports) -> None:
    reports.failing[StartReport] = Refused("too_many")

    page = await browser.send(DOWNLOAD, sent(), status=200)

    assert "You already have reports being prepared." in page.html


async def test_who_gets_no_reports_downloads_no_list(
    browser: Browser, identity: StandInIdentity, lister: StandInLongList, reports: StandInReports
) -> None:
    identity.role = Role.STANDARD
    fresh = Browser(browser.client)
    fresh.come_in(identity)

    page = await fresh.see(LIST)
    asked = len(lister.heard(ListRecords))

    assert "Download this list" not in page.html
    await fresh.send(DOWNLOAD, sent(), status=403)
    assert asked == len(lister.heard(ListRecords))
    assert [] == reports.heard(StartReport)
