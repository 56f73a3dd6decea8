"""Tests of the page about mails: the state of each mail in words, and sending one again."""

from uuid import UUID

import pytest

from shared.contracts.notifier import ListMails, SendAgain
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_notifier import MAIL_ID, RECORD_ID, TEAM, StandInNotifier, a_mail
from tests.gateway.visit import Page

ADMINISTRATION = "/dsr/administration/"
HERE = "/dsr/administration/mails/"
COMMAND = "0123456789abcdef0123456789abcdef"
AGAIN = {"command": COMMAND, "mail": MAIL_ID.hex}


@pytest.fixture
def notifier() -> StandInNotifier:
    return StandInNotifier()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, notifier: StandInNotifier) -> Browser:
    """A browser of a logged-in user: an administrator unless the test changes the role first."""
    return await open_gateway(identity, notifier)


def cells(page: Page) -> list[str]:
    """Return the cells of the first row without their headings for phones."""
    for heading in page.tree.select("td .nhsuk-table__heading"):
        heading.extract()
    return page.texts("tbody tr:first-child td")


async def test_administration_leads_there(browser: Browser) -> None:
    page = await browser.see(ADMINISTRATION)

    assert ["Notification emails"] == page.texts(f'main a[href="{HERE}"]')


async def test_an_accepted_mail_says_when_what_about_whom_to_and_since_when(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert [
        "17/06/2026 at 14:05",
        "New referral",
        "DSR-7KQ2-M9XP New referral",
        TEAM,
        "Acceptedby the mail server, 17/06/2026 at 14:07",
    ] == cells(page)
    assert [f"/dsr/records/{RECORD_ID.hex}/"] == [str(link["href"]) for link in page.tree.select("td a")]


STATES = {
    "waiting": ("Waiting to be sent", False),
    "accepted": ("Accepted", False),
    "failed": ("Failed", True),
    "given_up": ("Stopped trying", True),
    "expired": ("Expired", False),
}


@pytest.mark.parametrize("delivery", STATES)
async def test_each_state_is_a_word_and_what_ended_badly_can_be_sent_again(
    browser: Browser, notifier: StandInNotifier, delivery: str
) -> None:
    notifier.mails = (a_mail(delivery=delivery),)

    page = await browser.see(HERE)

    word, again = STATES[delivery]
    assert [word] == page.texts(".nhsuk-tag")
    assert ([f"Send again DSR-7KQ2-M9XP {TEAM}"] if again else []) == page.texts("td button")


@pytest.mark.parametrize(
    ("answer", "said"),
    [("550", "The mail server answered 550."), ("no_answer", "The mail server could not be reached."), (None, "")],
)
async def test_what_the_relay_said_is_said(
    browser: Browser, notifier: StandInNotifier, answer: str | None, said: str
) -> None:
    notifier.mails = (a_mail(delivery="waiting", answer=answer, since=None),)

    page = await browser.see(HERE)

    assert f"Waiting to be sent{said}" == cells(page)[-1]


async def test_an_urgent_mail_in_place_of_another_says_both(browser: Browser, notifier: StandInNotifier) -> None:
    notifier.mails = (a_mail(occasion="rating_changed", urgent=True, instead=True),)

    page = await browser.see(HERE)

    assert "Rating changedUrgentSent because another email was not delivered in time" == cells(page)[1]


async def test_a_record_that_has_ended_has_no_page_to_go_to(browser: Browser, notifier: StandInNotifier) -> None:
    notifier.mails = (a_mail(occasion="record_ended"),)

    page = await browser.see(HERE)

    assert ("DSR-7KQ2-M9XP", []) == (cells(page)[2], page.tree.select("td a"))


# --------------------------------------------------------------------------------------------- choosing what is listed
async def test_only_those_not_delivered_can_be_asked_for_and_all_again(
    browser: Browser, notifier: StandInNotifier
) -> None:
    narrow = (await browser.see(HERE)).tree.select_one(f'main a[href="{HERE}?undelivered=1"]')
    notifier.mails = ()
    page = await browser.see(f"{HERE}?undelivered=1")

    assert narrow is not None
    assert "Show only emails not yet accepted" == narrow.get_text()
    assert ["Show all emails"] == page.texts(f'main a[href="{HERE}"]')
    assert "Every email was accepted by our mail server." in page.texts("main p")
    assert [False, True] == [asked.undelivered for asked in notifier.heard(ListMails)]


async def test_without_any_mail_the_page_says_so(browser: Browser, notifier: StandInNotifier) -> None:
    notifier.mails = ()

    assert "There are no emails about referrals yet." in (await browser.see(HERE)).texts("main p")


@pytest.mark.parametrize("narrowed", ["", "undelivered=1"])
async def test_older_mails_are_one_link_away_and_the_newest_another(
    browser: Browser, notifier: StandInNotifier, narrowed: str
) -> None:
    notifier.more = True
    older = f"{HERE}?{narrowed}{'&' if narrowed else ''}before={MAIL_ID.hex}"
    first = await browser.see(f"{HERE}?{narrowed}")
    second = await browser.see(older)

    assert ["Older emails"] == first.texts(f'main a[href="{older}"]')
    assert "Newest emails" in second.texts(f'main a[href="{HERE}{"?" if narrowed else ""}{narrowed}"]')
    assert [None, MAIL_ID] == [asked.before for asked in notifier.heard(ListMails)]


@pytest.mark.parametrize("before", ["none", "%00", "../.."])
async def test_an_address_that_is_none_is_not_found(browser: Browser, before: str) -> None:
    assert "Page not found" == (await browser.see(f"{HERE}?before={before}", status=404)).heading


# ----------------------------------------------------------------------------------------------------- sending again
async def test_a_failed_mail_is_sent_again_under_the_form_s_command(
    browser: Browser, notifier: StandInNotifier
) -> None:
    notifier.mails = (a_mail(delivery="failed"),)
    await browser.see(f"{HERE}?undelivered=1")

    gone_to = await browser.go_on(f"{HERE}?undelivered=1", AGAIN)
    page = await browser.see(gone_to)

    assert [SendAgain(command_id=UUID(COMMAND), mail_id=MAIL_ID)] == notifier.heard(SendAgain)
    assert f"{HERE}?undelivered=1&notice=again" == gone_to
    assert ["The email will be sent again."] == page.texts(".nhsuk-notification-banner__content")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("not_ended", "This email is waiting to be sent, or has been accepted since. It was not sent again."),
        ("no_words", "The text of this email is no longer kept. It cannot be sent again."),
        (
            "not_recipient",
            "This person no longer gets emails about the record: their access, or the register, has changed. "
            "The email was not sent again.",
        ),
    ],
)
async def test_what_cannot_be_sent_again_is_said_above_the_list(
    browser: Browser, notifier: StandInNotifier, code: str, said: str
) -> None:
    notifier.failing[SendAgain] = Refused(code)
    await browser.see(HERE)

    page = await browser.send(HERE, AGAIN, status=409)

    assert [said] == page.texts(".nhsuk-notification-banner__content")
    assert 1 == len(page.tree.select("tbody tr"))


