"""Tests of an urgent record's own page: who has seen it, and the button for the user who is first."""

from dataclasses import dataclass

import pytest

from shared.contracts.outcomes import AcknowledgeTask, ReadTask, RecordTask, TaskSeen, TaskShown
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import PERSON, RECORD_ID, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.stand_in_work import NOW, a_task, seen_by
from tests.gateway.visit import Page
from tests.services.referrals.builders import a_referral

HERE = f"/dsr/records/{RECORD_ID.hex}/"
FORM, SEEN = f"{HERE}change/", f"{HERE}seen/"
BUTTON = f'button[formaction="{SEEN}"]'
TASK = a_task(1, record_id=RECORD_ID)


@dataclass
class StandInTask(StandIn):
    """The urgent task of the record, or none; `first` has already seen it."""

    task: TaskShown | None = TASK
    first: str = ""

    def table(self) -> tuple[Row, ...]:
        return (
            row(ReadTask, lambda asked: RecordTask(record_id=asked.record_id, task=self.task)),
            row(AcknowledgeTask, self._acknowledge),
        )

    def _acknowledge(self, asked: AcknowledgeTask) -> TaskSeen:
        name = self.first or "Jayne Billings"
        self.task = seen_by(name, TASK)
        return TaskSeen(task_id=asked.task_id, seen_by=name, seen_at=NOW, is_asker=not self.first)


@pytest.fixture
def record() -> StandInOutcomes:
    return StandInOutcomes(answers=a_referral(**PERSON, risk_level="red"))


@pytest.fixture
def task() -> StandInTask:
    return StandInTask()


@pytest.fixture
def referrals() -> StandInReferrals:
    return StandInReferrals()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway,
    identity: StandInIdentity,
    record: StandInOutcomes,
    referrals: StandInReferrals,
    task: StandInTask,
) -> Browser:
    return await open_gateway(identity, record, referrals, task)


def pressed(page: Page) -> dict[str, str]:
    """Return what the button sends: the task."""
    (button,) = page.tree.select(BUTTON)
    return {"task": str(button["value"])}


def typed_in(page: Page) -> dict[str, str]:
    """Return what the record's form sends as it was opened. Its only checkbox is not ticked."""
    return {name: value for name, value in fields(page).items() if not name.endswith("-not-known")}


@pytest.mark.requirement("R-FLOW-013")
async def test_an_administrator_says_on_the_record_that_they_have_seen_it(browser: Browser, task: StandInTask) -> None:
    page = await browser.see(HERE)
    unseen = page.texts(".ics-seen") + page.texts(BUTTON)

    after = await browser.see(await browser.go_on(SEEN, pressed(page)))

    assert ["Not yet seen", "Mark as seen"] == unseen
    assert [TASK.task_id] == [each.task_id for each in task.heard(AcknowledgeTask)]
    assert (["Seen by Jayne Billings, 04/05/2026 at 15:00"], []) == (after.texts(".ics-seen"), after.texts(BUTTON))
    assert ["You have said that you have seen this."] == after.texts(".nhsuk-notification-banner--success p")


async def test_a_note_that_is_being_written_stays_when_the_record_is_marked_as_seen(browser: Browser) -> None:
    sent = pressed(await browser.see(HERE)) | {"text": "Rang the family."}

    page = await browser.send(SEEN, sent, status=200)

    assert ["Rang the family."] == page.texts("#note-form textarea")


async def test_whoever_is_second_is_told_so_and_reads_who_was_first(browser: Browser, task: StandInTask) -> None:
    page = await browser.see(HERE)
    task.first = "Gail Thomas"

    after = await browser.see(await browser.go_on(SEEN, pressed(page)))

    assert ["Someone else has already marked this as seen. See below."] == after.texts(".nhsuk-notification-banner p")
    assert ["Seen by Gail Thomas, 04/05/2026 at 15:00"] == after.texts(".ics-seen")


async def test_a_task_that_was_closed_meanwhile_is_said_to_wait_no_more(browser: Browser, task: StandInTask) -> None:
    page = await browser.see(HERE)
    task.failing[AcknowledgeTask] = Refused("closed")

    assert f"{HERE}?notice=closed" == await browser.go_on(SEEN, pressed(page))


@pytest.mark.parametrize(
    ("role", "rating"), [(Role.STANDARD, "red"), (Role.REPORTING, "red"), (Role.ADMINISTRATOR, "amber")]
)
async def test_nothing_is_said_to_others_or_of_other_ratings(
    open_gateway: OpenGateway, record: StandInOutcomes, task: StandInTask, role: Role, rating: str
) -> None:
    record.answers = a_referral(**PERSON, risk_level=rating)
    browser = await open_gateway(StandInIdentity(role=role), record, StandInReferrals(), task)

    assert [] == (await browser.see(HERE)).texts(".ics-seen")
    assert [] == task.heard(ReadTask)


@pytest.mark.parametrize("is_away", [True, False])
async def test_the_record_opens_without_a_task_and_without_outcomes(
    browser: Browser, task: StandInTask, is_away: bool
) -> None:
    task.task = None
    if is_away:
        task.failing[ReadTask] = NotAnswered(Fault.UNAVAILABLE)

    assert [] == (await browser.see(HERE)).texts(".ics-seen")


# ------------------------------------------------------------------------------------------------ a changed rating
STEPS = [
    "The DSR Team has been alerted.",
    "An urgent Meeting by exception will be convened to mobilise multi-agency resources needed to prevent "
    "inappropriate admission.",
]
WATCHED = (
    "The DSR Team looks at the register on working days. It is not watched at night, at weekends or on bank holidays."
)


@pytest.mark.requirement("R-FLOW-013")
async def test_after_a_change_of_the_rating_the_page_says_what_the_receipt_of_a_new_record_says(
    browser: Browser, referrals: StandInReferrals
) -> None:
    referrals.rerated = True
    page = await browser.see(FORM)

    updated = await browser.see(await browser.go_on(HERE, typed_in(page) | {"latest_update": "Worse"}))

    added = await browser.see(f"{HERE}added/")
    shown = updated.texts("main p") + updated.texts("p")
    assert ["The referral has been updated."] == updated.texts(".nhsuk-notification-banner--success p")
    for said in (*STEPS, WATCHED):
        assert said in shown
        assert said in added.texts("main p")
    assert updated.texts(".nhsuk-card--warning p") == added.texts(".nhsuk-card--warning p") != []


async def test_a_note_that_was_typed_does_not_hide_it(browser: Browser, referrals: StandInReferrals) -> None:
    referrals.rerated = True
    page = await browser.see(FORM)

    saved = await browser.send(HERE, typed_in(page) | {"latest_update": "Worse", "text": "Called"}, status=200)

    assert (["Called"], 1) == (saved.texts("#text"), len(saved.tree.select(".nhsuk-card--warning")))


async def test_another_change_says_nothing_of_the_rating(browser: Browser) -> None:
    page = await browser.see(FORM)

    assert f"{HERE}?notice=updated" == await browser.go_on(HERE, typed_in(page) | {"latest_update": "Moved"})
    assert [] == (await browser.see(f"{HERE}?notice=updated")).tree.select(".nhsuk-card--warning")


def test_a_change_to_green_does_not_say_that_the_record_was_added() -> None:
    rating = load_registers().find("dsr").rating
    assert rating is not None
    (green, amber, red) = rating.levels

    assert green.steps_after_change[0].startswith("The referral stays on the register.")
    assert (amber.next_steps, red.next_steps) == (amber.steps_after_change, red.steps_after_change)
