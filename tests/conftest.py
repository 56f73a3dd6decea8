"""The real Postgres and NATS, started once for a run that needs them, and a migrated database of its own for a test."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from xdist.remote import Producer

from deploy.database import copy_database, drop_database
from deploy.environment import Addresses
from deploy.stack import EmbeddedParts, addresses_in
from shared.database import DatabasePool, open_pool
from shared.messages import SERVICES
from tests.groups import Groups

IN_MEMORY = Path("/dev/shm")
ROOM = 1_073_741_824

OpenDatabase = Callable[[str], Awaitable[DatabasePool]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-rounds", action="store_true", help="all rounds at full size, as `make test-all` does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `full_rounds`, unless all rounds are asked for."""
    if not config.getoption("--full-rounds"):
        left_out = [each for each in items if each.get_closest_marker("full_rounds")]
        items[:] = [each for each in items if each not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    return Groups(config, log)


@pytest.fixture(scope="session")
def full_rounds(pytestconfig: pytest.Config) -> bool:
    """Whether a test runs all rounds at full size (`make test-all`), or fewer of a smaller size (`make test`)."""
    return bool(pytestconfig.getoption("--full-rounds"))


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is room for it: copying a database is fifteen times quicker there."""
    roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="ics-tests-", dir=IN_MEMORY if roomy else None) as folder:
        yield Path(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def parts(quick_folder: Path) -> AsyncIterator[EmbeddedParts]:
    """Postgres and NATS, migrated and with streams. Nobody connects to its database: it is what copies are made of."""
    parts = EmbeddedParts(quick_folder / "state", durable=False)
    await parts.start()
    yield parts
    await parts.stop()


@asynccontextmanager
async def database_copy(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A migrated, empty database for as long as the block lasts, by the addresses of everything in it."""
    copy = await copy_database(parts.database, f"test_{secrets.token_hex(6)}", SERVICES)
    try:
        yield addresses_in(parts, copy)
    finally:
        await drop_database(copy)


@pytest.fixture
async def addresses(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database of the test's own: `addresses.dsn("identity")` enters it as that service."""
    async with database_copy(parts) as own:
        yield own


@pytest.fixture
async def database(addresses: Addresses) -> AsyncIterator[OpenDatabase]:
    """`await database("identity")` is a pool of that service's own role in a database of the test's own."""
    async with AsyncExitStack() as opened:

        async def open_one(service: str) -> DatabasePool:
            return await opened.enter_async_context(await open_pool(addresses.dsn(service), size=4))

        yield open_one
