"""The requests and events that outcomes handles, with their handlers and who may send them."""

from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.action_changes import ChangeActions
from services.outcomes.handlers.actions import ReadActions
from services.outcomes.handlers.ending import Endings
from services.outcomes.handlers.feed import OutcomeFeedHandler
from services.outcomes.handlers.looking import OutcomeLooksHandler
from services.outcomes.handlers.meeting_agendas import AgendaReader, MeetingAgendas
from services.outcomes.handlers.meeting_course import MeetingCourse
from services.outcomes.handlers.meeting_minutes import MinutesHandler
from services.outcomes.handlers.meetings import MeetingPlanning
from services.outcomes.handlers.reading import ReadOutcomeHandler
from services.outcomes.handlers.recording import Recording
from services.outcomes.handlers.reminders import ActionReminders
from services.outcomes.handlers.tasks import TaskList
from services.outcomes.handlers.watching import CONSUMER, TaskEscalation, Watching
from services.outcomes.jobs import FinishArchives
from services.outcomes.settings import OutcomesSettings
from shared.context import ServiceContext
from shared.contracts.actions import (
    AddAction,
    ChangeAction,
    CountActions,
    DecideAction,
    FollowUpAction,
    ListActions,
    ListRecordActions,
    ReadAction,
    RecordPlanTold,
    ReportAction,
)
from shared.contracts.health import ReadOutcomesBacklog
from shared.contracts.looks import ReadOutcomeLooks
from shared.contracts.meetings import (
    AddAddendum,
    AddItem,
    CancelMeeting,
    ChangeMeeting,
    CloseMeeting,
    DeclareInterest,
    ListMeetings,
    ListSeries,
    PlanMeeting,
    ReadAgenda,
    ReadItem,
    ReadPack,
    RemoveItem,
    SaveAttendance,
    SaveMinutes,
    SaveSeries,
    StartMeeting,
)
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    DiscussTask,
    ListOutcomes,
    ListTasks,
    ReadOutcomeFeed,
    ReadTask,
    ReadToldOutcome,
    RecordOutcome,
)
from shared.contracts.referrals.events import (
    RecordArchived,
    RecordCreated,
    RecordEnded,
    RecordReinstated,
    RecordUpdated,
)
from shared.front_door import AnsweredRequest, for_anyone, for_callers, for_visitors, for_visitors_carried_on
from shared.jobs import Job
from shared.permissions import Permission
from shared.service import Service, backlog_of

SWEEP_EVERY_SECONDS = 3.0
TELL_EVERY_SECONDS = 5.0
COMPARED_AT_HOUR = 3
REMIND_EVERY_SECONDS = 600.0
# No notice waits on this: referrals sends its urgent notices itself. A task opens at most so much later.
GATHER_SECONDS = 0.1
EVENTS = (RecordCreated, RecordUpdated, RecordArchived, RecordEnded, RecordReinstated)


def build(shared: ServiceContext, _settings: OutcomesSettings) -> Service:
    """Build the service: its answers, its followers and its jobs."""
    return service_of(OutcomesContext(**vars(shared)))


