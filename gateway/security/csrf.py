"""Protection against forged forms: a token bound to the cookie and the user, and the browser's origin headers."""

import hashlib
import hmac
import secrets
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

from gateway.security.posted import read_form

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROOF_DIGITS = 64
MARK_DIGITS = 32


class FormTooOld(web.HTTPForbidden):
    """The form's token does not fit this session: it is from an older session, or forged."""


class NoCookie(FormTooOld):
    """The browser sent none of our cookies: it stores none, or has deleted them since the page was rendered."""


class SomebodyElses(FormTooOld):
    """The form was rendered for another user than the one who is logged in now."""


def new_secret() -> str:
    """
    Return a value for the form cookie of a visitor who is not logged in. After log-in, tokens are bound to the session
    cookie.
    """
    return secrets.token_urlsafe(32)


@lru_cache(maxsize=1000)
def mark_of(user_id: UUID) -> str:
    """Return the mark of a user: the same in every session, and not reversible because user ids are random."""
    return hmac.new(user_id.bytes, b"form", hashlib.sha256).hexdigest()[:MARK_DIGITS]


def token_for(cookie: str, holder: str = "") -> str:
    """
    Return the token that belongs to a cookie. It cannot be made without reading the cookie.

    `holder` is the mark of the user who is logged in, so that a page left open still names its user.
    """
    return hmac.new(cookie.encode(), b"form" + holder.encode(), hashlib.sha256).hexdigest() + holder


def holder_in(token: str) -> str:
    """Return the mark of the user for whom a form was rendered; empty if the visitor was not logged in."""
    return token[PROOF_DIGITS:]


def without_proof(token: str) -> str:
    """Return a token that names the same user but is valid in no session."""
    return "0" * PROOF_DIGITS + holder_in(token)


def is_same_origin(request: web.Request, public_url: str) -> bool:
    """
    Return whether the browser's headers allow that our own page sent this. A request without these headers passes; its
    token decides.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in {request.host, urlsplit(public_url).netloc} - {""}


def is_surely_ours(request: web.Request, public_url: str) -> bool:
    """
    Return whether the browser confirms that our own page sent this. Unlike `is_same_origin`, missing headers do not
    pass.
    """
    return is_same_origin(request, public_url) and bool({"Sec-Fetch-Site", "Origin"} & request.headers.keys())


async def is_our_form(request: web.Request, expected: str, public_url: str) -> bool:
    """Return whether an unsafe request has the expected token and comes from our own pages."""
    if not is_same_origin(request, public_url):
        return False
    return hmac.compare_digest((await token_sent(request)).encode(), expected.encode())


async def token_sent(request: web.Request) -> str:
    return request.headers.get(HEADER) or str((await read_form(request)).get(FIELD, ""))
