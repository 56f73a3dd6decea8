"""The whole gateway over a fake bus, with a stand-in for identity behind it and one browser in front."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from gateway.routes import DEMO_PAGES, PAGES
from gateway.server.app import House, build_app
from gateway.ui.render import Templates
from gateway.ui.static import Static
from shared.fake_bus import FakeBus, FakeWire
from shared.registers.definition.register import Definition
from shared.registers.load import Loaded, Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity

OpenBrowser = Callable[[House], Awaitable[Browser]]


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity()


@pytest.fixture(scope="session")
def dsr() -> Definition:
    return load_registers().find("dsr")


@pytest.fixture
async def house(identity: StandInIdentity, dsr: Definition, templates: Templates) -> House:
    """The DSR, and beside it a register without self-registration."""
    wire = FakeWire()
    await identity.answer_on(wire)
    return House(FakeBus("gateway", wire), _registers(dsr, _closed(dsr)), templates, Static())


def _closed(dsr: Definition) -> Definition:
    named = dsr.identity.model_copy(update={"code": "closed"})
    access = dsr.access.model_copy(update={"self_registration": False})
    return dsr.model_copy(update={"identity": named, "access": access})


def _registers(*definitions: Definition) -> Registers:
    return Registers([Loaded(definition, sha256="") for definition in definitions])


@pytest.fixture
async def open_browser() -> AsyncIterator[OpenBrowser]:
    """Opens a browser before a house of one's own."""
    async with AsyncExitStack() as opened:

        async def open_one(house: House) -> Browser:
            server = TestServer(build_app(house, DEMO_PAGES + PAGES))
            await server.start_server()
            jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
            client = await opened.enter_async_context(TestClient(server, cookie_jar=jar))
            return Browser(client)

        yield open_one


@pytest.fixture
async def browser(house: House, open_browser: OpenBrowser) -> Browser:
    return await open_browser(house)


@pytest.fixture
async def behind_two_proxies(house: House, open_browser: OpenBrowser) -> Browser:
    return await open_browser(replace(house, trusted_proxies=2))


@pytest.fixture
async def mail_folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
async def demonstration(house: House, open_browser: OpenBrowser, mail_folder: Path) -> Browser:
    return await open_browser(replace(house, demo_mail_dir=mail_folder))
