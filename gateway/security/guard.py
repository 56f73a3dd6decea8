"""The middleware that checks session, permission and form token before a page's own code runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.keys import ASSERTION, CSRF_TOKEN, PUBLIC_URL, REGISTER, REGISTERS, SENT_AGAIN, VISITOR
from gateway.security import cookies, csrf, return_to
from gateway.security.posted import read_form
from gateway.security.session_timeout import time_out_of
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import see_other
from gateway.ui.masthead import MASTHEAD, SIGNED_IN
from gateway.ui.navigation import PATHS, masthead_of, signed_in_as
from gateway.ui.static import FRONT_END
from gateway.ui.time_out import TIME_OUT
from shared import log
from shared.clock import utc_now
from shared.contracts.identity import SessionFound
from shared.messages import Refused
from shared.permissions import Permission
from shared.registers.definition.register import Definition

APP = "account/app"
PASSIVE = "X-Passive"  # sent by scripts that poll: does not extend the session

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RegisterUnavailable(web.HTTPServiceUnavailable):
    """The register's files need mending. `contact` is whom users may ask; it may be empty."""

    def __init__(self, contact: str) -> None:
        super().__init__()
        self.contact = contact


class Anyone(Enum):
    """The policy of a page that needs no log-in."""

    ANYONE = "anyone"


ANYONE = Anyone.ANYONE


@dataclass(frozen=True)
class PageRoute:
    """
    One row of the route table. Every page has a policy; of several permissions one is enough.

    `before_change` means that the page is open while a temporary password has not been changed, or an authenticator app
    must be added. `before_app`: only while an app must be added. Both kinds of page take secrets. `is_data` means that
    it is no page to look at: a file, or values for a script. `streams`: the page itself reads the file that it is
    sent, so that no more than a part of it is in memory. Its form token comes before the file.
    """

    method: str
    path: str
    handler: Handler
    policy: Permission | frozenset[Permission] | Anyone
    before_change: bool = False
    before_app: bool = False
    is_data: bool = False
    streams: bool = False

    @property
    def may_be_sent_again(self) -> bool:
        """Whether an error page may keep what was sent. Never for log-in details, passwords, codes or large files."""
        return self.policy is not ANYONE and not (self.before_change or self.before_app or self.streams)

    @property
    def may_be_returned_to(self) -> bool:
        """Whether a user returns to this page on logging in again after their session ended."""
        return self.may_be_asked_for and self.may_be_sent_again

    @property
    def may_be_asked_for(self) -> bool:
        """Whether a visitor who asks for this page without a session comes to it after the log-in."""
        return self.method == "GET" and self.policy is not ANYONE and not self.is_data

    def is_open_to(self, permissions: frozenset[Permission]) -> bool:
        if isinstance(self.policy, Anyone):
            return True
        wanted = self.policy if isinstance(self.policy, frozenset) else frozenset({self.policy})
        return bool(wanted & permissions)


