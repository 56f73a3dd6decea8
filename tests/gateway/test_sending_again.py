"""Tests of forms that were sent but not carried out: the error page keeps what was sent, for the same user only."""

import json
from collections.abc import Mapping
from uuid import UUID

import pytest

from gateway.security import csrf
from shared.contracts.identity import FindSession
from shared.contracts.outcomes import RecordOutcome
from shared.contracts.referrals.reading import ReadRecord
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import JAYNE, PASSWORD, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, StandInOutcomes
from tests.gateway.visit import Page

HERE = f"/dsr/records/{RECORD_ID.hex}/outcomes/"
COMMAND = "0123456789abcdef0123456789abcdef"
TYPED = {
    "command": COMMAND,
    "version": "4",
    "act": "save",
    "cetr_requested": "no",
    "laep_requested": "no",
    "notes": "Seen at home.\r\nAll well, say <b>.",
}
COLLEAGUE = UUID(int=9)
OURS = {"Sec-Fetch-Site": "same-origin"}


FAILURES = [
    (NotAnswered(Fault.UNAVAILABLE), 503),
    (NotAnswered(Fault.BROKEN), 500),
    (NotAnswered(Fault.NOT_ALLOWED), 403),
    (Refused("not_found"), 404),
]


@pytest.fixture
async def browser(open_gateway: OpenGateway, outcomes: StandInOutcomes, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, outcomes)


async def send(browser: Browser, status: int, headers: Mapping[str, str] = OURS, path: str = HERE) -> Page:
    """Send what was typed, and check the resulting page for faults."""
    return await browser.look(await browser.post(path, TYPED, headers=headers), status)


async def when_a_colleague_logs_in(
    browser: Browser, identity: StandInIdentity, role: Role = Role.ADMINISTRATOR
) -> None:
    """Log another user in with the same browser. The form that was open keeps the first user's token."""
    opened = browser.token
    identity.user_id, identity.role = COLLEAGUE, role
    identity.sessions.clear()
    browser.come_in(identity)
    browser.token = opened


def then_it_is_somebody_elses(page: Page) -> None:
    assert ("This was typed by someone else", {}) == (page.heading, sent_again(page))
    assert "It was not saved, and it is not shown to you." in " ".join(page.texts("main p"))
    assert not [text for text in (COMMAND, "Seen at home", "cetr_requested") if text in page.html]


def token_of(page: Page) -> str:
    field = page.tree.select_one("[data-send-again] input[name=csrf_token]")
    return str(field["value"]) if field else ""


def sent_again(page: Page) -> dict[str, str]:
    """Return what the page's form for sending again would send."""
    return {
        str(each["name"]): str(each["value"])
        for each in page.tree.select("[data-send-again] input")
        if each["name"] != "csrf_token"
    }


@pytest.mark.requirement("R-DSR-057")
async def test_after_the_session_has_ended_everything_typed_is_kept(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes
) -> None:
    identity.sessions.clear()

    page = await send(browser, 401)

    assert ("Your session has ended", TYPED) == (page.heading, sent_again(page))
    assert "Seen at home" not in page.tree.get_text()  # another person may be looking at the screen now
    assert "no-store" == page.response.headers["Cache-Control"]
    assert [] == outcomes.recorded


@pytest.mark.requirement("R-DSR-057")
async def test_without_scripts_one_more_press_sends_it_in_the_new_session(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes
) -> None:
    identity.sessions.clear()
    ended = await send(browser, 401)
    old = browser.token
    browser.come_in(identity)
    await browser.see("/dsr/home/")
    browser.token, now = old, browser.token

    too_old = await browser.look(await browser.post(HERE, sent_again(ended), headers=OURS), 403)
    assert ("This page was open for too long", TYPED, now) == (too_old.heading, sent_again(too_old), token_of(too_old))
    assert [] == outcomes.recorded
    browser.token = token_of(too_old)
    await browser.go_on(HERE, sent_again(too_old))

    assert [COMMAND] == [each.command_id.hex for each in outcomes.recorded]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
@pytest.mark.parametrize("logged_in", [True, False])
async def test_what_another_site_sends_is_neither_done_nor_shown(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes, headers: dict[str, str], logged_in: bool
) -> None:
    if not logged_in:
        identity.sessions.clear()
    browser.token = "x" * 64

    page = await send(browser, 403 if logged_in else 401, headers)

    assert ({}, [], False) == (sent_again(page), outcomes.recorded, "Seen at home" in page.html)


@pytest.mark.parametrize(("failure", "status"), FAILURES)
async def test_every_error_page_keeps_what_was_sent_and_shows_it_to_who_sent_it(
    browser: Browser, outcomes: StandInOutcomes, failure: Refused | NotAnswered, status: int
) -> None:
    outcomes.failing[RecordOutcome] = outcomes.failing[ReadRecord] = failure

    page = await send(browser, status)

    assert TYPED == sent_again(page)
    assert "Has a C(E)TR been requested?No" in page.texts("[data-sent] p")
    assert "NotesSeen at home. All well, say <b>." in page.texts("[data-sent] p")


