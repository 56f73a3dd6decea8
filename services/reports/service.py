"""The front door of reports: every request beside the handler that takes it, and who may ask."""

from datetime import timedelta

from services.reports.feeding import Birthdays, Feeding, Listening, Nights, Outcomes, Records, Source
from services.reports.handlers.dashboard import Dashboards
from services.reports.handlers.desk import Desk, OrganisationNames
from services.reports.handlers.jobs import Jobs
from services.reports.making import Making, Sweeping
from services.reports.settings import Settings
from shared.bus import Follower
from shared.contracts.health import ReadReportsBacklog
from shared.contracts.outcomes import OutcomeRecorded
from shared.contracts.referrals import RecordArchived, RecordCreated, RecordReinstated, RecordUpdated
from shared.contracts.reports import ReadDashboard, ReadReportChunk, ReadReportJob, StartReport, StopReport
from shared.front_door import Answer, for_anyone, for_visitors
from shared.inbox import SetAside
from shared.permissions import Permission
from shared.registers.load import Registers, load_registers
from shared.service import Parts, Service, backlog_of

CONSUMER = "reports--event"


def build(parts: Parts, settings: Settings) -> Service:
    """The service over the shipped registers and those of the folder that the settings name."""
    desk = desk_of(parts, load_registers([settings.registers] if settings.registers else []))
    lease = timedelta(seconds=settings.report_lease_seconds)
    making = Making(desk, settings.report_workers, settings.report_folder, lease)
    sources: tuple[Source, ...] = (Records(desk), Outcomes(desk))
    return Service(
        answers=[*answers_of(desk), for_anyone(ReadReportsBacklog, backlog_of(parts))],
        registers=desk.registers,
        followers=[follower_of(desk)],
        jobs=[
            *(Feeding(desk, source).run for source in sources),
            Birthdays(desk).run,
            Nights(desk, sources).run,
            making.run,
            Sweeping(desk).run,
        ],
    )


def desk_of(parts: Parts, registers: Registers) -> Desk:
    return Desk(parts.pool, parts.bus, parts.signer, registers, OrganisationNames(parts.bus))


def answers_of(desk: Desk) -> list[Answer]:
    """Who may ask what: everything here is for those who may read reports."""
    jobs = Jobs(desk)
    return [
        for_visitors(ReadDashboard, Permission.READ_REPORTS, Dashboards(desk).read),
        for_visitors(StartReport, Permission.READ_REPORTS, jobs.start),
        for_visitors(ReadReportJob, Permission.READ_REPORTS, jobs.read),
        for_visitors(StopReport, Permission.READ_REPORTS, jobs.stop),
        for_visitors(ReadReportChunk, Permission.READ_REPORTS, jobs.read_chunk),
    ]


def follower_of(desk: Desk) -> Follower:
    return Follower(
        durable=CONSUMER,
        stream="EVENTS",
        events=(RecordCreated, RecordUpdated, RecordArchived, RecordReinstated, OutcomeRecorded),
        take=Listening(desk, CONSUMER).take,
        set_aside=SetAside(desk.pool, CONSUMER),
    )
