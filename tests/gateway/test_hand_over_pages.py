"""Tests of the pages on which all records of a colleague are handed over: what they ask, and that nothing is lost."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import pytest
from aiohttp import ClientResponse, FormData

from shared.accounts import UserState
from shared.contracts.identity import Colleague, Colleagues, ListColleagues
from shared.contracts.referrals.hand_over import (
    HELD_AT_ONCE,
    CheckHandOver,
    CountHeld,
    CoveredRecord,
    CoverHeld,
    HandedOver,
    HandOver,
    HandOverChecked,
    HeldCount,
    HeldRecord,
    HeldRecords,
    ListHeld,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import WHEN
from tests.gateway.stand_in_users import JO, StandInUsers
from tests.gateway.visit import Page

PAGE = "/dsr/hand-over/"
JENNY, CALUM, WENDY = (UUID(int=number) for number in (32, 31, 33))
MPFT = ORGANISATIONS[0].organisation_id
PEOPLE = (
    Colleague(user_id=JENNY, full_name="Jenny Harris", email="jenny@mpft.nhs.uk", organisation_id=MPFT),
    Colleague(user_id=CALUM, full_name="Calum Stronach", email="calum@mpft.nhs.uk", organisation_id=MPFT),
    Colleague(
        user_id=WENDY,
        full_name="Wendy Waits",
        email="w@mpft.nhs.uk",
        organisation_id=MPFT,
        state=UserState.INVITED,
    ),
)
OF_JENNY = f"{PAGE}?whose={JENNY.hex}"
COVERED = CoveredRecord(
    record_id=UUID(int=90), reference="DSR-0090", from_day=date(2026, 12, 1), until_day=date(2026, 12, 9)
)
SEEN, COMMAND = "a" * 64, UUID(int=7)


def a_held_record(number: int) -> HeldRecord:
    cover = CoverHeld(full_name="Calum Stronach", from_day=date(2026, 12, 1), until_day=date(2026, 12, 7))
    return HeldRecord(
        record_id=UUID(int=number),
        reference=f"DSR-{number:04}",
        name=f"Percy Plum{number}",
        rating="red",
        updated_at=WHEN,
        covers=(cover,) if number == 1 else (),
    )


@dataclass
class StandInHeld(StandIn):
    """A stand-in for a colleague's records, of which a page shows 25."""

    total: int = 30
    unseen: int = 0
    moving: int = 30
    covered: tuple[CoveredRecord, ...] = field(default=())

    def table(self) -> tuple[Row, ...]:
        return (
            row(ListHeld, self._page),
            row(CountHeld, lambda _: HeldCount(held=self.total, covered=len(self.covered))),
            row(CheckHandOver, self._checked),
            row(HandOver, lambda _: HandedOver(moved=self.moving, left=0)),
            row(ListColleagues, self._colleagues),
        )

    def _page(self, asked: ListHeld) -> HeldRecords:
        numbers = range(asked.skip + 1, min(asked.skip + HELD_AT_ONCE, self.total) + 1)
        records = tuple(map(a_held_record, numbers))
        name = "Jenny Harris" if records else ""
        return HeldRecords(full_name=name, total=self.total, records=records, covered=self.covered)

    def _checked(self, asked: CheckHandOver) -> HandOverChecked:
        moving = self.moving - len(asked.kept)
        return HandOverChecked(
            full_name="Jenny Harris",
            new_holder="Calum Stronach",
            seen=SEEN,
            moving=moving,
            references=tuple(f"DSR-{number:04}" for number in range(1, moving + 1)),
            unseen=self.unseen,
            unseen_references=("DSR-UNSEEN",) * self.unseen,
            later=0,
        )

    def _colleagues(self, asked: ListColleagues) -> Colleagues:
        assert asked.organisation_id is None
        found = tuple(each for each in PEOPLE if asked.search.lower() in each.full_name.lower())
        return Colleagues(colleagues=found, more=False)


@pytest.fixture
def held() -> StandInHeld:
    return StandInHeld()


@pytest.fixture
async def browser(open_gateway: OpenGateway, held: StandInHeld, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, held)


def as_standard(identity: StandInIdentity) -> None:
    identity.role, identity.user_id = Role.STANDARD, JENNY


def ticked(*without: int) -> list[tuple[str, str]]:
    """Return what the first page sends: all that it shows, and a tick for each but these."""
    numbers = range(1, HELD_AT_ONCE + 1)
    shown = [("shown", UUID(int=each).hex) for each in numbers]
    return [*shown, *(("move", UUID(int=each).hex) for each in numbers if each not in without)]


