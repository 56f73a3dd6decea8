"""Fixtures that serve the gateway to a local client: its pages in a small app, or all of it with stand-ins."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from gateway.routes import PAGES
from gateway.server.app import AppContext, build_app
from gateway.ui.brand import Brand
from gateway.ui.render import Templates
from gateway.ui.static import Static
from shared.fake_bus import FakeBus, FakeWire
from shared.permissions import Role
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.small_app import small_app
from tests.gateway.stand_in import StandIn
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import StandInOutcomes
from tests.gateway.strict import StrictInOurs
from tests.gateway.visit import Client

Serve = Callable[[web.Application], Awaitable[Client]]


class OpenGateway(Protocol):
    """Opens the whole gateway with these stand-ins, and returns a browser in which the stand-in's user is logged in."""

    async def __call__(
        self, identity: StandInIdentity, *others: StandIn, registers: Registers | None = None
    ) -> Browser: ...


@pytest.fixture(scope="session")
def template_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of compiled templates, kept for the whole run."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(scope="session")
def templates(template_cache: Path) -> Templates:
    """All templates, loaded once for the whole run. An undefined name in one of our templates is an error."""
    return Templates(Static(), Brand(), template_cache, undefined=StrictInOurs)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """
    A function that serves an app and returns a client, which treats loopback as secure as browsers do.

    Servers and clients close when the test ends.
    """
    async with AsyncExitStack() as open_clients:

        async def start(app: web.Application) -> Client:
            server = TestServer(app)
            await server.start_server()
            jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
            return await open_clients.enter_async_context(TestClient(server, cookie_jar=jar))

        yield start


@pytest.fixture
async def client(serve: Serve, template_cache: Path) -> Client:
    return await serve(small_app(template_cache, undefined=StrictInOurs))


@pytest.fixture
def identity() -> StandInIdentity:
    """The stand-in for identity, whose user is an administrator unless a test file overrides it."""
    return StandInIdentity(role=Role.ADMINISTRATOR)


@pytest.fixture
def outcomes() -> StandInOutcomes:
    return StandInOutcomes()


@pytest.fixture
def open_gateway(serve: Serve, templates: Templates) -> OpenGateway:
    async def open_one(identity: StandInIdentity, *others: StandIn, registers: Registers | None = None) -> Browser:
        wire = FakeWire()
        for each in (identity, *others):
            await each.answer_on(wire)
        context = AppContext(FakeBus("gateway", wire), registers or load_registers(), templates, Static())
        browser = Browser(await serve(build_app(context, PAGES)))
        browser.come_in(identity)
        return browser

    return open_one
