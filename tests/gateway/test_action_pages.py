"""Tests of the pages of actions: the list, one action, those of a record, and the cards on Home."""

from datetime import timedelta
from uuid import UUID

import pytest

from shared.contracts.actions import (
    ActionCounts,
    ActionEntry,
    AddAction,
    AreaActions,
    ChangeAction,
    DecideAction,
    FollowUpAction,
    ListActions,
    MeetingDecision,
    PlanTold,
    RecordPlanTold,
    ReportAction,
)
from shared.contracts.referrals.saving import Conflict
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_actions import CALUM, JENNY, TODAY, WHEN, StandInActions, an_action, reported
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.gateway.test_work_pages import cells
from tests.gateway.visit import Page

LIST, HOME = "/dsr/actions/", "/dsr/home/"
OF_RECORD = f"/dsr/records/{RECORD_ID.hex}/actions/"
ONE = f"/dsr/actions/{UUID(int=501).hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"
DUE = TODAY + timedelta(days=9)
DUE_PARTS = {"due-day": str(DUE.day), "due-month": str(DUE.month), "due-year": str(DUE.year)}
PERSON = "Tester <b>Three 07/02/2001 DSR-7KQ2-M9XP"
ADDED = {"act": "add", "command": COMMAND, "text": "Ask housing", "colleague": CALUM.hex, **DUE_PARTS}


@pytest.fixture
def acting() -> StandInActions:
    return StandInActions()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, acting: StandInActions) -> Browser:
    """A browser of an administrator, in the DSR and in a register that does not meet."""
    dsr = load_registers().find("dsr")
    named = dsr.identity.model_copy(update={"code": "bare"})
    bare = dsr.model_copy(update={"identity": named, "meetings": None})
    registers = Registers([LoadedRegister(definition, sha256="") for definition in (dsr, bare)])
    return await open_gateway(identity, acting, registers=registers)


@pytest.fixture
async def owner(open_gateway: OpenGateway, acting: StandInActions) -> Browser:
    """A browser of a standard user."""
    return await open_gateway(StandInIdentity(role=Role.STANDARD), acting)


def values(page: Page, selector: str) -> list[str]:
    return [str(tag["value"]) for tag in page.tree.select(selector)]


# ------------------------------------------------------------------------------------------------------------- the list
@pytest.mark.requirement("R-FLOW-017", "R-MEET-010")
async def test_the_team_sees_open_actions_with_owner_due_date_and_person(
    browser: Browser, acting: StandInActions
) -> None:
    acting.actions = (an_action(1, -2, outsider="Helen Home", service="Housing"), an_action(2, 0))
    acting.counts = ActionCounts(
        open=2, overdue=1, areas=(AreaActions(locality="south_staffordshire", open=2, overdue=1),)
    )

    page = await browser.see(LIST)

    late = TODAY - timedelta(days=2)
    assert [
        [
            "Ask housing about flat 1",
            "Helen Home, Housing. Jenny Harris chases it",
            f"{late:%d/%m/%Y} Overdue",
            PERSON,
            "Open",
        ],
        [
            "Ask housing about flat 2",
            "Jenny Harris",
            f"{TODAY:%d/%m/%Y} Due today",
            PERSON,
            "Open",
        ],
        ["South Staffordshire", "2", "1"],
    ] == cells(page, "main")
    assert ["open"] == [each.wanted for each in acting.heard(ListActions)]
    assert "All open (2)" in page.texts("main nav [aria-current=page]")


@pytest.mark.requirement("R-MEET-010")
async def test_an_owner_who_does_not_see_the_record_gets_its_reference_alone(
    owner: Browser, acting: StandInActions
) -> None:
    acting.actions, acting.unseen = (an_action(is_theirs=True),), True

    page = await owner.see(LIST)
    one = await owner.see(ONE)

    assert ["mine"] == [each.wanted for each in acting.heard(ListActions)]
    assert ["Mine (0)", "Closed and cancelled"] == page.texts("main nav li")
    assert "DSR-7KQ2-M9XP" in page.html
    assert "Tester" not in page.html + one.html


async def test_the_list_goes_on_page_by_page(browser: Browser, acting: StandInActions) -> None:
    acting.actions, acting.more = (an_action(),), True

    page = await browser.see(f"{LIST}?show=closed&skip=25")

    assert [("closed", 25)] == [(each.wanted, each.skip) for each in acting.heard(ListActions)]
    steps = [str(a["href"]) for a in page.tree.select(".ics-work__steps a")]
    assert [f"{LIST}?show=closed", f"{LIST}?show=closed&skip=50"] == steps
    assert (await browser.see(f"{LIST}?show=nonsense&skip=x")).heading == "Actions"


