"""The life of the gateway process: start, serve pages, and on SIGTERM finish the requests in progress."""

import asyncio
import ipaddress
import sys
import tempfile
from pathlib import Path

import uvloop
from aiohttp import web

from gateway.keys import OVERLAYS
from gateway.routes import pages
from gateway.server.app import AppContext, build_app
from gateway.server.connection import listen
from gateway.server.readiness import needed_and_away
from gateway.server.settings import GatewaySettings
from gateway.ui.brand import read_brand
from gateway.ui.hold import HOLD, HoldFollower
from gateway.ui.render import Templates
from gateway.ui.static import Static
from shared import log
from shared.bus.nats_bus import NatsBus
from shared.health import RECONNECTS, HealthPort, tell_in_clear
from shared.installation_words import hold_in_words
from shared.overlays import OverlayFollower
from shared.register_files import log_faulty, registers_in
from shared.registers.faults import FaultyRegister
from shared.stopping import stop_signal
from shared.tasks import end

STOP_SECONDS = 10.0


class NotOnLoopback(ValueError):
    """Demo mode was set with an address that other machines can reach."""


def run(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT. Raise `NotOnLoopback` for demo mode on a public address."""
    log.set_up("gateway", settings.log_level)
    tell_in_clear(settings.in_clear)
    if settings.demo and not ipaddress.ip_address(settings.host).is_loopback:
        raise NotOnLoopback
    try:
        uvloop.run(_run(settings))
    except FaultyRegister as faulty:
        log_faulty("registers.not_loaded", faulty.source, faulty.faults)
        sys.exit(1)


async def _run(settings: GatewaySettings) -> None:
    stopping = stop_signal()
    health = HealthPort(settings.health_address)
    await health.open()
    bus = await NatsBus.connect("gateway", settings.nats_url, settings.nats_seed.get_secret_value())
    app = _app(settings, bus)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    following = [asyncio.create_task(each) for each in (app[OVERLAYS].run(), app[HOLD].run())]
    listening = await listen(runner, settings.host, settings.port, settings.public_url)
    _tell_port(listening, settings.port_file)
    health.ready_when(lambda: _troubles(bus, app[OVERLAYS]), remarks=lambda: _remarks(app[HOLD]))
    log.log("gateway.ready")
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({asked, *following}, return_when=asyncio.FIRST_COMPLETED)
    health.ready_when(None)
    listening.close()
    await runner.cleanup()
    failures = await end([asked, *following])
    await bus.close()
    await health.close()
    if failures:
        raise failures[0]
    log.log("gateway.stopped")


def _app(settings: GatewaySettings, bus: NatsBus) -> web.Application:
    static = Static()
    cache = settings.template_cache or Path(tempfile.mkdtemp(prefix="ics-templates-"))
    templates = Templates(static, read_brand(settings.brand), cache, demo=settings.demo)
    templates.warm()
    registers = registers_in(settings.registers)
    context = AppContext(
        bus,
        registers,
        templates,
        static,
        public_url=settings.public_url,
        trusted_proxies=settings.trusted_proxies or 0,
        hosts=settings.all_hosts,
        reach=settings.reach,
        demo_mail_dir=settings.demo_mail_dir,
    )
    return build_app(context, pages(settings))


def _tell_port(listening: asyncio.Server, file: Path | None) -> None:
    """Write the port that the server listens on to a file, atomically."""
    if file is not None:
        half = file.with_suffix(".half")
        half.write_text(str(listening.sockets[0].getsockname()[1]), encoding="ascii")
        half.rename(file)


async def _troubles(bus: NatsBus, overlays: OverlayFollower) -> list[str]:
    """Return what keeps this gateway from serving pages, in plain words for operators."""
    RECONNECTS.set(bus.reconnects)
    troubles = [f"{service} does not answer" for service in await needed_and_away(bus.ping)]
    if not bus.connected:
        troubles.append("NATS does not answer")
    if not overlays.known:
        troubles.append("the published texts of the registers are not known yet")
    return troubles


async def _remarks(hold: HoldFollower) -> list[str]:
    """Return what an operator must know of a gateway that is ready."""
    return hold_in_words(hold.because)
