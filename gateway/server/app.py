"""The gateway's application: its parts, and the order in which a request passes the middlewares."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.keys import BUS, DEMO_MAIL_DIR, OVERLAYS, PUBLIC_URL, REGISTERS, TRUSTED_PROXIES
from gateway.security.guard import PageRoute, guard
from gateway.security.host import called_as
from gateway.security.network import ANYWHERE, NetworkPolicy, within
from gateway.security.sessions import SESSIONS, SessionCache
from gateway.server.errors import error_pages
from gateway.server.headers import security_headers
from gateway.server.request_id import measured
from gateway.ui.hold import HOLD, HoldFollower
from gateway.ui.organisations import ORGANISATIONS
from gateway.ui.render import TEMPLATES, Templates
from gateway.ui.static import FRONT_END, Static
from shared.bus.protocol import Bus
from shared.organisations import OrganisationNames
from shared.overlays import OverlayFollower
from shared.registers.load import Registers

LARGEST_FORM = 2 * 1024 * 1024


@dataclass(frozen=True)
class AppContext:
    """Everything that the pages need; tests build it over a fake bus."""

    bus: Bus
    registers: Registers
    templates: Templates
    static: Static
    public_url: str = ""
    trusted_proxies: int = 0
    hosts: frozenset[str] = frozenset()
    reach: NetworkPolicy = ANYWHERE
    demo_mail_dir: Path | None = None


def build_app(context: AppContext, pages: Sequence[PageRoute]) -> web.Application:
    """
    Return the application with these pages.

    A request passes: request id and metrics, error pages, host, network policy, trailing slash, guard (form, session,
    permission, form token), page. An address without its trailing slash is redirected before the guard runs.
    """
    complete = web.normalize_path_middleware(merge_slashes=False, redirect_class=web.HTTPSeeOther)
    middlewares = [measured, error_pages, called_as(context.hosts), within(context.reach), complete, guard(pages)]
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_FORM)
    app[BUS] = context.bus
    app[REGISTERS] = context.registers
    app[TEMPLATES] = context.templates
    app[PUBLIC_URL] = context.public_url
    app[TRUSTED_PROXIES] = context.trusted_proxies
    app[DEMO_MAIL_DIR] = context.demo_mail_dir
    app[SESSIONS] = SessionCache(context.bus)
    app[ORGANISATIONS] = OrganisationNames(context.bus)
    app[HOLD] = HoldFollower(context.bus)
    app[OVERLAYS] = OverlayFollower(context.bus, context.registers)
    app.on_response_prepare.append(security_headers(context.public_url))
    app.on_startup.append(_listen)
    app.router.add_get("/assets/{name}", context.static.serve, name=FRONT_END)
    for page in pages:
        app.router.add_route(page.method, page.path, page.handler)
        if page.method == "GET":
            app.router.add_route("HEAD", page.path, page.handler)
    return app


async def _listen(app: web.Application) -> None:
    await app[SESSIONS].listen()
    await app[OVERLAYS].listen()