async def press(browser: Browser, act: str, *more: tuple[str, str], status: int = 200, **fields: str) -> Page:
    """Press a button of the pages about Jenny Harris."""
    return await browser.look(await sent(browser, act, *more, **fields), status)


async def sent(browser: Browser, act: str, *more: tuple[str, str], **fields: str) -> ClientResponse:
    fixed = {"of": JENNY.hex, "command": COMMAND.hex, "act": act, "csrf_token": browser.token} | fields
    return await browser.client.post(PAGE, data=FormData([*fixed.items(), *more]), allow_redirects=False)


@pytest.mark.requirement("R-USE-012")
async def test_an_administrator_chooses_whose_records_to_hand_over(browser: Browser) -> None:
    choice = await browser.see(PAGE)
    missing = await browser.send(PAGE, {"act": "choose", "whose-search": "", "whose": ""})
    leads_to = await browser.go_on(PAGE, {"act": "choose", "whose-search": "jen", "whose": JENNY.hex})

    assert 4 == len(choice.texts('[name="whose"] option'))
    assert ["Choose whose referrals you want to hand over"] == missing.texts(".nhsuk-error-summary__list a")
    assert OF_JENNY == leads_to


@pytest.mark.requirement("R-USE-012")
async def test_the_records_are_listed_with_their_cover_before_anything_is_done(
    browser: Browser, held: StandInHeld
) -> None:
    held.covered = (COVERED,)

    page = await browser.see(OF_JENNY)

    assert ["Held by Jenny Harris: 30"] == page.texts("h2.nhsuk-heading-m")[:1]
    assert (HELD_AT_ONCE, HELD_AT_ONCE) == (
        len(page.tree.select('[name="move"][checked]')),
        len(page.tree.select("tbody tr")),
    )
    assert "Calum Stronach, 01/12/2026 to 07/12/2026" in page.texts("tbody tr")[0]
    assert "1 to 25 of 30" in page.texts("p")
    assert ["DSR-0090, 01/12/2026 to 09/12/2026"] == page.texts(".nhsuk-list--bullet a")
    assert [CALUM.hex, f"{WENDY.hex}-invited"] == [each["value"] for each in page.tree.select('[name="to"] option')][1:]


@pytest.mark.requirement("R-USE-012")
async def test_all_but_the_unticked_records_are_handed_over_after_a_check(browser: Browser, held: StandInHeld) -> None:
    await browser.see(OF_JENNY)
    second = await press(browser, "next", *ticked(2), to=CALUM.hex, skip="0")
    kept = [("kept", UUID(int=2).hex)]
    check = await press(browser, "check", *kept, to=CALUM.hex, skip="25")
    done = await sent(browser, "confirm", *kept, to=CALUM.hex, seen=SEEN)

    assert "26 to 30 of 30. Without a tick: 1. They stay with the holder." in second.texts("p")
    assert [UUID(int=2).hex] == [each["value"] for each in second.tree.select('[name="kept"]')]
    assert [CALUM.hex] == [each["value"] for each in second.tree.select('[name="to"] option[selected]')]
    assert ["Check before you hand over"] == check.texts("h1")
    assert "Hand over 29" in check.texts("button")
    assert [
        HandOver(command_id=COMMAND, user_id=JENNY, new_user_id=CALUM, kept=(UUID(int=2),), seen=SEEN)
    ] == held.commands
    held.total = 0
    after = await browser.see(done.headers["Location"])
    assert ["The referrals have been handed over. The new holder gets an email."] == after.texts(
        ".nhsuk-notification-banner__heading"
    )
    assert "There are no referrals to hand over here." in after.texts("p")


@pytest.mark.requirement("R-USE-012")
async def test_records_that_the_new_holder_cannot_see_are_named_before_anything_is_done(
    browser: Browser, held: StandInHeld
) -> None:
    held.unseen, held.moving = 1, 3
    await browser.see(OF_JENNY)

    check = await press(browser, "check", *ticked(), to=CALUM.hex)

    facts = dict(zip(check.texts("dt"), check.texts("dd"), strict=True))
    assert "DSR-0001, DSR-0002, DSR-0003" in facts["To be handed over"]
    assert "DSR-UNSEEN" in facts["Staying because the new holder cannot see them"]
    assert [] == held.commands


async def test_nothing_can_be_handed_over_to_somebody_who_would_see_none(browser: Browser, held: StandInHeld) -> None:
    held.unseen, held.moving = 30, 0
    await browser.see(OF_JENNY)

    page = await press(browser, "check", *ticked(), to=CALUM.hex, status=422)

    assert ["#to"] == [each["href"] for each in page.tree.select(".nhsuk-error-summary__list a")]


