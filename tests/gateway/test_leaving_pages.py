"""Tests of the question why a referral is archived, and of the page of an archived referral that answers it."""

from dataclasses import dataclass

import pytest

from gateway.pages.records.history import shown_change
from shared.contracts.actions import ActionShown, ListRecordActions, RecordActions
from shared.contracts.outcomes import RecordOutcome
from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.reading import ReadRecord, RecordChange
from shared.messages import Refused
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_actions import an_action, reported
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import PERSON, RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.test_outcome_pages import HERE, LEAVING, TYPED

RECORD = HERE.removesuffix("outcomes/")
WORDS = "She lives in Leeds now.\n<b>Her team knows.</b>"
CHOOSE, WRITE = "Choose why the person is leaving the register", "Enter the reason in your own words"
RED = "This referral is rated Red. Say in your own words, too, why it is archived."
ENDED = {"is_open": False, "state": "archived", "ended_at": WHEN, "ended_by": "Ada Minister", "may_update": False}


@dataclass
class StandInOpenActions(StandIn):
    """Answers with the actions of the record."""

    actions: tuple[ActionShown, ...]

    def table(self) -> tuple[Row, ...]:
        return (
            row(
                ListRecordActions,
                lambda _: RecordActions(record_id=RECORD_ID, actions=self.actions, told=(), may_add=True),
            ),
        )


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, outcomes: StandInOutcomes) -> Browser:
    return await open_gateway(identity, outcomes, StandInReferrals())


@pytest.mark.requirement("R-USE-009")
async def test_the_page_before_archiving_asks_why_and_keeps_its_words(browser: Browser) -> None:
    page = await browser.send(HERE, TYPED | {"act": "archive"}, status=200)

    assert ("Archive this referral?", []) == (page.heading, page.problems)
    assert ["Yes – Archive", "No – Cancel"] == page.texts("main form button")
    assert [
        "No longer at risk of admission",
        "Moved out of the area",
        "Consent withdrawn",
        "Does not meet the criteria",
        "Died",
        "Other",
    ] == page.texts("main .nhsuk-radios__label")
    assert [] == page.texts("main form .nhsuk-inset-text")


@pytest.mark.requirement("R-USE-009")
@pytest.mark.parametrize(
    ("leaving", "problem"),
    [
        ({}, CHOOSE),
        ({"leaving_reason": "other"}, WRITE),
        ({"leaving_reason": "other", "leaving_text": " - "}, WRITE),
        ({"leaving_reason": "nonsense"}, None),
        ({"leaving_reason": "other", "leaving_text": "x" * 2001}, None),
    ],
)
async def test_without_a_reason_nothing_is_sent_and_nothing_typed_is_lost(
    browser: Browser, outcomes: StandInOutcomes, leaving: dict[str, str], problem: str | None
) -> None:
    page = await browser.send(HERE, TYPED | leaving | {"act": "confirm"}, status=422)

    assert "Archive this referral?" == page.heading
    assert 1 == len(page.problems)
    assert problem in (None, *page.problems)
    assert TYPED.items() <= fields(page).items()
    assert [] == outcomes.recorded


@pytest.mark.requirement("R-USE-009")
async def test_the_reason_goes_with_the_outcome(browser: Browser, outcomes: StandInOutcomes) -> None:
    await browser.go_on(HERE, TYPED | {"leaving_reason": "other", "leaving_text": WORDS, "act": "confirm"})

    (asked,) = outcomes.recorded
    assert {"leaving_reason": ("other",), "leaving_text": (WORDS,)} == asked.leaving


@pytest.mark.requirement("R-USE-009")
async def test_no_reason_goes_with_an_outcome_that_ends_nothing(browser: Browser, outcomes: StandInOutcomes) -> None:
    await browser.go_on(HERE, TYPED | LEAVING | {"act": "save"})

    assert [{}] == [each.leaving for each in outcomes.recorded]


