"""The proof that a form is ours, and whose: a token of the visitor's cookie and person, and the browser's word."""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROOF_DIGITS = 64
MARK_DIGITS = 32


class FormTooOld(web.HTTPForbidden):
    """The form's token is not this session's: an older session's, or a forgery."""


class NoCookie(FormTooOld):
    """The browser sent none of our cookies: it keeps none, or they are gone since the form was drawn."""


class SomebodyElses(FormTooOld):
    """The form was drawn for another person than the one who is logged in now."""


def new_secret() -> str:
    """What a stranger's form cookie holds; a visitor's token is bound to the session cookie instead."""
    return secrets.token_urlsafe(32)


def mark_of(user_id: UUID) -> str:
    """The same in every session of a person. The id is random, so that nobody finds it from its mark."""
    return hmac.new(user_id.bytes, b"form", hashlib.sha256).hexdigest()[:MARK_DIGITS]


def token_for(cookie: str, holder: str = "") -> str:
    """
    The token that belongs to a cookie. Nobody who cannot read the cookie can make it.

    `holder` is the mark of who is logged in: a page that is left open still says whose it was.
    """
    return hmac.new(cookie.encode(), b"form" + holder.encode(), hashlib.sha256).hexdigest() + holder


def holder_in(token: str) -> str:
    """The mark of the person for whom a form was drawn; empty for a stranger's."""
    return token[PROOF_DIGITS:]


def without_proof(token: str) -> str:
    """Still says whose a form is, and is taken in no session."""
    return "0" * PROOF_DIGITS + holder_in(token)


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
    return hmac.compare_digest((await token_sent(request)).encode(), expected.encode())


async def token_sent(request: web.Request) -> str:
    return request.headers.get(HEADER) or str((await request.post()).get(FIELD, ""))
