"""The one product that all failure tests break."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.failure.rounds import Trial, trial


@pytest_asyncio.fixture(scope="package")
async def broken(quick_folder: Path) -> AsyncIterator[Trial]:
    """A running product. Each test must let it recover, or fail. It ends with the last test here."""
    async with trial(quick_folder / "broken") as started:
        yield started
