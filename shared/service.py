"""The lifecycle of a service process: start, answer, and finish running work on SIGTERM. A failed job ends it."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, ParamSpec, TypeVar

import uvloop

from shared import commands, inbox, log, outbox
from shared.assertion import Signer, Verifier
from shared.audit import Sealer
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import Bus, Follower
from shared.context import ServiceContext
from shared.contracts import EVENTS, LETTERS
from shared.contracts.health import Backlog
from shared.contracts.identity import SessionsRevoked
from shared.database import DATABASE_AWAY, DATABASE_FAULTS, DatabasePool, open_pool
from shared.front_door import AnsweredRequest, open_door
from shared.health import HealthPort, tell_in_clear
from shared.installation import held_because, note_start
from shared.installation_words import hold_in_words
from shared.jobs import BUS_FAULTS, Job, repeat
from shared.measures import SECONDS, Measure, find_backlog
from shared.messages import Fault, Message, NotAnswered, Request
from shared.outbox import Relay
from shared.overlays import OverlayFollower
from shared.register_files import log_faulty, registers_in
from shared.registers.faults import FaultyRegister
from shared.settings import ServiceSettings
from shared.stopping import stop_signal
from shared.streams import families_of
from shared.tasks import end

CLOSE_SECONDS = 5.0
FAULTS = (*BUS_FAULTS, *DATABASE_FAULTS)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Settings = TypeVar("Settings", bound=ServiceSettings)


@dataclass(frozen=True)
class Service:
    """The work of a service: the requests it answers, the events it follows, its background jobs, and its figures."""

    answers: Sequence[AnsweredRequest]
    followers: Sequence[Follower] = ()
    jobs: Sequence[Job] = ()
    measures: Sequence[Measure] = ()
    before: Callable[[], Awaitable[None]] | None = None
    """Work that must be done before the service answers anything or runs its own jobs."""


Build = Callable[[ServiceContext, Settings], Service]


def run(name: str, settings: Settings, build: Build[Settings]) -> None:
    """Run the service until SIGTERM or SIGINT. Exit with status 1 when it cannot start or a job fails."""
    log.set_up(name, settings.log_level)
    tell_in_clear(settings.in_clear)
    try:
        uvloop.run(_run(name, settings, build))
    except FaultyRegister as faulty:
        log_faulty("registers.not_loaded", faulty.source, faulty.faults)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # the edge of the process: an exception's text may hold user input
        log.warn("service.failed", error=error)
        sys.exit(1)


async def _run(name: str, settings: Settings, build: Build[Settings]) -> None:
    stopping = stop_signal()
    health = HealthPort(settings.health_address)
    await health.open()
    pool, background = await open_pools(settings)
    bus = await NatsBus.connect(name, settings.nats_url, settings.nats_seed.get_secret_value())
    context = context_of(name, settings, pool, background, bus)
    if because := await note_start(pool, settings.public_url):
        log.warn("service.held", because=because)
    sealer = Sealer(background, name, settings.audit_heads)
    with context.closing:
        service = build(context, settings)
        failures = await _work(context, service, [*sealer.jobs, clean_up(background)], stopping, health)
    await _close((pool, background), sealer)
    await health.close()
    if failures:
        raise failures[0]
    log.log("service.stopped")


async def _work(
    context: ServiceContext, service: Service, shared_jobs: Sequence[Job], stopping: asyncio.Event, health: HealthPort
) -> list[BaseException]:
    """
    Answer requests and run the jobs until the process must stop or a job fails. Return the failures of jobs.

    The service's own jobs begin once its work before the first answer is done, which says what they may touch.
    """
    overlays = OverlayFollower(context.bus, context.registers)
    jobs = (context.relay.job, overlays.job, *shared_jobs)
    running = [_repeated(context, job) for job in jobs]
    asked = asyncio.create_task(stopping.wait())
    try:
        await overlays.listen()
        await start(context, service, [job for job in (*jobs, *service.jobs) if job.after_work])
        running += [_repeated(context, job) for job in service.jobs]
        health.ready_when(
            lambda: _needs(context.pool, context.bus, overlays),
            lambda: find_backlog(context, service.measures),
            remarks=lambda: _remarks(context.pool),
        )
        log.log("service.ready")
        await asyncio.wait({asked, *running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        health.ready_when(None)
        await context.bus.close()
        failures = await end(running)
    return failures


def _repeated(context: ServiceContext, job: Job) -> asyncio.Task[NoReturn]:
    return asyncio.create_task(repeat(job, context.clock, FAULTS), name=job.name)


async def open_pools(settings: ServiceSettings) -> tuple[DatabasePool, DatabasePool]:
    """Open the pool for what visitors ask for, and the pool for the service's own work under its background role."""
    pool = await open_pool(settings.database_url.get_secret_value())
    own = settings.background_database_url.get_secret_value()
    return pool, await open_pool(own, settings.background_connections)


