"""Password hashing in a bounded thread pool, so that log-ins do not slow down users who are signed in."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.identity.rules.passwords import normalised
from shared.messages import Fault, NotAnswered

WAITING_AT_MOST = 16

Given = TypeVar("Given")


@dataclass(frozen=True)
class Cost:
    """The cost of one hash. The default is OWASP's minimum for argon2id; tests use less."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


OWASP = Cost()


def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)


@cache
def _dummy(cost: Cost) -> str:
    """Return a hash of this cost that no account has. It is made once in a process, before the first log-in."""
    return _hasher(cost).hash("of nobody")


class PasswordHashes:
    """Argon2id hashes. A request is refused as busy when the pool and its queue are full."""

    def __init__(self, workers: int, waiting_at_most: int = WAITING_AT_MOST, cost: Cost = OWASP) -> None:
        self._hasher = _hasher(cost)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="passwords")
        self._most = workers + waiting_at_most
        self._in_hand = 0
        self._dummy = _dummy(cost)

    async def make(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(normalised(password)))

    async def is_right(self, known: str | None, password: str) -> bool:
        """Check a password. Without a known hash, check a dummy one, so that both cases take equally long."""
        right = await self._run(lambda: self._matches(known or self._dummy, normalised(password)))
        return right and known is not None

    def _matches(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    def check_room(self) -> None:
        """Raise `NotAnswered(busy)` when the queue is full. Call this before any other work."""
        if self._in_hand >= self._most:
            raise NotAnswered(Fault.BUSY)

    async def _run(self, work: Callable[[], Given]) -> Given:
        self.check_room()
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._in_hand -= 1
