"""The page that a user was on when their session ended; only that user returns to it after the next log-in."""

import re

from aiohttp import web

from gateway.security import cookies, csrf
from shared.permissions import Visitor
from shared.registers.definition.register import Definition

ADDRESS = re.compile(r"/[\w-]+(/[\w-]+)+/?", re.ASCII)  # a plain path: no host, no query, no ".."


def remember(request: web.Request, response: web.StreamResponse, visitor: Visitor) -> None:
    """Store the page in a cookie if the user is looking at it: not script requests, not files."""
    is_page = response.status == 200 and response.content_type == "text/html"
    if is_page and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        _put(request, response, csrf.mark_of(visitor.user_id))


def move(request: web.Request, response: web.StreamResponse) -> None:
    """Replace the stored page with the one now asked for, when the user must log in first. The owner stays the same."""
    holder, _ = _read(request)
    if holder:
        _put(request, response, holder)


def page_of(request: web.Request, register: Definition, visitor: Visitor) -> str | None:
    """Return where this visitor was in this register; None if nothing is stored or it is another user's."""
    holder, path = _read(request)
    is_theirs = holder == csrf.mark_of(visitor.user_id)
    return path if is_theirs and path.startswith(f"/{register.code}/") and ADDRESS.fullmatch(path) else None


def is_there(request: web.Request) -> bool:
    return cookies.read(request, cookies.PAGE) is not None


def forget(response: web.StreamResponse) -> None:
    cookies.drop(response, cookies.PAGE)


def _read(request: web.Request) -> tuple[str, str]:
    """Return the owner's mark and the path. Both are untrusted."""
    holder, _, path = (cookies.read(request, cookies.PAGE) or "").partition(".")
    return holder, path


def _put(request: web.Request, response: web.StreamResponse, holder: str) -> None:
    value = f"{holder}.{request.path}"
    if len(value) <= cookies.LONGEST and value != cookies.read(request, cookies.PAGE):
        cookies.put(response, cookies.PAGE, value)
