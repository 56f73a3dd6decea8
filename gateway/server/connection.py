"""The connections of browsers and proxies: how long they may stay silent, and the answer to what is not HTTP."""

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.server.headers import headers_of_refusal
from shared import log

SILENT_SECONDS = 30.0


class UnreadableAnswer(web.Response):
    """An answer without a body. It does not name our server's software."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


class BrowserConnection(RequestHandler):
    """
    A connection that closes when no whole head of a request arrives in time, whether it is silent or slow.

    The time counts from its start, and again from each answer. A proxy must close unused connections sooner. What is
    sent is never unpacked: pages refuse packed forms.
    """

    def __init__(self, server: web.Server, headers: Mapping[str, str], silent_seconds: float) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=silent_seconds,
            access_log=_no_log(),
            auto_decompress=False,
        )
        self._headers = headers

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that the parser cannot read, with nothing of it in the answer or the log."""
        log.warn("connection.unreadable", status=status, error=exc)
        if request.writer.output_size > 0:
            raise ConnectionResetError
        answer = UnreadableAnswer(status=status, headers=self._headers)
        answer.force_close()
        return answer


async def listen(
    runner: web.AppRunner, host: str, port: int, public_url: str, silent_seconds: float = SILENT_SECONDS
) -> asyncio.Server:
    """Listen for browsers. The runner must be set up; close the returned server before its clean-up."""
    server, headers = runner.server, headers_of_refusal(public_url)
    if server is None:
        raise RuntimeError("the runner is not set up")
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: BrowserConnection(server, headers, silent_seconds), host, port, backlog=128)


def _no_log() -> logging.Logger:
    """Return a logger that writes nothing: `measured` writes a line for each request."""
    logger = logging.getLogger("gateway.no_access_log")
    logger.setLevel(logging.CRITICAL)
    return logger
