"""
The page to open after a log-in: the one that was asked for without a session, or the one where a session ended.

One cookie holds it, as `owner.page`. The owner decides who gets it:

- a user's mark: the session of this user ended there;
- `NOBODY`: it was asked for without a session, and nobody has logged in yet;
- `CLAIMED` and a hash: an email address has begun to log in for it;
- `BACK` or `LINK` and a mark: the log-in is done, and the page has not been shown yet.
"""

import hashlib
import hmac
import re

from aiohttp import web
from yarl import URL

from gateway.security import cookies, csrf
from gateway.ui.actions import NOTICE
from shared.permissions import Visitor
from shared.registers.definition.register import Definition

ADDRESS = re.compile(r"/[\w-]+(/[\w-]+)+/?", re.ASCII)  # a plain path: no host, no query, no ".."
QUERY = re.compile(r"[\w=&%.+-]{1,100}", re.ASCII)
MARK = re.compile(r"[0-9a-f]{32}")
NOBODY, CLAIMED, BACK, LINK = "nobody", "claimed-", "back-", "link-"
CLAIMED_PAGE = web.RequestKey("claimed_page", str)
ASKED_SECONDS = 60 * 60
SAID_ONCE = frozenset({NOTICE, "seen", "taken"})  # what a page says about the button pressed before
FROM_OUTSIDE = frozenset({"none", "cross-site", "same-site"})


def remember(request: web.Request, response: web.StreamResponse, visitor: Visitor) -> None:
    """Store the page in a cookie if the user is looking at it: not script requests, not files."""
    is_page = response.status == 200 and response.content_type == "text/html"
    if is_page and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        _put(request, response, csrf.mark_of(visitor.user_id), request.path)


def ask_for(request: web.Request, response: web.StreamResponse) -> None:
    """
    Store the page now asked for, because the user must log in first. An address that no page of ours has is not stored.

    A page that was open when a session ended may ask for it. Then it belongs to the user of that session. A link from
    elsewhere, such as a mail, belongs to the user who logs in for it.
    """
    if not ADDRESS.fullmatch(request.path):
        return
    owner, page = _read(request)
    if MARK.fullmatch(owner) and (page == request.path or not _is_from_outside(request)):
        _put(request, response, owner, request.path)
    else:
        _put(request, response, NOBODY, request.path + _query(request), seconds=ASKED_SECONDS)


def claim(request: web.Request, response: web.StreamResponse, email: str) -> None:
    """Bind the page asked for to this address, which has begun to log in. Drop it if another address began before."""
    owner, page = _read(request)
    claimed = _claim_of(request, email)
    if owner in (NOBODY, claimed):
        _put(request, response, claimed, page, seconds=ASKED_SECONDS)
    elif owner.startswith(CLAIMED):
        forget(response)


def claim_at_once(request: web.Request, email: str) -> None:
    """
    Bind the page asked for to this address, for a log-in that this request completes.

    As with `claim`, a page for which another address began to log in is dropped.
    """
    owner, page = _read(request)
    claimed = _claim_of(request, email)
    if owner == NOBODY:
        request[CLAIMED_PAGE] = f"{claimed}.{page}"
    elif owner.startswith(CLAIMED) and owner != claimed:
        request[CLAIMED_PAGE] = f"{NOBODY}."


def begin_afresh(request: web.Request, response: web.StreamResponse) -> None:
    """
    Drop a page that was asked for if nobody has begun to log in for it.

    For pages at which a visitor begins: the one who opens them may not be the one who asked.
    """
    owner, _ = _read(request)
    if owner == NOBODY:
        forget(response)


def is_opened_afresh(request: web.Request) -> bool:
    """Return whether the visitor came to the log-in page by its own address, and not from one of our pages."""
    return NOTICE not in request.query and _is_from_outside(request)


def page_of(request: web.Request, register: Definition, visitor: Visitor) -> str | None:
    """Return the page of this register that the visitor gets after the log-in; None if none is theirs."""
    owner, page = _read(request)
    mark = csrf.mark_of(visitor.user_id)
    is_theirs = owner in (mark, BACK + mark, LINK + mark) or owner.startswith(CLAIMED)
    return page if is_theirs and _is_address(register, page, plain=not _is_link(owner)) else None


def lead_to(request: web.Request, response: web.StreamResponse, page: str, visitor: Visitor) -> None:
    """Note that the response leads to the stored page, until the page is shown."""
    owner, _ = _read(request)
    _put(request, response, (LINK if _is_link(owner) else BACK) + csrf.mark_of(visitor.user_id), page)


def page_not_shown_yet(request: web.Request, register: Definition, visitor: Visitor) -> str | None:
    """Return the page to which the last log-in led, as long as it has not been shown."""
    owner, _ = _read(request)
    return page_of(request, register, visitor) if owner.startswith((BACK, LINK)) else None


def leads_back(request: web.Request, visitor: Visitor) -> bool:
    """Return whether a log-in has just led this user back to this page, where an earlier session ended."""
    return _read(request) == (BACK + csrf.mark_of(visitor.user_id), request.path)


def is_there(request: web.Request) -> bool:
    return cookies.read(request, cookies.PAGE) is not None


def forget(response: web.StreamResponse) -> None:
    cookies.drop(response, cookies.PAGE)


def _is_link(owner: str) -> bool:
    return owner.startswith((CLAIMED, LINK))


def _is_from_outside(request: web.Request) -> bool:
    """Return whether the browser says that none of our pages led to this request, but a mail, a bookmark or typing."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") in FROM_OUTSIDE


def _is_address(register: Definition, page: str, *, plain: bool) -> bool:
    path, _, query = page.partition("?")
    is_ours = path.startswith(f"/{register.code}/") and bool(ADDRESS.fullmatch(path))
    return is_ours and (path == page if plain else path == page or bool(QUERY.fullmatch(query)))


def _query(request: web.Request) -> str:
    """Return the query of the address without what is said once; empty if it is unusual or long."""
    kept = [(name, value) for name, value in request.query.items() if name not in SAID_ONCE]
    query = URL.build(query=kept).raw_query_string
    return f"?{query}" if QUERY.fullmatch(query) else ""


def _claim_of(request: web.Request, email: str) -> str:
    """Return the owner that stands for an address. The browser's own secret keeps the hash from being guessed."""
    secret = cookies.read(request, cookies.FORM) or ""
    return CLAIMED + hmac.new(secret.encode(), email.strip().casefold().encode(), hashlib.sha256).hexdigest()[:32]


def _read(request: web.Request) -> tuple[str, str]:
    """Return the owner and the page. Both are untrusted."""
    owner, _, page = (request.get(CLAIMED_PAGE) or cookies.read(request, cookies.PAGE) or "").partition(".")
    return owner, page


def _put(
    request: web.Request, response: web.StreamResponse, owner: str, page: str, *, seconds: int | None = None
) -> None:
    value = f"{owner}.{page}"
    if len(value) <= cookies.LONGEST and value != cookies.read(request, cookies.PAGE):
        cookies.put(response, cookies.PAGE, value, seconds=seconds)
