"""Tests of the list's filters and order: what the form asks of the service, and how the page shows the reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.pages.records.finds import finds_of
from gateway.pages.records.record_list import RecordCells
from shared.contracts.referrals.duplicates import LinkedPeople, LinkedRecords, ListLinked
from shared.contracts.referrals.listing import ListRecords, Narrowing, RecordPage, RecordRow
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.visit import Page
from tests.rules.typed import carers
from tests.support.days import days_ago

LIST = "/dsr/records/"
NOW = datetime.now(UTC)
HERE, THERE = (each.organisation_id for each in ORGANISATIONS)
MPFT = "Midlands Partnership Foundation Trust (@mpft.nhs.uk)"


def a_row(**changes: object) -> RecordRow:
    fields = {
        "record_id": UUID(int=21),
        "name": "Percy Plum",
        "organisation_id": HERE,
        "locality": "south_staffordshire",
        "rating": "red",
        "created_at": NOW,
        "updated_at": NOW,
        "rated_at": NOW,
        "created_by": "Jenny Harris",
    }
    return RecordRow.model_validate(fields | changes)


@dataclass
class StandInList(StandIn):
    """Answers each list with one page, in the order asked for unless the page is capped."""

    page: RecordPage = field(default_factory=lambda: RecordPage(rows=(a_row(),), first=1, matches=1, total=1))
    linked: tuple[LinkedRecords, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (row(ListRecords, self._list), row(ListLinked, lambda _: LinkedPeople(records=self.linked)))

    def _list(self, asked: ListRecords) -> RecordPage:
        return (
            self.page if self.page.capped else self.page.model_copy(update={"sort": asked.sort, "turned": asked.turned})
        )


@pytest.fixture
def lister() -> StandInList:
    return StandInList()


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR, organisation_ids=(HERE, THERE))


@pytest.fixture
async def browser(open_gateway: OpenGateway, lister: StandInList, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, lister)


async def post(browser: Browser, fields: Mapping[str, str]) -> Page:
    """Send the list's form. A search is answered at once; anything else redirects to an address of its own."""
    if fields.get("search"):
        return await browser.send(LIST, fields, status=200)
    return await browser.see(await browser.go_on(LIST, fields))


def ticked(page: Page) -> list[str]:
    return [str(box["value"]) for box in page.tree.select("main input[type=checkbox][checked]")]


async def test_the_list_can_be_narrowed_by_rating_locality_and_organisation(
    browser: Browser, lister: StandInList
) -> None:
    page = await post(
        browser,
        {"rating": "red", "locality": "south_staffordshire", "organisation": HERE.hex, "search": "percy"},
    )

    asked = lister.heard(ListRecords)[-1]
    expected = Narrowing(ratings=("red",), localities=("south_staffordshire",), organisation_ids=(HERE,))
    assert (expected, "percy") == (asked.narrowing, asked.search)
    assert ["red", "south_staffordshire", HERE.hex] == ticked(page)
    assert [
        "Remove filter RISK LEVEL: Red ✕",
        "Remove filter LOCALITY: South Staffordshire ✕",
        f"Remove filter ORG: {MPFT} ✕",
        "Clear filters",
        "Show the whole list",
    ] == page.texts(".ics-chip")


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ("rating:red", Narrowing(localities=("south_staffordshire",))),
        ("locality:south_staffordshire", Narrowing(ratings=("red",))),
        ("all", Narrowing()),
    ],
)
async def test_a_chip_takes_one_filter_away_and_clear_takes_all(
    browser: Browser, lister: StandInList, removed: str, left: Narrowing
) -> None:
    fields = {"rating": "red", "locality": "south_staffordshire", "search": "percy", "sort": "name"}
    await post(browser, fields | {"remove": removed})

    asked = lister.heard(ListRecords)[-1]
    assert (left, "percy", "name") == (asked.narrowing, asked.search, asked.sort)


@pytest.mark.parametrize(
    "fields", [{"rating": "purple"}, {"organisation": UUID(int=99).hex}, {"locality": "x' OR 1=1"}, {"sort": "born"}]
)
async def test_what_is_not_offered_is_not_asked_for(
    browser: Browser, lister: StandInList, fields: Mapping[str, str]
) -> None:
    await post(browser, fields)

    assert ListRecords() == lister.heard(ListRecords)[-1]


