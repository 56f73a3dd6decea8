"""The cookies: all `__Host-`, so that no other host and no plain address can set them; none is readable by scripts."""

from typing import Final

from aiohttp import web

SESSION: Final = "__Host-ics-session"
ATTEMPT: Final = "__Host-ics-attempt"
FORM: Final = "__Host-ics-form"
PAGE: Final = "__Host-ics-page"
DEVICE: Final = "__Host-ics-device"
DEVICE_DAYS = 90
LONGEST = 200


def read(request: web.Request, name: str) -> str | None:
    """A cookie, if it is one that we may have made: what is longer, or not plain ASCII, is as good as none."""
    token = request.cookies.get(name, "")
    return token if 0 < len(token) <= LONGEST and token.isascii() else None


def put(response: web.StreamResponse, name: str, value: str, *, seconds: int | None = None) -> None:
    """Set a cookie for as long as the browser is open, or for `seconds`."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def put_device(response: web.StreamResponse, value: str) -> None:
    """Remember that this browser has logged in before, so that strangers cannot lock its user out."""
    put(response, DEVICE, value, seconds=DEVICE_DAYS * 86_400)


def drop(response: web.StreamResponse, name: str) -> None:
    response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")
