"""Fixtures for the whole gateway on a fake bus, with a stand-in for identity and one browser."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from gateway.routes import DEMO_PAGES, PAGES
from gateway.server.app import AppContext, build_app
from gateway.ui.render import Templates
from gateway.ui.static import Static
from shared.fake_bus import FakeBus, FakeWire
from shared.registers.definition.register import Definition
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity

OpenBrowser = Callable[[AppContext], Awaitable[Browser]]


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity()


@pytest.fixture(scope="session")
def dsr() -> Definition:
    return load_registers().find("dsr")


@pytest.fixture
async def context(identity: StandInIdentity, dsr: Definition, templates: Templates) -> AppContext:
    """The gateway's context with two registers: the DSR, and one without self-registration."""
    wire = FakeWire()
    await identity.answer_on(wire)
    return AppContext(FakeBus("gateway", wire), _registers(dsr, _closed(dsr)), templates, Static())


def _closed(dsr: Definition) -> Definition:
    named = dsr.identity.model_copy(update={"code": "closed"})
    access = dsr.access.model_copy(update={"self_registration": False})
    return dsr.model_copy(update={"identity": named, "access": access})


def _registers(*definitions: Definition) -> Registers:
    return Registers([LoadedRegister(definition, sha256="") for definition in definitions])


@pytest.fixture
async def open_browser() -> AsyncIterator[OpenBrowser]:
    """A function that opens a browser on the gateway with a given context."""
    async with AsyncExitStack() as opened:

        async def open_one(context: AppContext) -> Browser:
            server = TestServer(build_app(context, DEMO_PAGES + PAGES))
            await server.start_server()
            jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
            client = await opened.enter_async_context(TestClient(server, cookie_jar=jar))
            return Browser(client)

        yield open_one


@pytest.fixture
async def browser(context: AppContext, open_browser: OpenBrowser) -> Browser:
    return await open_browser(context)


@pytest.fixture
async def behind_two_proxies(context: AppContext, open_browser: OpenBrowser) -> Browser:
    return await open_browser(replace(context, trusted_proxies=2))


@pytest.fixture
async def mail_folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
async def demonstration(context: AppContext, open_browser: OpenBrowser, mail_folder: Path) -> Browser:
    return await open_browser(replace(context, demo_mail_dir=mail_folder))
