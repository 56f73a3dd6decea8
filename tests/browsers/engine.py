"""The interface of a browser in these tests: it takes WebDriver's commands and reports the errors of pages."""

from pathlib import Path
from typing import Protocol

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's key for an element's id
START_SECONDS = 60


class CommandFailed(Exception):
    """A command that the browser refused, with its reason, such as `no such element` or `element not interactable`."""


class Engine(Protocol):
    """A started browser with one window."""

    name: str
    downloads: Path

    async def ask(self, command: str, **told: object) -> object:
        """Send a WebDriver command by its name in Firefox, such as `ElementClick`. Raises `CommandFailed`."""

    async def be(self, width: int, height: int) -> None:
        """Give the page this size in pixels, without the browser's own bars around it."""

    async def complaints(self) -> list[str]:
        """Return the errors so far: scripts that failed, and files that the content policy blocked."""


def within(answer: object) -> object:
    """Return the value of an answer, which most commands wrap in an object."""
    return answer["value"] if isinstance(answer, dict) and set(answer) == {"value"} else answer
