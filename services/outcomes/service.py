"""The requests and events that outcomes handles, with their handlers and who may send them."""

from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.action_changes import ChangeActions
from services.outcomes.handlers.actions import ReadActions
from services.outcomes.handlers.ending import Endings
from services.outcomes.handlers.feed import OutcomeFeedHandler
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
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    DiscussTask,
    ListOutcomes,
    ListTasks,
    ReadOutcomeFeed,
    ReadTask,
    RecordOutcome,
)
from shared.contracts.referrals.events import (
    RecordArchived,
    RecordCreated,
    RecordEnded,
    RecordReinstated,
    RecordUpdated,
)
from shared.front_door import for_anyone, for_callers, for_visitors, for_visitors_carried_on
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
            for_visitors_carried_on(RecordOutcome, Permission.RECORD_OUTCOME, recording.record),
            for_visitors_carried_on(ListOutcomes, Permission.RECORD_OUTCOME, reading.list_outcomes),
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
