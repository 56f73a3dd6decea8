"""Ids and tokens that nobody can guess or learn anything from."""

import secrets
from uuid import UUID


def new_id() -> UUID:
    """128 random bits."""
    return UUID(bytes=secrets.token_bytes(16))


def new_token() -> str:
    """256 random bits, for a cookie."""
    return secrets.token_urlsafe(32)
