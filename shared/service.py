"""The life of a service process: start, answer, on SIGTERM finish what is in hand; a failed job ends the process."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import uvloop

from shared import log
from shared.assertion import Signer, Verifier
from shared.audit import Sealer
from shared.bus import Bus, Follower, NatsBus
from shared.contracts import LETTERS
from shared.contracts.health import Backlog
from shared.contracts.identity import SessionsRevoked
from shared.database import DATABASE_AWAY, DATABASE_FAULTS, DatabasePool, open_pool
from shared.front_door import Answer, open_door
from shared.health import HealthPort
from shared.inbox import count_set_aside
from shared.messages import Event, Fault, Message, NotAnswered, Request
from shared.outbox import Relay, count_unsent
from shared.overlays import Overlays
from shared.registers.load import Registers
from shared.settings import ServiceSettings
from shared.stopping import stop_signal
from shared.tasks import end

Job = Callable[[], Awaitable[None]]
Take = Callable[[Event], Awaitable[None]]

CLOSE_SECONDS = 5.0


@dataclass(frozen=True)
class Parts:
    """What every service is built from. `relay.wake()` after a commit that put something into the outbox."""

    name: str
    pool: DatabasePool
    bus: Bus
    signer: Signer
    verifier: Verifier
    relay: Relay


@dataclass(frozen=True)
class Service:
    """
    What a service does: the requests it answers, the events it follows, and the jobs that run beside.

    `registers` are those that it works with: they are kept as their administrators have reworded them.
    """

    answers: Sequence[Answer]
    registers: Registers
    followers: Sequence[Follower] = ()
    jobs: Sequence[Job] = ()


Build = Callable[[Parts], Service]


def run(name: str, settings: ServiceSettings, build: Build) -> None:
    """Run the service until SIGTERM or SIGINT. Ends with an error when it cannot start or a job fails."""
    log.set_up(name, settings.log_level)
    try:
        uvloop.run(_run(name, settings, build))
    except Exception as error:  # noqa: BLE001  # the edge of the process: an exception's text may hold what was typed
        log.warn("service.failed", error=error)
        sys.exit(1)


async def _run(name: str, settings: ServiceSettings, build: Build) -> None:
    stopping = stop_signal()
    health = HealthPort(settings.health_address)
    await health.open()
    pool = await open_pool(settings.database_url.get_secret_value())
    bus = await NatsBus.connect(name, settings.nats_url, settings.nats_seed.get_secret_value())
    parts = parts_of(name, settings, pool, bus)
    sealer = Sealer(pool, name, settings.audit_heads)
    service = build(parts)
    overlays = Overlays(bus, service.registers)
    jobs = (parts.relay.run, sealer.run, overlays.run, *service.jobs)
    running = [asyncio.create_task(_forever(job)) for job in jobs]
    asked = asyncio.create_task(stopping.wait())
    try:
        await overlays.listen()
        await start(parts, service)
        health.ready_when(lambda: _is_ready(pool, bus, overlays))
        log.log("service.ready")
        await asyncio.wait({asked, *running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        health.ready_when(None)
        await bus.close()
        failures = await end(running)
    await sealer.publish()
    await _close(pool)
    await health.close()
    if failures:
        raise failures[0]
    log.log("service.stopped")


def parts_of(name: str, settings: ServiceSettings, pool: DatabasePool, bus: Bus) -> Parts:
    """The parts that follow from the settings; tests build them over a fake bus."""
    signer = Signer(name, bytes.fromhex(settings.signing_seed.get_secret_value()))
    verifier = Verifier(name, settings.verifying_keys)
    return Parts(name, pool, bus, signer, verifier, Relay(pool, bus, signer, LETTERS))


async def start(parts: Parts, service: Service) -> None:
    """Open the front door, hear of revoked sessions, and follow events."""

    async def heard(revoked: SessionsRevoked) -> None:
        parts.verifier.revoke(revoked.session_ids)

    await parts.bus.hear(SessionsRevoked, heard)
    for follower in service.followers:
        await parts.bus.follow(replace(follower, take=waiting_for_database(follower.take)))
    await open_door(parts.name, parts.bus, parts.verifier, service.answers)


def waiting_for_database(take: Take) -> Take:
    """An event that met a database that was away waits until it is back."""

    async def taken(event: Event) -> None:
        try:
            await take(event)
        except DATABASE_AWAY:
            raise NotAnswered(Fault.TOO_LATE) from None

    return taken


def backlog_of(parts: Parts) -> Callable[[Request[Message]], Awaitable[Backlog]]:
    """The handler of every service's `read_backlog`."""

    async def read_backlog(_asked: Request[Message]) -> Backlog:
        return Backlog(unsent=await count_unsent(parts.pool), set_aside=await count_set_aside(parts.pool))

    return read_backlog


async def _forever(job: Job) -> None:
    """A job ends only by being cancelled when the process stops; one that returns is as wrong as one that fails."""
    await job()
    raise RuntimeError("a job of the service has ended")


async def _close(pool: DatabasePool) -> None:
    """In order, or, where a connection does not come back, all the same."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()


async def _is_ready(pool: DatabasePool, bus: Bus, overlays: Overlays) -> bool:
    try:
        await pool.fetchval("SELECT 1", timeout=1)
    except DATABASE_FAULTS:
        return False
    return bus.connected and overlays.known
