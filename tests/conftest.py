"""The shared fixtures: Postgres and NATS, started once per run, and an empty, migrated database for each test."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from xdist.remote import Producer

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.database import DatabasePool
from tests.groups import Groups, turn_of
from tests.support.connections import KeptConnections, tasks_ended
from tests.support.databases import SharedDatabase, database_copy, open_shared_database

SHARING = ("journey", "failure", "browsers", "office")
IN_MEMORY = Path("/dev/shm")
ROOM = 1_073_741_824

OpenDatabase = Callable[[str], Awaitable[DatabasePool]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-rounds", action="store_true", help="all rounds at full size, as `make test-all` does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests marked `full_rounds` unless `--full-rounds` is given, and begin with what takes longest."""
    items.sort(key=lambda item: turn_of(item.nodeid))
    if not config.getoption("--full-rounds"):
        left_out = [each for each in items if each.get_closest_marker("full_rounds")]
        items[:] = [each for each in items if each not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    return Groups(config, log)


@pytest.fixture(scope="session")
def full_rounds(pytestconfig: pytest.Config) -> bool:
    """Whether a test runs every round at full size (`make test-all`) or fewer, smaller rounds (`make test`)."""
    return bool(pytestconfig.getoption("--full-rounds"))


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A temporary folder, in memory if there is room: copying a database is fifteen times quicker there."""
    roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="ics-tests-", dir=IN_MEMORY if roomy else None) as folder:
        yield Path(folder)


@pytest.fixture
def quick_path(quick_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """A test's own folder, in memory if there is room: a database or stream on disk waits for each commit."""
    folder = quick_folder / tmp_path.name
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session")
async def parts(quick_folder: Path) -> AsyncIterator[EmbeddedParts]:
    """
    Postgres with every migration applied, and NATS with its streams.

    Tests must not connect to this database: the copies are made from it.
    """
    parts = EmbeddedParts(quick_folder / "state", durable=False)
    await parts.start()
    yield parts
    await parts.stop()


@pytest.fixture(scope="session")
def kept(parts: EmbeddedParts) -> Iterator[KeptConnections]:
    """Connections that the tests of this process use one after the other. They end before their server does."""
    kept = KeptConnections()
    yield kept
    kept.close()


@pytest.fixture(autouse=True)
async def no_task_left(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """End what a test leaves running, unless it shares the running product, browsers included, with other tests."""
    if any(request.node.get_closest_marker(name) for name in SHARING):
        yield
    else:
        async with tasks_ended():
            yield


@pytest_asyncio.fixture(scope="session")
async def shared_copy(parts: EmbeddedParts) -> AsyncIterator[SharedDatabase]:
    async with open_shared_database(parts) as shared:
        yield shared


@pytest_asyncio.fixture
async def addresses(shared_copy: SharedDatabase) -> Addresses:
    """The addresses of an empty, migrated database. `addresses.dsn("identity")` connects as that service."""
    await shared_copy.restore()
    return shared_copy.addresses


@pytest.fixture
async def own_addresses(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """The addresses of a database for one test that changes its schema, at twenty times the cost."""
    async with database_copy(parts) as own:
        yield own


@pytest.fixture
def database(addresses: Addresses, kept: KeptConnections) -> OpenDatabase:
    """`await database("identity")` is a pool with that service's own role in an empty, migrated database."""

    async def open_one(service: str) -> DatabasePool:
        return await kept.pool(addresses.dsn(service), size=4)

    return open_one
