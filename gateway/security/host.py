"""The names by which browsers may call this gateway. Another name in the Host header is refused."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from shared import log

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def called_as(hosts: frozenset[str]) -> Middleware:
    """Return the middleware that answers 421 to other names; none given: every name is right."""

    @web.middleware
    async def rightly_called(request: web.Request, handler: Handler) -> web.StreamResponse:
        if hosts and host_in(request.headers.get("Host", "")) not in hosts:
            log.warn("page.other_host")
            raise web.HTTPMisdirectedRequest
        return await handler(request)

    return rightly_called


def host_in(header: str) -> str:
    """Return the name in a Host header without its port, in lower case; empty if it cannot be read."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""