async def test_who_sees_their_own_alone_has_no_organisations_to_choose(
    browser: Browser, identity: StandInIdentity, lister: StandInList
) -> None:
    identity.role = Role.STANDARD
    fresh = Browser(browser.client)
    fresh.come_in(identity)

    page = await fresh.see(LIST)
    await post(fresh, {"organisation": HERE.hex})

    assert ["RISK LEVEL", "LOCALITY", "Review"] == page.texts(".ics-filters legend")
    assert ListRecords() == lister.heard(ListRecords)[-1]


@pytest.mark.parametrize(
    ("fields", "column", "order", "next_time"),
    [
        ({}, "LAST UPDATED", "descending", "updated-turned"),
        ({"order": "updated-turned"}, "LAST UPDATED", "ascending", "updated"),
        ({"order": "name"}, "NAME", "ascending", "name-turned"),
        ({"sort": "name", "order": "name-turned"}, "NAME", "descending", "name"),
        ({"sort": "rating"}, "RISK LEVEL", "descending", "rating-turned"),
        ({"order": "created-turned"}, "DATE CREATED", "ascending", "created"),
    ],
    ids=str,
)
async def test_a_heading_sorts_and_pressed_again_turns_the_list_round(
    browser: Browser, fields: Mapping[str, str], column: str, order: str, next_time: str
) -> None:
    page = await post(browser, fields)

    heads = {head.get_text(strip=True): head for head in page.tree.select("thead th")}
    assert [column] == [text for text, head in heads.items() if head.get("aria-sort")]
    button = heads[column].select_one("button")
    assert button is not None
    assert (order, next_time) == (heads[column]["aria-sort"], button["value"])
    assert {"NAME", "RISK LEVEL", "DATE CREATED", "LAST UPDATED"} == set(page.texts("thead button"))


async def test_the_order_stands_in_the_form_and_goes_along_with_pages(browser: Browser, lister: StandInList) -> None:
    page = await post(browser, {"order": "name-turned", "rating": "red"})

    chosen = page.tree.select_one("#sort option[selected]")
    assert chosen is not None
    await post(browser, {"sort": str(chosen["value"]), "rating": "red", "page": "2"})
    asked = lister.heard(ListRecords)[-1]
    assert ("name", True, 2, ("red",)) == (asked.sort, asked.turned, asked.page, asked.narrowing.ratings)


async def test_an_address_says_how_the_list_is_narrowed_and_never_what_was_searched_for(
    browser: Browser, lister: StandInList
) -> None:
    fields = {"rating": "red", "organisation": HERE.hex, "sort": "name", "length": "25", "page": "2"}

    assert f"{LIST}?rating=red&organisation={HERE.hex}&sort=name&length=25&page=2" == await browser.go_on(LIST, fields)
    assert LIST == await browser.go_on(LIST, {"sort": "updated", "length": "10", "page": "1"})
    await browser.see(f"{LIST}?search=percy&rating=red&page=no")
    asked = lister.heard(ListRecords)[-1]
    assert ("", 1, ("red",)) == (asked.search, asked.page, asked.narrowing.ratings)


async def test_too_many_to_count_are_said_to_be_more_and_stay_in_their_order(
    browser: Browser, lister: StandInList
) -> None:
    lister.page = replace_page(lister.page, matches=1_000, capped=True)

    page = await post(browser, {"rating": "red", "order": "name"})

    assert ["Showing 1 to 1 of more than 1,000 entries"] == page.texts(".ics-pagination__showing")
    assert [] == page.texts("thead button")
    assert any("Lists of more than 1,000 entries stay in the order of the last update." in t for t in page.texts("p"))


def replace_page(page: RecordPage, **changes: object) -> RecordPage:
    return page.model_copy(update=changes)


async def test_filters_that_nobody_passes_are_said_to_be_the_reason(browser: Browser, lister: StandInList) -> None:
    lister.page = RecordPage(rows=(), first=0, matches=0, total=0)

    page = await post(browser, {"rating": "red"})

    assert "No entries match these filters." in page.texts("main p")
    assert "Clear filters" in page.texts(".ics-chip")


