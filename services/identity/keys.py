"""What is stored in place of secrets: hashes of tokens, keyed hashes of short secrets, encrypted secrets of apps."""

import hashlib
import hmac
from uuid import UUID

from nacl.secret import Aead

from services.identity.rules.passwords import normalised


def hash_of(token: str) -> bytes:
    """Return a plain hash. This protects a token well enough, because a token is too long to guess."""
    return hashlib.sha256(token.encode()).digest()


class Keys:
    """Hashes with a key from outside the database. A copy of the tables alone does not reveal a six-digit PIN."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("the key of PINs is 64 hex digits")
        self._secret = secret
        self._aead = Aead(self._keyed("app", b"", ""))

    def pin(self, attempt_id: UUID, pin: str) -> bytes:
        """Return the hash of a PIN. It is bound to one log-in: the same PIN has another hash in another log-in."""
        return self._keyed("pin", attempt_id.bytes, pin)

    def temporary_password(self, account_id: UUID, password: str) -> bytes:
        return self._keyed("temporary", account_id.bytes, normalised(password))

    def recovery_code(self, account_id: UUID, code: str) -> bytes:
        return self._keyed("recovery", account_id.bytes, code)

    def seal(self, account_id: UUID, secret: str) -> bytes:
        """Encrypt the secret of an app. It is bound to its account: in another row it cannot be decrypted."""
        return bytes(self._aead.encrypt(secret.encode(), account_id.bytes))

    def unseal(self, account_id: UUID, sealed: bytes) -> str:
        """Decrypt the secret of an app. Raise `CryptoError` if it belongs to another account or another key."""
        return self._aead.decrypt(sealed, account_id.bytes).decode()

    def window(self, what: str) -> bytes:
        """Return the key that a limit counts under, without revealing what it is made of."""
        return self._keyed("window", b"", what)

    def _keyed(self, use: str, bound_to: bytes, text: str) -> bytes:
        return hmac.digest(self._secret, b"\0".join((use.encode(), bound_to, text.encode())), "sha256")


def same(one: bytes | None, other: bytes | None) -> bool:
    """Compare in constant time. None is equal to nothing, not even to None."""
    return one is not None and other is not None and hmac.compare_digest(one, other)
