"""The replies of outcomes about actions match the recorded golden messages."""

from shared.contracts.actions import (
    ActionOwner,
    AddAction,
    ChangeAction,
    CountActions,
    DecideAction,
    ListActions,
    ListRecordActions,
    ReadAction,
    RecordPlanTold,
    ReportAction,
)
from shared.permissions import Visitor
from tests.contracts.golden import check_golden
from tests.services.outcomes.acting import Acting, days, deciding, following, reporting
from tests.services.outcomes.rig import Rig
from tests.services.outcomes.test_actions import changing
from tests.services.referrals.builders import new_id


async def test_golden_actions(rig: Rig, administrator: Visitor) -> None:
    acting = await Acting.over(rig)
    record = await acting.record(administrator)
    colleague = acting.colleague(*administrator.organisation_ids)
    other = acting.colleague(*administrator.organisation_ids, name="Nia Next")
    owner = ActionOwner(colleague_id=colleague.user_id, outsider="Helen Home", service="Housing")

    added = await acting.add(administrator, record, colleague, meeting_id=new_id(), owner=owner)
    check_golden(AddAction, added)
    changed = await rig.ask(administrator, changing(added, other, 20))
    check_golden(ChangeAction, changed)
    await rig.ask(other, following(added, "No answer", contacted_on=days(-1), contacted_by="phone"))
    await rig.ask(other, following(added, "Ask again on Monday"))
    reported = await rig.ask(other, reporting(changed))
    check_golden(ReportAction, reported)
    closed = await rig.ask(administrator, deciding(reported, "close"))
    check_golden(DecideAction, closed)
    second = await acting.add(administrator, record, colleague)
    for said in ({"told_on": days(-1), "told_by": "Jenny Harris"}, {"party": "mdt", "why_not": "It meets on Monday"}):
        about = {"command_id": new_id(), "record_id": record.record_id, "party": "family"}
        await rig.ask(administrator, RecordPlanTold.model_validate({**about, **said}))

    reads = [await rig.ask(administrator, ReadAction(action_id=each.action_id)) for each in (added, second)]
    check_golden(ReadAction, *reads)
    lists = [await rig.ask(administrator, ListActions(wanted=each)) for each in ("open", "closed")]
    check_golden(ListActions, *lists)
    check_golden(ListRecordActions, await rig.ask(administrator, ListRecordActions(record_id=record.record_id)))
    check_golden(CountActions, await rig.ask(administrator, CountActions()))