def context_of(
    name: str, settings: ServiceSettings, pool: DatabasePool, background: DatabasePool, bus: Bus
) -> ServiceContext:
    """Return the parts that follow from the settings. Tests call it with a fake bus."""
    signer = Signer(name, bytes.fromhex(settings.signing_seed.get_secret_value()))
    verifier = Verifier(name, settings.verifying_keys)
    registers = registers_in(settings.registers)
    relay = Relay(background, bus, signer, LETTERS, families_of(name))
    return ServiceContext(name, pool, background, bus, signer, verifier, relay, registers)


def clean_up(pool: DatabasePool) -> Job:
    """Return an hourly job that deletes old rows: sent events, the inbox, and commands carried out."""

    async def forget() -> None:
        for statement in (outbox.FORGET_OLD, inbox.FORGET_OLD, commands.FORGET_OLD):
            await pool.execute(statement)

    return Job("clean_up", forget)


async def start(context: ServiceContext, service: Service, woken: Sequence[Job] = ()) -> None:
    """
    Listen for revoked sessions, follow events, and open the front door. Wake these jobs after each piece of work.

    Raise `ValueError` if the service does not follow the events that the contracts say it follows.
    """
    check_followed(context.name, service)
    if service.before:
        await service.before()

    def wake() -> None:
        for job in woken:
            job.wakeup.set()

    async def heard(revoked: SessionsRevoked) -> None:
        context.verifier.revoke(revoked.session_ids)

    await context.bus.hear(SessionsRevoked, heard)
    for follower in service.followers:
        await context.bus.follow(_at_the_edge(follower, wake))
    wakeups = [context.asked, *(job.wakeup for job in woken)]
    door = (context.name, context.bus, context.verifier, service.answers, context.reach, wakeups, context.shortage)
    await open_door(*door)


def check_followed(name: str, service: Service) -> None:
    """Check that an event which a service must take is not left in its stream."""
    followed = {event for follower in service.followers for event in follower.events}
    owed = {event for event in EVENTS if name in event.followed_by}
    if followed != owed:
        kinds = sorted(event.__name__ for event in followed ^ owed)
        raise ValueError(f"{name} and the contracts differ on which of these events it follows: {', '.join(kinds)}")


def waking(
    wake: Callable[[], None], work: Callable[Arguments, Awaitable[Result]]
) -> Callable[Arguments, Awaitable[Result]]:
    """Wrap work so that it wakes jobs when it ends, however it ends: a refusal may be audited too."""

    async def worked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return await work(*args, **kwargs)
        finally:
            wake()

    return worked


def _at_the_edge(follower: Follower, wake: Callable[[], None]) -> Follower:
    """Return the follower with its handlers wrapped: they wake jobs, and wait for the database."""
    together = follower.take_together
    return replace(
        follower,
        take=waking(wake, waiting_for_database(follower.take)),
        take_together=together and waking(wake, waiting_for_database(together)),
    )


def waiting_for_database(take: Callable[Arguments, Awaitable[None]]) -> Callable[Arguments, Awaitable[None]]:
    """Wrap `take` so that an event waits, and is not counted as failed, while the database is unavailable."""

    async def taken(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            await take(*args, **kwargs)
        except DATABASE_AWAY:
            raise NotAnswered(Fault.TOO_LATE) from None

    return taken


def backlog_of(context: ServiceContext) -> Callable[[Request[Message]], Awaitable[Backlog]]:
    """Return the handler of the service's `read_backlog` request."""

    async def read_backlog(_asked: Request[Message]) -> Backlog:
        return Backlog(
            unsent=await outbox.count_unsent(context.pool), set_aside=await inbox.count_set_aside(context.pool)
        )

    return read_backlog


async def _close(pools: Sequence[DatabasePool], sealer: Sealer) -> None:
    """Publish the last audit head, then close the pools. Continue if the database does not answer."""
    with contextlib.suppress(*DATABASE_FAULTS):
        await sealer.publish()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.gather(*(each.close() for each in pools))


async def _needs(pool: DatabasePool, bus: Bus, overlays: OverlayFollower) -> list[str]:
    """Return what keeps the service from doing its work, in plain words for operators."""
    troubles = []
    try:
        await pool.fetchval("SELECT 1", timeout=SECONDS)
    except DATABASE_FAULTS:
        troubles.append("the database does not answer")
    if not bus.connected:
        troubles.append("NATS does not answer")
    if not overlays.known:
        troubles.append("the published texts of the registers are not known yet")
    return troubles


async def _remarks(pool: DatabasePool) -> list[str]:
    """Return what an operator must know of a service that is ready."""
    try:
        return hold_in_words(await held_because(pool))
    except DATABASE_FAULTS:
        return []
