"""A Chromium browser that can reach only this machine, its windows, and the errors that it reports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

from deploy.build.find_chromium import CHROMIUM
from deploy.build.programs import find

# Without this the browser makes calls to the internet when it starts, and a page that loads a file from elsewhere would
# only be slow.
THIS_MACHINE_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
FLAGS = [THIS_MACHINE_ALONE, "--disable-gpu", "--disable-software-rasterizer"]  # no screen, so no graphics processor
NOT_THE_PAGE_ITSELF = "Failed to load resource: the server responded with a status of"

# Every file of journeys begins with `pytestmark = JOURNEY`.
JOURNEY = pytest.mark.journey


@dataclass(frozen=True)
class Screen:
    """The size of a screen, and whether scripts run."""

    name: str
    width: int
    height: int
    scripts: bool = True

    def __str__(self) -> str:
        return self.name


DESKTOP = Screen("desktop", 1280, 900)
PHONE = Screen("phone", 390, 844)
DESKTOP_WITHOUT_SCRIPTS = replace(DESKTOP, name="desktop-without-scripts", scripts=False)
WITH_AND_WITHOUT_SCRIPTS = (DESKTOP, DESKTOP_WITHOUT_SCRIPTS)  # for the four journeys that run both ways


@dataclass
class Complaints:
    """The errors of one page: blocked by the content policy, failed in a script, or requested from another host."""

    heard: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", self._note_message)
        page.on("pageerror", self._note_error)
        page.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        """Note an error or a warning. A page's own 404 or 422 status is no error, but that of a file on it is."""
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
    """Open a window without cookies or cache. The test fails if the browser reports an error in it."""
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
