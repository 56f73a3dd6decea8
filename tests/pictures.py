"""Takes the README's pictures from the running demo, so that they never lie: `python -m tests.pictures`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.browsing import DESKTOP, THIS_MACHINE_ALONE, chromium_path, window
from tests.journeys.coming_in import log_in
from tests.journeys.product import Product, product

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"


async def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with product(Path(folder) / "state", "--demo") as stack, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[THIS_MACHINE_ALONE])
            await take_all(browser, stack)
            await browser.close()


async def take_all(browser: Browser, stack: Product) -> None:
    """The register's home, its form, its list and its dashboard."""
    async with window(browser, DESKTOP) as page:
        await page.goto(f"{stack.base_url}/dsr/")
        await take(page, "home")
        await log_in(page, stack, "admin@mpft.nhs.uk")
        for name, path in (("form", "records/new"), ("list", "records/"), ("dashboard", "reporting/")):
            await page.goto(f"{stack.base_url}/dsr/{path}")
            await take(page, name)


async def take(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
