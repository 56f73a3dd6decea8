"""The work list: the tasks that each user sees, marking them as seen, and escalation of those that are not."""

import asyncio
from datetime import timedelta

import pytest

from shared.contracts.outcomes import AcknowledgeTask, CountTasks, ListTasks, ReadTask, TaskCounts
from shared.database import transaction
from shared.messages import Fault
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from tests.services.outcomes.rig import an_administrator
from tests.services.outcomes.watching import AMBER, GREEN, RED, Watch, a_record, rerated
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner

OTHERS = [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None]


# ------------------------------------------------------------------------------------------------------- the work list
async def test_what_nobody_has_seen_comes_first_and_then_the_oldest(watch: Watch, administrator: Visitor) -> None:
    first, second, third = [await a_record(watch, administrator) for _ in range(3)]
    oldest = (await watch.listed(administrator)).urgent[0]
    await watch.see(administrator, oldest)

    found = await watch.listed(administrator)

    assert [second.record_id, third.record_id, first.record_id] == [each.record_id for each in found.urgent]
    assert TaskCounts(urgent=3, unseen=2) == found.counts == await watch.rig.ask(administrator, CountTasks())


@pytest.mark.requirement("R-FLOW-012")
async def test_the_agenda_goes_by_localities(watch: Watch, administrator: Visitor) -> None:
    places = ["south_staffordshire", "north_staffordshire_stoke", "south_staffordshire"]
    records = [await a_record(watch, administrator, AMBER, locality=place) for place in places]

    found = await watch.listed(administrator)

    assert [records[at].record_id for at in (1, 0, 2)] == [each.record_id for each in found.agenda]


async def test_a_long_list_comes_in_parts(
    watch: Watch, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.outcomes.handlers.tasks.MOST_TASKS", 2)
    records = [(await a_record(watch, administrator, AMBER)).record_id for _ in range(3)]

    parts = [await watch.listed(administrator, skip_agenda=skip) for skip in (0, 2)]

    assert [(records[:2], True), (records[2:], False)] == [
        ([each.record_id for each in part.agenda], part.more_agenda) for part in parts
    ]


async def test_reading_the_work_list_is_audited_with_the_records_shown(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)

    await watch.listed(administrator)

    audited = "SELECT subjects FROM audit WHERE action = 'task.listed' AND actor = $1"
    assert [receipt.record_id] == await owner.value(audited, administrator.user_id)


@pytest.mark.requirement("R-DSR-013")
@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_else_sees_or_takes_tasks(watch: Watch, administrator: Visitor, role: Role | None) -> None:
    await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    visitor = a_visitor(role, *administrator.organisation_ids)

    asked = (ListTasks(), CountTasks(), AcknowledgeTask(command_id=new_id(), task_id=task.task_id))

    assert [Fault.NOT_ALLOWED] * 3 == [await watch.rig.fault(visitor, each) for each in asked]


async def test_an_administrator_of_another_organisation_finds_nothing(watch: Watch, administrator: Visitor) -> None:
    await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    elsewhere = an_administrator()

    foreign, unknown = (AcknowledgeTask(command_id=new_id(), task_id=each) for each in (task.task_id, new_id()))

    assert ({}, TaskCounts(urgent=0, unseen=0)) == (
        await watch.waiting(elsewhere),
        await watch.rig.ask(elsewhere, CountTasks()),
    )
    assert [("not_found", {})] * 2 == [await watch.rig.refusal(elsewhere, each) for each in (foreign, unknown)]


@pytest.mark.requirement("R-DSR-013", "R-DSR-014")
async def test_row_level_security_alone_keeps_organisations_registers_and_roles_apart(
    watch: Watch, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)
    others = [
        an_administrator(),
        a_visitor(Role.ADMINISTRATOR, *administrator.organisation_ids, register_code="s117"),
        *(a_visitor(role, *administrator.organisation_ids) for role in OTHERS),
        None,
    ]

    seen, changed = [], []
    for visitor in (administrator, *others):
        async with transaction(watch.rig.pool, visitor) as db:
            seen.append(await db.fetchval("SELECT count(*) FROM task WHERE record_id = $1", receipt.record_id))
            update = "UPDATE task SET seen_by = NULL WHERE record_id = $1"
            changed.append(await db.execute(update, receipt.record_id))

    assert [1, *([0] * len(others))] == seen
    assert ["UPDATE 1", *(["UPDATE 0"] * len(others))] == changed


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO task (id) VALUES (gen_random_uuid())",
        "UPDATE task SET closed_at = now()",
        "DELETE FROM task",
        "SELECT * FROM record_known",
    ],
)
async def test_the_service_changes_tasks_by_its_functions_alone(
    watch: Watch, administrator: Visitor, statement: str
) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with transaction(watch.rig.pool, administrator) as db:
            await db.execute(statement)


# ----------------------------------------------------------------------------------------------------------------- seen
@pytest.mark.requirement("R-FLOW-013")
async def test_who_has_seen_a_task_is_kept_and_it_stays_on_the_list(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)

    seen = await watch.see(administrator, await watch.the_urgent(administrator))

    task = await watch.the_urgent(colleague_of(administrator, Role.ADMINISTRATOR))
    assert (receipt.record_id, "Ada Minister", seen.seen_at) == (task.record_id, task.seen_by, task.seen_at)
    assert seen.is_asker


