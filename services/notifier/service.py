"""The front door of notifier: every request and event beside the handler that takes it, and the senders."""

from services.notifier.bells import Bells
from services.notifier.delivery import Delivery
from services.notifier.escalation import Escalation
from services.notifier.handlers import NOTICES, Handlers
from services.notifier.recipients import AddressBook
from services.notifier.rules import LANES, Lane
from services.notifier.sender import Sender, Sweeper
from services.notifier.settings import Settings
from services.notifier.smtp import MailServer, Route
from services.notifier.telling import Telling
from services.notifier.writing import Writer
from shared.bus import Follower
from shared.contracts.health import ReadNotifierBacklog
from shared.contracts.notifier import ListMails, QueueMail, SendAgain
from shared.contracts.outcomes import UrgentNotSeen
from shared.contracts.referrals import RoutineNotice, UrgentNotice
from shared.front_door import for_anyone, for_callers, for_visitors
from shared.inbox import SetAside
from shared.log import warn
from shared.permissions import Permission
from shared.registers.load import load_registers
from shared.service import Job, Parts, Service

SENDERS: dict[Lane, int] = {"now": 3, "bulk": 2}  # each with its own connection to the mail server


def build(parts: Parts, settings: Settings) -> Service:
    """The whole behaviour of the service, one line each."""
    registers = load_registers([settings.registers] if settings.registers else [])
    telling = Telling(registers, Writer(registers, settings.public_url), AddressBook(parts.bus, parts.signer))
    bells = Bells.hung()
    handlers, delivery = Handlers(parts.pool, telling, bells), Delivery(parts.pool, telling, bells)
    notices = Follower(
        durable=NOTICES,
        stream="NOTICES",
        events=(RoutineNotice, UrgentNotice, UrgentNotSeen),
        take=handlers.tell,
        set_aside=SetAside(parts.pool, NOTICES),
    )
    return Service(
        answers=[
            for_callers(QueueMail, QueueMail.asked_by, handlers.queue_mail),
            for_visitors(ListMails, Permission.ADMINISTER, delivery.list_mails),
            for_visitors(SendAgain, Permission.ADMINISTER, delivery.send_again),
            for_anyone(ReadNotifierBacklog, handlers.read_backlog),
        ],
        registers=registers,
        followers=[notices],
        jobs=[
            *senders(parts, settings, bells),
            Sweeper(parts.pool).run,
            Escalation(parts.pool, telling, bells).run,
        ],
    )


def senders(parts: Parts, settings: Settings, bells: Bells) -> list[Job]:
    """Every lane's senders; none where no mail server is set."""
    if not settings.smtp_host:
        warn("mail.no_server")
        return []
    server = MailServer(Route.of(settings))
    return [Sender(lane, parts.pool, server, bells).run for lane in LANES for _ in range(SENDERS[lane])]
