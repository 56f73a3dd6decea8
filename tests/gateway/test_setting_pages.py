"""Tests of the pages on which administrators reword a register's lists, its guidance and its home page."""

import pytest

from gateway.keys import OVERLAYS
from gateway.ui.register_form import draw
from shared.contracts.referrals.overlays import PublishOverlay
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from shared.registers.definition.questions import GuidanceTopic, Option
from shared.registers.definition.register import PublicHome
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Overlay
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_overlays import StandInOverlays
from tests.gateway.visit import Page

HUB = "/dsr/administration/settings/"
LIST = f"{HUB}lists/meeting_outcome/"
HOME = f"{HUB}home/"
GUIDANCE = f"{HUB}guidance/risk_level/"
COMMAND = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def referrals() -> StandInOverlays:
    return StandInOverlays()


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR, all_organisations=True)


@pytest.fixture
def registers() -> Registers:
    return load_registers()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway, identity: StandInIdentity, referrals: StandInOverlays, registers: Registers
) -> Browser:
    browser = await open_gateway(identity, referrals, registers=registers)
    await browser.client.app[OVERLAYS].look()
    return browser


def filled(page: Page) -> dict[str, str]:
    """Return the page's form as a browser would send it unchanged."""
    sent: dict[str, str] = {}
    for field in page.tree.select("main form :is(input, textarea)"):
        if field.get("type") == "checkbox" and not field.has_attr("checked"):
            continue
        value = field.get_text().removeprefix("\n") if field.name == "textarea" else str(field.get("value", ""))
        sent[str(field["name"])] = value
    del sent["csrf_token"]
    return sent


def options(registers: Registers, name: str = "meeting_outcome") -> list[tuple[str, str, bool]]:
    dsr = registers.find("dsr")
    assert dsr.outcome
    question = {**dsr.form.by_name, **dsr.outcome.by_name}[name]
    return [(option.code, option.label, option.retired) for option in question.options]


async def change(browser: Browser, path: str, **typed: str) -> tuple[Page, dict[str, str]]:
    """Change these fields and continue. Return the page that asks for confirmation, and what its buttons send."""
    sent = filled(await browser.see(path)) | {name.replace("__", "-"): value for name, value in typed.items()}
    page = await browser.send(path, sent | {"act": "check"}, status=200)
    return page, filled(page)


async def test_the_hub_leads_to_every_list_the_home_page_and_the_guidance(browser: Browser) -> None:
    page = await browser.see(HUB)

    assert [
        "List: Locality",
        "List: Which tool was completed?",
        "List: What was the outcome?",
        "List: Why is the person leaving the register?",
        "List: Gap in services",
        "List: Decision",
        "Home page",
        "Review intervals",
        "Guidance: Level of risk as identified by the DSD Clinical Support Tool",
    ] == page.texts("dl dt")
    for link in page.tree.select("dl a"):
        await browser.see(str(link["href"]))
    assert "Nothing has been changed yet." in page.html


async def test_what_is_published_names_the_version_that_its_page_showed(
    browser: Browser, referrals: StandInOverlays
) -> None:
    for number in (1, 2):
        _, sent = await change(browser, LIST, **{"new-label-1": f"Court diversion {number}"})
        await browser.go_on(LIST, sent | {"act": "publish"})

    assert [0, 1] == [each.seen_version for each in referrals.heard(PublishOverlay)]


@pytest.mark.requirement("R-DSR-133")
@pytest.mark.requirement("R-DSR-011")
async def test_an_option_is_added_and_another_retired(
    browser: Browser, referrals: StandInOverlays, registers: Registers
) -> None:
    page, sent = await change(browser, LIST, **{"new-label-1": " Court  diversion "}, **{"retire-plan_changed": "yes"})
    assert [
        ["Reworded", "Support plan changed", "Support plan changed (no longer offered)"],
        ["Added", "", "Court diversion"],
    ] == rows(page)
    assert "Court diversion" in page.texts(".ics-preview option")
    assert "Support plan changed" not in page.texts(".ics-preview option")

    await browser.go_on(LIST, sent | {"act": "publish"})

    assert ("court_diversion", "Court diversion", False) == options(registers)[-1]
    assert ("plan_changed", "Support plan changed", True) in options(registers)
    assert [0] == [each.seen_version for each in referrals.heard(PublishOverlay)]
    hub = await browser.see(f"{HUB}?notice=published")
    assert ["17/06/2022 at 14:05", "Ada First", "List: What was the outcome?"] == cells(hub)


