"""Tests of the reviews that are due: their list, and what other pages say of them."""

from datetime import timedelta

import pytest

from gateway.keys import OVERLAYS
from shared.clock import london_today
from shared.contracts.referrals.caseload import Caseload, OwnRecords
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.overlays import PublishOverlay
from shared.contracts.referrals.reviews import DueCounts, DueReviews, ListDueReviews
from shared.contracts.referrals.saving import Conflict, ReviewRecord
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.definition.reviews import ReviewIntervals
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Overlay, apply
from shared.values import show_date
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_caseload import StandInCaseload
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, StandInOutcomes
from tests.gateway.stand_in_overlays import StandInOverlays
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.stand_in_reviews import REFERENCE, StandInReviews, a_due_review
from tests.gateway.visit import Page

pytestmark = pytest.mark.requirement("R-USE-007")

HERE, RECORD = "/dsr/reviews/", f"/dsr/records/{RECORD_ID.hex}/"
EDITOR = "/dsr/administration/settings/reviews/"
SOURCE = "DSR policy, section 4, June 2026"
TODAY = london_today()


@pytest.fixture
def reviews() -> StandInReviews:
    return StandInReviews(found=DueReviews(rows=(a_due_review(), a_due_review(9, may_review=False)), matches=2))


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, reviews: StandInReviews) -> Browser:
    return await open_gateway(identity, reviews, registers=_registers())


def _registers() -> Registers:
    """Return the DSR with intervals for two of its levels, and a register that reviews nothing."""
    dsr = load_registers().find("dsr")
    overlay = Overlay(reviews=ReviewIntervals(days={"red": 7, "amber": 30}, source=SOURCE))
    bare = dsr.model_copy(
        update={"identity": dsr.identity.model_copy(update={"code": "bare"}), "reviews": None},
    )
    return Registers([LoadedRegister(each, sha256="") for each in (apply(dsr, overlay), bare)])


def cells(page: Page) -> list[list[str]]:
    for heading in page.tree.select(".nhsuk-table__heading"):
        heading.extract()
    rows = page.tree.select("tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")] for row in rows]


async def test_the_list_says_whose_review_was_due_when_and_who_holds_the_record(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert [
        f"Tester Three 07/02/2001 Red Rated 10 days ago {REFERENCE}",
        show_date(TODAY - timedelta(days=3)),
        "Jayne Billings",
        "Reviewed, no change Tester Three",
    ] == cells(page)[0]
    assert "" == cells(page)[1][3]
    assert "No review interval has been entered for: Green." in page.html


async def test_a_review_without_a_change_is_confirmed_from_the_list(browser: Browser, reviews: StandInReviews) -> None:
    (button,) = (await browser.see(HERE)).tree.select("tbody button")

    where = await browser.go_on(HERE, {"review": str(button["value"])})

    assert f"{HERE}?notice=reviewed" == where
    (sent,) = reviews.heard(ReviewRecord)
    assert (RECORD_ID, 4, None, None) == (sent.record_id, sent.version, sent.rating, sent.next_review)
    assert "The review has been recorded." in (await browser.see(where)).html


async def test_a_second_press_sends_the_same_command(browser: Browser, reviews: StandInReviews) -> None:
    (button,) = (await browser.see(HERE)).tree.select("tbody button")

    for _ in range(2):
        await browser.go_on(HERE, {"review": str(button["value"])})

    one, other = reviews.heard(ReviewRecord)
    assert one.command_id == other.command_id
    (again,) = (await browser.see(HERE)).tree.select("tbody button")
    assert again["value"] != button["value"]


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (Refused(Conflict(version=5)), f"{REFERENCE}: Someone has changed this referral since the list was shown"),
        (Refused("archived"), f"{REFERENCE}: This referral has ended or has moved"),
        (Refused("not_found"), f"{REFERENCE}: This referral has ended or has moved"),
        (Refused("not_yours"), f"{REFERENCE}: You can read this referral, but not change it."),
    ],
)
async def test_a_review_that_cannot_be_recorded_is_said_kindly(
    browser: Browser, reviews: StandInReviews, refused: Refused, said: str
) -> None:
    (button,) = (await browser.see(HERE)).tree.select("tbody button")
    reviews.failing[ReviewRecord] = refused

    where = await browser.go_on(HERE, {"review": str(button["value"])})

    assert said in (await browser.see(where)).html
    assert "Tester" not in where


