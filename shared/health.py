"""The health port of a process: liveness, readiness and metrics."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[bool]]


class HealthPort:
    """Answers /live, /ready and /metrics at `host:port` or `unix:/path`. Not ready until `ready_when` sets a check."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._check: Check | None = None
        self._runner: web.AppRunner | None = None

    def ready_when(self, check: Check | None) -> None:
        """Set the check that decides readiness. None means not ready."""
        self._check = check

    async def open(self) -> None:
        app = web.Application()
        app.add_routes([web.get("/live", _live), web.get("/ready", self._ready), web.get("/metrics", _metrics)])
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

    async def _ready(self, _request: web.Request) -> web.Response:
        ready = self._check is not None and await self._check()
        return web.Response(text="ready\n" if ready else "not ready\n", status=200 if ready else 503)


async def _live(_request: web.Request) -> web.Response:
    return web.Response(text="live\n")


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
