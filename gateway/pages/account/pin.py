"""The second step of a log-in: the code that was sent by email."""

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.sign_in import PIN, put_session, to_login, to_wanted_page
from gateway.security import cookies, return_to
from gateway.security.client_address import client_address
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.browsers import browser_in_words
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from shared.contracts.identity import CancelAttempt, PinRefused, ResendPin, SessionOpened, VerifyPin
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.values import read_code

LONGEST_PIN = 32


async def pin_page(request: web.Request) -> web.Response:
    if cookies.read(request, cookies.ATTEMPT) is None:
        return to_login(request)
    return await _show(request, _form(request[REGISTER]))


async def verify_pin(request: web.Request) -> web.Response:
    """Check the code and log the user in. A second click after success leads to the same page as the first."""
    attempt = cookies.read(request, cookies.ATTEMPT)
    if attempt is None and VISITOR in request:
        return see_other(_page_after_second_click(request))
    if attempt is None:
        return to_login(request, "over")
    form = _form(request[REGISTER])
    answers = form.read(await request.post())
    if answers is None:
        return await _show(request, form)
    try:
        opened = await _ask_to_verify(request, attempt, answers["pin"])
    except Refused as refusal:
        return await _not_let_in(request, form, refusal)
    return await _let_in(request, opened)


async def cancel(request: web.Request) -> web.Response:
    """End the log-in attempt, so that its code can no longer be used."""
    attempt = cookies.read(request, cookies.ATTEMPT)
    if attempt is not None:
        await ask(request, CancelAttempt(attempt_token=attempt))
    response = _without_attempt(to_login(request))
    return_to.forget(response)
    return response


async def resend_pin(request: web.Request) -> web.Response:
    attempt = cookies.read(request, cookies.ATTEMPT)
    if attempt is None:
        return to_login(request, "over")
    try:
        await ask(request, ResendPin(attempt_token=attempt))
    except Refused as refusal:
        if refusal.code == "attempt_over":
            return _without_attempt(to_login(request, "over"))
        form = _form(request[REGISTER])
        reached = refuse_for_now(request, form, refusal)
        return retry_after(await _show(request, form), reached)
    return see_other(request[REGISTER].address(PIN), "sent")


async def _ask_to_verify(request: web.Request, attempt: str, pin: str) -> SessionOpened:
    """Ask identity to check the code, however it was pasted."""
    digits = read_code(pin)
    if len(digits) > LONGEST_PIN:
        raise Refused("pin_refused")
    message = VerifyPin(
        attempt_token=attempt,
        pin=digits,
        earlier_session=cookies.read(request, cookies.SESSION),
        browser=browser_in_words(request.headers.get("User-Agent", "")),
        address=client_address(request),
    )
    return await ask(request, message)


async def _not_let_in(request: web.Request, form: Form, refusal: Refused) -> web.Response:
    _expect(refusal, "pin_refused", "attempt_over")
    if refusal.code == "attempt_over":
        return _without_attempt(to_login(request, "over"))
    words = request[REGISTER].words
    left = refusal.details.tries_left if isinstance(refusal.details, PinRefused) else None
    form.wrong("pin", f"{words('pin.refused')} {words('pin.tries_left', count=left)}" if left else words("pin.refused"))
    return await _show(request, form)


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
    return _without_attempt(response)


def _page_after_second_click(request: web.Request) -> str:
    register = request[REGISTER]
    return return_to.page_not_shown_yet(request, register, request[VISITOR]) or register.address(PATHS["home"])


def _without_attempt(response: web.Response) -> web.Response:
    cookies.drop(response, cookies.ATTEMPT)
    return response


def _expect(refusal: Refused, *codes: str) -> None:
    if refusal.code not in codes:
        raise refusal


def _form(register: Definition) -> Form:
    words = register.words
    pin = Field(
        "pin",
        words("pin.label"),
        kind="whole_number",
        missing=words("pin.missing"),
        autocomplete="one-time-code",
        placeholder=words("pin.placeholder"),
        width=10,
    )
    return Form((pin,))


async def _show(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    return await show(
        request,
        "account/pin.html",
        form=form,
        words=register.words,
        sent=notice(request, {"sent": register.words("pin.sent_again")}),
        pin=register.address(PIN),
        cancel=register.address("login/cancel"),
        resend=register.address("login/resend"),
    )
