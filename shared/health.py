"""The health port of a process: liveness, readiness and metrics."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[Sequence[str]]]  # returns what keeps the process from being ready, in plain words


class HealthPort:
    """
    Answers /live, /ready and /metrics at `host:port` or `unix:/path`. Not ready until `ready_when` sets a check.

    /ready says what is in the way. /metrics makes the same check first, so that its figures are those of the moment.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._check: Check | None = None
        self._runner: web.AppRunner | None = None

    def ready_when(self, check: Check | None) -> None:
        """Set the check that decides readiness. None means not ready."""
        self._check = check

    async def open(self) -> None:
        app = web.Application()
        app.add_routes([web.get("/live", _live), web.get("/ready", self._ready), web.get("/metrics", self._metrics)])
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

    async def _troubles(self) -> Sequence[str]:
        return await self._check() if self._check is not None else ["starting or stopping"]

    async def _ready(self, _request: web.Request) -> web.Response:
        troubles = await self._troubles()
        if not troubles:
            return web.Response(text="ready\n")
        return web.Response(text="".join(f"not ready: {each}\n" for each in troubles), status=503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        await self._troubles()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _live(_request: web.Request) -> web.Response:
    return web.Response(text="live\n")
