"""The second step of a log-in, whichever code it takes: check the code, and let the user in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.sign_in import put_session, to_login, to_wanted_page
from gateway.security import cookies, return_to
from gateway.security.client_address import client_address
from gateway.ui.actions import ask, see_other
from gateway.ui.browsers import browser_in_words
from gateway.ui.form import Form
from gateway.ui.navigation import PATHS
from shared.contracts.identity import PinRefused, SessionOpened, VerifyPin
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import read_code

LONGEST_CODE = 32


@dataclass(frozen=True)
class CodePage:
    """A page that takes one code: the form with its only field, how it is shown, and what it says of a wrong code."""

    form: Callable[[Definition], Form]
    show: Callable[[web.Request, Form], Awaitable[web.Response]]
    refused: Callable[[Words], str]


async def open_page(request: web.Request, page: CodePage) -> web.Response:
    if cookies.read(request, cookies.ATTEMPT) is None:
        return to_login(request)
    return await page.show(request, page.form(request[REGISTER]))


async def verify(request: web.Request, page: CodePage) -> web.Response:
    """Check the code and log the user in. A second click after success leads to the same page as the first."""
    attempt = cookies.read(request, cookies.ATTEMPT)
    if attempt is None and VISITOR in request:
        return see_other(_page_after_second_click(request))
    if attempt is None:
        return to_login(request, "over")
    form = page.form(request[REGISTER])
    answers = form.read(await request.post())
    if answers is None:
        return await page.show(request, form)
    (code,) = answers.values()
    try:
        opened = await _ask_to_verify(request, attempt, code)
    except Refused as refusal:
        return await _not_let_in(request, page, form, refusal)
    return await _let_in(request, opened)


async def _ask_to_verify(request: web.Request, attempt: str, typed: str) -> SessionOpened:
    """Ask identity to check the code, however it was pasted."""
    code = read_code(typed)
    if len(code) > LONGEST_CODE:
        raise Refused("pin_refused")
    message = VerifyPin(
        attempt_token=attempt,
        pin=code,
        earlier_session=cookies.read(request, cookies.SESSION),
        browser=browser_in_words(request.headers.get("User-Agent", "")),
        address=client_address(request),
    )
    return await ask(request, message)


async def _not_let_in(request: web.Request, page: CodePage, form: Form, refusal: Refused) -> web.Response:
    if refusal.code == "attempt_over":
        return without_attempt(to_login(request, "over"))
    if refusal.code != "pin_refused":
        raise refusal
    words = request[REGISTER].words
    left = refusal.details.tries_left if isinstance(refusal.details, PinRefused) else None
    (field,) = form.fields
    refused = page.refused(words)
    form.wrong(field, f"{refused} {words('pin.tries_left', count=left)}" if left else refused)
    return await page.show(request, form)


async def _let_in(request: web.Request, opened: SessionOpened) -> web.Response:
    """
    Redirect to the page that this user asked for, to the one where their last session ended, or to the home page.

    A temporary password must be changed first. The home page says if other sessions had to end.
    """
    if opened.must_change:
        response = see_other(request[REGISTER].address(PATHS["password"]))
    else:
        response = await to_wanted_page(request, opened, "others_ended" if opened.ended_others else "")
    put_session(response, opened)
    return without_attempt(response)


def _page_after_second_click(request: web.Request) -> str:
    register = request[REGISTER]
    return return_to.page_not_shown_yet(request, register, request[VISITOR]) or register.address(PATHS["home"])


def without_attempt(response: web.Response) -> web.Response:
    cookies.drop(response, cookies.ATTEMPT)
    return response
