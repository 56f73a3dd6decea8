"""Fixtures for the journeys: one browser, its windows, and the product that they share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.browsing import DESKTOP, FLAGS, PHONE, chromium_path, window
from tests.journeys.product import Product
from tests.journeys.sharing import Shared


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the whole run. Each window begins without cookies or cache."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window of desktop size."""
    async with window(browser, DESKTOP) as page:
        yield page


@pytest_asyncio.fixture
async def phone(browser: Browser) -> AsyncIterator[Page]:
    """A window of phone size."""
    async with window(browser, PHONE) as page:
        yield page


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of a run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest_asyncio.fixture(scope="session")
async def stack(run_folder: Path, quick_folder: Path) -> AsyncIterator[Product]:
    """The product with its demo people, shared by all test processes. A test may count only what it made itself."""
    async with Shared(run_folder).product(quick_folder / "product", "--demo") as running:
        yield running
