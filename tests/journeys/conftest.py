"""The browser of all journeys, windows of it, and the product that they share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.browsing import DESKTOP, FLAGS, PHONE, chromium_path, window
from tests.journeys.product import Product
from tests.journeys.sharing import Shared


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the whole run; each window of it begins with no cookie and nothing kept."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window on a desk."""
    async with window(browser, DESKTOP) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser) -> AsyncIterator[Page]:
    """A window in a hand."""
    async with window(browser, PHONE) as page:
        yield page


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder for all test processes of a run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(run_folder: Path, quick_folder: Path) -> AsyncIterator[Product]:
    """The product with its demo people that all test processes share. Count only what the test itself made there."""
    async with Shared(run_folder).product(quick_folder / "product", "--demo") as running:
        yield running
