"""The gateway's cache of sessions: kept for five seconds, and dropped at once when they are revoked."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from shared.bus.protocol import Bus
from shared.contracts.identity import FindSession, Heartbeat, SessionFound, SessionsRevoked
from shared.messages import Refused

KEPT_SECONDS = 5.0
SILENCE_SECONDS = 3.0
REVOKED_SECONDS = 60.0
KEPT_AT_MOST = 10_000


@dataclass(frozen=True)
class _Kept:
    found: SessionFound
    until: float


class SessionCache:
    """
    Exchanges session cookies for assertions at identity, and caches the answers for a few seconds.

    Without identity's heartbeat a revocation may be missed too. Then the cache is not used, and each page asks
    identity.
    """

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._kept: dict[tuple[bytes, str], _Kept] = {}
        self._revoked: dict[UUID, float] = {}
        self._heard_at = float("-inf")

    async def listen(self) -> None:
        await self._bus.hear(SessionsRevoked, self._revoke)
        await self._bus.hear(Heartbeat, self._note_heartbeat)

    async def look(self, token: str, register_code: str) -> SessionFound | None:
        """Find the session as `find` does, without extending it and without caching."""
        return await self._ask(FindSession(register_code=register_code, session_token=token, active=False))

    async def find(self, token: str, register_code: str) -> SessionFound | None:
        """Return the live session behind a cookie, or None. Raise `NotAnswered` when identity cannot be asked."""
        now = self._clock()
        key = (hashlib.sha256(token.encode()).digest(), register_code)
        kept = self._kept.get(key)
        if kept and kept.until > now and now - self._heard_at < SILENCE_SECONDS:
            return kept.found
        self._kept.pop(key, None)
        found = await self._ask(FindSession(register_code=register_code, session_token=token))
        if found is not None:
            self._keep(key, _Kept(found, now + KEPT_SECONDS))
        return found

    async def _ask(self, asking: FindSession) -> SessionFound | None:
        try:
            found = await self._bus.ask(asking)
        except Refused:
            return None
        if found.visitor.session_id in self._revoked:  # revoked while identity's answer was on its way
            return None
        return found

    def forget(self, token: str) -> None:
        """Drop the cached sessions of a cookie whose user has logged out."""
        digest = hashlib.sha256(token.encode()).digest()
        for key in [key for key in self._kept if key[0] == digest]:
            del self._kept[key]

    def _keep(self, key: tuple[bytes, str], kept: _Kept) -> None:
        if len(self._kept) >= KEPT_AT_MOST:
            self._kept.clear()
        self._kept[key] = kept

    async def _revoke(self, told: SessionsRevoked) -> None:
        now = self._clock()
        self._revoked = {session: until for session, until in self._revoked.items() if until > now}
        self._revoked.update(dict.fromkeys(told.session_ids, now + REVOKED_SECONDS))
        gone = [key for key, kept in self._kept.items() if kept.found.visitor.session_id in self._revoked]
        for key in gone:
            del self._kept[key]

    async def _note_heartbeat(self, _told: Heartbeat) -> None:
        self._heard_at = self._clock()


SESSIONS = web.AppKey("sessions", SessionCache)
