"""Every choice that is not required can be taken back, with and without scripts."""

from pathlib import Path

import pytest

from gateway.ui.register_form import field_of
from shared.permissions import Role
from shared.registers.load import load_registers
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_drafts import StandInDrafts
from tests.gateway.stand_in_identity import StandInIdentity

HOMES = Path(__file__).parents[1] / "journeys" / "registers"


@pytest.mark.parametrize("code", ["dsr", "homes", "watch"])
def test_every_choice_that_is_not_required_can_be_taken_back_in_every_form(code: str) -> None:
    register = load_registers([HOMES]).find(code)
    asked = [*register.form.asked, *(register.outcome.asked if register.outcome else ())]
    choices = [each for each in asked if each.kind in ("yes_no", "choice")]

    fields = {each.name: field_of(each, register.words) for each in choices}

    assert {each.name: not each.required for each in choices} == {
        name: bool(each.clear) for name, each in fields.items()
    }
    assert all(bool(each.clear) == bool(each.no_answer) for each in fields.values())


async def test_the_page_has_a_button_with_scripts_and_a_choice_without(open_gateway: OpenGateway) -> None:
    browser = await open_gateway(StandInIdentity(role=Role.STANDARD), StandInDrafts())

    page = await browser.see("/dsr/records/new?start")

    legend = next(each for each in page.tree.select("legend") if each.get_text().startswith("Is the person under 16?"))
    group = legend.find_parent("fieldset")
    assert group is not None
    assert ["Clear answer Is the person under 16?"] == [each.get_text() for each in group.select("button[hidden]")]
    assert [("under_16", "")] == [(each["name"], each["value"]) for each in group.select("noscript input")]
    required = page.tree.select('input[name="risk_level"]')[0].find_parent("fieldset")
    assert required is not None
    assert [] == required.select("button, noscript")
