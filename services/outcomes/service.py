"""The front door of outcomes: every request and event beside the handler that takes it, and who may ask."""

from services.outcomes.handlers.desk import Desk
from services.outcomes.handlers.ending import Endings
from services.outcomes.handlers.feed import Feeding
from services.outcomes.handlers.reading import Reading
from services.outcomes.handlers.recording import Recording
from services.outcomes.handlers.tasks import TaskList
from services.outcomes.handlers.watching import CONSUMER, Escalation, Watching
from services.outcomes.jobs import Comparing, Sweeping, Telling
from services.outcomes.settings import Settings
from shared.bus import Follower
from shared.contracts.health import ReadOutcomesBacklog
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    ListOutcomes,
    ListTasks,
    ReadOutcomeFeed,
    RecordOutcome,
)
from shared.contracts.referrals import RecordArchived, RecordCreated, RecordReinstated, RecordUpdated
from shared.front_door import for_anyone, for_callers, for_visitors, for_visitors_carried_on
from shared.inbox import SetAside
from shared.permissions import Permission
from shared.registers.load import Registers, load_registers
from shared.service import Parts, Service, backlog_of


def build(parts: Parts, settings: Settings) -> Service:
    """The service over the shipped registers and those of the folder that the settings name."""
    return service_of(parts, load_registers([settings.registers] if settings.registers else []))


def service_of(parts: Parts, registers: Registers) -> Service:
    """The whole behaviour of the service, one line each."""
    desk = Desk(parts.pool, parts.bus, registers, parts.relay.wake)
    endings = Endings(desk, parts.signer)
    recording, reading, tasks = Recording(desk, endings), Reading(desk), TaskList(desk)
    watching = Watching(desk, parts.signer)
    return Service(
        answers=[
            for_visitors_carried_on(RecordOutcome, Permission.RECORD_OUTCOME, recording.record),
            for_visitors_carried_on(ListOutcomes, Permission.RECORD_OUTCOME, reading.list_outcomes),
            for_visitors(ListTasks, Permission.RECORD_OUTCOME, tasks.list_tasks),
            for_visitors(CountTasks, Permission.RECORD_OUTCOME, tasks.count_tasks),
            for_visitors(AcknowledgeTask, Permission.RECORD_OUTCOME, tasks.acknowledge),
            for_callers(ReadOutcomeFeed, ReadOutcomeFeed.asked_by, Feeding(desk).read),
            for_anyone(ReadOutcomesBacklog, backlog_of(parts)),
        ],
        registers=registers,
        followers=[follower_of(desk, watching)],
        jobs=[
            Sweeping(parts.pool, endings).sweep_for_ever,
            Telling(Escalation(desk)).tell_for_ever,
            Comparing(desk, watching).compare_for_ever,
        ],
    )


def follower_of(desk: Desk, watching: Watching) -> Follower:
    return Follower(
        durable=CONSUMER,
        stream="EVENTS",
        events=(RecordCreated, RecordUpdated, RecordArchived, RecordReinstated),
        take=watching.take,
        set_aside=SetAside(desk.pool, CONSUMER),
    )
