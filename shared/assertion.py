"""The signed assertion of who asks, sent in a header of every guarded request."""

import base64
import binascii
import time
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

import msgpack
from nacl import bindings
from nacl.exceptions import BadSignatureError
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.messages import Fault, NotAnswered
from shared.permissions import Caller, Visitor

LIFE_SECONDS = 60
LEEWAY_SECONDS = 5
REMEMBERED = 10_000
IDENTITY = "identity"


class Claims(BaseModel):
    """The signed content. Exactly one of `visitor` and `caller` is set; only identity may sign for a visitor."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    audiences: tuple[str, ...]
    expires_at: int
    visitor: Visitor | None = None
    caller: Caller | None = None


class Signer:
    """Signs assertions for one process: identity for its visitors, a service for itself. The gateway cannot sign."""

    def __init__(self, key_id: str, seed: bytes, clock: Callable[[], float] = time.time) -> None:
        self.key_id = key_id
        _, self._secret = bindings.crypto_sign_seed_keypair(seed)
        self._clock = clock

    def sign_visitor(self, visitor: Visitor, audiences: tuple[str, ...]) -> str:
        return self._sign(Claims(audiences=audiences, expires_at=self._expiry(), visitor=visitor))

    def sign_caller(self, caller: Caller, audience: str) -> str:
        return self._sign(Claims(audiences=(audience,), expires_at=self._expiry(), caller=caller))

    def _expiry(self) -> int:
        return int(self._clock()) + LIFE_SECONDS

    def _sign(self, claims: Claims) -> str:
        packed: bytes = msgpack.packb(claims.model_dump(mode="json"))
        signed = bindings.crypto_sign(packed, self._secret)
        return f"{self.key_id}.{base64.urlsafe_b64encode(signed).decode()}"


def public_key(seed: bytes) -> bytes:
    """Return the Ed25519 public key that belongs to a 32-byte seed."""
    return bindings.crypto_sign_seed_keypair(seed)[0]


class Verifier:
    """
    Verifies assertions addressed to one service, and caches the valid ones.

    Each use of a cached assertion checks its expiry and its session again. A revoked session stays listed until every
    assertion of that session has expired. Refusals are never cached.
    """

    def __init__(self, audience: str, keys: Mapping[str, bytes], clock: Callable[[], float] = time.time) -> None:
        self._audience = audience
        self._keys = dict(keys)
        self._clock = clock
        self._remembered: dict[str, Claims] = {}
        self._revoked: dict[UUID, float] = {}

    def verify(self, token: str | None) -> Claims:
        """Return the claims of a valid assertion. Raise `NotAnswered(not_signed_in)` for any other."""
        if not token:
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        claims = self._remembered.get(token) or self._open(token)
        if claims.expires_at + LEEWAY_SECONDS < self._clock() or self._audience not in claims.audiences:
            self._remembered.pop(token, None)
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        if claims.visitor and claims.visitor.session_id in self._revoked:
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        self._remember(token, claims)
        return claims

    def revoke(self, session_ids: Iterable[UUID]) -> None:
        """Refuse these sessions from now on. Drop entries that are older than the life of an assertion."""
        now = self._clock()
        self._revoked = {session: until for session, until in self._revoked.items() if until > now}
        self._revoked.update(dict.fromkeys(session_ids, now + LIFE_SECONDS + 2 * LEEWAY_SECONDS))

    def _remember(self, token: str, claims: Claims) -> None:
        if token not in self._remembered and len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = claims

    def _open(self, token: str) -> Claims:
        key_id, _, signed = token.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            raise NotAnswered(Fault.NOT_SIGNED_IN)
        try:
            packed = bindings.crypto_sign_open(base64.b64decode(signed, altchars=b"-_", validate=True), key)
            claims = Claims.model_validate(msgpack.unpackb(packed))
        except (BadSignatureError, binascii.Error, ValueError, ValidationError):
            raise NotAnswered(Fault.NOT_SIGNED_IN) from None
        _check_signer(key_id, claims)
        return claims


def _check_signer(key_id: str, claims: Claims) -> None:
    """Check that only identity signs for a visitor, and that a service signs for itself alone."""
    speaks_for_person = claims.visitor is not None and claims.caller is None and key_id == IDENTITY
    speaks_for_itself = claims.caller is not None and claims.visitor is None and claims.caller.service == key_id
    if not (speaks_for_person or speaks_for_itself):
        raise NotAnswered(Fault.NOT_SIGNED_IN)
