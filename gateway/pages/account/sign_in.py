"""What the account pages share: their paths, the redirect to the log-in page, and the cookies of a new session."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security import cookies
from gateway.ui.actions import see_other
from shared.contracts.identity import SessionOpened

LOGIN = "login/"
PIN = "login/pin"
REGISTRATION = "login/register/"
REMINDER = "login/reminder/"
LONGEST_EMAIL = 320
LONGEST_SECRET = 1024


def to_login(request: web.Request, message: str = "") -> web.Response:
    """Redirect to the log-in page, which shows the text for the code `message`."""
    return see_other(request[REGISTER].address(LOGIN), message)


def put_session(response: web.Response, opened: SessionOpened) -> None:
    """Set the cookies that log this browser in."""
    cookies.put(response, cookies.SESSION, opened.session_token)
    cookies.put_device(response, opened.device_token)
