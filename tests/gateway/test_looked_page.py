"""Tests of the page of who looked at a record: three audits in one list, and no silence about what is missing."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.outcomes.audit_actions import OutcomesAction
from services.referrals.audit_actions import ReferralsAction
from services.reports.audit_actions import ReportsAction
from shared.contracts.looks import (
    LOOKS_AT_ONCE,
    Look,
    Looker,
    Lookers,
    LookPlace,
    Looks,
    LooksAsked,
    NameLookers,
    ReadOutcomeLooks,
    ReadRecordLooks,
    ReadReportLooks,
    RecordLooks,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import AccountGrant, Role
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.gateway.visit import Page

PAGE = f"/dsr/records/{RECORD_ID.hex}/looked/"
JENNY, CALUM, GONE = (UUID(hex=f"{number:04X}" + "0" * 28) for number in (0xA1A1, 0xB2B2, 0xC3C3))
LATEST = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
NAMES_NO_RECORD = frozenset({"draft", "meeting", "attendance", "series", "register"})
OF_A_FILE = frozenset(
    {"begun", "cancelled", "checked", "failed_rows_downloaded", "processed", "stopped", "authority_named"}
)
OF_A_REPORT = frozenset({"asked_for", "downloaded", "made", "stopped"})


def a_look(minutes: int, action: str, user_id: UUID | None = JENNY, among: int = 1) -> Look:
    """Return a row of so many minutes before the latest."""
    place = LookPlace(at=LATEST - timedelta(minutes=minutes), row=100_000 - minutes)
    return Look(place=place, user_id=user_id, action=action, among=among)


@dataclass
class StandInLooks(StandIn):
    """A stand-in for the audits of three services and the names of identity."""

    own: tuple[Look, ...] = (a_look(0, "records.listed", CALUM, 25), a_look(20, "record.created"))
    of_outcomes: tuple[Look, ...] = (a_look(10, "outcome.listed", GONE),)
    of_reports: tuple[Look, ...] = field(default_factory=lambda: (a_look(15, "report.records"),))
    named: tuple[Looker, ...] = (
        Looker(user_id=JENNY, full_name="Jenny Harris", organisation_id=ORGANISATIONS[0].organisation_id),
        Looker(user_id=CALUM, full_name="", organisation_id=ORGANISATIONS[1].organisation_id),
    )

    def table(self) -> tuple[Row, ...]:
        return (
            row(ReadRecordLooks, self._record),
            row(ReadOutcomeLooks, lambda asked: _page(asked, self.of_outcomes)),
            row(ReadReportLooks, lambda asked: _page(asked, self.of_reports)),
            row(NameLookers, lambda _: Lookers(users=self.named)),
        )

    def _record(self, asked: ReadRecordLooks) -> RecordLooks:
        return RecordLooks(**dict(_page(asked, self.own)), reference="DSR-7KQ2-M9XP", name="Percy Plum")


def _page(asked: LooksAsked, looks: tuple[Look, ...]) -> Looks:
    before = asked.before
    found = [each for each in looks if before is None or each.place.at < before.at]
    found = [each for each in found if asked.user_id in (None, each.user_id)]
    users = {each.user_id for each in looks if each.user_id}
    return Looks(looks=tuple(found[: asked.most]), more=len(found) > asked.most, user_ids=tuple(sorted(users)))


@pytest.fixture
def looks() -> StandInLooks:
    return StandInLooks()


@pytest.fixture
async def browser(open_gateway: OpenGateway, looks: StandInLooks, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, looks)


@pytest.mark.requirement("R-USE-011")
async def test_the_audits_are_one_list_newest_first_in_plain_words(browser: Browser) -> None:
    page = await browser.see(PAGE)

    assert [
        ["30/11/2026 at 09:00", f"A user of {ORGANISATIONS[1].name} (B2B2)", "In a list. Referrals on that page: 25"],
        ["30/11/2026 at 08:50", "A former user (C3C3)", "Read the outcomes"],
        ["30/11/2026 at 08:45", "Jenny Harris", "In an Excel report"],
        ["30/11/2026 at 08:40", "Jenny Harris", "Added the referral"],
    ] == cells_of(page)
    assert "Percy Plum, Reference DSR-7KQ2-M9XP" in page.texts("p")
    assert "Percy" not in page.title
    assert 5 == len(page.texts(".nhsuk-list--bullet li"))


def cells_of(page: Page) -> list[list[str]]:
    """Return the text of each cell of the table by row, without the headings that a phone shows."""
    for heading in page.tree.select("td .nhsuk-table__heading"):
        heading.extract()
    return [[cell.get_text(strip=True) for cell in line.select("td")] for line in page.tree.select("tbody tr")]


@pytest.mark.requirement("R-USE-011")
@pytest.mark.parametrize(
    ("away", "said", "rows"),
    [
        (ReadOutcomeLooks, "Looks at outcomes, the work list, meetings and actions are missing", 3),
        (ReadReportLooks, "Excel reports are missing", 3),
        (NameLookers, "The names of users are not available now", 4),
    ],
)
async def test_what_does_not_answer_is_said_to_be_missing(
    browser: Browser, looks: StandInLooks, away: type[ReadOutcomeLooks], said: str, rows: int
) -> None:
    looks.failing[away] = NotAnswered(Fault.UNAVAILABLE)

    for address in (PAGE, f"{PAGE}?all=1"):
        page = await browser.see(address)
        assert ["Important: This list is not whole"] == page.texts(".nhsuk-card--warning h2")
        assert page.texts(".nhsuk-card--warning p")[0].startswith(said)
        assert rows == len(page.tree.select("tbody tr"))


async def test_a_whole_list_says_nothing_of_missing_parts(browser: Browser) -> None:
    assert [] == (await browser.see(PAGE)).texts(".nhsuk-card--warning")


@pytest.mark.requirement("R-USE-011")
async def test_it_goes_page_by_page_without_a_gap_or_a_double_and_all_in_one_document(
    browser: Browser, looks: StandInLooks
) -> None:
    looks.own = tuple(a_look(2 * each, "record.read") for each in range(LOOKS_AT_ONCE + 5))
    looks.of_outcomes = tuple(a_look(2 * each + 1, "outcome.listed") for each in range(LOOKS_AT_ONCE))
    looks.of_reports = (a_look(-1, "report.records"), a_look(9_999, "report.records"))

    seen, address, pages = [], PAGE, 0
    while address:
        page = await browser.see(address)
        seen += page.texts("tbody tr")
        address, pages = (
            next((str(each["href"]) for each in page.tree.select("a") if each.text == "Older"), ""),
            pages + 1,
        )
    document = await browser.see(f"{PAGE}?all=1")

    assert (3, 2 * LOOKS_AT_ONCE + 7) == (pages, len(seen))
    assert len(seen) == len(set(seen))
    assert seen == document.texts("tbody tr")


@pytest.mark.requirement("R-USE-011")
async def test_it_is_narrowed_to_a_user_and_to_days(browser: Browser, looks: StandInLooks) -> None:
    days = "first-day=1&first-month=11&first-year=2026&last-day=30&last-month=11&last-year=2026"

    page = await browser.see(f"{PAGE}?user={JENNY.hex}&{days}")

    asked = [*looks.heard(ReadRecordLooks), *looks.heard(ReadOutcomeLooks), *looks.heard(ReadReportLooks)]
    assert {(JENNY, date(2026, 11, 1), date(2026, 11, 30))} == {
        (each.user_id, each.first_day, each.last_day) for each in asked
    }
    assert 2 == len(page.tree.select("tbody tr"))
    assert "Only what Jenny Harris did is shown." in page.texts("p")
    assert "Only 01/11/2026 to 30/11/2026 is shown." in page.texts("p")
    assert [JENNY.hex] == [each["value"] for each in page.tree.select('[name="user"] option[selected]')]


async def test_days_that_cannot_be_are_marked_and_the_list_is_shown(browser: Browser) -> None:
    backwards = days_in("2/11/2026", "1/11/2026")
    await browser.see(PAGE)

    pages = [await browser.send(PAGE, typed) for typed in (backwards, days_in("31/2/2026", "//"))]

    assert [["#last-day"], ["#first-day"]] == [
        [each["href"] for each in page.tree.select(".nhsuk-error-summary__list a")] for page in pages
    ]
    assert [4, 4] == [len(page.tree.select("tbody tr")) for page in pages]
    assert ["31", "2", "2026"] == [str(each["value"]) for each in pages[1].tree.select('[name^="first-"]')]


async def test_a_choice_becomes_an_address_that_names_nobody(browser: Browser) -> None:
    await browser.see(PAGE)

    leads_to = await browser.go_on(PAGE, {"user": JENNY.hex, **days_in("1/11/2026", "")})

    assert f"{PAGE}?user={JENNY.hex}&first-day=1&first-month=11&first-year=2026" == leads_to


def days_in(first: str, last: str) -> dict[str, str]:
    parts = ("day", "month", "year")
    both = {"first": first.split("/"), "last": (last or "//").split("/")}
    return {f"{name}-{part}": value for name, values in both.items() for part, value in zip(parts, values, strict=True)}


@pytest.mark.parametrize(
    "query", ["user=x", "first-day=31", "referrals=x", "outcomes=2026-11-30T09:00:00~1", "reports=~"]
)
async def test_what_no_page_sends_is_refused(browser: Browser, query: str) -> None:
    await browser.see(f"{PAGE}?{query}", status=400)


@pytest.mark.requirement("R-USE-011")
async def test_others_do_not_open_it(browser: Browser, looks: StandInLooks, identity: StandInIdentity) -> None:
    looks.failing[ReadRecordLooks] = Refused("not_found")
    await browser.see(PAGE, status=404)
    identity.role = Role.REPORTING
    await browser.see(PAGE, status=403)


@pytest.mark.requirement("R-USE-011")
async def test_a_privacy_officer_opens_it(
    open_gateway: OpenGateway, looks: StandInLooks, identity: StandInIdentity
) -> None:
    identity.role, identity.grants = Role.REPORTING, (AccountGrant.PRIVACY_OFFICER,)
    browser = await open_gateway(identity, looks)

    assert 4 == len((await browser.see(PAGE)).tree.select("tbody tr"))


def test_every_act_that_names_a_record_has_words() -> None:
    words = load_registers().find("dsr").words.group("looked.acts")
    named = [
        each
        for each in (*ReferralsAction, *OutcomesAction, *ReportsAction)
        if each.partition(".")[0] not in NAMES_NO_RECORD
        and each.partition(".")[2] not in {"upload": OF_A_FILE, "report": OF_A_REPORT}.get(each.partition(".")[0], ())
    ]

    assert [] == [each for each in named if each.replace(".", "_") not in words]
