"""Checks of a page in the browser: accessibility, sideways scrolling, and pictures."""

import os
import re
from base64 import b64decode
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page
from pydantic import BaseModel, Field, TypeAdapter

from tests.journeys.browsing import DESKTOP, PHONE, Screen
from tests.journeys.looks import LOOKS, route_of

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
IS_THERE = "typeof axe !== 'undefined'"
RUN = "standards => axe.run({runOnly: standards, resultTypes: ['violations']}).then(found => found.violations)"

# Two deliberate exceptions of the design system, each allowed for its own element only.
FORGIVEN = {
    "aria-allowed-attr": ".nhsuk-radios__input[aria-expanded], .nhsuk-checkboxes__input[aria-expanded]",
    "label-content-name-mismatch": ".nhsuk-file-upload__button",
}


class Node(BaseModel):
    target: list[Annotated[str, Field()] | list[str]]


class Violation(BaseModel):
    """A rule of axe that does not hold, and the elements that break it."""

    id: str
    help: str
    nodes: list[Node]


FOUND = TypeAdapter(list[Violation])


async def then_everybody_can_use_it(page: Page, look: str) -> None:
    """
    Check that the page, one of `LOOKS`, needs no sideways scrolling and that axe finds no fault on a phone.

    Take a picture of each size.
    """
    path = urlsplit(page.url).path
    assert LOOKS[look] == route_of(path), f"{look} is not a look at {path}"
    await then_it_fits(page, look)
    assert [] == await barriers(page), look
    await be_on(page, DESKTOP)


DRAWN = """
document.body.classList.contains('js-enabled')
    ? new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))
    : null
"""


async def then_it_fits(page: Page, name: str) -> None:
    """Check that neither a desktop nor a phone scrolls sideways. The window keeps the phone's size."""
    await page.wait_for_load_state()  # a page may be shown before its styles are loaded
    for size in (DESKTOP, PHONE):
        await be_on(page, size)
        assert not await is_wider_than_its_screen(page), f"{name}: wider than a {size}"
        await take_picture(page, f"{name} {size}")


async def be_on(page: Page, screen: Screen) -> None:
    """Give the window this size. With scripts, the header moves its links into the menu a frame later: wait for it."""
    await page.set_viewport_size({"width": screen.width, "height": screen.height})
    await page.evaluate(DRAWN)


async def barriers(page: Page) -> list[str]:
    """Return the accessibility faults with rule and element. Needs scripts."""
    if not await page.evaluate(IS_THERE):
        await page.evaluate(AXE_SCRIPT)
    violations = FOUND.validate_python(await page.evaluate(RUN, STANDARDS))
    return [
        f"{violation.id}: {violation.help}: {selector}"
        for violation in violations
        for node in violation.nodes
        if not await _is_forgiven(page, violation.id, selector := str(node.target[-1]))
    ]


async def _is_forgiven(page: Page, rule: str, selector: str) -> bool:
    allowed = FORGIVEN.get(rule)
    return allowed is not None and await page.locator(selector).first.evaluate(
        "(element, allowed) => element.matches(allowed)", allowed
    )


async def is_wider_than_its_screen(page: Page) -> bool:
    """Return whether the page scrolls sideways. Works without scripts too."""
    box = await page.locator("html").bounding_box()
    scrolled = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return box is None or bool(scrolled)


async def take_picture(page: Page, name: str) -> None:
    """
    Save a picture of the whole page, and its path beside it, in the folder that ICS_SCREENSHOTS names, if it is set.

    The format is WebP, a third of the size of PNG, which Playwright's own screenshots do not offer.
    """
    folder = os.environ.get("ICS_SCREENSHOTS")
    if not folder:
        return
    width, height = await page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    whole = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    browser = await page.context.new_cdp_session(page)
    wanted = {"format": "webp", "quality": 50, "captureBeyondViewport": True, "clip": whole}
    taken = await browser.send("Page.captureScreenshot", wanted)
    await browser.detach()
    file = Path(folder) / f"{'-'.join(re.findall(r'[a-z0-9]+', name.lower()))}.webp"
    file.write_bytes(b64decode(taken["data"]))
    file.with_suffix(".path").write_text(urlsplit(page.url).path, encoding="utf-8")


CUT = """
[...document.querySelectorAll('.ics-panel')].filter(panel => {
    const edge = panel.getBoundingClientRect().right;
    return [...panel.querySelectorAll('*')].some(inside => inside.getBoundingClientRect().right > edge + 1);
}).length
"""


async def then_no_panel_is_cut(page: Page) -> None:
    """Check that no panel runs out of its card on any width, down to a phone of 320 pixels or a zoom of 400 %."""
    for width in (1280, 1024, 768, 390, 320):
        await page.set_viewport_size({"width": width, "height": 900})
        assert (0, False) == (await page.evaluate(CUT), await is_wider_than_its_screen(page)), width
    await be_on(page, DESKTOP)
