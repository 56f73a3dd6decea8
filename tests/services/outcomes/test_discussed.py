"""The agenda after a meeting: what was discussed, what was met, and the last outcome of each record."""

import asyncio

import pytest

from shared.contracts.outcomes import AcknowledgeTask, DiscussTask, RecordDiscussed, TaskShown
from shared.messages import Fault
from shared.permissions import Role, Visitor
from tests.services.outcomes.rig import an_administrator
from tests.services.outcomes.watching import AMBER, RED, Watch, a_record, rerated
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner

AUDITED = (
    "SELECT action FROM audit WHERE subjects[1] = $1 AND action IN ('task.discussed', 'task.put_back') ORDER BY id"
)


def discussing(task: TaskShown, *, discussed: bool = True, version: int | None = None) -> DiscussTask:
    seen = task.version if version is None else version
    return DiscussTask(command_id=new_id(), task_id=task.task_id, version=seen, discussed=discussed)


async def the_amber(watch: Watch, visitor: Visitor) -> TaskShown:
    (task,) = (await watch.listed(visitor)).agenda
    return task


async def told(watch: Watch, task: TaskShown) -> list[bool]:
    while await watch.rig.relay.carry_batch():
        pass
    sent = watch.rig.referrals.wire.published
    events = [RecordDiscussed.model_validate_json(body) for subject, body, _ in sent if _is_event(subject)]
    return [each.discussed for each in events if each.record_id == task.record_id]


def _is_event(subject: str) -> bool:
    return subject.startswith("event.") and subject.endswith(RecordDiscussed.kind)


async def test_what_was_discussed_leaves_the_agenda_until_it_is_put_back(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    await a_record(watch, administrator, AMBER)
    task = await the_amber(watch, administrator)

    await watch.rig.ask(administrator, discussing(task))
    gone = await watch.listed(administrator)
    await watch.rig.ask(administrator, discussing(task, discussed=False))

    assert ((), "Ada Minister") == (gone.agenda, gone.discussed[0].discussed_by)
    assert task == await the_amber(watch, administrator)
    assert ["task.discussed", "task.put_back"] == [row["action"] for row in await owner.rows(AUDITED, task.task_id)]
    assert [True, False] == await told(watch, task)


async def test_a_change_of_the_record_puts_it_back(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator, AMBER)
    await watch.rig.ask(administrator, discussing(await the_amber(watch, administrator)))

    await watch.rig.referrals.update(administrator, receipt, risk_level=AMBER, latest_update="Worse again")
    await watch.hear()

    assert 1 == (await the_amber(watch, administrator)).version
    assert () == (await watch.listed(administrator)).discussed


async def test_what_changed_since_the_page_was_shown_is_not_taken_off(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator, AMBER)
    task = await the_amber(watch, administrator)
    changed = await watch.rig.referrals.update(administrator, receipt, risk_level=AMBER, latest_update="Worse")
    await watch.hear()

    assert ("changed", {}) == await watch.rig.refusal(administrator, discussing(task))
    await rerated(watch, administrator, changed, RED)
    assert ("closed", {}) == await watch.rig.refusal(administrator, discussing(task, version=1))


async def test_pressed_by_many_at_once_it_is_discussed_once(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    await a_record(watch, administrator, AMBER)
    task = await the_amber(watch, administrator)
    pressed = discussing(task)
    others = [colleague_of(administrator, Role.ADMINISTRATOR) for _ in range(3)]

    await asyncio.gather(
        watch.rig.ask(administrator, pressed),
        watch.rig.ask(administrator, pressed),
        *(watch.rig.ask(other, discussing(task)) for other in others),
    )

    assert ["task.discussed"] == [row["action"] for row in await owner.rows(AUDITED, task.task_id)]
    assert [True] == await told(watch, task)


async def test_nobody_else_takes_it_off_and_no_red_is_taken_off(watch: Watch, administrator: Visitor) -> None:
    await a_record(watch, administrator, AMBER)
    await a_record(watch, administrator, RED)
    task, red = await the_amber(watch, administrator), await watch.the_urgent(administrator)

    for role in (Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None):
        visitor = a_visitor(role, *administrator.organisation_ids)
        assert Fault.NOT_ALLOWED == await watch.rig.fault(visitor, discussing(task))
    assert ("not_found", {}) == await watch.rig.refusal(an_administrator(), discussing(task))
    assert ("not_found", {}) == await watch.rig.refusal(administrator, discussing(red))


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_is_met_by_an_outcome_since_its_rating(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator, AMBER)
    await watch.rig.record(administrator, receipt)
    red = await rerated(watch, administrator, receipt, RED)
    before = await watch.listed(administrator)

    answers = {"cetr_requested": "yes", "meeting_happened": "yes", "meeting_outcome": "further_meeting"}
    await watch.rig.record(administrator, red, **answers)
    after = await watch.listed(administrator)

    outcomes = [each.urgent[0].last_outcome for each in (before, after)]
    assert [(0, False), (1, True)] == [(each.met, each.urgent[0].is_met) for each in (before, after)]
    assert ["", "Further meeting needed"] == [each.said for each in outcomes if each]


async def test_an_outcome_changes_nothing_about_who_has_seen_a_red(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator, RED)
    await watch.rig.record(administrator, receipt)
    task = await watch.the_urgent(administrator)

    await watch.rig.ask(administrator, AcknowledgeTask(command_id=new_id(), task_id=task.task_id))

    assert (task.is_met, None, "Ada Minister") == (
        True,
        task.seen_by,
        (await watch.the_urgent(administrator)).seen_by,
    )
