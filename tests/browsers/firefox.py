"""Runs Firefox without a screen and speaks Marionette, JSON over TCP, as its own driver does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.browsers.engine import START_SECONDS, CommandFailed, within

NOWHERE = 9  # nothing listens on this port, so that only this machine can be reached
PREFERENCES: dict[str, str | int | bool] = {
    "marionette.port": 0,
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": NOWHERE,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": NOWHERE,
}
# Errors of scripts, styles and the content policy are in one list, which only the browser's own code may read.
MESSAGES = """
    return Services.console.getMessageArray()
        .filter(each => each instanceof Ci.nsIScriptError && each.sourceName.startsWith(arguments[0]))
        .map(each => `${each.sourceName}:${each.lineNumber}: ${each.category}: ${each.errorMessage}`)
"""
# The window cannot be as narrow as a phone, so the page inside it is resized.
SIZE = """
    for (const [side, length] of Object.entries({ width: arguments[0], height: arguments[1] })) {
        for (const bound of [side, `min-${side}`, `max-${side}`]) {
            gBrowser.selectedBrowser.style.setProperty(bound, `${length}px`);
        }
    }
"""
# Firefox warns of each rule in the design system's style sheets that is written for other browsers.
OF_NO_MATTER = ("CSS Parser", "Layout: ")


class Firefox:
    """Firefox with its own profile."""

    name = "firefox"

    def __init__(self, folder: Path, lines: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.downloads = folder / "downloads"
        self._reader, self._writer = lines
        self._asked = 0

    async def ask(self, command: str, **told: object) -> object:
        return await self._ask(f"WebDriver:{command}", told)

    async def _ask(self, command: str, told: dict[str, object]) -> object:
        self._asked += 1
        message = json.dumps([0, self._asked, command, told]).encode()
        self._writer.write(b"%d:%b" % (len(message), message))
        _, _, wrong, answer = json.loads(await self._message())
        if wrong is not None:
            raise CommandFailed(f"{command}: {wrong['error']}: {wrong['message']}")
        return within(answer)

    async def _message(self) -> bytes:
        length = await self._reader.readuntil(b":")
        return await self._reader.readexactly(int(length[:-1]))

    async def complaints(self) -> list[str]:
        found = await self._within_the_browser(MESSAGES, "https://127.0.0.1")
        assert isinstance(found, list)
        return [str(each) for each in found if not any(word in str(each) for word in OF_NO_MATTER)]

    async def be(self, width: int, height: int) -> None:
        await self._within_the_browser(SIZE, width, height)

    async def _within_the_browser(self, script: str, *told: object) -> object:
        """Run a script with the rights of the browser's own code, which pages do not have."""
        await self._ask("Marionette:SetContext", {"value": "chrome"})
        answer = await self.ask("ExecuteScript", script=script, args=told)
        await self._ask("Marionette:SetContext", {"value": "content"})
        return answer

    async def begin(self) -> None:
        await self._message()  # its greeting
        await self.ask("NewSession", acceptInsecureCerts=True)

    async def end(self) -> None:
        await self._ask("Marionette:Quit", {"flags": ["eForceQuit"]})
        self._writer.close()


@asynccontextmanager
async def firefox(program: Path, folder: Path, *, scripts: bool = True) -> AsyncIterator[Firefox]:
    """Run Firefox until the block ends."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    chosen = PREFERENCES | {"browser.download.dir": str(folder / "downloads"), "javascript.enabled": scripts}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in chosen.items()]
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    options = ("--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(profile))
    process = await asyncio.create_subprocess_exec(
        str(program), *options, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            started = Firefox(folder, await asyncio.open_connection("127.0.0.1", await _port(profile)))
            await started.begin()
        yield started
        await started.end()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _port(profile: Path) -> int:
    told = profile / "MarionetteActivePort"
    while not (told.is_file() and told.read_text(encoding="utf-8")):  # noqa: ASYNC110  another program's file
        await asyncio.sleep(0.05)
    return int(told.read_text(encoding="utf-8"))