async def test_while_nobody_can_say_who_asks_what_was_sent_is_kept_all_the_same(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.failing[FindSession] = NotAnswered(Fault.UNAVAILABLE)

    page = await send(browser, 503)

    assert (TYPED, []) == (sent_again(page), page.texts(".nhsuk-inset-text a") + page.texts("[data-sent] p"))


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.UNAVAILABLE, 503), (Fault.BUSY, 503), (Fault.TOO_LATE, 503), (Fault.BROKEN, 500)]
)
async def test_once_identity_answers_again_one_press_sends_it(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes, fault: Fault, status: int
) -> None:
    identity.failing[FindSession] = NotAnswered(fault)
    page = await send(browser, status)
    identity.failing.clear()
    browser.token = token_of(page)

    await browser.go_on(HERE, sent_again(page))

    assert [COMMAND] == [each.command_id.hex for each in outcomes.recorded]


async def test_a_token_that_is_not_ours_is_worth_nothing_after_identity_was_away(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes
) -> None:
    identity.failing[FindSession] = NotAnswered(Fault.UNAVAILABLE)
    browser.token = csrf.token_for("a cookie of another time", csrf.mark_of(JAYNE))
    page = await send(browser, 503)
    identity.failing.clear()
    browser.token = token_of(page)

    await send(browser, 403)

    assert [] == outcomes.recorded


@pytest.mark.parametrize(("failure", "status"), FAILURES)
async def test_what_stood_on_an_error_page_is_never_sent_in_a_colleagues_name(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes, failure: Refused | NotAnswered, status: int
) -> None:
    outcomes.failing[RecordOutcome] = outcomes.failing[ReadRecord] = failure
    left_open = await send(browser, status)
    outcomes.failing.clear()
    outcomes.asked.clear()
    browser.token = token_of(left_open)

    await when_a_colleague_logs_in(browser, identity)

    then_it_is_somebody_elses(await send(browser, 403))
    assert [] == outcomes.recorded


@pytest.mark.parametrize("away", [False, True])
async def test_after_a_session_has_ended_what_was_sent_is_still_its_holders_alone(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes, away: bool
) -> None:
    if away:
        identity.failing[FindSession] = NotAnswered(Fault.UNAVAILABLE)
    else:
        identity.sessions.clear()
    left_open = await send(browser, 503 if away else 401)
    identity.failing.clear()
    browser.token = token_of(left_open)

    await when_a_colleague_logs_in(browser, identity)

    then_it_is_somebody_elses(await send(browser, 403))
    assert [] == outcomes.recorded


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REPORTING])
async def test_a_form_that_was_left_open_is_not_shown_to_a_colleague_whatever_they_may_do(
    browser: Browser, identity: StandInIdentity, outcomes: StandInOutcomes, role: Role
) -> None:
    await when_a_colleague_logs_in(browser, identity, role)

    then_it_is_somebody_elses(await send(browser, 403))
    assert [] == outcomes.recorded


async def test_what_does_not_say_whose_it_is_is_shown_to_nobody(browser: Browser, outcomes: StandInOutcomes) -> None:
    browser.token = csrf.token_for("a cookie of another time")

    page = await send(browser, 403)

    assert ("This page was open for too long", {}, []) == (page.heading, sent_again(page), outcomes.recorded)
    assert "Seen at home" not in page.html


async def test_scripts_are_told_whose_page_it_is_and_who_is_logged_in(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.sessions.clear()
    kept = (await send(browser, 401)).tree.select_one("[data-send-again]")
    browser.come_in(identity)
    back = json.loads(await (await browser.client.get("/dsr/account/session")).text())
    await when_a_colleague_logs_in(browser, identity)
    colleague = json.loads(await (await browser.client.get("/dsr/account/session")).text())

    assert kept is not None
    assert kept["data-holder"] == back["holder"] != colleague["holder"]
    assert identity.user_id.hex not in (back["holder"], colleague["holder"])


async def test_a_page_that_was_only_opened_has_nothing_to_send(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.failing[ReadRecord] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.see(HERE, status=503)

    assert [] == page.tree.select("[data-send-again]")


@pytest.mark.parametrize("path", ["/dsr/login/", "/dsr/login/pin", "/dsr/account/password"])
async def test_no_password_and_no_code_is_ever_sent_back(
    browser: Browser, identity: StandInIdentity, path: str
) -> None:
    identity.sessions.clear()
    browser.token = "x" * 64
    secrets = {"email": "a@nhs.net", "password": PASSWORD, "pin": "135790", "current": PASSWORD, "new": PASSWORD}

    answer = await browser.post(path, secrets, headers=OURS)

    html = await answer.text()
    assert (True, False, False) == (answer.status in (401, 403), PASSWORD in html, "135790" in html)


@pytest.mark.requirement("R-DSR-057")
async def test_the_session_says_how_long_it_lasts_and_looking_does_not_prolong_it(
    browser: Browser, identity: StandInIdentity
) -> None:
    looked = await browser.client.get("/dsr/account/session", headers={"X-Passive": "yes"})
    passive = identity.active
    stayed = await browser.post("/dsr/account/session")

    told = json.loads(await looked.text())
    assert (200, 200, False, True) == (looked.status, stayed.status, passive, identity.active)
    assert 14 * 60 < told["seconds"] <= 15 * 60
    assert browser.token == told["token"]


@pytest.mark.requirement("R-DSR-057")
async def test_every_page_of_who_is_logged_in_carries_the_warning(browser: Browser, identity: StandInIdentity) -> None:
    inside = await browser.see("/dsr/home/")
    dialog = inside.tree.select_one("dialog#time-out")
    identity.sessions.clear()
    outside = await browser.see("/dsr/login/")

    assert dialog is not None
    assert 14 * 60 < int(str(dialog["data-seconds"])) <= 15 * 60
    assert [] == outside.tree.select("dialog")
