"""What a user is told when a limit is reached: which limit, and until when."""

from datetime import datetime, timedelta
from typing import TypeVar

from aiohttp import web

from gateway.keys import REGISTER
from gateway.ui.form import Form
from gateway.ui.formats import time_of_day
from shared.clock import utc_now
from shared.contracts.identity import TooManyTries
from shared.messages import Refused
from shared.registers.definition.register import Definition

SHARED = "network_"  # how the names of limits begin that colleagues at one address share

Answer = TypeVar("Answer", bound=web.StreamResponse)


def said_of(register: Definition, reached: TooManyTries) -> str:
    """
    Return which limit is reached, and when the next try counts again: the full minute after its window ends.

    Colleagues share the limits of a network, so a training morning can reach one: the text says whom to ask.
    """
    words = register.words
    said = words.group("limits.said")[reached.limit].format(time=time_of_day(reached.until + timedelta(seconds=59)))
    if not reached.limit.startswith(SHARED):
        return said
    return " ".join((said, words("limits.ask", email=register.contact.administrator_email)))


def retry_after(response: Answer, reached: TooManyTries, now: datetime | None = None) -> Answer:
    """Return the response with the seconds to wait, for programs."""
    left = (reached.until - (now or utc_now())).total_seconds()
    response.headers["Retry-After"] = str(max(1, int(left) + 1))
    return response


def refuse_for_now(request: web.Request, form: Form, refusal: Refused) -> TooManyTries:
    """
    Let the form say which limit is reached, so that its page keeps what was typed, except passwords.

    Raise any other refusal.
    """
    if not isinstance(refusal.details, TooManyTries):
        raise refusal
    form.refuse(said_of(request[REGISTER], refusal.details), status=429)
    return refusal.details
