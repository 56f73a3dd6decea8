"""The cookie of a log-in between its two steps: its token, and for how many days the browser can be remembered."""

from dataclasses import dataclass, field

from aiohttp import web

from gateway.security import cookies
from shared.contracts.identity import Attempt

SECONDS = 60 * 60
LONGEST_DAYS = 3


@dataclass(frozen=True)
class HalfLogIn:
    """A log-in that waits for its second step. `remember_days`: what its page offers; 0 for nothing."""

    token: str = field(repr=False)
    remember_days: int


def half_log_in(request: web.Request) -> HalfLogIn | None:
    """Return the log-in of this browser. Identity decides about both values again."""
    value = cookies.read(request, cookies.ATTEMPT)
    if value is None:
        return None
    token, _, days = value.partition(".")
    return HalfLogIn(token, int(days) if days.isdecimal() and len(days) <= LONGEST_DAYS else 0)


def begin(response: web.Response, attempt: Attempt) -> None:
    days = f".{attempt.remember_days}" if attempt.remember_days else ""
    cookies.put(response, cookies.ATTEMPT, attempt.attempt_token + days, seconds=SECONDS)


def end(response: web.Response) -> web.Response:
    cookies.drop(response, cookies.ATTEMPT)
    return response
