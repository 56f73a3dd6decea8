"""Random ids and tokens that cannot be guessed and contain no information."""

import secrets
from uuid import UUID


def new_id() -> UUID:
    """Return a UUID of 128 random bits."""
    return UUID(bytes=secrets.token_bytes(16))


def new_token() -> str:
    """Return 256 random bits as URL-safe text, for a cookie."""
    return secrets.token_urlsafe(32)
