"""The small app of the gateway's pages, served to a client on this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from tests.gateway.small_app import small_app
from tests.gateway.strict import StrictInOurs
from tests.gateway.visit import Client

Serve = Callable[[web.Application], Awaitable[Client]]


@pytest.fixture(scope="session")
def template_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled templates, kept for the whole run."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves an app and gives its client, which takes loopback for secure as browsers do; all close with the test."""
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
