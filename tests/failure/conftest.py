"""One product for everything that is broken on purpose."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.failure.rounds import Trial, trial


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broken(quick_folder: Path) -> AsyncIterator[Trial]:
    """It mends itself after each test, or the test fails."""
    async with trial(quick_folder / "broken") as started:
        yield started
