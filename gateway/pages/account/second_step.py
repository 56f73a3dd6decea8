"""The second step of a log-in, whichever code it takes: check the code, and let the user in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.attempts import HalfLogIn, end, half_log_in
from gateway.pages.account.sign_in import put_session, to_login, to_wanted_page
from gateway.security import cookies, return_to
from gateway.security.client_address import client_address
from gateway.ui.actions import ask, see_other
from gateway.ui.browsers import browser_in_words
from gateway.ui.form import Choice, Field, Form
from gateway.ui.navigation import PATHS
from shared.contracts.identity import PinRefused, SessionOpened, VerifyPin
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import read_code

LONGEST_CODE = 32
REMEMBER = "remember"


@dataclass(frozen=True)
class CodePage:
    """
    A page that takes one code: its field, how it is shown, and what it says of a wrong code.

    `remembers`: it can offer to ask for no code in this browser.
    """

    code: str
    field: Callable[[Definition], Field]
    show: Callable[[web.Request, Form], Awaitable[web.Response]]
    refused: Callable[[Words], str]
    remembers: bool = True


def app_code_field(words: Words) -> Field:
    """Return the field for a code that an authenticator app shows."""
    return Field(
        "code",
        words("app_step.label"),
        kind="whole_number",
        missing=words("app_step.missing"),
        autocomplete="one-time-code",
        width=10,
    )


async def open_page(request: web.Request, page: CodePage) -> web.Response:
    attempt = half_log_in(request)
    if attempt is None:
        return to_login(request)
    return await page.show(request, _form(request, page, attempt))


async def verify(request: web.Request, page: CodePage) -> web.Response:
    """Check the code and log the user in. A second click after success leads to the same page as the first."""
    attempt = half_log_in(request)
    if attempt is None and VISITOR in request:
        return see_other(_page_after_second_click(request))
    if attempt is None:
        return to_login(request, "over")
    form = _form(request, page, attempt)
    answers = form.read(await request.post())
    if answers is None:
        return await page.show(request, form)
    try:
        opened = await ask_to_verify(request, attempt.token, answers[page.code], remember=bool(answers.get(REMEMBER)))
    except Refused as refusal:
        return await _not_let_in(request, page, form, refusal)
    return await let_in(request, opened)


def _form(request: web.Request, page: CodePage, attempt: HalfLogIn) -> Form:
    """Return the form, with a box for remembering the browser where that is offered."""
    register = request[REGISTER]
    field = page.field(register)
    if not (attempt.remember_days and page.remembers):
        return Form((field,))
    label = register.words("app_step.remember", count=attempt.remember_days)
    legend = register.words("app_step.remember_legend")
    return Form((field, Field(REMEMBER, legend, kind="choices", choices=(Choice("yes", label),))))


async def ask_to_verify(
    request: web.Request, attempt: str, typed: str = "", *, remember: bool = False
) -> SessionOpened:
    """Ask identity to check the code, however it was pasted."""
    code = read_code(typed)
    if len(code) > LONGEST_CODE:
        raise Refused("pin_refused")
    message = VerifyPin(
        attempt_token=attempt,
        pin=code,
        remember=remember,
        earlier_session=cookies.read(request, cookies.SESSION),
        browser=browser_in_words(request.headers.get("User-Agent", "")),
        address=client_address(request),
    )
    return await ask(request, message)


async def _not_let_in(request: web.Request, page: CodePage, form: Form, refusal: Refused) -> web.Response:
    if refusal.code == "attempt_over":
        return end(to_login(request, "over"))
    if refusal.code != "pin_refused":
        raise refusal
    words = request[REGISTER].words
    left = refusal.details.tries_left if isinstance(refusal.details, PinRefused) else None
    refused = page.refused(words)
    form.wrong(page.code, f"{refused} {words('pin.tries_left', count=left)}" if left else refused)
    return await page.show(request, form)


async def let_in(request: web.Request, opened: SessionOpened) -> web.Response:
    """
    Redirect to the page that this user asked for, to the one where their last session ended, or to the home page.

    A temporary password must be changed first. The home page says if other sessions had to end.
    """
    if opened.must_change:
        response = see_other(request[REGISTER].address(PATHS["password"]))
    else:
        response = await to_wanted_page(request, opened, "others_ended" if opened.ended_others else "")
    put_session(response, opened)
    return end(response)


def _page_after_second_click(request: web.Request) -> str:
    register = request[REGISTER]
    return return_to.page_not_shown_yet(request, register, request[VISITOR]) or register.address(PATHS["home"])
