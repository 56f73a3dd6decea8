"""What a person does at a browser's window: open, press, type, choose and read."""

import asyncio
import os
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.browsers.engine import ELEMENT, CommandFailed, Engine
from tests.journeys.browsing import DESKTOP, PHONE, Screen

SECONDS = 20
ESCAPE = "\ue00c"
SCREENS = (PHONE, DESKTOP)


@dataclass
class Window:
    """The window of a browser, on the product at `base_url`."""

    engine: Engine
    base_url: str

    # ---------------------------------------------------------------------------------------------------- navigation
    async def open(self, path: str) -> None:
        await self.engine.ask("Navigate", url=f"{self.base_url}{path}")

    async def back(self) -> None:
        await self.engine.ask("Back")

    async def path(self) -> str:
        return urlsplit(str(await self.engine.ask("GetCurrentURL"))).path

    # ------------------------------------------------------------------------------------------------------- actions
    async def press(self, words: str) -> None:
        """Press the button with this text."""
        await self.click(f"//button[{_is(words)}]")

    async def follow(self, words: str) -> None:
        """Follow the link with this text."""
        await self.click(f"//a[{_is(words)}]")

    async def choose(self, question: str, answer: str) -> None:
        """Choose one of the answers below a question."""
        await self.click(f"{_question(question)}//label[{_is(answer)}]")

    async def pick(self, label: str, option: str) -> None:
        """Choose an option of a drop-down list."""
        await self.click(f"{_field(label)}//option[{_is(option)}]")

    async def type(self, label: str, text: str) -> None:
        """Replace the text of the field with this label."""
        await self.type_into(_field(label), text)

    async def type_date(self, question: str, *parts: str) -> None:
        for name, text in zip(("Day", "Month", "Year"), parts, strict=True):
            await self.type_into(f"{_question(question)}//input[@id=//label[{_is(name)}]/@for]", text)

    async def type_into(self, xpath: str, text: str) -> None:
        field = await self._shown(xpath)
        await self.engine.ask("ElementClear", id=field)
        if text:
            await self.engine.ask("ElementSendKeys", id=field, text=text)

    async def escape(self, words: str) -> None:
        """Press Escape while the button with this text has the focus."""
        await self.engine.ask("ElementSendKeys", id=await self._shown(f"//button[{_is(words)}]"), text=ESCAPE)

    async def click(self, xpath: str) -> None:
        await self.engine.ask("ElementClick", id=await self._shown(xpath))

    # ---------------------------------------------------------------------------------------------------------- text
    async def reads(self) -> str:
        """Return the visible text of the page."""
        found = await self._found("//body")
        return _plain(str(await self.engine.ask("GetElementText", id=found[0]))) if found else ""

    async def sees(self, *words: str) -> None:
        """Wait until all these texts are visible."""
        for each in words:
            await self._until(partial(self._can_read, each), f"{each!r} cannot be read")

    async def is_shown(self, xpath: str) -> bool:
        return any([await self._is_displayed(each) for each in await self._found(xpath)])

    async def until_gone(self, xpath: str) -> None:
        async def is_gone() -> bool:
            return not await self.is_shown(xpath)

        await self._until(is_gone, f"{xpath} is still there")

    async def is_asked(self, question: str) -> bool:
        return await self.is_shown(_question(question))

    async def value(self, label: str) -> str:
        return str(await self.engine.ask("GetElementProperty", id=await self._shown(_field(label)), name="value"))

    async def run(self, script: str) -> object:
        return await self.engine.ask("ExecuteScript", script=script, args=[])

    # --------------------------------------------------------------------------------------------- size and pictures
    async def then_it_fits(self, name: str) -> None:
        """Check that no screen scrolls sideways. Take a picture of each if ICS_SCREENSHOTS names a folder."""
        for screen in SCREENS:
            await self.be(screen)
            await self._until(self._fits, f"{name}: one must scroll sideways on a {screen}")
            await self.take_picture(f"{name} {screen}")

    async def be(self, screen: Screen) -> None:
        await self.engine.be(screen.width, screen.height)
        await self._until(lambda: self._is(screen.width), f"the page is not as wide as a {screen}")

    async def _fits(self) -> bool:
        """Return whether the page fits. After a change of size the menu first moves entries that have no room."""
        return await self.run("return document.documentElement.scrollWidth <= window.innerWidth") is True

    async def _is(self, width: int) -> bool:
        return await self.run("return window.innerWidth") == width

    async def take_picture(self, name: str) -> None:
        folder = os.environ.get("ICS_SCREENSHOTS")
        if folder:
            taken = b64decode(str(await self.engine.ask("TakeScreenshot")))
            (Path(folder) / f"{'-'.join(re.findall(r'[a-z0-9]+', name.lower()))}-{self.engine.name}.png").write_bytes(
                taken
            )

    # ------------------------------------------------------------------------------------------- waiting and finding
    async def _can_read(self, words: str) -> bool:
        return words in await self.reads()

    async def _shown(self, xpath: str) -> str:
        """Wait for a visible element and return the first."""
        seen: list[str] = []

        async def is_there() -> bool:
            seen[:] = [each for each in await self._found(xpath) if await self._is_displayed(each)]
            return bool(seen)

        await self._until(is_there, f"{xpath} is not there")
        return seen[0]

    async def _found(self, xpath: str) -> list[str]:
        found = await self.engine.ask("FindElements", using="xpath", value=xpath)
        assert isinstance(found, list)
        return [str(each[ELEMENT]) for each in found]

    async def _is_displayed(self, element: str) -> bool:
        return await self.engine.ask("IsElementDisplayed", id=element) is True

    async def _until(self, holds: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        """Wait until the condition holds. Try again if the page changes during a look."""
        try:
            async with asyncio.timeout(SECONDS):
                while not await _quietly(holds):  # noqa: ASYNC110  the page is another program's
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{otherwise} on {await self.path()}: {await self.reads()}") from None


async def _quietly(holds: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await holds()
    except CommandFailed:
        return False


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is(words: str) -> str:
    """Return the XPath condition for exactly this text, which must not contain a double quotation mark."""
    return f'normalize-space(.)="{words}"'


def _field(label: str) -> str:
    return f'//*[@id=//label[contains(normalize-space(.),"{label}")]/@for]'


def _question(words: str) -> str:
    return f'//fieldset[legend[contains(normalize-space(.),"{words}")]]'