async def test_a_new_holder_who_has_never_logged_in_is_pointed_out(browser: Browser) -> None:
    await browser.see(OF_JENNY)

    check = await press(browser, "check", *ticked(), to=f"{WENDY.hex}-invited")

    assert any("never logged in" in each for each in check.texts(".nhsuk-card--warning p"))


async def test_a_page_without_a_new_holder_keeps_the_ticks(browser: Browser) -> None:
    await browser.see(OF_JENNY)

    page = await press(browser, "check", *ticked(4), to="", status=422)

    assert ["Choose the new holder"] == page.texts(".nhsuk-error-summary__list a")
    unticked = [each["value"] for each in page.tree.select('[name="move"]:not([checked])')]
    assert [UUID(int=4).hex] == unticked


@pytest.mark.requirement("R-USE-012")
async def test_a_holder_sees_their_own_records_and_is_refused_those_of_others(
    browser: Browser, held: StandInHeld, identity: StandInIdentity
) -> None:
    as_standard(identity)

    page = await browser.see(PAGE)
    held.failing[ListHeld] = Refused("not_yours")

    assert ["Referrals that you hold: 30"] == page.texts("h2.nhsuk-heading-m")[:1]
    assert [JENNY] == [each.user_id for each in held.heard(ListHeld)]
    await browser.see(f"{PAGE}?whose={CALUM.hex}", status=403)


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (Refused("changed"), 409, "Something has changed since this page was shown"),
        (Refused("not_a_colleague"), 409, "This person cannot be given these referrals"),
        (Refused("already_holds"), 409, "This person holds them already"),
        (NotAnswered(Fault.TOO_LATE), 503, ""),
    ],
)
async def test_a_refusal_keeps_what_was_chosen(
    browser: Browser, held: StandInHeld, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    held.failing[HandOver] = failure
    await browser.see(OF_JENNY)

    page = await press(browser, "confirm", ("kept", UUID(int=3).hex), to=CALUM.hex, seen=SEEN, skip="0", status=status)

    assert said in page.texts(".nhsuk-error-summary__list")[0]
    assert [CALUM.hex] == [each["value"] for each in page.tree.select('[name="to"] option[selected]')]
    assert [UUID(int=3).hex] == [each["value"] for each in page.tree.select('[name="move"]:not([checked])')]


async def test_a_search_finds_colleagues_and_a_page_that_is_gone_shows_the_first(
    browser: Browser, held: StandInHeld
) -> None:
    await browser.see(OF_JENNY)

    found = await press(browser, "find", *ticked(1), ("to-search", "cal"), skip="50")

    assert "1 colleague was found. You can choose them below." in found.texts("p")
    assert "1 to 25 of 30. Without a tick: 1. They stay with the holder." in found.texts("p")
    assert [50, 0] == [each.skip for each in held.heard(ListHeld)][1:]


@pytest.mark.parametrize("name", ["of", "act", "command"])
async def test_values_that_no_form_sends_are_refused(browser: Browser, name: str) -> None:
    await browser.see(OF_JENNY)
    fields = {"of": JENNY.hex, "act": "check", "command": COMMAND.hex} | {name: "x"}

    await browser.send(PAGE, fields, status=400)


async def test_an_address_that_names_no_user_is_not_found(browser: Browser) -> None:
    await browser.see(f"{PAGE}?whose=x", status=404)


@pytest.mark.requirement("R-USE-012")
@pytest.mark.parametrize(
    ("total", "failing", "said"),
    [
        (30, False, "Referrals that this person holds: 30. Referrals that they cover for others: 1."),
        (0, False, "This person holds no referrals that you can see."),
        (0, True, "It could not be checked whether this person holds referrals."),
    ],
)
async def test_closing_an_account_says_what_its_user_holds(
    open_gateway: OpenGateway, held: StandInHeld, identity: StandInIdentity, total: int, failing: bool, said: str
) -> None:
    held.total, held.covered = total, (COVERED,)
    if failing:
        held.failing[CountHeld] = NotAnswered(Fault.UNAVAILABLE)
    browser = await open_gateway(identity, held, StandInUsers())

    page = await browser.see(f"/dsr/administration/users/{JO.hex}/confirm/deactivate/")

    assert any(each.startswith(said) for each in page.texts("p"))
    assert 1 == len(page.texts(f'a[href="{PAGE}?whose={JO.hex}"]'))
