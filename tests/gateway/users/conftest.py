"""A browser in which an administrator is logged in, before identity and its users as stand-ins."""

from pathlib import Path

import pytest

from gateway.app import House, build_app
from gateway.brand import Brand
from gateway.rendering import Templates
from gateway.routes import PAGES
from gateway.static import Static
from shared.fake_bus import FakeBus, FakeWire
from shared.permissions import Role
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import Serve
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_users import StandInUsers
from tests.gateway.strict import StrictInOurs


@pytest.fixture
def users() -> StandInUsers:
    return StandInUsers()


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR)


@pytest.fixture
async def browser(serve: Serve, template_cache: Path, identity: StandInIdentity, users: StandInUsers) -> Browser:
    wire, static = FakeWire(), Static()
    await identity.answer_on(wire)
    await users.answer_on(wire)
    templates = Templates(static, Brand(), template_cache, undefined=StrictInOurs)
    house = House(FakeBus("gateway", wire), load_registers(), templates, static)
    browser = Browser(await serve(build_app(house, PAGES)))
    await browser.log_in()
    return browser