async def test_whoever_is_second_is_told_who_was_first(watch: Watch, administrator: Visitor) -> None:
    await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    first = await watch.see(administrator, task)

    second = await watch.see(colleague_of(administrator, Role.ADMINISTRATOR), task)
    again = await watch.see(administrator, task)

    assert ("Ada Minister", first.seen_at, False) == (second.seen_by, second.seen_at, second.is_asker)
    assert first == again


@pytest.mark.requirement("R-FLOW-013")
async def test_a_record_says_itself_whether_it_was_seen(watch: Watch, administrator: Visitor) -> None:
    receipt, amber = await a_record(watch, administrator), await a_record(watch, administrator, AMBER)
    asked = ReadTask(record_id=receipt.record_id)
    second = colleague_of(administrator, Role.ADMINISTRATOR)
    unseen = await watch.rig.ask(second, asked)
    await watch.see(administrator, await watch.the_urgent(administrator))
    seen = await watch.rig.ask(second, asked)

    assert unseen.task is not None
    assert seen.task is not None
    assert (None, "Ada Minister") == (unseen.task.seen_by, seen.task.seen_by)
    assert None is (await watch.rig.ask(administrator, ReadTask(record_id=amber.record_id))).task
    assert None is (await watch.rig.ask(an_administrator(), asked)).task
    assert Fault.NOT_ALLOWED is await watch.rig.fault(colleague_of(administrator), asked)


async def test_pressed_twice_at_once_it_is_seen_once(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    pressed = AcknowledgeTask(command_id=new_id(), task_id=task.task_id)
    others = [colleague_of(administrator, Role.ADMINISTRATOR) for _ in range(3)]

    answers = await asyncio.gather(
        watch.rig.ask(administrator, pressed),
        watch.rig.ask(administrator, pressed),
        *(watch.see(other, task) for other in others),
    )

    assert 1 == len({(each.seen_by, each.seen_at) for each in answers})
    audited = "SELECT count(*) FROM audit WHERE action = 'task.seen' AND subjects[1] = $1"
    assert 1 == await owner.value(audited, task.task_id)


async def test_a_task_that_was_closed_meanwhile_cannot_be_taken(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    await rerated(watch, administrator, receipt, AMBER)

    taking = AcknowledgeTask(command_id=new_id(), task_id=task.task_id)

    assert ("closed", {}) == await watch.rig.refusal(administrator, taking)


async def test_what_is_on_the_agenda_is_not_taken(watch: Watch, administrator: Visitor) -> None:
    await a_record(watch, administrator, AMBER)
    (task,) = (await watch.listed(administrator)).agenda

    taking = AcknowledgeTask(command_id=new_id(), task_id=task.task_id)

    assert ("not_found", {}) == await watch.rig.refusal(administrator, taking)


async def test_a_red_again_waits_anew(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)
    await watch.see(administrator, await watch.the_urgent(administrator))

    amber = await rerated(watch, administrator, receipt, AMBER)
    await rerated(watch, administrator, amber, RED)

    assert (await watch.the_urgent(administrator)).seen_by is None


# ---------------------------------------------------------------------------------------------------- not seen in time
@pytest.mark.requirement("R-FLOW-013")
async def test_what_nobody_has_seen_for_an_hour_is_told_of_once_and_no_more(
    watch: Watch, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)

    watch.clock.ahead = timedelta(minutes=59)
    await watch.escalation.tell_again()
    early = await watch.told_again(receipt.record_id)
    watch.clock.ahead = timedelta(minutes=61)
    await watch.escalation.tell_again()
    watch.clock.ahead = timedelta(hours=5)
    await watch.escalation.tell_again()

    (event,) = await watch.told_again(receipt.record_id)
    assert [] == early
    assert (receipt.reference, "dsr-urgent-not-seen-1") == (event.reference, event.event_type())
    assert organisation_compartment(administrator.organisation_ids[0]).bodies == event.bodies
    assert (f"notice.dsr.{administrator.organisation_ids[0].hex}.urgent-not-seen",) == event.subjects()
    assert (await watch.the_urgent(administrator)).told_again_at is not None


async def test_two_replicas_tell_of_it_once(watch: Watch, administrator: Visitor) -> None:
    records = [await a_record(watch, administrator) for _ in range(3)]
    watch.clock.ahead = timedelta(hours=2)

    await asyncio.gather(*(watch.escalation.tell_again() for _ in range(4)))

    assert [1, 1, 1] == [len(await watch.told_again(each.record_id)) for each in records]


@pytest.mark.requirement("R-FLOW-013")
async def test_what_was_seen_or_closed_or_is_for_a_meeting_is_not_told_of(watch: Watch, administrator: Visitor) -> None:
    seen, calmed = [await a_record(watch, administrator) for _ in range(2)]
    amber = await a_record(watch, administrator, AMBER)
    await rerated(watch, administrator, calmed, GREEN)
    await watch.see(administrator, await watch.the_urgent(administrator))
    watch.clock.ahead = timedelta(days=2)

    await watch.escalation.tell_again()

    assert [[], [], []] == [await watch.told_again(each.record_id) for each in (seen, calmed, amber)]


async def test_that_it_was_told_of_is_audited_and_wakes_the_relay(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)
    task = await watch.the_urgent(administrator)
    watch.clock.ahead = timedelta(hours=2)
    woken = watch.rig.relay.woken

    await watch.escalation.tell_again()

    audited = "SELECT subjects FROM audit WHERE action = 'task.told_again' AND subjects[1] = $1"
    assert [task.task_id, receipt.record_id] == await owner.value(audited, task.task_id)
    assert watch.rig.relay.woken > woken
