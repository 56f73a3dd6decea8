"""Fixtures with Firefox and WebKit, the product behind an https address, and a browser window on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.build.find_firefox import FIREFOX
from deploy.build.find_screen import SCREEN
from deploy.build.find_webkit import WEBKIT
from deploy.build.programs import TestProgram, find
from tests.browsers.engine import Engine
from tests.browsers.firefox import firefox
from tests.browsers.secure import secured
from tests.browsers.webkit import webkit
from tests.browsers.window import Window
from tests.journeys.product import Product, product

ENGINES = ("firefox", "webkit")


@pytest.fixture(scope="session", params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(scope="session")
async def stack(quick_folder: Path) -> AsyncIterator[Product]:
    """The whole product with its demo people, started once for both browsers."""
    async with product(quick_folder / "product", "--demo") as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def base_url(stack: Product, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with secured(stack.base_url, tmp_path_factory.mktemp("secured")) as address:
        yield address


@pytest_asyncio.fixture(scope="session")
async def window(engine_name: str, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Window]:
    """One window for each browser, shared by all tests."""
    async with _engine(engine_name, tmp_path_factory.mktemp(engine_name)) as engine:
        yield Window(engine, base_url)


@pytest_asyncio.fixture
async def window_without_scripts(engine_name: str, base_url: str, tmp_path: Path) -> AsyncIterator[Window]:
    async with _engine(engine_name, tmp_path, scripts=False) as engine:
        yield Window(engine, base_url)


@asynccontextmanager
async def _engine(name: str, folder: Path, *, scripts: bool = True) -> AsyncIterator[Engine]:
    """Start the browser of this name. Raises `NotFound`, with what to install, if it is missing."""
    if name == "firefox":
        async with firefox(await _program(FIREFOX), folder / "own", scripts=scripts) as started:
            yield started
    else:
        driver, screen = await _program(WEBKIT), await _program(SCREEN)
        async with webkit(driver, screen, folder / "own", scripts=scripts) as begun:
            yield begun


async def _program(wanted: TestProgram) -> Path:
    return await asyncio.to_thread(find, wanted)
