"""The front door of notifier: every request and event beside the handler that takes it, and the senders."""

import asyncio

from services.notifier.handlers import NOTICES, Bells, Handlers
from services.notifier.rules import LANES, Lane
from services.notifier.sender import Sender, Sweeper
from services.notifier.settings import Settings
from services.notifier.smtp import MailServer, Route
from services.notifier.writing import Writer
from shared.bus import Follower
from shared.contracts.health import ReadNotifierBacklog
from shared.contracts.notifier import QueueMail
from shared.contracts.referrals import RoutineNotice, UrgentNotice
from shared.front_door import for_anyone, for_callers
from shared.inbox import SetAside
from shared.log import warn
from shared.registers.load import load_registers
from shared.service import Job, Parts, Service

SENDERS: dict[Lane, int] = {"now": 3, "bulk": 2}  # each with its own connection to the mail server


def build(parts: Parts, settings: Settings) -> Service:
    """The whole behaviour of the service, one line each."""
    registers = load_registers([settings.registers] if settings.registers else [])
    bells = {lane: asyncio.Event() for lane in LANES}
    handlers = Handlers(parts.pool, registers, Writer(registers, settings.public_url), bells)
    notices = Follower(
        durable=NOTICES,
        stream="NOTICES",
        events=(RoutineNotice, UrgentNotice),
        take=handlers.record_notice,
        set_aside=SetAside(parts.pool, NOTICES),
    )
    return Service(
        answers=[
            for_callers(QueueMail, QueueMail.asked_by, handlers.queue_mail),
            for_anyone(ReadNotifierBacklog, handlers.read_backlog),
        ],
        followers=[notices],
        jobs=[*senders(parts, settings, handlers, bells), Sweeper(parts.pool).run],
    )


def senders(parts: Parts, settings: Settings, handlers: Handlers, bells: Bells) -> list[Job]:
    """Every lane's senders; none where no mail server is set."""
    if not settings.smtp_host:
        warn("mail.no_server")
        return []
    server = MailServer(Route.of(settings))
    return [
        Sender(lane, parts.pool, server, bells[lane], handlers.urgent_mail_failed).run
        for lane in LANES
        for _ in range(SENDERS[lane])
    ]
