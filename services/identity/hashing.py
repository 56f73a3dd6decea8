"""Password hashing away from the event loop, in a bounded pool: log-ins cannot starve those who are in already."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.identity.rules.passwords import normalised
from shared.messages import Fault, NotAnswered

WAITING_AT_MOST = 16

Given = TypeVar("Given")


@dataclass(frozen=True)
class Cost:
    """What one hash costs. The default is what OWASP asks of argon2id at the least; tests take less."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


OWASP = Cost()


class PasswordHashes:
    """Argon2id. Whoever comes when the pool is full and the queue long is told that we are busy."""

    def __init__(self, workers: int, waiting_at_most: int = WAITING_AT_MOST, cost: Cost = OWASP) -> None:
        self._hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="passwords")
        self._most = workers + waiting_at_most
        self._in_hand = 0
        self._dummy = self._hasher.hash("of nobody")

    async def make(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(normalised(password)))

    async def is_right(self, known: str | None, password: str) -> bool:
        """Takes as long for nobody's password as for somebody's: without a hash, that of nobody is checked."""
        right = await self._run(lambda: self._matches(known or self._dummy, normalised(password)))
        return right and known is not None

    def _matches(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    def check_room(self) -> None:
        """Raises `NotAnswered(busy)` when nobody can wait any more: asked before anything else is done."""
        if self._in_hand >= self._most:
            raise NotAnswered(Fault.BUSY)

    async def _run(self, work: Callable[[], Given]) -> Given:
        self.check_room()
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._in_hand -= 1
