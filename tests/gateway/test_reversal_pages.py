"""Tests of the page on which one administrator asks for an archive to be reversed and another decides."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest

from shared.contracts.referrals.ended import EndedPeople, EndedPerson, FindEnded
from shared.contracts.referrals.reversing import (
    ArchivedLately,
    AskReversal,
    CountReversals,
    DecideReversal,
    ListReversals,
    ReversalAsked,
    ReversalCount,
    Reversals,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN
from tests.gateway.visit import Page

HERE = "/dsr/administration/reversals/"
REVERSAL = UUID(int=21)
ONE = f"{HERE}{REVERSAL.hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"
TYPED = {"command": COMMAND, "reference": "DSR-7KQ2-M9XP", "reason": "The wrong person.\nSorry."}


def asked_for(**changes: object) -> ReversalAsked:
    fields = {
        "reversal_id": REVERSAL,
        "record_id": RECORD_ID,
        "reference": "DSR-7KQ2-M9XP",
        "name": "Tester Three",
        "organisation_id": ORGANISATIONS[0].organisation_id,
        "archived_at": WHEN,
        "reason": "The wrong person.",
        "asked_by": "Ada First",
        "asked_at": WHEN,
        "yours": False,
    }
    return ReversalAsked.model_validate(fields | changes)


def archived_lately() -> ArchivedLately:
    return ArchivedLately(
        record_id=RECORD_ID,
        reference="DSR-7KQ2-M9XP",
        name="Tester Three",
        born=date(2001, 2, 7),
        organisation_id=ORGANISATIONS[0].organisation_id,
        archived_at=WHEN,
    )


def an_ended_person() -> EndedPerson:
    return EndedPerson(
        record_id=RECORD_ID,
        reference="DSR-7KQ2-M9XP",
        name="Tester Three",
        born=date(2001, 2, 7),
        organisation_id=ORGANISATIONS[0].organisation_id,
        ended_at=WHEN,
    )


@dataclass
class StandInReversals(StandIn):
    """
    A stand-in for the reversals of referrals. `waiting` holds those that are not decided.

    `count` is how many wait for this visitor, and `lately` what was archived lately.
    """

    waiting: tuple[ReversalAsked, ...] = ()
    lately: tuple[ArchivedLately, ...] = ()
    count: int = 0
    people: tuple[EndedPerson, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(ListReversals, lambda _: Reversals(reversals=self.waiting, lately=self.lately)),
            row(CountReversals, lambda _: ReversalCount(waiting=self.count)),
            row(FindEnded, lambda _: EndedPeople(records=self.people)),
            row(AskReversal, nothing),
            row(DecideReversal, nothing),
        )


@pytest.fixture
def referrals() -> StandInReversals:
    return StandInReversals()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, referrals: StandInReversals) -> Browser:
    return await open_gateway(identity, referrals)


def typed_in(page: Page) -> tuple[str, str]:
    reference, reason = page.tree.select_one("#reference"), page.tree.select_one("#reason")
    assert reference is not None
    assert reason is not None
    return str(reference.get("value", "")), reason.get_text().removeprefix("\n")


async def test_what_waits_says_whom_it_is_about_who_asks_and_why(browser: Browser, referrals: StandInReversals) -> None:
    referrals.waiting = (asked_for(), asked_for(reversal_id=UUID(int=22), yours=True))

    page = await browser.see(HERE)

    assert ["DSR-7KQ2-M9XP"] * 2 == page.texts(".nhsuk-card h3")
    assert [
        "Tester Three",
        "Midlands Partnership Foundation Trust (@mpft.nhs.uk)",
        "17/06/2022 at 14:05",
        "Ada First, 17/06/2022 at 14:05",
        "The wrong person.",
    ] == page.texts(".nhsuk-card dd")[:5]
    assert ["Confirm – restore the referral", "Decline", "Withdraw my request"] == page.texts(".nhsuk-card button")


async def test_administration_leads_there_for_administrators_of_the_register_alone(
    browser: Browser, identity: StandInIdentity
) -> None:
    page = await browser.see("/dsr/administration/")
    await browser.go_on("/dsr/logout")
    identity.role = Role.MASTER_ADMIN
    browser.come_in(identity)

    others = await browser.see("/dsr/administration/")

    assert (1, 0) == tuple(len(each.tree.select(f'a[href="{HERE}"]')) for each in (page, others))
    await browser.see(HERE, status=403)


async def test_asking_sends_reference_and_reason_under_the_command_of_the_form(
    browser: Browser, referrals: StandInReversals
) -> None:
    await browser.see(HERE)

    where = await browser.go_on(HERE, TYPED)

    assert f"{HERE}?notice=asked" == where
    assert [
        AskReversal(command_id=UUID(COMMAND), reference=TYPED["reference"], reason=TYPED["reason"])
    ] == referrals.commands
    assert ["A second administrator can decide now."] == (await browser.see(where)).texts(
        ".nhsuk-notification-banner__content"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reference": "", "reason": ""}, ["Enter the reference of the referral", "Say why archiving it was an error"]),
        ({"reason": "x" * 2_001}, ["The reason must be 2,000 characters or fewer."]),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_asked(
    browser: Browser, referrals: StandInReversals, changes: dict[str, str], said: list[str]
) -> None:
    await browser.see(HERE)

    page = await browser.send(HERE, TYPED | changes, status=422)

    assert (said, []) == (page.problems, referrals.commands)


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (
            Refused("not_found"),
            409,
            "There is no archived referral with this reference, or you do not have access to it.",
        ),
        (Refused("not_archived"), 409, "The referral with this reference is not archived."),
        (Refused("asked_before"), 409, "Someone has already asked for this. It has not been decided yet."),
        (NotAnswered(Fault.UNAVAILABLE), 503, "Sorry, this is not available at the moment. Nothing has been saved."),
    ],
)
async def test_refused_or_not_answered_everything_typed_is_still_there(
    browser: Browser, referrals: StandInReversals, failure: Refused | NotAnswered, status: int, said: str
) -> None:
    await browser.see(HERE)
    referrals.failing.update({AskReversal: failure, ListReversals: NotAnswered(Fault.UNAVAILABLE)})

    page = await browser.send(HERE, TYPED, status=status)

    assert said == page.problems[0][: len(said)]
    assert (TYPED["reference"], TYPED["reason"]) == typed_in(page)


@pytest.mark.parametrize(("act", "confirmed"), [("confirm", True), ("decline", False)])
async def test_a_decision_is_sent_for_its_reversal(
    browser: Browser, referrals: StandInReversals, act: str, confirmed: bool
) -> None:
    referrals.waiting = (asked_for(),)
    await browser.see(HERE)

    where = await browser.go_on(ONE, {"command": COMMAND, "act": act})

    assert f"{HERE}?notice={'confirmed' if confirmed else 'declined'}" == where
    assert [DecideReversal(command_id=UUID(COMMAND), reversal_id=REVERSAL, confirmed=confirmed)] == referrals.commands


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("decided", "This has already been decided."),
        ("not_second", "You asked for this. Another administrator must decide."),
    ],
)
async def test_a_decision_that_is_refused_says_why(
    browser: Browser, referrals: StandInReversals, code: str, said: str
) -> None:
    await browser.see(HERE)
    referrals.failing[DecideReversal] = Refused(code)

    page = await browser.send(ONE, {"command": COMMAND, "act": "confirm"}, status=409)

    assert [said] == page.problems


@pytest.mark.parametrize(("path", "act", "status"), [(ONE, "burn", 400), (f"{HERE}nothing/", "confirm", 404)])
async def test_what_no_page_of_ours_sends_is_not_taken(
    browser: Browser, referrals: StandInReversals, path: str, act: str, status: int
) -> None:
    await browser.see(HERE)

    await browser.send(path, {"command": COMMAND, "act": act}, status=status)

    assert [] == referrals.commands


# ------------------------------------------------------------------------------------------- what was archived lately
async def test_a_record_that_was_archived_lately_is_chosen_instead_of_typed(
    browser: Browser, referrals: StandInReversals
) -> None:
    referrals.lately = (archived_lately(),)

    page = await browser.see(HERE)
    (record, choose) = (str(each["href"]) for each in page.tree.select(".ics-archived a"))
    chosen = await browser.see(choose.partition("#")[0])

    (line,) = page.texts(".ics-archived li")
    assert line.startswith("DSR-7KQ2-M9XP: Tester Three, 07/02/2001, Midlands Partnership Foundation Trust")
    assert f"/dsr/records/{RECORD_ID.hex}/" == record
    assert ("DSR-7KQ2-M9XP", "") == typed_in(chosen)


@pytest.mark.parametrize("typed", ["Percy Plum", "S117-7KQ2-M9XP", "%3Cscript%3E"])
async def test_nothing_but_a_reference_is_filled_in(browser: Browser, typed: str) -> None:
    assert ("", "") == typed_in(await browser.see(f"{HERE}?reference={typed}"))


async def test_a_second_administrator_sees_on_home_and_administration_that_a_decision_waits(
    browser: Browser, referrals: StandInReversals
) -> None:
    said = "Referrals to restore, waiting for your decision: 2"
    without = await browser.see("/dsr/home/")
    referrals.count = 2
    home, administration = await browser.see("/dsr/home/"), await browser.see("/dsr/administration/")

    assert ([], [said]) == (without.texts(f'a[href="{HERE}"]'), home.texts(f'a[href="{HERE}"]'))
    assert said in administration.texts(".nhsuk-card p")


async def test_a_record_that_was_put_back_is_one_step_away(browser: Browser, referrals: StandInReversals) -> None:
    referrals.waiting = (asked_for(),)
    page = await browser.see(HERE)
    (form,) = page.tree.select(f'form[action="{ONE}"]')
    sent = {str(each["name"]): str(each["value"]) for each in form.select("input[type=hidden]")}
    referrals.waiting = ()

    after = await browser.see(await browser.go_on(ONE, sent | {"act": "confirm"}))

    (link,) = after.tree.select(".nhsuk-notification-banner a")
    assert f"/dsr/records/{RECORD_ID.hex}/" == link["href"]


# ------------------------------------------------------------------------------------------------------ by NHS number
FIND = f"{HERE}find"


async def test_an_archived_person_is_found_by_nhs_number_and_the_number_stays_out_of_the_address(
    browser: Browser, referrals: StandInReversals
) -> None:
    referrals.people = (an_ended_person(),)
    before = await browser.see(HERE)

    page = await browser.send(FIND, {"number": "943-476 5919"}, status=200)

    assert [FindEnded(nhs_number="943-476 5919")] == referrals.heard(FindEnded)
    (found,) = page.tree.select("#find ~ ul li")
    organisation = "Midlands Partnership Foundation Trust (@mpft.nhs.uk)"
    said = f"DSR-7KQ2-M9XP: Tester Three, 07/02/2001, {organisation}, Archived 17/06/2022 at 14:05"
    assert said == " ".join(found.get_text().split())
    assert f"/dsr/records/{RECORD_ID.hex}/" in {str(each["href"]) for each in found.select("a")}
    assert [] == before.tree.select("#find ~ ul, #find ~ [role=status]")


async def test_a_number_of_no_archived_person_is_said_to_be_that(browser: Browser) -> None:
    page = await browser.send(FIND, {"number": "9434765919"}, status=200)

    assert ["No archived referral that you may see has this NHS number."] == page.texts("#find ~ [role=status]")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "Enter the NHS number"), ("Redfern", "NHS number must be 10 digits, like 485 777 3456")],
)
async def test_what_is_no_nhs_number_is_said_and_stays(
    browser: Browser, referrals: StandInReversals, typed: str, said: str
) -> None:
    referrals.failing[FindEnded] = Refused("unreadable")

    page = await browser.send(FIND, {"number": typed}, status=409 if typed else 422)

    field = page.tree.select_one("#number")
    assert field is not None
    assert ([said], typed) == (page.problems, str(field.get("value", "")))


async def test_the_page_does_not_say_that_nothing_was_archived_while_a_decision_waits(
    browser: Browser, referrals: StandInReversals
) -> None:
    nothing_at_all = await browser.see(HERE)
    referrals.waiting = (asked_for(),)
    waiting = await browser.see(HERE)

    assert "No referral has been archived lately." in nothing_at_all.texts("main p")
    assert "No referral has been archived lately." not in waiting.texts("main p")
    said = "No other referral has been archived lately. What waits for a second administrator is shown above."
    assert said in waiting.texts("main p")