@pytest.mark.parametrize(
    ("days", "said"), [(0, "Rated today"), (1, "Rated yesterday"), (12, "Rated 12 days ago"), (56, "Rated 56 days ago")]
)
async def test_the_rating_says_how_old_it_is(browser: Browser, lister: StandInList, days: int, said: str) -> None:
    lister.page = replace_page(lister.page, rows=(a_row(rated_at=days_ago(days, NOW)),))

    page = await browser.see(LIST)

    assert [f"RISK LEVEL Red{said}"] == [text for text in page.texts("td") if "RISK" in text]


def test_a_column_shows_the_answer_to_any_question_in_words_and_the_name_is_a_link() -> None:
    visitor = StandInIdentity(role=Role.ADMINISTRATOR, organisation_ids=(HERE, THERE)).visitor("carers")
    rows = RecordCells(carers(), visitor, {}, NOW)

    known, unknown = (rows.cells(a_row(answers=answers)) for answers in ({"nearness": "abroad"}, {}))

    name = f'<a class="nhsuk-link" href="/carers/records/{a_row().record_id.hex}/">Percy Plum</a>'
    assert ([name, "Abroad"], [name, ""]) == (known, unknown)


def test_a_register_without_rating_shows_no_age_of_one() -> None:
    rows = RecordCells(carers(), StandInIdentity(organisation_ids=(HERE, THERE)).visitor("carers"), {}, NOW)

    assert "Rated" not in "".join(rows.cells(a_row()))


# -------------------------------------------------------------------------------------------- people of one name
@pytest.mark.requirement("R-USE-002")
async def test_people_of_one_name_are_told_apart_by_birthday_and_links(browser: Browser, lister: StandInList) -> None:
    rows = (
        a_row(answers={"date_of_birth": "1999-05-04"}, rating="amber"),
        a_row(record_id=UUID(int=22), answers={"date_of_birth": "2004-08-09"}),
    )
    lister.page = RecordPage(rows=rows, first=1, matches=2, total=2)
    lister.linked = (LinkedRecords(record_id=UUID(int=21), ratings=("red",)),)

    page = await browser.see(LIST)

    names = [" | ".join(each.stripped_strings) for each in page.tree.select("tbody th .ics-lines")]
    assert ["Percy Plum | 04/05/1999 | Linked, highest rating Red", "Percy Plum | 09/08/2004"] == names


async def test_an_empty_search_leads_who_may_open_them_to_the_archived_records(
    browser: Browser, lister: StandInList, identity: StandInIdentity
) -> None:
    lister.page = RecordPage(rows=(), first=0, matches=0, total=9)
    team = await post(browser, {"search": "plum"})
    identity.role = Role.STANDARD
    browser.come_in(identity)
    others = await post(browser, {"search": "plum"})

    link = 'a[href="/dsr/ended/"]'
    assert (["Archived referrals"], []) == (team.texts(f"#results {link}"), others.texts(f"#results {link}"))


# ------------------------------------------------------------------------------------------------ what the search finds
@pytest.mark.requirement("R-USE-001")
async def test_the_search_says_what_it_finds_and_an_empty_one_what_it_did_not_search(
    browser: Browser, lister: StandInList
) -> None:
    lister.page = RecordPage(rows=(), first=0, matches=0, total=3)

    page = await post(browser, {"search": "\u200b999 000 0018\u00a0"})

    (asked,) = lister.heard(ListRecords)
    hint = page.tree.select_one("#search-hint")
    assert "999 000 0018" == asked.search
    assert hint is not None
    assert "Name, NHS number, date of birth or reference" == hint.get_text()
    assert ["search-hint"] == [page.tree.select("#search")[0]["aria-describedby"]]
    assert page.texts("#results p")[:2] == [
        "No matching entries. Check the spelling, or search for a part of the name.",
        "Searched by name, NHS number, date of birth or reference: active referrals that you may see. "
        "Not searched: archived referrals, and referrals that you may not see.",
    ]


def test_a_register_that_asks_no_number_says_that_it_is_not_searched_for() -> None:
    assert "name, date of birth or reference" == finds_of(carers())