def rows(page: Page) -> list[list[str]]:
    """Return the differences without the headings that phones show in the cells."""
    for heading in page.tree.select("tbody .nhsuk-table__heading"):
        heading.decompose()
    return [
        [" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in page.tree.select("tbody tr")
    ]


def cells(page: Page) -> list[str]:
    return rows(page)[0]


@pytest.mark.parametrize(("code", "place"), [("other", 2), ("support_continues", 5), ("plan_changed", 1)])
async def test_an_option_moves_where_its_place_says(
    browser: Browser, registers: Registers, code: str, place: int
) -> None:
    _, sent = await change(browser, LIST, **{f"place-{code}": str(place)})

    await browser.go_on(LIST, sent | {"act": "publish"})

    assert code == options(registers)[place - 1][0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"label-other": ""}, "Enter the text. To take the option off the list, tick that it is no longer offered."),
        ({"new-label-1": "other"}, "other is in the list already"),
        ({"place-other": "first"}, "The position must be a whole number, like 3"),
        ({"new-label-1": "{gap}"}, "Text must not have curly brackets"),
        ({}, "Nothing was changed."),
    ],
)
async def test_what_cannot_be_is_said_where_it_stands_and_stays_typed(
    browser: Browser, typed: dict[str, str], said: str
) -> None:
    sent = filled(await browser.see(LIST)) | typed

    page = await browser.send(LIST, sent | {"act": "check"}, status=422)

    assert [said] == page.problems
    assert {name: filled(page)[name] for name in typed} == typed


@pytest.mark.requirement("R-DSR-081")
async def test_what_is_retired_is_offered_on_no_new_form(browser: Browser, registers: Registers) -> None:
    path = f"{HUB}lists/locality/"
    _, sent = await change(browser, path, **{"retire-south_staffordshire": "yes"})
    await browser.go_on(path, sent | {"act": "publish"})

    register = registers.find("dsr")
    drawn = draw(register.form, register.words).form.fields["locality"]

    assert ["", "north_staffordshire_stoke"] == [choice.code for choice in drawn.choices]


async def test_an_option_that_a_rule_names_cannot_be_retired_and_the_page_says_which(browser: Browser) -> None:
    path = f"{HUB}lists/tool_name/"
    page = await browser.see(path)
    needed = ["Cannot be removed because this depends on it: Name of the other tool"]
    assert needed == page.texts("fieldset > .nhsuk-hint")

    sent = filled(page) | {"retire-other": "yes", "act": "check"}
    refused = await browser.send(path, sent, status=422)

    assert ["Cannot be removed because this depends on it: Name of the other tool"] == refused.problems


async def test_at_least_one_option_stays(browser: Browser) -> None:
    path = f"{HUB}lists/locality/"
    page = await browser.see(path)
    ticked = {str(box["name"]): "yes" for box in page.tree.select("main input[type=checkbox]")}

    refused = await browser.send(path, filled(page) | ticked | {"act": "check"}, status=422)

    assert ["At least one option must be offered"] == refused.problems


async def test_there_is_room_for_more_and_what_was_typed_stays(browser: Browser) -> None:
    sent = filled(await browser.see(LIST)) | {"new-label-3": "Third", "act": "more"}

    page = await browser.send(LIST, sent, status=200)

    assert "Third" == filled(page)["new-label-3"]
    assert "" == filled(page)["new-label-6"]


async def test_going_back_keeps_what_was_typed(browser: Browser) -> None:
    _, sent = await change(browser, HOME, heading="Another heading")

    page = await browser.send(HOME, sent | {"act": "back"}, status=200)

    assert "Another heading" == filled(page)["heading"]


@pytest.mark.requirement("R-DSR-032")
async def test_the_home_page_and_its_link_are_reworded(browser: Browser) -> None:
    page, sent = await change(
        browser,
        HOME,
        heading="Together",
        paragraphs="One.\r\n\r\nTwo.",
        link_lead="",
        link_text="Our page",
        link_address="https://example.nhs.uk/dsr",
    )
    assert ["One.", "Two.", "Our page"] == page.texts(".ics-preview p")

    await browser.go_on(HOME, sent | {"act": "publish"})

    public = await browser.see("/dsr/")
    assert ("Together", ["One.", "Two.", "Our page"]) == (public.heading, public.texts("main p"))


async def test_a_link_is_secure_and_whole_or_not_there(browser: Browser) -> None:
    sent = filled(await browser.see(HOME)) | {"act": "check"}

    half = await browser.send(HOME, sent | {"link_text": ""}, status=422)
    open_ = await browser.send(HOME, sent | {"link_address": "http://example.nhs.uk"}, status=422)

    assert ["Enter both the text and the address of the link, or neither"] == half.problems
    assert ["The address must be a whole web address that begins with https://"] == open_.problems


