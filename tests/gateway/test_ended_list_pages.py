"""Tests of the list of archived referrals, and of the links between one and the person's new referral."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import pytest

from shared.contracts.referrals.ended import (
    ENDED_PAGE,
    EndedBefore,
    EndedList,
    EndedRecord,
    EndedShown,
    ListEnded,
    ListEndedBefore,
    ListReturned,
    Returned,
    ReturnedRecord,
)
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals

pytestmark = pytest.mark.requirement("R-USE-009")
LIST, RECORD = "/dsr/ended/", f"/dsr/records/{RECORD_ID.hex}/"
ONE = EndedShown(
    record_id=RECORD_ID,
    reference="DSR-4444-4444",
    name="Percy <b>Plum",
    organisation_id=ORGANISATIONS[0].organisation_id,
    born=date(2001, 2, 7),
    ended_at=WHEN,
    ended_by="Ada Minister",
    leaving={"leaving_reason": "other", "leaving_text": "In Leeds.\nWith her aunt."},
)
OLD = ONE.model_copy(update={"reference": "DSR-5555-5555", "leaving": {}})
AGAIN = ReturnedRecord(record_id=UUID(int=31), reference="DSR-7777-7777", created_at=WHEN)
EARLIER = EndedRecord(record_id=RECORD_ID, ended_id=UUID(int=32), reference="DSR-8888-8888", ended_at=WHEN)


@dataclass
class StandInEnded(StandIn):
    """Answers with archived records, and with those of one person."""

    records: tuple[EndedShown, ...] = (ONE, OLD)
    more: bool = False
    again: tuple[ReturnedRecord, ...] = (AGAIN,)
    before: tuple[EndedRecord, ...] = field(default=(EARLIER,))

    def table(self) -> tuple[Row, ...]:
        return (
            row(ListEnded, lambda _: EndedList(records=self.records, more=self.more)),
            row(ListReturned, lambda _: Returned(records=self.again)),
            row(ListEndedBefore, lambda _: EndedBefore(records=self.before)),
        )


@pytest.fixture
def ended() -> StandInEnded:
    return StandInEnded()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway, identity: StandInIdentity, outcomes: StandInOutcomes, ended: StandInEnded
) -> Browser:
    return await open_gateway(identity, outcomes, StandInReferrals(), ended)


async def test_it_says_who_when_by_whom_and_why(browser: Browser) -> None:
    page = await browser.see(LIST)

    assert "Archived referrals" == page.heading
    assert ["Person", "Date of birth", "Reference", "Organisation", "Archived", "By", "Reason"] == page.texts(
        "th[scope=col]"
    )
    assert ["Percy <b>Plum"] == page.texts(f'tbody a[href="{RECORD}"]')[:1]
    rows = [[cell.get_text(" ", strip=True) for cell in each.select("td")] for each in page.tree.select("tbody tr")]
    assert ["17/06/2022", "Ada Minister", "Other: In Leeds. With her aunt."] == [
        text.split(" ", 1)[1] if text.startswith(("Archived ", "By ", "Reason ")) else text for text in rows[0][-3:]
    ]
    assert rows[1][-1].endswith("Not recorded")


async def test_what_is_searched_for_is_sent_and_stays_out_of_the_address(browser: Browser, ended: StandInEnded) -> None:
    ended.more = True

    page = await browser.send(LIST, {"search": "Percy 07/02/2001", "skip": "25"}, status=200)

    assert [ListEnded(search="Percy 07/02/2001", skip=25)] == ended.heard(ListEnded)
    assert ["Percy 07/02/2001"] == [each["value"] for each in page.tree.select("#search")]
    assert ["0", "50"] == [each["value"] for each in page.tree.select("button[name=skip]")]
    assert not [each["href"] for each in page.tree.select("a[href]") if "Percy" in str(each["href"])]


async def test_it_has_pages(browser: Browser, ended: StandInEnded) -> None:
    ended.more = True

    first, second = await browser.see(LIST), await browser.see(f"{LIST}?skip={ENDED_PAGE}")

    assert ([f"{LIST}?skip=25"], [LIST, f"{LIST}?skip=50"]) == tuple(
        [str(each["href"]) for each in page.tree.select("main a.nhsuk-link") if str(each["href"]).startswith(LIST)]
        for page in (first, second)
    )


async def test_it_says_that_nothing_is_there_or_matches(browser: Browser, ended: StandInEnded) -> None:
    ended.records = ()

    nothing, none = await browser.see(LIST), await browser.send(LIST, {"search": "Nobody"}, status=200)

    assert "No referral has been archived yet." in nothing.texts("main p")
    assert none.texts("main p[role=status]")[0].startswith("No archived referral that you may see matches.")


@pytest.mark.parametrize("skip", ["-1", "x", "1e3", "999999"])
async def test_a_page_that_is_no_number_is_refused(browser: Browser, ended: StandInEnded, skip: str) -> None:
    await browser.send(LIST, {"search": "Percy", "skip": skip}, status=400)

    assert [] == ended.heard(ListEnded)


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_nobody_else_finds_it_or_is_led_to_it(
    browser: Browser, identity: StandInIdentity, ended: StandInEnded, role: Role
) -> None:
    team = await browser.see("/dsr/records/")
    identity.role = role
    browser.come_in(identity)

    others = await browser.see("/dsr/records/") if role is Role.STANDARD else None
    await browser.see(LIST, status=404)

    assert ["Archived referrals"] == team.texts(f'main a[href="{LIST}"]')
    assert others is None or not others.texts(f'main a[href="{LIST}"]')
    assert [] == ended.heard(ListEnded)


async def test_an_archived_referral_leads_to_the_new_one_and_an_active_one_asks_nothing(
    browser: Browser, outcomes: StandInOutcomes, ended: StandInEnded
) -> None:
    active = await browser.see(RECORD)
    outcomes.changes = {"is_open": False, "state": "archived", "ended_at": WHEN, "may_update": False}
    archived = await browser.see(RECORD)

    assert "Archived before: DSR-8888-8888, 17/06/2022" in active.texts("main p")
    assert ["Referred again: DSR-7777-7777, 17/06/2022", "Archived before: DSR-8888-8888, 17/06/2022"] == [
        text for text in archived.texts("main p") if "DSR-7777" in text or "DSR-8888" in text
    ]
    assert [f"/dsr/records/{AGAIN.record_id.hex}/"] == [
        each["href"] for each in archived.tree.select("a") if each.get_text() == AGAIN.reference
    ]
    assert [ListReturned(record_id=RECORD_ID)] == ended.heard(ListReturned)


async def test_a_later_archive_is_named_once(browser: Browser, outcomes: StandInOutcomes, ended: StandInEnded) -> None:
    outcomes.changes = {"is_open": False, "state": "archived", "ended_at": WHEN, "may_update": False}
    ended.again = (AGAIN.model_copy(update={"record_id": EARLIER.ended_id, "reference": EARLIER.reference}),)

    page = await browser.see(RECORD)

    assert ["Referred again: DSR-8888-8888, 17/06/2022"] == [t for t in page.texts("main p") if "DSR-8888" in t]


async def test_standard_users_learn_nothing_of_either(
    browser: Browser, identity: StandInIdentity, ended: StandInEnded
) -> None:
    identity.role = Role.STANDARD
    browser.come_in(identity)

    page = await browser.see(RECORD)

    assert ([], []) == (ended.heard(ListReturned), ended.heard(ListEndedBefore))
    assert "DSR-7777" not in page.html
