"""The second product. One test process runs all tests of this folder, so that they may publish, filter and count."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.second.product import Second, second_product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the demo's people alone runs before what adds to them."""
    items.sort(key=lambda item: "printed" not in getattr(item, "fixturenames", ()))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def second(quick_folder: Path) -> AsyncIterator[Second]:
    """The product with a further register and a relay."""
    async with second_product(quick_folder / "second") as running:
        yield running


@pytest.fixture(scope="session")
def printed(second: Second) -> Second:
    """The second product while the demo's people are all there are."""
    return second
