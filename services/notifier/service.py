"""The requests and events that the notifier handles, with their handlers, and its senders."""

from services.notifier.context import NotifierContext
from services.notifier.delivery import Delivery
from services.notifier.escalation import MailEscalation
from services.notifier.handlers import NOTICES, Handlers
from services.notifier.measures import MEASURES
from services.notifier.recipients import AddressBook
from services.notifier.route import Route
from services.notifier.rules import LANES, Lane
from services.notifier.sender import Sender, expire
from services.notifier.settings import NotifierSettings
from services.notifier.smtp import MailConnection
from services.notifier.store import forget_old
from services.notifier.telling import AnyNotice, MailWriter
from services.notifier.writing import Writer
from shared.context import ServiceContext
from shared.contracts.actions import ActionsDue
from shared.contracts.health import ReadNotifierBacklog
from shared.contracts.notifier import CountUndelivered, ListMails, QueueMail, SendAgain
from shared.contracts.outcomes import OutcomeTold, UrgentNotSeen
from shared.contracts.referrals.events import (
    RecordMoved,
    RecordsHandedOver,
    RecordsLoaded,
    RoutineNotice,
    UrgentNotice,
)
from shared.contracts.referrals.reviews import ReviewsDue
from shared.front_door import for_anyone, for_callers, for_visitors
from shared.jobs import Job
from shared.log import warn
from shared.permissions import Permission
from shared.service import Service

SENDERS: dict[Lane, int] = {"now": 3, "bulk": 2}
EVENTS: tuple[type[AnyNotice], ...] = (
    RecordMoved,
    RecordsLoaded,
    RecordsHandedOver,
    RoutineNotice,
    UrgentNotice,
    OutcomeTold,
    UrgentNotSeen,
    ActionsDue,
    ReviewsDue,
)
EXPIRE_SECONDS = 5.0


def build(shared: ServiceContext, settings: NotifierSettings) -> Service:
    """Build the service: its answers, its followers and its jobs."""
    context = context_of(shared, settings)
    handlers, delivery = Handlers(context), Delivery(context)
    return Service(
        answers=[
            for_callers(QueueMail, QueueMail.asked_by, handlers.queue_mail),
            for_visitors(ListMails, Permission.ADMINISTER, delivery.list_mails),
            for_visitors(CountUndelivered, Permission.ADMINISTER, delivery.count_undelivered),
            for_visitors(SendAgain, Permission.ADMINISTER, delivery.send_again),
            for_anyone(ReadNotifierBacklog, handlers.read_backlog),
        ],
        followers=[context.follower(NOTICES, "NOTICES", handlers.take, *EVENTS)],
        jobs=[
            *senders(context, settings),
            MailEscalation(context).job,
            Job("mail.expire", lambda: expire(context.background), every=EXPIRE_SECONDS),
            Job("mail.forget", lambda: forget_old(context.background)),
        ],
        measures=MEASURES,
    )


def context_of(shared: ServiceContext, settings: NotifierSettings) -> NotifierContext:
    writer = Writer(shared.registers, settings.public_url)
    return NotifierContext(**vars(shared), mails=MailWriter(shared.registers, writer, AddressBook(shared)))


def senders(context: NotifierContext, settings: NotifierSettings) -> list[Job]:
    """Return the senders of all lanes, or none if no mail server is set. Each has its own connection to it."""
    if not settings.smtp_host:
        warn("mail.no_server")
        return []
    route = Route.of(settings)
    found = [Sender(lane, context, MailConnection(route)) for lane in LANES for _ in range(SENDERS[lane])]
    for each in found:
        context.closing.callback(each.connection.close)
    return [each.job for each in found]