@pytest.mark.requirement("R-DSR-087")
async def test_the_guidance_of_the_risk_levels_is_reworded(browser: Browser, registers: Registers) -> None:
    page, sent = await change(browser, GUIDANCE, **{"lines-3": "Watch.\nWait.", "heading-4": "Blue", "lines-4": "New."})
    assert ["Watch.", "Wait.", "New."] == page.texts(".ics-preview li")[-3:]

    await browser.go_on(GUIDANCE, sent | {"act": "publish"})

    guidance = registers.find("dsr").form.by_name["risk_level"].guidance
    assert guidance
    assert [("Watch.", "Wait."), ("New.",)] == [topic.lines for topic in guidance.topics][2:]


@pytest.mark.requirement("R-DSR-011")
async def test_who_has_some_organisations_reads_and_is_told_who_may_change(
    browser: Browser, identity: StandInIdentity, referrals: StandInOverlays
) -> None:
    identity.all_organisations = False
    browser.come_in(identity)

    page = await browser.see(HUB)

    assert [] == page.tree.select("dl a")
    assert "Only an administrator of all organisations can change them." in page.html
    await browser.see(LIST, status=403)
    await browser.send(LIST, {"act": "publish", "version": "0", "command": COMMAND}, status=403)
    assert [] == referrals.heard(PublishOverlay)


async def test_somebody_published_meanwhile_and_both_are_shown(
    browser: Browser, referrals: StandInOverlays, registers: Registers
) -> None:
    _, sent = await change(browser, HOME, heading="Mine")
    referrals.put(Overlay(public=PublicHome(heading="Theirs", paragraphs=("P.",))))

    page = await browser.send(HOME, sent | {"act": "publish"}, status=409)

    assert "Someone else has published a change" == page.heading
    assert ["Heading", "Theirs", "Mine"] == cells(page)
    await browser.go_on(HOME, filled(page) | {"act": "publish"})
    assert "Mine" == registers.find("dsr").public.heading


async def test_an_option_that_somebody_added_meanwhile_is_kept(
    browser: Browser, referrals: StandInOverlays, registers: Registers
) -> None:
    _, sent = await change(browser, LIST, **{"label-other": "Something else"})
    listed = registers.find("dsr").outcome
    assert listed
    theirs = (*listed.by_name["meeting_outcome"].options, Option(code="moved", label="Moved away"))
    referrals.put(Overlay(options={"meeting_outcome": theirs}))

    page = await browser.send(LIST, sent | {"act": "publish"}, status=409)
    await browser.go_on(LIST, filled(page) | {"act": "publish"})

    assert [("other", "Something else", False), ("moved", "Moved away", False)] == options(registers)[-2:]


async def test_guidance_that_somebody_shortened_meanwhile_loses_nothing_of_mine(
    browser: Browser, referrals: StandInOverlays, registers: Registers
) -> None:
    _, sent = await change(browser, GUIDANCE, **{"heading-4": "Blue", "lines-4": "New."})
    referrals.put(Overlay(guidance={"risk_level": (GuidanceTopic(heading="Only", lines=("One.",)),)}))

    page = await browser.send(GUIDANCE, sent | {"act": "publish"}, status=409)
    await browser.go_on(GUIDANCE, filled(page) | {"act": "publish"})

    guidance = registers.find("dsr").form.by_name["risk_level"].guidance
    assert guidance
    assert ["Red rating", "Amber rating", "Green rating", "Blue"] == [topic.heading for topic in guidance.topics]


async def test_while_referrals_is_away_nothing_typed_is_lost_and_the_same_command_goes_out_again(
    browser: Browser, referrals: StandInOverlays
) -> None:
    _, sent = await change(browser, HOME, heading="Kept")
    referrals.failing[PublishOverlay] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.send(HOME, sent | {"act": "publish"}, status=503)
    referrals.failing.clear()
    await browser.go_on(HOME, filled(page) | {"act": "publish"})

    first, second = referrals.heard(PublishOverlay)
    assert first == second
    assert second.overlay.public
    assert "Kept" == second.overlay.public.heading


@pytest.mark.parametrize("path", [f"{HUB}lists/ethnicity/", f"{HUB}guidance/locality/", f"{HUB}nothing/"])
async def test_what_cannot_be_reworded_is_not_found(browser: Browser, path: str) -> None:
    assert "Page not found" == (await browser.see(path, status=404)).heading