@pytest.mark.parametrize("sent", ["", "x", f"{RECORD_ID.hex}-x-{RECORD_ID.hex}", f"{RECORD_ID.hex}-4", "-4-"])
async def test_a_button_that_makes_no_sense_reviews_nothing(
    browser: Browser, reviews: StandInReviews, sent: str
) -> None:
    await browser.send(HERE, {"review": sent}, status=400)

    assert [] == reviews.heard(ReviewRecord)


async def test_an_empty_list_says_so_and_the_other_list_is_one_step_away(
    browser: Browser, reviews: StandInReviews
) -> None:
    reviews.found = DueReviews()

    page = await browser.see(HERE)
    (other,) = [str(link["href"]) for link in page.tree.select("main a") if "Due in" in link.get_text()]
    soon = await browser.see(other)

    assert "No reviews are overdue." in page.html
    assert "No reviews are due in the next 7 days." in soon.html
    assert ["overdue", "soon"] == [each.due for each in reviews.heard(ListDueReviews)]


async def test_a_long_list_has_pages(browser: Browser, reviews: StandInReviews) -> None:
    reviews.found = DueReviews(rows=(a_due_review(),), matches=60)

    page = await browser.see(f"{HERE}?page=2")

    assert [f"{HERE}?page=1", f"{HERE}?page=3"] == [str(a["href"]) for a in page.tree.select(".ics-work__steps a")]
    for number in ("0", "x", "99999", "41"):
        await browser.see(f"{HERE}?page={number}")
    assert [2, 1, 1, 1, 40] == [each.page for each in reviews.heard(ListDueReviews)]


async def test_a_register_that_does_not_review_has_no_such_page(browser: Browser) -> None:
    await browser.see("/bare/reviews/", status=404)


async def test_who_reads_no_records_has_no_such_page(open_gateway: OpenGateway, reviews: StandInReviews) -> None:
    browser = await open_gateway(StandInIdentity(role=Role.MASTER_ADMIN), reviews, registers=_registers())

    await browser.see(HERE, status=403)
    assert [] == reviews.heard(ListDueReviews)


# ----------------------------------------------------------------------------------------------------- on other pages
@pytest.mark.parametrize(
    ("days", "said", "is_strong"),
    [(34, "Next review due", False), (0, "Next review due", False), (-1, "Review overdue since", True)],
)
async def test_the_record_says_when_its_review_is_due(
    open_gateway: OpenGateway, identity: StandInIdentity, days: int, said: str, *, is_strong: bool
) -> None:
    due = TODAY + timedelta(days=days)
    record = StandInOutcomes(changes={"review_due": due})
    page = await (await open_gateway(identity, record, StandInReferrals(), registers=_registers())).see(RECORD)

    (line,) = page.tree.select(".ics-review")
    assert f"{said} {show_date(due)}" == line.get_text().strip()
    assert is_strong is bool(line.select("strong"))


async def test_a_day_that_was_agreed_says_so_and_a_level_without_an_interval_too(
    open_gateway: OpenGateway, identity: StandInIdentity
) -> None:
    record = StandInOutcomes(changes={"review_due": TODAY, "review_agreed": True})
    browser = await open_gateway(identity, record, StandInReferrals(), registers=_registers())
    assert "This day was agreed at the last review." in (await browser.see(RECORD)).html

    record.changes = {"answers": record.answers | {"risk_level": "green"}}
    assert "no interval has been entered for this rating" in (await browser.see(RECORD)).html


async def test_home_leads_to_the_reviews_that_are_due(open_gateway: OpenGateway, identity: StandInIdentity) -> None:
    caseload = StandInCaseload(caseload=Caseload(own=OwnRecords(), reviews=DueCounts(overdue=1001, soon=2)))
    page = await (await open_gateway(identity, caseload, registers=_registers())).see("/dsr/home/")

    found = {" ".join(link.get_text(" ").split()): str(link["href"]) for link in page.tree.select("main a")}
    assert {
        "Reviews overdue: 1,000+": HERE,
        "Reviews due in the next 7 days: 2": f"{HERE}?due=soon",
    }.items() <= found.items()


