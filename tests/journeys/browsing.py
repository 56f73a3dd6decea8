"""A real browser that reaches this machine alone, its windows, and what it complains of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

from deploy.build.find_chromium import CHROMIUM
from deploy.build.programs import find

# Without this the browser calls out to the world at its start, and a page that loads from elsewhere is merely slow.
THIS_MACHINE_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
FLAGS = [THIS_MACHINE_ALONE, "--disable-gpu", "--disable-software-rasterizer"]  # nobody looks: draw it the cheap way
NOT_THE_PAGE_ITSELF = "Failed to load resource: the server responded with a status of"

# Every file of journeys begins with `pytestmark = JOURNEY`: all share one browser, so all share one event loop.
JOURNEY = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="session")]


@dataclass(frozen=True)
class Screen:
    """What somebody sits or stands before."""

    name: str
    width: int
    height: int
    scripts: bool = True

    def __str__(self) -> str:
        return self.name


DESKTOP = Screen("desktop", 1280, 900)
PHONE = Screen("phone", 390, 844)
DESKTOP_WITHOUT_SCRIPTS = replace(DESKTOP, name="desktop-without-scripts", scripts=False)
WITH_AND_WITHOUT_SCRIPTS = (DESKTOP, DESKTOP_WITHOUT_SCRIPTS)  # the four journeys that are walked both ways


@dataclass
class Complaints:
    """What the browser complained of on one page: blocked by the policy, failed in a script, fetched from elsewhere."""

    heard: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", self._note_message)
        page.on("pageerror", self._note_error)
        page.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        """A page that answers 404 or 422 is itself noted as a failure by the browser; one of its files would be one."""
        page = message.page
        is_the_page = page is not None and message.location["url"] == page.url
        if message.text.startswith(NOT_THE_PAGE_ITSELF) and is_the_page:
            return
        if message.type in {"error", "warning"}:
            self.heard.append(message.text)

    def _note_error(self, error: Error) -> None:
        self.heard.append(f"a script failed: {error.message}")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme.startswith("http") and address.hostname != "127.0.0.1":
            self.heard.append(f"asked {address.hostname}")


@asynccontextmanager
async def window(browser: Browser, screen: Screen) -> AsyncIterator[Page]:
    """A new window of a browser that nobody has used before. The test fails when the browser complained in it."""
    context = await browser.new_context(
        viewport={"width": screen.width, "height": screen.height}, java_script_enabled=screen.scripts
    )
    context.set_default_timeout(10_000)
    page = await context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    try:
        yield page
    finally:
        await context.close()
    assert [] == complaints.heard, complaints.heard


def chromium_path() -> str:
    return str(find(CHROMIUM))
