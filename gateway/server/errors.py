"""The error pages: what went wrong in plain words, and what to do now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from pydantic import ValidationError

from gateway.keys import REGISTER
from gateway.security.csrf import FormTooOld, NoCookie, SomebodyElses
from gateway.security.guard import RegisterUnavailable
from gateway.security.network import OutOfReach
from gateway.security.resubmission import what_was_sent
from gateway.ui.limits import retry_after, said_of
from gateway.ui.render import show
from shared import log
from shared.contracts.identity import TooManyTries
from shared.messages import Fault, NotAnswered, Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    title: str
    paragraphs: tuple[str, ...]


NOT_SAVED = "What you sent last was not saved."
TRY_AGAIN = "Please try again in a minute."

ERROR_PAGES = {
    400: ErrorPage(
        "Your browser sent something we cannot read",
        ("Go back, load the page again, and try once more.", NOT_SAVED),
    ),
    401: ErrorPage(
        "Your session has ended",
        (
            "The register was not used for a while, you logged out elsewhere, or you logged in in too many browsers.",
            NOT_SAVED,
        ),
    ),
    403: ErrorPage(
        "You do not have permission to see this page",
        (
            "Your account does not have permission to view this page.",
            "If you need it for your work, ask an administrator of the register.",
        ),
    ),
    404: ErrorPage(
        "Page not found",
        (
            "If you typed the address, check that it is right. If you pasted it, check that the whole of it is there.",
            "It may have been removed, or you may not have access to it.",
        ),
    ),
    409: ErrorPage(
        "This was changed in the meantime",
        (NOT_SAVED, "Open the page again to see how it stands now, then make your change once more."),
    ),
    408: ErrorPage(
        "What you sent did not arrive in time",
        (NOT_SAVED, "Your connection may be slow. Please try again."),
    ),
    413: ErrorPage(
        "What you sent is too big",
        (NOT_SAVED, "Send a smaller file, or shorten what you typed."),
    ),
    421: ErrorPage(
        "This is not the address of the service",
        ("Check the address in your browser, or use the link that your organisation gave you.",),
    ),
    422: ErrorPage(
        "Part of what you sent cannot be used",
        (
            "It is too long, or it is not one of the choices that the page offered.",
            NOT_SAVED,
            "Open the page again, then shorten what you typed or choose again.",
        ),
    ),
    429: ErrorPage(
        "Too many tries",
        (
            "To keep accounts safe we take only so many tries in a short time.",
            "Please wait a few minutes, then try again.",
        ),
    ),
    500: ErrorPage(
        "Sorry, there is a problem with the service",
        (TRY_AGAIN, "If it happens again, tell your system administrator what you were doing and at what time."),
    ),
    503: ErrorPage(
        "Sorry, the service is unavailable",
        (TRY_AGAIN, "If someone is in danger now, do not wait for this page. Follow your usual crisis response."),
    ),
}
TOO_OLD = ErrorPage(
    "This page was open for too long",
    ("You have logged out since you opened it, or logged in again.", NOT_SAVED),
)
NO_COOKIE = ErrorPage(
    "Your browser did not send our cookie",
    (
        "Without it we cannot tell that the form was yours.",
        "Go back, load the page again, and try once more.",
        "If this page comes again, allow cookies for this service in your browser's settings, or use another browser.",
    ),
)
OUT_OF_REACH = ErrorPage(
    "You cannot use this service from where you are",
    (
        "It is for certain countries and networks only. Your connection appears to come from another one.",
        "If it should work where you are, turn off any VPN and try again, or ask those who look after your network.",
    ),
)
SOMEBODY_ELSES = ErrorPage(
    "This was typed by someone else",
    (
        "It was on a page left open by someone who was logged in on this computer before you.",
        "It was not saved, and it is not shown to you. If it is still needed, they have to log in and type it again.",
    ),
)
UNAVAILABLE_REGISTER = ErrorPage(
    "This register is unavailable",
    (
        "It cannot be used until its set-up has been corrected. Nothing that it holds is lost.",
        "If someone is in danger now, do not wait for this page. Follow your usual crisis response.",
    ),
)
INSTEAD: dict[type[web.HTTPException], ErrorPage] = {
    FormTooOld: TOO_OLD,
    NoCookie: NO_COOKIE,
    SomebodyElses: SOMEBODY_ELSES,
    OutOfReach: OUT_OF_REACH,
}
SENT_AGAIN = frozenset({401, 403, 404, 409, 422, 429, 500, 503})
SHOWN_AS = {405: 404, 410: 404, 502: 503, 504: 503}
FAULTS = {
    Fault.NOT_ALLOWED: 403,
    Fault.NOT_SIGNED_IN: 401,
    Fault.BUSY: 503,
    Fault.TOO_LATE: 503,
    Fault.UNAVAILABLE: 503,
}
REFUSALS = {"not_found": 404, "not_allowed": 403, "conflict": 409, "too_many": 429, "too_big": 413}
OUR_MISTAKES = frozenset({"missing", "extra_forbidden", "model_type", "frozen_instance"})
KEPT_HEADERS = ("Allow", "Retry-After")


async def show_error(request: web.Request, status: int, page: ErrorPage | None = None) -> web.Response:
    """
    Return the page for a status. It shows nothing of the request, except to the user whose form it was, to be sent
    again.
    """
    shown_as = SHOWN_AS.get(status, status if status in ERROR_PAGES else 500 if status >= 500 else 400)
    sent = await what_was_sent(request, unanswered=shown_as >= 500) if shown_as in SENT_AGAIN else None
    error, ended = page or ERROR_PAGES[shown_as], shown_as == 401
    return await show(request, "errors/error.html", status=status, error=error, sent=sent, ended=ended)


def _page_of(raised: web.HTTPException) -> ErrorPage | None:
    """Return the page of an exception that has one of its own."""
    if not isinstance(raised, RegisterUnavailable):
        return INSTEAD.get(type(raised))
    whom = (
        f"Ask the register's administrators: {raised.contact}." if raised.contact else "Ask your system administrator."
    )
    return ErrorPage(UNAVAILABLE_REGISTER.title, (*UNAVAILABLE_REGISTER.paragraphs, whom))


async def _show_refusal(request: web.Request, refusal: Refused) -> web.Response:
    if not isinstance(refusal.details, TooManyTries):
        return await show_error(request, REFUSALS.get(refusal.code, 500))
    register = request[REGISTER]
    page = ErrorPage(register.words("limits.heading"), (said_of(register, refusal.details),))
    return retry_after(await show_error(request, 429, page), refusal.details)


def has_values(request: web.Request) -> bool:
    """Return whether the visitor sent anything besides the ids of an address, which pages read themselves."""
    return request.method == "POST" or bool(request.query_string)


def is_about_a_value(error: ValidationError) -> bool:
    """
    Return whether a contract refused values alone: too long, out of range, not one of the choices, not of the type.

    The values that pages put into requests come from outside. A field that is missing or has no such name is our own
    mistake. A reply that does not fit its contract is too, and raises `NotAnswered`.
    """
    return not any(each["type"] in OUR_MISTAKES for each in error.errors(include_input=False, include_context=False))


@web.middleware
async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions into error pages. Only the `measured` middleware is further out."""
    try:
        return await handler(request)
    except web.HTTPException as raised:
        if raised.status < 400:
            raise
        response = await show_error(request, raised.status, _page_of(raised))
        response.headers.update({name: raised.headers[name] for name in KEPT_HEADERS if name in raised.headers})
        return response
    except NotAnswered as unanswered:
        log.warn("page.not_answered", fault=unanswered.fault.value)
        return await show_error(request, FAULTS.get(unanswered.fault, 500))
    except Refused as refusal:
        log.warn("page.refused", code=refusal.code)
        return await _show_refusal(request, refusal)
    except ValidationError as error:
        is_from_outside = has_values(request) and is_about_a_value(error)
        log.warn("page.value_refused" if is_from_outside else "page.failed", error=error)
        return await show_error(request, 422 if is_from_outside else 500)
    except Exception as error:  # noqa: BLE001  the edge of a page: what went wrong is for the log, not for the visitor
        log.warn("page.failed", error=error)
        return await show_error(request, 500)
