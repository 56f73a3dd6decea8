"""The replies of reports match the recorded golden messages."""

from shared.contracts.looks import ReadReportLooks
from shared.contracts.reports import ReadDashboard, ReadReportChunk, ReadReportJob, StartReport, StopReport
from shared.permissions import Role
from tests.contracts.golden import check_golden
from tests.services.referrals.builders import a_visitor
from tests.services.reports.rig import Rig


async def test_golden_reports(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    record = await rig.submit(organisation, risk_level="red")
    await rig.copy()
    reader = rig.somebody(Role.REPORTING, organisation)

    queued = await rig.start(reader)
    board = await rig.dashboard(reader)
    await rig.make()
    other = await rig.stop(reader, await rig.start(reader, "key_working"))
    ready = await rig.job(reader, queued)
    chunk = await rig.ask(reader, ReadReportChunk(job_id=ready.job_id, number=0))

    check_golden(StartReport, queued)
    check_golden(ReadDashboard, board)
    check_golden(ReadReportJob, ready)
    check_golden(ReadReportChunk, chunk)
    check_golden(StopReport, other, await rig.stop(reader, queued))
    administrator = a_visitor(Role.ADMINISTRATOR, organisation)
    check_golden(ReadReportLooks, await rig.ask(administrator, ReadReportLooks(record_id=record.record_id)))
