"""The page for two users who changed one record: each question is decided alone, and a quick press loses no text."""

import pytest

from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.reading import FieldChange, RecordChange
from shared.contracts.referrals.saving import Conflict, UpdateRecord
from shared.messages import Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.visit import Page
from tests.services.referrals.builders import a_referral

HERE = f"/dsr/records/{RECORD_ID.hex}/"
CONTACT = {"lead_professional": "Jenny Harris", "lead_professional_contact": "01782 000000"}
BEFORE = {**a_referral(risk_level="amber", latest_update="As before."), **CONTACT}
THEIRS = BEFORE | {"risk_level": "red", "latest_update": "Moved house.", "gp_name": "Dr Okafor"}
YOURS = BEFORE | {"risk_level": "green", "latest_update": "Doing well.", "lead_professional": "Jo Bloggs"}
SENT = {"command": "0" * 32, "version": "4", "edition": "2022"}


@pytest.fixture
def referrals() -> StandInReferrals:
    changes = tuple(FieldChange(name=name, before=BEFORE.get(name), after=THEIRS[name]) for name in changed(THEIRS))
    theirs = RecordChange(version=5, act="updated", changed_at=WHEN, changed_by="Nadia Khan", changes=changes)
    referrals = StandInReferrals(updates=(theirs,))
    referrals.failing[UpdateRecord] = Refused(Conflict(version=5))
    return referrals


@pytest.fixture
async def browser(open_gateway: OpenGateway, referrals: StandInReferrals) -> Browser:
    record = StandInOutcomes(answers=dict(THEIRS))
    return await open_gateway(StandInIdentity(role=Role.ADMINISTRATOR), record, referrals)


def changed(after: Answers) -> list[str]:
    return [name for name in after if after[name] != BEFORE.get(name)]


async def decided(browser: Browser, referrals: StandInReferrals, **picks: str) -> Answers:
    """Send the conflict page with these choices, and return the answers that go to the service."""
    page = await browser.send(HERE, SENT | {name: str(answer) for name, answer in YOURS.items()}, status=409)
    del referrals.failing[UpdateRecord]
    await browser.go_on(HERE, fields(page) | {f"pick:{name}": pick for name, pick in picks.items()})
    return referrals.heard(UpdateRecord)[-1].answers


def chosen(page: Page) -> dict[str, str]:
    picks = page.tree.select("input[type=radio][checked]")
    return {str(each["name"]).removeprefix("pick:"): str(each["value"]) for each in picks}


async def test_each_question_shows_both_answers_and_nothing_is_lost_by_a_quick_press(
    browser: Browser, referrals: StandInReferrals
) -> None:
    page = await browser.send(HERE, SENT | {name: str(answer) for name, answer in YOURS.items()}, status=409)

    suggested = {"risk_level": "theirs", "latest_update": "both", "lead_professional": "yours", "gp_name": "theirs"}
    assert suggested == chosen(page)
    answers = await decided(browser, referrals)
    assert ("Moved house.\n\nDoing well.", "red", "Dr Okafor") == (
        answers["latest_update"],
        answers["risk_level"],
        answers["gp_name"],
    )


async def test_for_each_question_their_answer_mine_or_both_edited_is_saved(
    browser: Browser, referrals: StandInReferrals
) -> None:
    picks = {"risk_level": "theirs", "latest_update": "yours", "lead_professional": "theirs", "gp_name": "yours"}

    answers = await decided(browser, referrals, **picks)

    assert ("red", "Doing well.", "Jenny Harris") == (
        answers["risk_level"],
        answers["latest_update"],
        answers["lead_professional"],
    )
    assert "gp_name" not in answers
