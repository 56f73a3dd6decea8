"""The browser of all journeys, and windows of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.browsing import DESKTOP, FLAGS, PHONE, chromium_path, window
from tests.journeys.product import Product, product


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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(quick_folder: Path) -> AsyncIterator[Product]:
    """The whole product with its demo people, started once for all journeys."""
    async with product(quick_folder / "product", "--demo") as running:
        yield running
