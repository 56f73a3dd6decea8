"""The reports service: the handler and the permission for each request, its events, and its background jobs."""

from datetime import timedelta

from services.reports.context import ReportsContext
from services.reports.feeding import (
    AgeBandRefresh,
    FeedCopier,
    Listening,
    NightlyRebuild,
    OutcomeCopier,
    Records,
    Source,
)
from services.reports.folder import private_folder
from services.reports.handlers.dashboard import Dashboards
from services.reports.handlers.jobs import Jobs
from services.reports.handlers.looking import ReportLooksHandler
from services.reports.making import Making, purge
from services.reports.measures import MEASURES
from services.reports.settings import ReportsSettings
from shared.bus.protocol import Follower
from shared.context import ServiceContext
from shared.contracts.health import ReadReportsBacklog
from shared.contracts.looks import ReadReportLooks
from shared.contracts.outcomes import OutcomeRecorded
from shared.contracts.referrals.events import (
    RecordArchived,
    RecordCreated,
    RecordEnded,
    RecordReinstated,
    RecordUpdated,
)
from shared.contracts.reports import ReadDashboard, ReadReportChunk, ReadReportJob, StartReport, StopReport
from shared.front_door import AnsweredRequest, for_anyone, for_visitors, for_visitors_carried_on
from shared.jobs import Job
from shared.organisations import OrganisationNames
from shared.permissions import Permission
from shared.service import Service, backlog_of

CONSUMER = "reports--event"


EXPIRE_SECONDS = 30.0
REFRESH_SECONDS = 60.0
REBUILT_AT_HOUR = 2


def build(shared: ServiceContext, settings: ReportsSettings) -> Service:
    """Return the service: its request handlers, the events that it follows, and its background jobs."""
    context = context_of(shared)
    folder = shared.closing.enter_context(private_folder(settings.report_folder))
    making = Making(context, folder, timedelta(seconds=settings.report_lease_seconds))
    makers = [making.job for _ in range(settings.report_workers)]
    jobs = [*jobs_of(context), *makers]
    return Service(answers=answers_of(context), followers=[follower_of(context)], jobs=jobs, measures=MEASURES)


def context_of(shared: ServiceContext) -> ReportsContext:
    return ReportsContext(**vars(shared), organisations=OrganisationNames(shared.bus))


def jobs_of(context: ReportsContext) -> list[Job]:
    """Return the background jobs other than making reports. What one replica has done, the others skip."""
    sources: tuple[Source, ...] = (Records(context), OutcomeCopier(context))
    rebuild = NightlyRebuild(context, sources)
    return [
        *(FeedCopier(context, source).job for source in sources),
        Job("copies.refresh_age_bands", AgeBandRefresh(context).run, every=REFRESH_SECONDS),
        Job("copies.recount", rebuild.recount),
        Job("copies.rebuild", rebuild.night, nightly=REBUILT_AT_HOUR, at_start=False),
        Job("reports.purge", lambda: purge(context.background), every=EXPIRE_SECONDS),
    ]


def answers_of(context: ReportsContext) -> list[AnsweredRequest]:
    """Return the request handlers. Those about reports need the permission to read them."""
    jobs = Jobs(context)
    return [
        for_visitors(ReadDashboard, Permission.READ_REPORTS, Dashboards(context).read),
        for_visitors(StartReport, Permission.READ_REPORTS, jobs.start),
        for_visitors(ReadReportJob, Permission.READ_REPORTS, jobs.read),
        for_visitors(StopReport, Permission.READ_REPORTS, jobs.stop),
        for_visitors(ReadReportChunk, Permission.READ_REPORTS, jobs.read_chunk),
        for_visitors_carried_on(ReadReportLooks, Permission.OVERSEE_PRIVACY, ReportLooksHandler(context).read),
        for_anyone(ReadReportsBacklog, backlog_of(context)),
    ]


def follower_of(context: ReportsContext) -> Follower:
    events = (RecordCreated, RecordUpdated, RecordArchived, RecordEnded, RecordReinstated, OutcomeRecorded)
    return context.follower(CONSUMER, "EVENTS", Listening(context, CONSUMER).take, *events)
