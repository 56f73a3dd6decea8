"""Ids that nobody can guess."""

import secrets
from uuid import UUID


def new_id() -> UUID:
    return UUID(bytes=secrets.token_bytes(16))
