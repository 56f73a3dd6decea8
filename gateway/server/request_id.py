"""Gives each request an id, and measures the time each page takes, by route and never by address."""

import secrets
import time

from aiohttp import web
from prometheus_client import Histogram

from gateway.security.guard import Handler
from shared import log

METHODS = frozenset({"GET", "HEAD", "POST"})
SECONDS = Histogram("ics_page_seconds", "Time to answer a page", ("method", "route", "status"))


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log and measure every request. This middleware is outermost, so that failures further in are counted too."""
    log.request_id.set(secrets.token_hex(8))
    log.register_code.set("")
    started = time.perf_counter()
    response = await handler(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    took = time.perf_counter() - started
    method = request.method if request.method in METHODS else "other"
    SECONDS.labels(method, route, response.status).observe(took)
    log.log("page", method=method, route=route, status=response.status, ms=round(took * 1000, 1))
    return response
