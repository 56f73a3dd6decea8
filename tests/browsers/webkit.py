"""Runs WebKit, Safari's engine, in its own small browser on a virtual screen, through its WebDriver."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from tests.browsers.engine import START_SECONDS, CommandFailed, within
from tests.journeys.browsing import DESKTOP

# Firefox's name of each WebDriver command, with its method and path.
COMMANDS = {
    "Back": "POST back",
    "ElementClear": "POST element/{id}/clear",
    "ElementClick": "POST element/{id}/click",
    "ElementSendKeys": "POST element/{id}/value",
    "ExecuteScript": "POST execute/sync",
    "FindElements": "POST elements",
    "GetCurrentURL": "GET url",
    "GetElementProperty": "GET element/{id}/property/{name}",
    "GetElementText": "GET element/{id}/text",
    "IsElementDisplayed": "GET element/{id}/displayed",
    "Navigate": "POST url",
    "SetWindowRect": "POST window/rect",
    "TakeScreenshot": "GET screenshot",
}
PLACES = ("lib/*/webkit2gtk-4.*/MiniBrowser", "lib*/webkit2gtk-4.*/MiniBrowser", "libexec/webkit2gtk-4.*/MiniBrowser")
WHOLE_SCREEN = f"{DESKTOP.width + 200}x{DESKTOP.height + 600}x24"
AROUND = "return [window.outerWidth - window.innerWidth, window.outerHeight - window.innerHeight]"
# Narrow buttons, so that the window can be as narrow as a phone.
NARROW = "toolbar *, headerbar *, entry, button { min-width: 0; padding: 0; margin: 0; font-size: 4px; }"


class WebKit:
    """WebKit's browser with its own folder."""

    name = "webkit"

    def __init__(self, folder: Path, session: aiohttp.ClientSession) -> None:
        self.downloads = folder / "downloads"
        self._session = session
        self._path = "/session"

    async def ask(self, command: str, **told: object) -> object:
        method, _, path = COMMANDS[command].partition(" ")
        return await self._ask(method, f"{self._path}/{path.format_map(told)}", told)

    async def _ask(self, method: str, path: str, told: dict[str, object]) -> object:
        async with self._session.request(method, path, json=told if method == "POST" else None) as answer:
            said = within(await answer.json(content_type=None))
        if answer.status != 200 and isinstance(said, dict):
            raise CommandFailed(f"{path}: {said['error']}: {said['message']}")
        return said

    async def be(self, width: int, height: int) -> None:
        """Give the page this size: add the width and height of the browser's bars to the window."""
        around = await self.ask("ExecuteScript", script=AROUND, args=[])
        assert isinstance(around, list)
        await self.ask("SetWindowRect", width=width + around[0], height=height + around[1])

    async def complaints(self) -> list[str]:
        """Return no errors: an automated WebKit does not report its console."""
        return []

    async def begin(self, *, scripts: bool) -> None:
        options = ["--automation", f"--enable-javascript-markup={str(scripts).lower()}"]
        browser = {"binary": str(_browser()), "args": options}
        wanted = {"acceptInsecureCerts": True, "webkitgtk:browserOptions": browser}
        begun = await self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        assert isinstance(begun, dict)
        self._path = f"/session/{begun['sessionId']}"

    async def end(self) -> None:
        await self._ask("DELETE", self._path, {})


@asynccontextmanager
async def webkit(driver: Path, screen: Path, folder: Path, *, scripts: bool = True) -> AsyncIterator[WebKit]:
    """Run WebKit until the block ends."""
    for each in ("gtk-3.0", "downloads"):
        (folder / each).mkdir(parents=True)
    (folder / "gtk-3.0" / "gtk.css").write_text(NARROW, encoding="utf-8")
    (folder / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder}/downloads"\n', encoding="utf-8")
    async with AsyncExitStack() as running:
        display = await running.enter_async_context(_on_a_screen(screen))
        port = _free_port()
        own = {"DISPLAY": display, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder), "HOME": str(folder)}
        await running.enter_async_context(_driver(driver, port, own))
        session = await running.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}"))
        started = WebKit(folder, session)
        async with asyncio.timeout(START_SECONDS):
            await _answers(port)
            await started.begin(scripts=scripts)
        yield started
        await started.end()


def _browser() -> Path:
    """Return the path of MiniBrowser, which is installed with the driver but is not on the PATH."""
    found = [each for place in PLACES for each in Path("/usr").glob(place)]
    assert found, "WebKitGTK's MiniBrowser is in none of its places: /usr/" + ", /usr/".join(PLACES)
    return found[0]


@asynccontextmanager
async def _on_a_screen(program: Path) -> AsyncIterator[str]:
    """Run a virtual screen until the block ends, and yield the name of its display, such as `:1`."""
    reading, writing = os.pipe()
    options = ("-displayfd", str(writing), "-screen", "0", WHOLE_SCREEN, "-nolisten", "tcp")
    process = await asyncio.create_subprocess_exec(
        str(program), *options, pass_fds=[writing], stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{(await asyncio.to_thread(told.readline)).strip()}"
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _driver(program: Path, port: int, own: dict[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        str(program), f"--port={port}", env={**os.environ, **own}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def _answers(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
