"""What is kept in place of secrets: hashes of tokens, and keyed hashes of PINs and temporary passwords."""

import hashlib
import hmac
from uuid import UUID

from services.identity.rules.passwords import normalised


def hash_of(token: str) -> bytes:
    """A token is too long to be guessed, so that its plain hash keeps it."""
    return hashlib.sha256(token.encode()).digest()


class Keys:
    """Keyed by a secret outside the database: a copy of the tables alone does not give away a PIN of six digits."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("the key of PINs is 64 hex digits")
        self._secret = secret

    def pin(self, attempt_id: UUID, pin: str) -> bytes:
        """Bound to its log-in: the same digits are another value in another one."""
        return self._keyed("pin", attempt_id.bytes, pin)

    def temporary_password(self, account_id: UUID, password: str) -> bytes:
        return self._keyed("temporary", account_id.bytes, normalised(password))

    def window(self, what: str) -> bytes:
        """What a limit counts by, unreadable."""
        return self._keyed("window", b"", what)

    def _keyed(self, use: str, bound_to: bytes, text: str) -> bytes:
        return hmac.digest(self._secret, b"\0".join((use.encode(), bound_to, text.encode())), "sha256")


def same(one: bytes | None, other: bytes | None) -> bool:
    """Compared in constant time; nothing is the same as nothing."""
    return one is not None and other is not None and hmac.compare_digest(one, other)
