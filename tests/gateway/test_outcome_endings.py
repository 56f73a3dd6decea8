"""Tests of the page of outcomes in a register in which only some answers end a record."""

import pytest

from shared.registers.definition.register import Definition
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import StandInOutcomes
from tests.gateway.test_outcome_pages import HERE, LEAVING, LONG, TYPED

CHOOSY = HERE.replace("/dsr/", "/choosy/")
ENDS = TYPED | {"meeting_outcome": "other"}


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, outcomes: StandInOutcomes) -> Browser:
    """A browser of an administrator who is logged in to the DSR and to the other register."""
    dsr = load_registers().find("dsr")
    registers = Registers([LoadedRegister(each, sha256="") for each in (dsr, _ending_when(dsr))])
    return await open_gateway(identity, outcomes, registers=registers)


def _ending_when(dsr: Definition) -> Definition:
    """Return a register in which only some answers end a record."""
    (archive,) = dsr.lifecycle.transitions
    when = ({"meeting_outcome": ("admission_agreed", "other")},)
    lifecycle = dsr.lifecycle.model_copy(update={"transitions": (archive.model_copy(update={"when": when}),)})
    named = dsr.identity.model_copy(update={"code": "choosy"})
    return dsr.model_copy(update={"identity": named, "lifecycle": lifecycle})


@pytest.mark.parametrize("act", ["archive", "confirm"])
async def test_answers_that_do_not_end_a_record_are_not_saved_with_its_end(
    browser: Browser, outcomes: StandInOutcomes, act: str
) -> None:
    page = await browser.send(CHOOSY, TYPED | {"act": act}, status=422)

    assert [
        "These answers do not end the referral. Save them without ending it, or change them. "
        "What ends it: “What was the outcome?” Admission agreed or Other."
    ] == page.problems
    assert ([], [LONG]) == (outcomes.recorded, [each.get_text().lstrip("\n") for each in page.tree.select("#notes")])


async def test_whoever_saves_answers_that_end_a_record_is_asked_whether_it_ends(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    asked = await browser.send(CHOOSY, ENDS | {"act": "save"}, status=200)

    assert "Archive this referral?" == asked.heading
    assert ["Yes – Archive", "Save and keep it open", "No – Cancel"] == asked.texts("main button")
    assert [] == outcomes.recorded
    await browser.go_on(CHOOSY, fields(asked) | {"act": "keep"})
    assert [False] == [each.ending for each in outcomes.recorded]


async def test_other_answers_are_saved_at_once_and_ending_ones_archived(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    await browser.go_on(CHOOSY, TYPED | {"act": "save"})
    asked = await browser.send(CHOOSY, ENDS | {"act": "archive"}, status=200)
    await browser.go_on(CHOOSY, fields(asked) | LEAVING | {"act": "confirm"})

    assert ["Yes – Archive", "No – Cancel"] == asked.texts("main button")
    assert [False, True] == [each.ending for each in outcomes.recorded]


async def test_ending_is_offered_only_with_answers_that_end(browser: Browser) -> None:
    page, always = await browser.see(CHOOSY), await browser.see(HERE)

    shown_if = [page.tree.select_one("button[value=archive]"), always.tree.select_one("button[value=archive]")]
    assert [True, True] == [each is not None for each in shown_if]
    assert ['[{"meeting_outcome": ["admission_agreed", "other"]}]', None] == [
        each.parent.get("data-show-if") for each in shown_if if each and each.parent
    ]
