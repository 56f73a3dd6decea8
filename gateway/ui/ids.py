"""Ids: what an address or a form names, and the id of what somebody is about to do."""

import secrets
from uuid import UUID

from aiohttp import web
from multidict import MultiMapping


def id_or_none(text: object) -> UUID | None:
    try:
        return UUID(hex=str(text))
    except ValueError:
        return None


def id_of(text: str) -> UUID:
    """Raises 404: what is no id is as unknown as an id that nothing has."""
    found = id_or_none(text)
    if found is None:
        raise web.HTTPNotFound
    return found


def id_in(request: web.Request, name: str) -> UUID:
    """The id that the route table calls by this name. Raises 404."""
    return id_of(request.match_info[name])


def sent_id(text: object) -> UUID:
    """An id in a form. Raises 400 for a form that is not ours."""
    found = id_or_none(text)
    if found is None:
        raise web.HTTPBadRequest
    return found


def new_command() -> UUID:
    """The id of what somebody is about to do. It is sent with the form, so that a second click does nothing twice."""
    return UUID(bytes=secrets.token_bytes(16))


def command_in(posted: MultiMapping[object], name: str = "command") -> UUID:
    """The command id that a form carried. Raises 400 for a form that is not ours."""
    return sent_id(posted.get(name, ""))
