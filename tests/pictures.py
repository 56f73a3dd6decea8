"""
Takes the pictures of the documentation from the running product, so that they show what it looks like now.

python -m tests.pictures            the four pictures of the README
python -m tests.pictures --every    every page that the journeys look at
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.browsing import DESKTOP, THIS_MACHINE_ALONE, chromium_path, window
from tests.journeys.coming_in import log_in
from tests.journeys.looks import route_of
from tests.journeys.product import Product, product
from tests.support.ending import run_to_its_end

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
EVERY = PICTURES / "pages"
JOURNEYS = ("-m", "pytest", "-q", "-n", "2", "-m", "journey")
AS_TAKEN = "-desktop"  # pictures taken on a phone or without scripts are not kept


async def take_four() -> None:
    """Take pictures of the register's home, form, list and dashboard."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with product(Path(folder) / "state", "--demo") as stack, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[THIS_MACHINE_ALONE])
            await _take_all(browser, stack)
            await browser.close()


async def _take_all(browser: Browser, stack: Product) -> None:
    async with window(browser, DESKTOP) as page:
        await page.goto(f"{stack.base_url}/dsr/")
        await _take(page, "home")
        await log_in(page, stack, "admin@mpft.nhs.uk")
        for name, path in (("form", "records/new"), ("list", "records/"), ("dashboard", "reporting/")):
            await page.goto(f"{stack.base_url}/dsr/{path}")
            await _take(page, name)


async def _take(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png")


def take_every() -> int:
    """Run the journeys, which take a picture at each look, and return an exit code: 1 if a journey fails."""
    with tempfile.TemporaryDirectory() as folder:
        told = {**os.environ, "ICS_SCREENSHOTS": folder, "ICS_CHROMIUM": chromium_path()}
        if subprocess.run([sys.executable, *JOURNEYS], env=told, check=False).returncode:
            return 1
        shown = _keep(Path(folder))
    (EVERY / "README.md").write_text(_index(shown), encoding="utf-8")
    return 0


def _keep(folder: Path) -> dict[str, str]:
    """Replace the pictures of the documentation. Return each picture's name with the route of its page."""
    shutil.rmtree(EVERY, ignore_errors=True)
    EVERY.mkdir(parents=True)
    shown = {}
    for file in sorted(folder.glob(f"*{AS_TAKEN}.webp")):
        name = file.stem.removesuffix(AS_TAKEN)
        shutil.copy(file, EVERY / f"{name}.webp")
        shown[name] = route_of(file.with_suffix(".path").read_text(encoding="utf-8"))
    return shown


HEAD = """# Every page

Taken from the journeys by `python -m tests.pictures --every`; axe has found nothing on any of them at phone width.

| page | address |
| --- | --- |
"""


def _index(shown: dict[str, str]) -> str:
    return HEAD + "".join(f"| [{name}]({name}.webp) | `{route}` |\n" for name, route in shown.items())


if __name__ == "__main__":
    sys.exit(take_every() if sys.argv[1:] == ["--every"] else run_to_its_end(take_four()))
