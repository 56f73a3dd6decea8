"""What a browser is to these tests: something that takes WebDriver's commands, and keeps what it complained of."""

from pathlib import Path
from typing import Protocol

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name for "this is an element"
START_SECONDS = 60


class CommandFailed(Exception):
    """The browser's own word for why: `no such element`, `element not interactable`."""


class Engine(Protocol):
    """A started browser with one window."""

    name: str
    downloads: Path

    async def ask(self, command: str, **told: object) -> object:
        """WebDriver's command by its name in Firefox, such as `ElementClick`. Raises `CommandFailed`."""

    async def be(self, width: int, height: int) -> None:
        """The page as large as this; around it stands more or less of the browser's own."""

    async def complaints(self) -> list[str]:
        """What it has complained of so far: scripts that failed, files that the policy blocked."""


def within(answer: object) -> object:
    """Most answers are wrapped once more."""
    return answer["value"] if isinstance(answer, dict) and set(answer) == {"value"} else answer