async def test_a_register_that_does_not_meet_has_no_actions(browser: Browser) -> None:
    await browser.see("/bare/actions/", status=404)
    page = await browser.see("/bare/home/")
    assert "Actions" not in page.texts("header a")


@pytest.mark.requirement("R-MEET-012")
async def test_several_are_confirmed_at_once(browser: Browser, acting: StandInActions) -> None:
    acting.actions = (reported(1), reported(2))
    page = await browser.see(f"{LIST}?show=to_confirm")
    boxes = [str(box["value"]) for box in page.tree.select("input[type=checkbox]")]

    target = await browser.go_on(LIST, {"ticked": boxes[0]})
    said = await browser.see(target)

    (confirmed,) = acting.heard(DecideAction)
    assert (UUID(int=501), 2, "close") == (confirmed.action_id, confirmed.version, confirmed.verdict)
    assert "The actions have been confirmed and closed." in said.texts(".nhsuk-notification-banner__heading")
    acting.failing[DecideAction] = Refused(Conflict(version=3))
    assert target.replace("confirmed", "some_confirmed") == await browser.go_on(LIST, {"ticked": boxes[1]})
    assert target.replace("confirmed", "none_ticked") == await browser.go_on(LIST, {})
    assert 400 == (await browser.post(LIST, {"ticked": "x-1-y"})).status


# ---------------------------------------------------------------------------------------------------------- one action
@pytest.mark.requirement("R-MEET-011", "R-MEET-012")
async def test_its_owner_reads_the_log_and_reports_it_as_done(owner: Browser, acting: StandInActions) -> None:
    acting.actions = (an_action(is_theirs=True),)
    acting.entries = (
        ActionEntry(kind="added", who_after="Jenny Harris", written_by="Ada Minister", written_at=WHEN),
        ActionEntry(
            kind="contact",
            text="No <answer",
            contacted_on=TODAY,
            contacted_by="phone",
            written_by="Ada Minister",
            written_at=WHEN,
        ),
    )

    page = await owner.see(ONE)
    assert [f"Contact: By phone, {TODAY:%d/%m/%Y}", "Given to Jenny Harris"] == page.texts("main h3")
    assert ["Report as done", "Add to the log"] == page.texts("main form button")
    sent = {"act": "report", "command": COMMAND, "version": "1", "result": "He has the flat"}
    assert f"{ONE}?notice=report" == await owner.go_on(ONE, sent)

    (told,) = acting.heard(ReportAction)
    assert (UUID(COMMAND), 1, "He has the flat") == (told.command_id, told.version, told.result)
    problems = (await owner.send(ONE, {**sent, "result": " ! "})).problems
    assert ["Enter what came of it"] == problems


@pytest.mark.requirement("R-MEET-011")
async def test_a_contact_is_logged_and_what_is_typed_beside_it_stays(owner: Browser, acting: StandInActions) -> None:
    acting.actions = (an_action(is_theirs=True),)
    await owner.see(ONE)
    sent = {
        "act": "comment",
        "command": COMMAND,
        "version": "1",
        "comment": "No answer",
        "way": "phone",
        "result": "Half written",
    }

    page = await owner.send(ONE, sent, status=200)

    (logged,) = acting.heard(FollowUpAction)
    assert ("No answer", "phone", TODAY) == (logged.text, logged.contacted_by, logged.contacted_on)
    assert ("Half written", "") == (page.texts("#result")[0], page.texts("#comment")[0])
    assert "Added to the log." in page.texts(".nhsuk-notification-banner__heading")
    day = {"on-day": "1", "on-month": "13", "on-year": "2026"}
    assert 1 == len((await owner.send(ONE, {**sent, **day})).problems)
    assert ["Enter 1000 characters or fewer"] == (await owner.send(ONE, {**sent, "comment": "x" * 1001})).problems


@pytest.mark.requirement("R-MEET-012")
async def test_the_team_confirms_or_returns_what_is_reported(browser: Browser, acting: StandInActions) -> None:
    acting.actions = (reported(),)

    page = await browser.see(ONE)
    assert ["Confirm and close", "Return", "Add to the log", "Cancel the action"] == page.texts("main form button")
    sent = {"command": COMMAND, "version": "2"}
    assert ["Enter the reason"] == (await browser.send(ONE, {**sent, "act": "return"})).problems
    await browser.go_on(ONE, {**sent, "act": "return", "returned": "Not yet"})
    await browser.go_on(ONE, {**sent, "act": "close"})

    assert [("return", "Not yet"), ("close", "")] == [
        (each.verdict, each.reason) for each in acting.heard(DecideAction)
    ]
    acting.failing[DecideAction] = Refused(Conflict(version=3))
    page = await browser.send(ONE, {**sent, "act": "cancel", "cancelled": "In error"}, status=409)
    assert "In error" in page.texts("#cancelled")
    assert "Someone else has changed this action" in page.problems[0]
    assert COMMAND not in page.html


