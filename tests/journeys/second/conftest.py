"""Fixtures for the second product. One process runs all tests of this folder, so they may publish, filter and count."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.second.product import Second, second_product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that need the demo's people alone before those that add people."""
    items.sort(key=lambda item: "printed" not in getattr(item, "fixturenames", ()))


@pytest_asyncio.fixture(scope="package")
async def second(quick_folder: Path) -> AsyncIterator[Second]:
    """The product with a further register and a mail relay. It ends with the last test here, not with the run."""
    async with second_product(quick_folder / "second") as running:
        yield running


@pytest.fixture(scope="package")
def printed(second: Second) -> Second:
    """The second product while it holds the demo's people only."""
    return second
