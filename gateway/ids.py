"""Ids as pages are asked for by them: opaque, and as unknown as an id of nothing where they are none."""

from uuid import UUID

from aiohttp import web


def id_of(text: str) -> UUID:
    """Raises 404 for what is no id."""
    try:
        return UUID(hex=text)
    except ValueError:
        raise web.HTTPNotFound from None


def id_in(request: web.Request, name: str) -> UUID:
    """That of the address which stands under this name in the route table. Raises 404."""
    return id_of(request.match_info[name])