async def test_an_owner_of_a_reported_or_closed_action_is_told_so(owner: Browser, acting: StandInActions) -> None:
    acting.actions = (reported(is_theirs=True),)
    assert "The team will confirm it or return it." in (await owner.see(ONE)).html
    acting.actions = (an_action(state="closed", result="Done", ended_at=WHEN),)
    assert [] == (await owner.see(ONE)).texts("main form button")


async def test_without_an_answer_what_was_typed_and_the_command_stay(owner: Browser, acting: StandInActions) -> None:
    acting.actions = (an_action(is_theirs=True),)
    await owner.see(ONE)
    acting.failing[ReportAction] = NotAnswered(Fault.TOO_LATE)

    sent = {"act": "report", "command": COMMAND, "version": "1", "result": "He has the flat"}
    page = await owner.send(ONE, sent, status=503)

    assert "He has the flat" in page.texts("#result")
    assert COMMAND in page.html


async def test_an_action_of_others_is_not_found(owner: Browser) -> None:
    await owner.see(ONE, status=404)
    await owner.see("/dsr/actions/x/", status=404)
    await owner.see(f"{ONE}change/", status=403)


# ------------------------------------------------------------------------------------------------------------ changes
@pytest.mark.requirement("R-MEET-010")
async def test_the_team_gives_an_action_to_another_colleague(browser: Browser, acting: StandInActions) -> None:
    acting.actions, acting.has_left = (an_action(),), True
    assert "cannot use the register any more" in (await browser.see(ONE)).html
    page = await browser.see(f"{ONE}change/")
    assert [JENNY.hex] == values(page, "#colleague option[selected]")

    sent = {"act": "save", "command": COMMAND, "version": "1", "colleague": CALUM.hex, **DUE_PARTS}
    assert f"{ONE}?notice=changed" == await browser.go_on(f"{ONE}change/", sent)

    (changed,) = acting.heard(ChangeAction)
    assert (CALUM, DUE, 1) == (changed.owner.colleague_id, changed.due_on, changed.version)
    wrong = {**sent, "colleague": "", "service": "Housing", "due-day": ""}
    assert 3 == len((await browser.send(f"{ONE}change/", wrong)).problems)
    acting.failing[ChangeAction] = Refused(Conflict(version=4))
    acting.actions = (an_action(version=4),)
    page = await browser.send(f"{ONE}change/", sent, status=409)
    assert ["4"] == values(page, "input[name=version]")
    acting.actions = (reported(),)
    assert ONE == await browser.sent_to(f"{ONE}change/")


# ----------------------------------------------------------------------------------------------------------- a record
@pytest.mark.requirement("R-FLOW-017", "R-MEET-010")
async def test_the_team_adds_an_action_and_goes_back_to_the_meeting(browser: Browser, acting: StandInActions) -> None:
    await browser.see(OF_RECORD)

    assert f"{OF_RECORD}?notice=added" == await browser.go_on(OF_RECORD, ADDED)
    meeting = UUID(int=77)
    target = await browser.go_on(
        f"{OF_RECORD}?meeting={meeting.hex}", {**ADDED, "outsider": "Helen", "service": "Housing"}
    )

    assert f"/dsr/meetings/{meeting.hex}/{RECORD_ID.hex}/" == target
    first, second = acting.heard(AddAction)
    assert ("Ask housing", DUE, CALUM, None) == (first.text, first.due_on, first.owner.colleague_id, first.meeting_id)
    assert ("Helen", "Housing", meeting) == (second.owner.outsider, second.owner.service, second.meeting_id)


async def test_a_refused_action_keeps_what_was_typed(browser: Browser, acting: StandInActions) -> None:
    await browser.see(OF_RECORD)
    missing = await browser.send(OF_RECORD, {"act": "add", "command": COMMAND, "outsider": "Helen"})
    assert [
        "Enter what is to be done",
        "Enter the day when it is due",
        "Choose the colleague who does it, or who chases it",
        "Enter the person's service",
    ] == missing.problems

    acting.failing[AddAction] = Refused("not_a_colleague")
    page = await browser.send(OF_RECORD, ADDED, status=409)

    assert "Ask housing" in page.texts("#text")
    assert "cannot be given the action" in page.problems[0]
    found = await browser.send(OF_RECORD, {**ADDED, "act": "find", "colleague-search": "cal"}, status=200)
    assert ["Choose…", "Calum Stronach"] != found.texts("#colleague option")
    assert "1 colleague was found. You can choose them below." in found.texts("main p")


