"""What the account pages share: their paths, the redirect to the log-in page, and the cookies of a new session."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security import cookies, return_to
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import see_other
from gateway.ui.navigation import PATHS
from shared.contracts.identity import SessionOpened
from shared.messages import NotAnswered
from shared.permissions import Visitor

LOGIN = "login/"
PIN = "login/pin"
APP = "login/app"
RECOVERY = "login/recovery"
REGISTRATION = "login/register/"
REMINDER = "login/reminder/"
LONGEST_EMAIL = 320
LONGEST_SECRET = 1024


def to_login(request: web.Request, message: str = "") -> web.Response:
    """Redirect to the log-in page, which shows the text for the code `message`."""
    return see_other(request[REGISTER].address(LOGIN), message)


async def to_wanted_page(request: web.Request, opened: SessionOpened, said: str = "") -> web.Response:
    """
    Redirect the user of a new session to the page that return_to.py holds for them, or else to the home page.

    `said` is the notice of the home page.
    """
    register = request[REGISTER]
    visitor = await _visitor_of(request, opened) if return_to.is_there(request) else None
    page = return_to.page_of(request, register, visitor) if visitor else None
    if page is None or visitor is None:
        return see_other(register.address(PATHS["home"]), said)
    response = see_other(page)
    return_to.lead_to(request, response, page, visitor)
    return response


async def _visitor_of(request: web.Request, opened: SessionOpened) -> Visitor | None:
    try:
        found = await request.config_dict[SESSIONS].find(opened.session_token, request[REGISTER].code)
    except NotAnswered:
        return None
    return found.visitor if found else None


def put_session(response: web.Response, opened: SessionOpened) -> None:
    """Set the cookies that log this browser in."""
    cookies.put(response, cookies.SESSION, opened.session_token)
    cookies.put_device(response, opened.device_token)
    if opened.remember_token:
        cookies.put(response, cookies.REMEMBERED, opened.remember_token, seconds=opened.remember_seconds)