def guard(pages: Sequence[PageRoute]) -> Middleware:
    """
    Return the middleware that lets visitors through to the pages of this table that they may use, and to no other.
    """
    table = {(page.method, page.path): page for page in pages}

    @web.middleware
    async def at_the_door(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None or resource.name == FRONT_END:  # aiohttp's own "not found"; public front-end files
            return await handler(request)
        page = table.get(("GET" if request.method == "HEAD" else request.method, resource.canonical))
        if page is None:
            raise web.HTTPNotFound
        if page.method not in csrf.SAFE_METHODS:
            await read_form(request, streams=page.streams)
        request[SENT_AGAIN] = page.may_be_sent_again
        found = await _find_session(request, _find_register(request))
        if found is not None and page.method not in csrf.SAFE_METHODS:
            await _stop_somebody_elses(request, found)
        turned_away = _turn_away(request, page, found)
        if turned_away is not None:
            return turned_away
        return await _let_in(request, handler, page, found)

    return at_the_door


def _find_register(request: web.Request) -> Definition | None:
    """
    Return the register that the address names; None if it names none.

    Raise 404 for an unknown register, and `RegisterUnavailable` for one that is not served.
    """
    code = request.match_info.get("register")
    if code is None:
        return None
    registers = request.config_dict[REGISTERS]
    if code not in registers or registers.is_withheld(code):
        contact = registers.whom_to_ask(code)
        raise web.HTTPNotFound if contact is None else RegisterUnavailable(contact)
    request[REGISTER] = register = registers.find(code)
    log.register_code.set(code)
    return register


async def _find_session(request: web.Request, register: Definition | None) -> SessionFound | None:
    token = cookies.read(request, cookies.SESSION)
    sessions = request.config_dict[SESSIONS]
    find = sessions.look if PASSIVE in request.headers else sessions.find
    found = await find(token, register.code) if token and register else None
    if token and register and found is not None:
        request[TIME_OUT] = time_out_of(register, found, utc_now())
        request[VISITOR] = found.visitor
        request[ASSERTION] = found.assertion
        request[CSRF_TOKEN] = _token_for(token, found)  # error pages have a form too: the log-out button
    if register is not None:
        visitor = found.visitor if found else None
        request[MASTHEAD] = partial(masthead_of, register, visitor, request.path)
        request[SIGNED_IN] = partial(signed_in_as, register, visitor)
    return found


async def _stop_somebody_elses(request: web.Request, found: SessionFound) -> None:
    """
    Reject a form that was rendered for another user (shared computer): neither run nor echo it.

    This comes before any other refusal, because error pages echo what was sent. A form that does not say whose it is
    counts as old and is not echoed either.
    """
    holder = csrf.holder_in(await csrf.token_sent(request)) if request[SENT_AGAIN] else ""
    request[SENT_AGAIN] = holder == csrf.mark_of(found.visitor.user_id)
    if holder and not request[SENT_AGAIN]:
        raise csrf.SomebodyElses


def _turn_away(request: web.Request, page: PageRoute, found: SessionFound | None) -> web.Response | None:
    """
    Return where to send a visitor who may not use the page; None if they may.

    Raise 401 for a form without a session, and 403 for a user without the permission.
    """
    if page.policy is ANYONE:
        return None
    if found is None:
        if request.method in csrf.SAFE_METHODS:
            return _to_login(request, page)
        raise web.HTTPUnauthorized
    if found.visitor.must_change and not page.before_change:
        return see_other(request[REGISTER].address(PATHS["password"]))
    if found.visitor.must_add_app and not (page.before_change or page.before_app):
        return see_other(request[REGISTER].address(APP))
    if not page.is_open_to(found.visitor.permissions):
        raise web.HTTPForbidden
    return None


def _to_login(request: web.Request, page: PageRoute) -> web.Response:
    """Redirect to the log-in page, which says why. The page asked for opens after the log-in."""
    why = "ended" if cookies.SESSION in request.cookies else "asked" if page.may_be_asked_for else ""
    response = see_other(request[REGISTER].address("login/"), why)
    if page.may_be_asked_for:
        return_to.ask_for(request, response)
    return response


async def _let_in(
    request: web.Request, handler: Handler, page: PageRoute, found: SessionFound | None
) -> web.StreamResponse:
    """
    Check the form's token and run the page. Give a browser without a cookie one that the next token can be bound to.
    """
    bound_to = cookies.read(request, cookies.SESSION if found else cookies.FORM)
    fresh = "" if bound_to else csrf.new_secret()
    request[CSRF_TOKEN] = _token_for(bound_to or fresh, found)
    if page.method not in csrf.SAFE_METHODS and not await _is_our_form(request, page):
        raise csrf.FormTooOld if bound_to else csrf.NoCookie
    response = await _run(request, handler, found)
    if fresh and not response.prepared:
        cookies.put(response, cookies.FORM, fresh)
    if found and page.may_be_returned_to and not response.prepared:
        return_to.remember(request, response, found.visitor)
    return response


async def _run(request: web.Request, handler: Handler, found: SessionFound | None) -> web.StreamResponse:
    """
    Run the page.

    If a log-in has just led back to it, and it has gone since the session ended, redirect to the home page.
    """
    try:
        return await handler(request)
    except (web.HTTPNotFound, Refused) as missing:
        is_missing = isinstance(missing, web.HTTPNotFound) or missing.code == "not_found"
        if found is None or not is_missing or not return_to.leads_back(request, found.visitor):
            raise
    response = see_other(request[REGISTER].address(PATHS["home"]), "gone")
    return_to.forget(response)
    return response


def _token_for(cookie: str, found: SessionFound | None) -> str:
    return csrf.token_for(cookie, csrf.mark_of(found.visitor.user_id) if found else "")


async def _is_our_form(request: web.Request, page: PageRoute) -> bool:
    """
    Return whether the token is valid. Public pages also accept a token from before log-in, as at a second click on "Log
    in".
    """
    stranger = cookies.read(request, cookies.FORM) if page.policy is ANYONE else None
    for token in filter(None, (request[CSRF_TOKEN], stranger and csrf.token_for(stranger))):
        if await csrf.is_our_form(request, token, request.config_dict[PUBLIC_URL]):
            return True
    return False