@pytest.mark.requirement("R-USE-009", "R-DSR-139")
async def test_a_reason_that_was_typed_is_still_there_after_no_and_yes(browser: Browser) -> None:
    why = {"leaving_reason": "other", "leaving_text": WORDS}
    cancelled = await browser.send(HERE, TYPED | why | {"act": "cancel"}, status=200)
    asked = await browser.send(HERE, fields(cancelled) | {"act": "archive"}, status=200)

    assert TYPED | why == fields(cancelled)
    assert why.items() <= fields(asked).items()


@pytest.mark.requirement("R-MEET-017")
async def test_a_red_referral_needs_words_and_the_page_says_so_before(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.answers = PERSON | {"risk_level": "red"}
    outcomes.failing[RecordOutcome] = Refused(InvalidAnswers(faults=1))

    before = await browser.send(HERE, TYPED | {"act": "archive"}, status=200)
    page = await browser.send(HERE, TYPED | LEAVING | {"act": "confirm"}, status=422)

    assert [RED] == [text.removeprefix("Information: ") for text in before.texts("main form .nhsuk-inset-text")]
    assert [] == before.tree.select("main form [data-show-if]")
    assert [WRITE] == page.problems
    assert (TYPED | LEAVING).items() - {("command", TYPED["command"])} <= fields(page).items()
    assert fields(page)["command"] != TYPED["command"]


@pytest.mark.requirement("R-MEET-017")
async def test_a_referral_with_actions_that_are_not_done_needs_words_and_the_page_says_so_before(
    open_gateway: OpenGateway, identity: StandInIdentity, outcomes: StandInOutcomes
) -> None:
    actions = (an_action(1), reported(2), an_action(3, state="closed"))
    browser = await open_gateway(identity, outcomes, StandInOpenActions(actions))

    page = await browser.send(HERE, TYPED | {"act": "archive"}, status=200)

    said = "Actions of this referral that are not done: 2. Say in your own words, too, why it is archived."
    assert [said] == [text.removeprefix("Information: ") for text in page.texts("main form .nhsuk-inset-text")]
    assert [] == page.tree.select("main form [data-show-if]")


@pytest.mark.requirement("R-USE-009")
async def test_a_referral_that_went_meanwhile_leaves_what_was_typed_to_be_copied(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.failing[ReadRecord] = Refused("not_found")

    page = await browser.send(HERE, TYPED | {"act": "confirm"}, status=409)

    assert "Archived" == page.heading


@pytest.mark.requirement("R-USE-009")
async def test_an_archived_referral_says_when_by_whom_and_why(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.changes = ENDED | {"leaving": {"leaving_reason": "other", "leaving_text": WORDS}}

    page = await browser.see(RECORD)

    assert "Archived 17/06/2022 at 14:05, by Ada Minister" in page.texts("main p")
    assert ["Other", WORDS.replace("\n", " ")] == [
        " ".join(page.texts(f"dt:-soup-contains('{label}') + dd")[0].split())
        for label in ("Why is the person leaving the register?", "Reason in your own words")
    ]


@pytest.mark.requirement("R-USE-009")
async def test_a_referral_that_was_archived_before_reasons_were_asked_says_so(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.changes = ENDED

    page = await browser.see(RECORD)

    assert ["Not recorded"] == page.texts("dt:-soup-contains('Reason') + dd")


@pytest.mark.requirement("R-USE-009")
def test_the_history_says_why_a_referral_was_archived() -> None:
    change = RecordChange(
        version=5, act="archived", changed_at=WHEN, changed_by="Ada Minister", changes=(), leaving=dict(LEAVING)
    )

    shown = shown_change(load_registers().find("dsr"), change)

    assert "Archived by Ada Minister, 17/06/2022 at 14:05" == shown.heading
    assert [["Why is the person leaving the register?", "Not recorded", "Moved out of the area"]] == shown.rows