def service_of(context: OutcomesContext) -> Service:
    """Build the service from a context, without settings."""
    endings, watching = Endings(context), Watching(context)
    recording, reading, tasks = Recording(context, endings), ReadOutcomeHandler(context), TaskList(context)
    actions, changes = ReadActions(context), ChangeActions(context)
    return Service(
        answers=[
            *meeting_answers(context),
            for_visitors_carried_on(RecordOutcome, Permission.RECORD_OUTCOME, recording.record),
            for_visitors_carried_on(ListOutcomes, Permission.RECORD_OUTCOME, reading.list_outcomes),
            for_visitors_carried_on(ReadToldOutcome, Permission.UPDATE_RECORD, reading.read_told),
            for_visitors_carried_on(ReadOutcomeLooks, Permission.OVERSEE_PRIVACY, OutcomeLooksHandler(context).read),
            for_visitors(ListTasks, Permission.RECORD_OUTCOME, tasks.list_tasks),
            for_visitors(CountTasks, Permission.RECORD_OUTCOME, tasks.count_tasks),
            for_visitors(ReadTask, Permission.RECORD_OUTCOME, tasks.read_task),
            for_visitors(AcknowledgeTask, Permission.RECORD_OUTCOME, tasks.acknowledge),
            for_visitors(DiscussTask, Permission.RECORD_OUTCOME, tasks.discuss),
            for_visitors(CountActions, Permission.UPDATE_RECORD, actions.count),
            for_visitors(ListActions, Permission.UPDATE_RECORD, actions.list_actions),
            for_visitors(ReadAction, Permission.UPDATE_RECORD, actions.read),
            for_visitors_carried_on(ListRecordActions, Permission.UPDATE_RECORD, actions.list_of_record),
            for_visitors_carried_on(AddAction, Permission.RECORD_OUTCOME, changes.add),
            for_visitors(ChangeAction, Permission.RECORD_OUTCOME, changes.change),
            for_visitors(FollowUpAction, Permission.UPDATE_RECORD, changes.follow_up),
            for_visitors(ReportAction, Permission.UPDATE_RECORD, changes.report),
            for_visitors(DecideAction, Permission.RECORD_OUTCOME, changes.decide),
            for_visitors_carried_on(RecordPlanTold, Permission.UPDATE_RECORD, changes.tell_plan),
            for_callers(ReadOutcomeFeed, ReadOutcomeFeed.asked_by, OutcomeFeedHandler(context).read),
            for_anyone(ReadOutcomesBacklog, backlog_of(context)),
        ],
        followers=[
            context.follower(
                CONSUMER,
                "EVENTS",
                watching.take,
                *EVENTS,
                take_together=watching.take_together,
                gather=GATHER_SECONDS,
            )
        ],
        jobs=[
            Job("archives.finish", FinishArchives(context.background, endings).sweep, every=SWEEP_EVERY_SECONDS),
            Job("tasks.tell_again", TaskEscalation(context).tell_again, every=TELL_EVERY_SECONDS),
            Job("actions.remind", ActionReminders(context).remind, every=REMIND_EVERY_SECONDS),
            Job("tasks.compare", watching.compare, nightly=COMPARED_AT_HOUR),
        ],
    )


def meeting_answers(context: OutcomesContext) -> list[AnsweredRequest]:
    """Return the rows about meetings."""
    reader = AgendaReader(context)
    planning, course = MeetingPlanning(context), MeetingCourse(context)
    agendas, minutes = MeetingAgendas(context, reader), MinutesHandler(context, reader)
    return [
        for_visitors(ListSeries, Permission.RECORD_OUTCOME, planning.list_series),
        for_visitors(SaveSeries, Permission.RECORD_OUTCOME, planning.save_series),
        for_visitors(ListMeetings, Permission.RECORD_OUTCOME, planning.list_meetings),
        for_visitors(PlanMeeting, Permission.RECORD_OUTCOME, planning.plan_meeting),
        for_visitors(ChangeMeeting, Permission.RECORD_OUTCOME, planning.change_meeting),
        for_visitors(CancelMeeting, Permission.RECORD_OUTCOME, planning.cancel_meeting),
        for_visitors(StartMeeting, Permission.RECORD_OUTCOME, course.start),
        for_visitors(CloseMeeting, Permission.RECORD_OUTCOME, course.close),
        for_visitors(SaveAttendance, Permission.RECORD_OUTCOME, course.save_attendance),
        for_visitors(ReadAgenda, Permission.RECORD_OUTCOME, agendas.read),
        for_visitors_carried_on(AddItem, Permission.RECORD_OUTCOME, agendas.add),
        for_visitors(RemoveItem, Permission.RECORD_OUTCOME, agendas.remove),
        for_visitors(DeclareInterest, Permission.RECORD_OUTCOME, agendas.declare_interest),
        for_visitors(ReadItem, Permission.RECORD_OUTCOME, minutes.read_item),
        for_visitors_carried_on(SaveMinutes, Permission.RECORD_OUTCOME, minutes.save),
        for_visitors(AddAddendum, Permission.RECORD_OUTCOME, minutes.add_addendum),
        for_visitors(ReadPack, Permission.RECORD_OUTCOME, minutes.read_pack),
    ]
