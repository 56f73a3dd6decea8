"""Tests of the page of holder and cover: its requests to the services, and that a refusal loses nothing typed."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import pytest

from shared.accounts import UserState
from shared.contracts.identity import Colleague, Colleagues, ListColleagues, Organisation
from shared.contracts.referrals.holding import AddCover, AssignHolder, EndCover, Holding, Holdings, Named, ReadHoldings
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.load import Registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, a_record
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.test_record_pages import typed_in
from tests.services.two_bodies import a_two_body_register

HERE = f"/dsr/records/{RECORD_ID.hex}/"
PAGE = f"{HERE}holder/"
COMMAND = "0123456789abcdef0123456789abcdef"
CALUM, JENNY = UUID(int=31), UUID(int=32)
MPFT = ORGANISATIONS[0].organisation_id
OFFERED = ["Jenny Harris, jenny.harris@mpft.nhs.uk", "Calum Stronach, calum.stronach@mpft.nhs.uk"]
PEOPLE = (
    Colleague(user_id=JENNY, full_name="Jenny Harris", email="jenny.harris@mpft.nhs.uk", organisation_id=MPFT),
    Colleague(user_id=CALUM, full_name="Calum Stronach", email="calum.stronach@mpft.nhs.uk", organisation_id=MPFT),
)
SEEN = UUID(int=44).hex
PERCY = {"first_name": "Percy", "last_name": "Plum"}
NAMED = (
    Named(
        kind="cover",
        full_name="Calum Stronach",
        from_day=date(2026, 12, 1),
        until_day=date(2026, 12, 7),
        named_by="Gail Thomas",
        named_at=WHEN,
        ended_by="Amina Patel",
        ended_at=WHEN,
    ),
    Named(
        kind="holder",
        full_name="Jenny Harris",
        from_day=date(2026, 1, 1),
        until_day=None,
        named_by="Gail Thomas",
        named_at=WHEN,
        ended_by=None,
        ended_at=None,
    ),
)
COVERED = {
    "act": "cover",
    "command": COMMAND,
    "cover-search": "cal",
    "cover": CALUM.hex,
    "first-day": "1",
    "first-month": "12",
    "first-year": "2026",
    "last-day": "7",
    "last-month": "12",
    "last-year": "2026",
}


@dataclass
class StandInHolders(StandIn):
    """A stand-in for what the page asks of referrals and identity."""

    holdings: tuple[Holding, ...] = ()
    named: tuple[Named, ...] = ()
    more: bool = False
    record: RecordShown = field(default_factory=lambda: a_record(answers=PERCY, created_by="Jenny Harris"))

    def table(self) -> tuple[Row, ...]:
        return (
            row(AssignHolder, nothing),
            row(AddCover, nothing),
            row(EndCover, nothing),
            row(ReadRecord, lambda _: self.record.model_copy(update={"holdings": self.holdings})),
            row(ReadHoldings, lambda _: Holdings(named=self.named, older=0)),
            row(ListColleagues, self._colleagues),
            row(ListRecords, lambda _: RecordPage(rows=(), first=0, matches=0, total=0)),
        )

    def _colleagues(self, asked: ListColleagues) -> Colleagues:
        found = tuple(each for each in PEOPLE if asked.search.lower() in each.full_name.lower())
        return Colleagues(colleagues=found, more=self.more)


@pytest.fixture
def holders() -> StandInHolders:
    return StandInHolders()


@pytest.fixture
async def browser(open_gateway: OpenGateway, holders: StandInHolders, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, StandInReferrals(), holders)


def a_cover() -> Holding:
    return Holding(
        holding_id=UUID(int=41),
        kind="cover",
        full_name="Calum Stronach",
        from_day=date(2026, 12, 1),
        until_day=date(2026, 12, 7),
    )


def held_by(name: str, number: int) -> Holding:
    return Holding(
        holding_id=UUID(int=number), kind="holder", full_name=name, from_day=date(2026, 1, 1), until_day=None
    )


async def test_the_record_says_who_holds_and_who_covers_it(browser: Browser, holders: StandInHolders) -> None:
    before = await browser.see(HERE)
    holders.holdings = (held_by("Gail Thomas", 42), a_cover())
    after = await browser.see(HERE)

    assert ("Held by", "Jenny Harris") == (
        before.texts(".ics-identity__label")[-1],
        before.texts(".ics-identity__text")[-1],
    )
    assert ["Gail Thomas", "Calum Stronach, 01/12/2026 to 07/12/2026"] == after.texts(".ics-identity__text")[-2:]
    assert ["Change holder and cover"] == after.texts(f'a[href="{PAGE}"]')


async def test_an_administrator_assigns_the_holder(browser: Browser, holders: StandInHolders) -> None:
    await browser.see(PAGE)

    leads_to = await browser.go_on(PAGE, {"act": "assign", "command": COMMAND, "holder": CALUM.hex})

    assert [AssignHolder(command_id=UUID(COMMAND), record_id=RECORD_ID, user_id=CALUM, seen=None)] == holders.commands
    page = await browser.see(leads_to)
    assert "The holder has been changed." in page.texts(".nhsuk-notification-banner__heading")


NORTH, FIRST, SOUTH = (
    Organisation(organisation_id=UUID(int=number), name=body, domain=f"{number}.gov.uk", bodies=(body,))
    for number, body in enumerate(("authority:north", "commissioner:first", "authority:south"), start=61)
)


@pytest.mark.parametrize(
    ("mine", "asked", "offered"),
    [
        ((FIRST, SOUTH), [FIRST], OFFERED),
        ((NORTH, FIRST, SOUTH), [NORTH, FIRST], OFFERED),
        ((SOUTH,), [], []),
    ],
)
async def test_colleagues_are_those_of_the_visitor_s_organisations_whose_bodies_share_the_record(
    open_gateway: OpenGateway,
    holders: StandInHolders,
    identity: StandInIdentity,
    mine: tuple[Organisation, ...],
    asked: list[Organisation],
    offered: list[str],
) -> None:
    identity.organisations = (NORTH, FIRST, SOUTH)
    identity.organisation_ids = tuple(each.organisation_id for each in mine)
    answers = PERCY | {"authority": "north", "commissioner": "first"}
    holders.record = a_record(answers=answers, organisation_id=NORTH.organisation_id)
    registers = Registers([a_two_body_register("dsr")])
    browser = await open_gateway(identity, StandInReferrals(), holders, registers=registers)

    page = await browser.see(PAGE)

    heard = sorted((each.organisation_id for each in holders.heard(ListColleagues)), key=str)
    assert [each.organisation_id for each in asked] == heard
    assert offered == page.texts('[name="holder"] option')[1:]


async def test_an_administrator_adds_cover_and_ends_it(browser: Browser, holders: StandInHolders) -> None:
    await browser.go_on(PAGE, COVERED)
    holders.holdings = (a_cover(),)
    page = await browser.see(PAGE)
    ending = page.tree.select_one(f'form[action="{PAGE}end"] [name="holding"]')
    assert ending is not None
    await browser.go_on(f"{PAGE}end", {"command": COMMAND, "holding": str(ending["value"])})

    assert [
        AddCover(
            command_id=UUID(COMMAND),
            record_id=RECORD_ID,
            user_id=CALUM,
            from_day=date(2026, 12, 1),
            until_day=date(2026, 12, 7),
        ),
        EndCover(command_id=UUID(COMMAND), record_id=RECORD_ID, holding_id=UUID(int=41)),
    ] == holders.commands


async def test_the_page_says_who_was_named_so_far_and_by_whom(browser: Browser, holders: StandInHolders) -> None:
    nobody = await browser.see(PAGE)
    holders.named = NAMED
    page = await browser.see(PAGE)

    assert [] == nobody.texts("table")
    assert [
        "Who Cover: Calum Stronach, 01/12/2026 to 07/12/2026",
        "Named Gail Thomas, 17/06/2022 at 14:05",
        "Ended early or replaced Amina Patel, 17/06/2022 at 14:05",
        "Who Holder: Jenny Harris",
        "Named Gail Thomas, 17/06/2022 at 14:05",
        "Ended early or replaced",
    ] == page.texts("td")


async def test_each_form_looks_for_its_own_colleague_and_keeps_what_was_typed(
    browser: Browser, holders: StandInHolders
) -> None:
    holders.more = True
    page = await browser.send(PAGE, COVERED | {"act": "find-cover"}, status=200)
    holders.more = False
    nobody = await browser.send(PAGE, COVERED | {"act": "find-cover", "cover-search": "zz"}, status=200)
    one = await browser.send(PAGE, COVERED | {"act": "find-cover"}, status=200)

    calum = f"{OFFERED[1]}, {ORGANISATIONS[0].name}"
    assert ([calum], 2) == (page.texts("#cover option")[1:], len(page.texts("#holder option")[1:]))
    assert ("cal", "", "7") == (
        typed_in(page, "cover-search"),
        typed_in(page, "holder-search"),
        typed_in(page, "last-day"),
    )
    assert any(text.startswith("Only the first 1 colleagues") for text in page.texts("main p"))
    assert "1 colleague was found. You can choose them below." in one.texts("main p")
    assert any(text.startswith("No colleague with this name") for text in nobody.texts("main p"))
    assert page.tree.select_one("details[open] #cover") is not None
    assert [] == holders.commands


async def test_a_search_is_shown_only_where_a_select_cannot_hold_everyone(
    browser: Browser, holders: StandInHolders
) -> None:
    few = await browser.see(PAGE)
    holders.more = True
    many = await browser.see(PAGE)

    assert (0, 2) == (len(few.tree.select("[name$=-search]")), len(many.tree.select("[name$=-search]")))
    assert few.tree.select_one("details[open]") is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cover": ""}, ["Choose who covers"]),
        ({"first-day": "", "first-month": "", "first-year": ""}, ["Enter the first day of the cover"]),
        ({"last-day": "32"}, ["Last day must be a real date, like 17/06/2022"]),
        ({"first-day": "8"}, ["The last day of the cover must not be before the first."]),
        ({"act": "assign"}, ["Choose the new holder"]),
    ],
    ids=str,
)
async def test_what_is_missing_or_wrong_is_said_and_nothing_is_asked(
    browser: Browser, holders: StandInHolders, changed: dict[str, str], said: list[str]
) -> None:
    page = await browser.send(PAGE, COVERED | changed, status=422)

    assert said == page.problems
    assert (COMMAND, "cal") == (typed_in(page, "command"), typed_in(page, "cover-search"))
    assert [] == holders.commands


async def test_of_two_who_assign_at_once_the_second_sees_who_holds_the_record_now(
    browser: Browser, holders: StandInHolders
) -> None:
    holders.holdings = (held_by("Gail Thomas", 42),)
    shown = await browser.see(PAGE)
    holders.failing[AssignHolder] = Refused("changed")
    holders.holdings = (held_by("Amina Patel", 43),)

    assigning = {"act": "assign", "command": COMMAND, "holder": CALUM.hex, "seen": typed_in(shown, "seen")}
    refused = await browser.send(PAGE, assigning, status=409)

    assert [UUID(int=42)] == [each.seen for each in holders.commands if isinstance(each, AssignHolder)]
    assert refused.problems[0].startswith("The holder was changed while this page was open")
    assert "Amina Patel" == refused.texts(".ics-identity__text")[-1]
    assert UUID(int=43).hex == typed_in(refused, "seen")


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "is_holder",
        "already_covers",
        "not_a_colleague",
        "past",
        "before_birth",
        "too_long",
        "too_many",
        "archived",
        "command_reused",
    ],
)
async def test_a_refusal_is_said_and_what_was_typed_stays_under_a_new_command(
    browser: Browser, holders: StandInHolders, code: str
) -> None:
    holders.failing[AddCover] = Refused(code)

    page = await browser.send(PAGE, COVERED, status=409)

    assert 1 == len(page.problems)
    assert "7" == typed_in(page, "last-day")
    assert COMMAND != typed_in(page, "command")


async def test_without_an_answer_the_same_command_goes_out_again(browser: Browser, holders: StandInHolders) -> None:
    holders.failing[AssignHolder] = NotAnswered(Fault.TOO_LATE)

    page = await browser.send(
        PAGE, {"act": "assign", "command": COMMAND, "holder": CALUM.hex, "seen": SEEN}, status=503
    )

    assert (COMMAND, SEEN) == (typed_in(page, "command"), typed_in(page, "seen"))
    chosen = page.tree.select_one("#holder option[selected]")
    assert chosen is not None
    assert CALUM.hex == chosen["value"]


async def test_what_is_not_there_is_not_found(browser: Browser, holders: StandInHolders) -> None:
    holders.failing[EndCover] = Refused("not_found")

    page = await browser.send(f"{PAGE}end", {"command": COMMAND, "holding": UUID(int=9).hex}, status=404)

    assert "Page not found" == page.heading


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_who_neither_administers_nor_holds_does_not_get_the_page(
    browser: Browser, identity: StandInIdentity, holders: StandInHolders, role: Role
) -> None:
    identity.role = role
    fresh = Browser(browser.client)
    fresh.come_in(identity)

    await fresh.see(PAGE, status=403)
    record = await fresh.see(HERE)

    assert [] == record.texts(f'a[href="{PAGE}"]')
    assert [] == holders.commands


async def test_a_standard_user_who_holds_the_record_hands_it_over_and_names_no_cover(
    browser: Browser, identity: StandInIdentity, holders: StandInHolders
) -> None:
    identity.role = Role.STANDARD
    holders.record = holders.record.model_copy(update={"may_hand_over": True})
    fresh = Browser(browser.client)
    fresh.come_in(identity)

    page = await fresh.see(PAGE)
    leads_to = await fresh.go_on(PAGE, {"act": "assign", "command": COMMAND, "holder": CALUM.hex})
    after = await fresh.see(leads_to)

    assert ["Change holder"] == (await fresh.see(HERE)).texts(f'a[href="{PAGE}"]')
    assert ([], []) == (page.tree.select("#cover"), holders.heard(ReadHoldings))
    assert [AssignHolder(command_id=UUID(COMMAND), record_id=RECORD_ID, user_id=CALUM, seen=None)] == holders.commands
    assert ("/dsr/records/", True) == (leads_to.split("?")[0], "You have handed the referral over" in str(after.tree))


# ------------------------------------------------------------------------------------------------- who is who
TWO = (
    Colleague(user_id=JENNY, full_name="Jenny Harris", email="jenny.harris@mpft.nhs.uk", organisation_id=MPFT),
    Colleague(
        user_id=CALUM,
        full_name="Jenny Harris",
        email="j.harris@mpft.nhs.uk",
        organisation_id=MPFT,
        state=UserState.INVITED,
    ),
)


@pytest.fixture
def namesakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.gateway.test_holder_pages.PEOPLE", TWO)


@pytest.mark.usefixtures("namesakes")
async def test_two_of_one_name_are_told_apart_where_they_are_chosen_and_where_it_is_confirmed(browser: Browser) -> None:
    page = await browser.see(PAGE)
    after = await browser.see(await browser.go_on(PAGE, {"act": "assign", "command": COMMAND, "holder": JENNY.hex}))

    trust = "Midlands Partnership Foundation Trust"
    first = f"Jenny Harris, jenny.harris@mpft.nhs.uk, {trust}"
    second = f"Jenny Harris, j.harris@mpft.nhs.uk, {trust}, has never logged in"
    assert [first, second] == page.texts("#holder option")[1:] == page.texts("#cover option")[1:]
    assert [first] == after.texts(".nhsuk-notification-banner--success p")
    assert ["The holder has been changed."] == after.texts(".nhsuk-notification-banner__heading")


@pytest.mark.usefixtures("namesakes")
@pytest.mark.parametrize("act", ["assign", "cover"])
async def test_who_cannot_be_reached_is_named_only_after_a_warning(
    browser: Browser, holders: StandInHolders, act: str
) -> None:
    select = "holder" if act == "assign" else "cover"
    value = str((await browser.see(PAGE)).tree.select(f"#{select} option")[2]["value"])
    chosen = COVERED | {"act": act, "cover-search": "", select: value}

    warned = await browser.send(PAGE, chosen, status=422)
    (box,) = warned.tree.select(f'[name="{select}-sure"]')
    asked = list(holders.commands)
    await browser.go_on(PAGE, chosen | {f"{select}-sure": str(box["value"])})

    assert ([], 1) == (asked, len(warned.problems))
    assert warned.problems[0].startswith("This person has never logged in, so they will not see the referral.")
    assert [CALUM] == [each.user_id for each in holders.commands if isinstance(each, AssignHolder | AddCover)]