@pytest.mark.requirement("R-MEET-013")
async def test_the_lead_sees_the_actions_and_records_who_was_told(owner: Browser, acting: StandInActions) -> None:
    acting.actions = (an_action(1, text="Ask housing " * 30),)
    acting.told = (
        PlanTold(party="mdt", told_on=TODAY, told_by="Jenny Harris", recorded_by="Ada", recorded_at=WHEN),
        PlanTold(party="family", told_on=None, why_not="They asked not to be", recorded_by="Ada", recorded_at=WHEN),
    )

    acting.decisions = (MeetingDecision(held_on=TODAY, meeting="South area meeting", decision="Discuss again"),)

    page = await owner.see(OF_RECORD)
    assert [] == page.texts("main form")
    assert [f"{TODAY:%d/%m/%Y}, South area meeting: Discuss again"] == page.texts("main ul.nhsuk-list--bullet li")
    assert ("Ask housing " * 30).strip() in page.html
    assert f"The MDT: told on {TODAY:%d/%m/%Y} by Jenny Harris." in page.html
    assert "The family or carers: not told. They asked not to be" in page.html
    assert 403 == (await owner.post(OF_RECORD, ADDED)).status

    await owner.see(f"{OF_RECORD}told/")
    sent = {"command": COMMAND, "party": "family", "were-told": "no", "why-not": "Not reached"}
    assert f"{OF_RECORD}?notice=told" == await owner.go_on(f"{OF_RECORD}told/", sent)
    day = {"on-day": str(TODAY.day), "on-month": str(TODAY.month), "on-year": str(TODAY.year), "by": "Lee"}
    await owner.go_on(f"{OF_RECORD}told/", {**sent, "were-told": "yes", **day})

    first, second = acting.heard(RecordPlanTold)
    assert ("family", "Not reached", None) == (first.party, first.why_not, first.told_on)
    assert ("", TODAY, "Lee") == (second.why_not, second.told_on, second.told_by)
    wrong = await owner.send(f"{OF_RECORD}told/", {"command": COMMAND, "party": "mdt", "were-told": "yes"})
    assert ["Enter the day when they were told", "Enter who told them"] == wrong.problems
    empty = await owner.send(f"{OF_RECORD}told/", {"command": COMMAND})
    assert ["Choose whom this is about", "Say whether they were told of the plan"] == empty.problems


@pytest.mark.requirement("R-MEET-013")
async def test_the_record_page_shows_its_open_actions(
    open_gateway: OpenGateway, identity: StandInIdentity, acting: StandInActions
) -> None:
    browser = await open_gateway(identity, acting)
    acting.changes = {"past": {"history": HISTORY, "notes": {"record_id": RECORD_ID, "notes": ()}}}
    acting.actions = (an_action(1, -2), an_action(2, state="closed", result="Done", ended_at=WHEN))

    page = await browser.see(f"/dsr/records/{RECORD_ID.hex}/")

    (line,) = page.texts("section[aria-labelledby=open-actions] li")
    assert ("Ask housing about flat 1" in line, "Overdue" in line, "flat 2" in line) == (True, True, False)
    assert OF_RECORD in [str(a["href"]) for a in page.tree.select("section[aria-labelledby=open-actions] a")]


HISTORY = {"record_id": RECORD_ID, "created_at": WHEN, "created_by": "Ada Minister", "updates": ()}


# ---------------------------------------------------------------------------------------------------------------- Home
@pytest.mark.requirement("R-MEET-011", "R-MEET-012")
async def test_home_says_what_is_due_overdue_and_to_confirm(browser: Browser, acting: StandInActions) -> None:
    acting.counts = ActionCounts(mine=3, mine_due=2, overdue=4, to_confirm=1)

    cards = {a.get_text(): str(a["href"]) for a in (await browser.see(HOME)).tree.select("#waits + ul a")}

    assert {
        "Your actions that are due or overdue: 2": f"{LIST}?show=mine",
        "Overdue actions: 4": f"{LIST}?show=overdue",
        "Actions to confirm: 1": f"{LIST}?show=to_confirm",
    }.items() <= cards.items()
    acting.counts = ActionCounts(mine=3)
    assert "Your open actions: 3" in (await browser.see(HOME)).html
