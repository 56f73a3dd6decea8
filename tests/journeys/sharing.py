"""Shares one running product among all test processes of a run, by locks on files."""

import asyncio
import faulthandler
import fcntl
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.product import Product, product


@asynccontextmanager
async def locked(file: Path, kind: int = fcntl.LOCK_EX) -> AsyncIterator[None]:
    """Hold a lock on a file among all processes. The system frees it if this process dies."""
    with file.open("a") as opened:
        while not _is_taken(opened.fileno(), kind):  # noqa: ASYNC110  another process frees it
            await asyncio.sleep(0.02)
        yield


def _is_taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True)
class Shared:
    """
    The product that the first process starts and the others join. The first one stops it when all are done.

    `folder` is the same for all processes of a run.
    """

    folder: Path

    @asynccontextmanager
    async def product(self, state: Path, *options: str) -> AsyncIterator[Product]:
        """Start the product in this state folder, or join the one that runs."""
        async with AsyncExitStack() as held:
            async with locked(self._starting):
                if self._address.exists():
                    await held.enter_async_context(locked(self._users, fcntl.LOCK_SH))
                    running = self._read()
                else:
                    running = await held.enter_async_context(product(state, *options))
                    held.push_async_callback(self._wait_for_users)
                    self._write(running)
            yield running

    @property
    def _starting(self) -> Path:
        return self.folder / "product.starting"

    @property
    def _users(self) -> Path:
        return self.folder / "product.users"

    @property
    def _address(self) -> Path:
        return self.folder / "product.json"

    def _read(self) -> Product:
        known = json.loads(self._address.read_text(encoding="utf-8"))
        return Product(Path(known["folder"]), known["pid"], known["base_url"])

    def _write(self, running: Product) -> None:
        known = {"folder": str(running.folder), "pid": running.pid, "base_url": running.base_url}
        self._address.write_text(json.dumps(known), encoding="utf-8")

    async def _wait_for_users(self) -> None:
        """
        Stop further processes from joining, and wait for those that have joined.

        Cancel the time limit of a single test, because the wait may be longer.
        """
        faulthandler.cancel_dump_traceback_later()
        async with locked(self._starting):
            self._address.unlink()
        async with locked(self._users):
            pass