async def test_the_list_of_records_is_asked_for_by_review(open_gateway: OpenGateway, identity: StandInIdentity) -> None:
    referrals = StandInOutcomes()
    browser = await open_gateway(identity, referrals, registers=_registers())

    page = await browser.see("/dsr/records/?review=overdue&sort=review")
    await browser.see("/dsr/records/?review=overdue&review=soon&review=never")

    asked = [(each.narrowing.reviews, each.sort) for each in referrals.heard(ListRecords)]
    assert [(("overdue",), "review"), (("overdue", "soon"), "updated")] == asked
    assert ["Overdue", "Due in the next 7 days"] == page.texts('input[name="review"] + label')
    assert {"Next review due first", "Next review due last"} <= set(page.texts("#sort option"))


# --------------------------------------------------------------------------------------------------------- the settings
@pytest.fixture
def overlays() -> StandInOverlays:
    return StandInOverlays()


@pytest.fixture
async def settings(open_gateway: OpenGateway, overlays: StandInOverlays) -> Browser:
    identity = StandInIdentity(role=Role.ADMINISTRATOR, all_organisations=True)
    browser = await open_gateway(identity, overlays, registers=load_registers())
    await browser.client.app[OVERLAYS].look()
    return browser


async def form_of(settings: Browser, **typed: str) -> dict[str, str]:
    page = await settings.see(EDITOR)
    sent = {str(each["name"]): str(each.get("value", "")) for each in page.tree.select("main form input")}
    del sent["csrf_token"]
    return sent | {name.replace("__", "-"): text for name, text in typed.items()}


async def test_intervals_are_entered_with_their_source_checked_and_published(
    settings: Browser, overlays: StandInOverlays
) -> None:
    sent = await form_of(settings, days__red="7", days__amber="30", source=SOURCE)

    check = await settings.send(EDITOR, sent | {"act": "check"}, status=200)
    assert ["Red", "no number entered, so reviews are due only on agreed days", "7 days"] in cells(check)
    assert f"From: {SOURCE}" in check.html
    await settings.go_on(EDITOR, sent | {"act": "publish"})

    assert ReviewIntervals(days={"red": 7, "amber": 30}, source=SOURCE) == overlays.overlay.reviews
    hub = await settings.see("/dsr/administration/settings/")
    assert "Green: no number entered, so reviews are due only on agreed days" in hub.html
    assert {"days-red": "7", "days-green": "", "source": SOURCE}.items() <= (await form_of(settings)).items()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"days__red": "0", "source": SOURCE}, "Enter a whole number of days from 1 to 731, or leave it empty"),
        ({"days__red": "732", "source": SOURCE}, "Enter a whole number of days from 1 to 731, or leave it empty"),
        ({"days__red": "weekly", "source": SOURCE}, "Enter a whole number of days from 1 to 731, or leave it empty"),
        ({"days__red": "7"}, "Say which policy the numbers come from"),
        ({"days__red": "7", "source": "x" * 201}, "Where the numbers come from must be 200 characters or fewer"),
    ],
)
async def test_what_is_wrong_with_an_interval_is_said_and_nothing_typed_is_lost(
    settings: Browser, overlays: StandInOverlays, typed: dict[str, str], said: str
) -> None:
    sent = await form_of(settings, **typed)

    page = await settings.send(EDITOR, sent | {"act": "check"}, status=422)

    assert [said] == [each[: len(said)] for each in page.problems]
    assert sent["days-red"] == page.tree.select("#days-red")[0]["value"]
    assert [] == overlays.heard(PublishOverlay)


async def test_an_interval_can_be_taken_back(settings: Browser, overlays: StandInOverlays) -> None:
    overlays.put(Overlay(reviews=ReviewIntervals(days={"red": 7}, source=SOURCE)))
    await settings.client.app[OVERLAYS].look()
    sent = await form_of(settings, days__red="")

    await settings.go_on(EDITOR, sent | {"act": "publish"})

    assert ReviewIntervals(source=SOURCE) == overlays.overlay.reviews


async def test_the_list_without_an_answer_is_an_error_page(browser: Browser, reviews: StandInReviews) -> None:
    reviews.failing[ListDueReviews] = NotAnswered(Fault.UNAVAILABLE)

    await browser.see(HERE, status=503)
