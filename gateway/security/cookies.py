"""The cookies, all `__Host-`: no other host and no plain HTTP address can set them, and no script can read them."""

from typing import Final

from aiohttp import web

SESSION: Final = "__Host-ics-session"
ATTEMPT: Final = "__Host-ics-attempt"
FORM: Final = "__Host-ics-form"
PAGE: Final = "__Host-ics-page"
LIST: Final = "__Host-ics-list"  # followed by the register's code
DEVICE: Final = "__Host-ics-device"
REMEMBERED: Final = "__Host-ics-remembered"
DEVICE_DAYS = 90
LONGEST = 200


def read(request: web.Request, name: str, longest: int = LONGEST) -> str | None:
    """Return a cookie's value; None if it is longer than ours or not plain ASCII, so cannot be ours."""
    token = request.cookies.get(name, "")
    return token if 0 < len(token) <= longest and token.isascii() else None


def put(response: web.StreamResponse, name: str, value: str, *, seconds: int | None = None) -> None:
    """Set a cookie for as long as the browser is open, or for `seconds`."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def put_device(response: web.StreamResponse, value: str) -> None:
    """Remember that this browser has logged in before, so that strangers' attempts cannot lock its user out."""
    put(response, DEVICE, value, seconds=DEVICE_DAYS * 86_400)


def drop(response: web.StreamResponse, name: str) -> None:
    response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")
