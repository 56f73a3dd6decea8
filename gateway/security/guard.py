"""Who is at the door: session, permission and form token, before any page's own code runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.keys import ASSERTION, CSRF_TOKEN, PUBLIC_URL, REGISTER, REGISTERS, SENT_AGAIN, VISITOR
from gateway.security import cookies, csrf, return_to
from gateway.security.session_timeout import time_out_of
from gateway.security.sessions import SESSIONS
from gateway.ui import clock
from gateway.ui.masthead import MASTHEAD
from gateway.ui.navigation import PATHS, address, masthead_of
from gateway.ui.render import see_other
from gateway.ui.static import FRONT_END
from gateway.ui.time_out import TIME_OUT
from shared import log
from shared.contracts.identity import SessionFound
from shared.permissions import Permission
from shared.registers.definition.register import Definition

PASSIVE = "X-Passive"  # sent by scripts that look by themselves: that is no use of the session

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Anyone(Enum):
    """The policy of a page that needs no log-in."""

    ANYONE = "anyone"


ANYONE = Anyone.ANYONE


@dataclass(frozen=True)
class PageRoute:
    """
    One row of the route table; there is no page without a policy. Several permissions: any of them will do.

    `before_change`: may be used while a temporary password has still to be changed.
    """

    method: str
    path: str
    handler: Handler
    policy: Permission | frozenset[Permission] | Anyone
    before_change: bool = False

    @property
    def may_be_sent_again(self) -> bool:
        """Whether the page of an error may hold what was sent: never what somebody logs in with, or a password."""
        return self.policy is not ANYONE and not self.before_change

    @property
    def may_be_returned_to(self) -> bool:
        """Whether somebody goes on here after their session has ended and they have logged in again."""
        return self.method == "GET" and self.may_be_sent_again

    def is_open_to(self, permissions: frozenset[Permission]) -> bool:
        if isinstance(self.policy, Anyone):
            return True
        wanted = self.policy if isinstance(self.policy, frozenset) else frozenset({self.policy})
        return bool(wanted & permissions)


def guard(pages: Sequence[PageRoute]) -> Middleware:
    """The middleware that lets a visitor through to a page of this table, and nobody to any other."""
    table = {(page.method, page.path): page for page in pages}

    @web.middleware
    async def at_the_door(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None or resource.name == FRONT_END:  # aiohttp's own "not found"; files that are for everybody
            return await handler(request)
        page = table.get(("GET" if request.method == "HEAD" else request.method, resource.canonical))
        if page is None:
            raise web.HTTPNotFound
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
    """The register that the address names; an unknown one is not found."""
    code = request.match_info.get("register")
    if code is None:
        return None
    registers = request.config_dict[REGISTERS]
    if code not in registers:
        raise web.HTTPNotFound
    request[REGISTER] = register = registers.find(code)
    log.register_code.set(code)
    return register


async def _find_session(request: web.Request, register: Definition | None) -> SessionFound | None:
    token = cookies.read(request, cookies.SESSION)
    sessions = request.config_dict[SESSIONS]
    find = sessions.look if PASSIVE in request.headers else sessions.find
    found = await find(token, register.code) if token and register else None
    if token and register and found is not None:
        request[TIME_OUT] = time_out_of(register, found, clock.now())
        request[VISITOR] = found.visitor
        request[ASSERTION] = found.assertion
        request[CSRF_TOKEN] = _token_for(token, found)  # the pages of errors have a form too: the button that logs out
    if register is not None:
        request[MASTHEAD] = masthead_of(register, found.visitor if found else None, request.path)
    return found


async def _stop_somebody_elses(request: web.Request, found: SessionFound) -> None:
    """
    What a page still held of another person is neither done in this one's name nor shown to them.

    Before any other answer to it: "you may not see this" would give it back as well. What does not say whose it is
    counts as old, and is not shown either.
    """
    holder = csrf.holder_in(await csrf.token_sent(request)) if request[SENT_AGAIN] else ""
    request[SENT_AGAIN] = holder == csrf.mark_of(found.visitor.user_id)
    if holder and not request[SENT_AGAIN]:
        raise csrf.SomebodyElses


def _turn_away(request: web.Request, page: PageRoute, found: SessionFound | None) -> web.Response | None:
    """Where a visitor goes who may not use the page; None for one who may."""
    if page.policy is ANYONE:
        return None
    if found is None:
        if request.method in csrf.SAFE_METHODS:
            had_session = cookies.SESSION in request.cookies
            response = see_other(address(request[REGISTER], "login/"), "ended" if had_session else "")
            if page.may_be_returned_to:
                return_to.move(request, response)
            return response
        raise web.HTTPUnauthorized
    if found.visitor.must_change and not page.before_change:
        return see_other(address(request[REGISTER], PATHS["password"]))
    if not page.is_open_to(found.visitor.permissions):
        raise web.HTTPForbidden
    return None


async def _let_in(
    request: web.Request, handler: Handler, page: PageRoute, found: SessionFound | None
) -> web.StreamResponse:
    """Check the form's token on the way in, and give a stranger's browser something to bind the next one to."""
    bound_to = cookies.read(request, cookies.SESSION if found else cookies.FORM)
    fresh = "" if bound_to else csrf.new_secret()
    request[CSRF_TOKEN] = _token_for(bound_to or fresh, found)
    if page.method not in csrf.SAFE_METHODS and not await _is_our_form(request, page):
        raise csrf.FormTooOld if bound_to else csrf.NoCookie
    response = await handler(request)
    if fresh and not response.prepared:
        cookies.put(response, cookies.FORM, fresh)
    if found and page.may_be_returned_to and not response.prepared:
        return_to.remember(request, response, found.visitor)
    return response


def _token_for(cookie: str, found: SessionFound | None) -> str:
    return csrf.token_for(cookie, csrf.mark_of(found.visitor.user_id) if found else "")


async def _is_our_form(request: web.Request, page: PageRoute) -> bool:
    """A page for anybody takes a stranger's token too: its form may be older than the session, as at a second click."""
    stranger = cookies.read(request, cookies.FORM) if page.policy is ANYONE else None
    for token in filter(None, (request[CSRF_TOKEN], stranger and csrf.token_for(stranger))):
        if await csrf.is_our_form(request, token, request.config_dict[PUBLIC_URL]):
            return True
    return False