async def test_a_mail_of_others_is_not_found(browser: Browser, notifier: StandInNotifier) -> None:
    notifier.failing[SendAgain] = Refused("not_found")
    await browser.see(HERE)

    assert "Page not found" == (await browser.send(HERE, AGAIN, status=404)).heading
    assert "Page not found" == (await browser.send(HERE, AGAIN | {"mail": "x"}, status=404)).heading


@pytest.mark.parametrize("kind", [ListMails, SendAgain])
async def test_a_notifier_that_is_away_is_said_to_be(
    browser: Browser, notifier: StandInNotifier, kind: type[ListMails] | type[SendAgain]
) -> None:
    await browser.see(HERE)
    notifier.failing[kind] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.send(HERE, AGAIN, status=503) if kind is SendAgain else await browser.see(HERE, status=503)

    assert "Sorry, the service is unavailable" == page.heading


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN])
async def test_the_page_is_closed_to_others(identity: StandInIdentity, browser: Browser, role: Role) -> None:
    await browser.see("/dsr/home/")
    await browser.go_on("/dsr/logout")
    identity.role = role
    browser.come_in(identity)

    await browser.see(HERE, status=403)
    if role is Role.MASTER_ADMIN:
        assert [] == (await browser.see(ADMINISTRATION)).tree.select(f'main a[href="{HERE}"]')
