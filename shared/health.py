"""The health port of a process: liveness, readiness and metrics."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from shared import log

Check = Callable[[], Awaitable[Sequence[str]]]  # returns sentences in plain words for operators

IN_CLEAR = Gauge("ics_settings_in_clear", "Settings that let data leave the machine without encryption")

# The one figure of the bus that services and the gateway have in common.
RECONNECTS = Gauge("ics_bus_reconnects", "How often the process has lost NATS and found it again")


async def nothing() -> Sequence[str]:
    return ()


def tell_in_clear(names: Sequence[str]) -> None:
    """Say in the log and in `/metrics` which settings without encryption the installation allows."""
    IN_CLEAR.set(len(names))
    if names:
        log.warn("settings.in_clear", settings=[f"ICS_{name.upper()}" for name in names])


class HealthPort:
    """
    Answers at `host:port` or `unix:/path`. Not started and not ready until `ready_when` sets the checks.

    `/live` answers while the event loop runs. `/started` says what keeps the process from its work, and `/ready` also
    what has been left undone for too long: that must not stop a start, because only a start can mend it. If nothing is
    in the way, it says what an operator must know all the same. `/metrics` makes the same checks first, so that its
    figures are those of the moment.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._check: Check | None = None
        self._backlog: Check = nothing
        self._remarks: Check = nothing
        self._runner: web.AppRunner | None = None

    def ready_when(self, check: Check | None, backlog: Check = nothing, *, remarks: Check = nothing) -> None:
        """
        Set what the process needs for its work, what it may have left undone, and remarks. No check means not ready.
        """
        self._check = check
        self._backlog = backlog
        self._remarks = remarks

    async def open(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/live", _live),
                web.get("/started", self._started),
                web.get("/ready", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        if self._address.startswith("unix:"):
            await web.UnixSite(self._runner, self._address.removeprefix("unix:")).start()
        else:
            host, _, port = self._address.rpartition(":")
            await web.TCPSite(self._runner, host, int(port)).start()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _needs(self) -> Sequence[str]:
        return await self._check() if self._check is not None else ["starting or stopping"]

    async def _troubles(self) -> Sequence[str]:
        needs = await self._needs()
        backlog = await self._backlog() if self._check is not None else ()
        return list(dict.fromkeys((*needs, *backlog)))

    async def _started(self, _request: web.Request) -> web.Response:
        return _answer("started", await self._needs())

    async def _ready(self, _request: web.Request) -> web.Response:
        return _answer("ready", await self._troubles(), await self._remarks())

    async def _metrics(self, _request: web.Request) -> web.Response:
        await self._troubles()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(word: str, troubles: Sequence[str], remarks: Sequence[str] = ()) -> web.Response:
    if not troubles:
        return web.Response(text="".join(f"{each}\n" for each in (word, *remarks)))
    return web.Response(text="".join(f"not {word}: {each}\n" for each in troubles), status=503)


async def _live(_request: web.Request) -> web.Response:
    return web.Response(text="live\n")
