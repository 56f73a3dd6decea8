"""The replies of outcomes match the recorded golden messages."""

from datetime import timedelta

from shared.contracts.looks import ReadOutcomeLooks
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    ListOutcomes,
    ListTasks,
    ReadTask,
    ReadToldOutcome,
    RecordOutcome,
)
from shared.permissions import Visitor
from tests.contracts.golden import check_golden
from tests.services.outcomes.rig import Rig
from tests.services.outcomes.watching import AMBER, Watch, a_record


async def test_golden_outcomes(rig: Rig, administrator: Visitor) -> None:
    record = await rig.referrals.submit(administrator)

    check_golden(RecordOutcome, await rig.record(administrator, record, notes="Seen at home."))
    other = await rig.referrals.submit(administrator, nhs_number="", first_name="Poppy")
    await rig.record(administrator, other, plan="Weekly visits")
    told = ReadToldOutcome(record_id=other.record_id)
    check_golden(ReadToldOutcome, await rig.ask(administrator, told))
    check_golden(ListOutcomes, await rig.listed(administrator, record.record_id))
    check_golden(ReadOutcomeLooks, await rig.ask(administrator, ReadOutcomeLooks(record_id=record.record_id)))


async def test_golden_tasks(watch: Watch, administrator: Visitor) -> None:
    """Two tasks were escalated, and one of them is seen. One task is new, and one is for the next meeting."""
    for rating in ("red", "red", AMBER):
        await a_record(watch, administrator, rating)
    watch.clock.ahead = timedelta(minutes=90)
    await watch.escalation.tell_again()
    watch.clock.ahead = timedelta()
    await a_record(watch, administrator)
    seen = await watch.see(administrator, (await watch.listed(administrator)).urgent[0])

    check_golden(AcknowledgeTask, seen)
    tasks = [ReadTask(record_id=each.record_id) for each in (await watch.listed(administrator)).urgent]
    check_golden(ReadTask, *[await watch.rig.ask(administrator, each) for each in tasks])
    check_golden(ListTasks, await watch.listed(administrator))
    check_golden(CountTasks, await watch.rig.ask(administrator, CountTasks()))
