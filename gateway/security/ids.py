"""Ids in addresses and forms."""

from uuid import UUID

from aiohttp import web
from multidict import MultiMapping


def id_or_none(text: object) -> UUID | None:
    try:
        return UUID(hex=str(text))
    except ValueError:
        return None


def id_of(text: str) -> UUID:
    """Return the id. Raise 404 if the text is not an id, as for an id that does not exist."""
    found = id_or_none(text)
    if found is None:
        raise web.HTTPNotFound
    return found


def id_in(request: web.Request, name: str) -> UUID:
    """Return the id that the route calls by this name. Raise 404 if it is not an id."""
    return id_of(request.match_info[name])


def sent_id(text: object) -> UUID:
    """Return an id sent in a form. Raise 400 if it is not an id."""
    found = id_or_none(text)
    if found is None:
        raise web.HTTPBadRequest
    return found


def command_in(posted: MultiMapping[object], name: str = "command") -> UUID:
    """Return the command id that a form sent. Raise 400 if it is not an id."""
    return sent_id(posted.get(name, ""))


def task_and_command(sent: object) -> tuple[UUID, UUID]:
    """Return the ids of the task and of the command in the value of a "seen" button. Raise 400 if malformed."""
    task, _, command = str(sent).partition("-")
    return sent_id(task), sent_id(command)
