"""The proof that a form was sent from our own page: a token bound to the visitor's cookie, and the browser's word."""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from aiohttp import web

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class FormTooOld(web.HTTPForbidden):
    """The form's token is not this session's: an older session's, or a forgery."""


def new_secret() -> str:
    """What a stranger's form cookie holds; a visitor's token is bound to the session cookie instead."""
    return secrets.token_urlsafe(32)


def token_for(cookie: str) -> str:
    """The token that belongs to a cookie. Nobody who cannot read the cookie can make it."""
    return hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()


def is_same_origin(request: web.Request, public_url: str) -> bool:
    """Whether the browser says that our own page sent this. Programs that send neither header pass to the token."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in {request.host, urlsplit(public_url).netloc} - {""}


def is_surely_ours(request: web.Request, public_url: str) -> bool:
    """As `is_same_origin`, on the browser's own word: what says nothing is not shown what it sent."""
    return is_same_origin(request, public_url) and bool({"Sec-Fetch-Site", "Origin"} & request.headers.keys())


async def is_our_form(request: web.Request, expected: str, public_url: str) -> bool:
    """Whether an unsafe request carries the visitor's token and comes from our own pages."""
    if not is_same_origin(request, public_url):
        return False
    sent = request.headers.get(HEADER) or str((await request.post()).get(FIELD, ""))
    return hmac.compare_digest(sent.encode(), expected.encode())
