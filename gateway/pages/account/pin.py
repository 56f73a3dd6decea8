"""The second step of a log-in: the code that was sent by e-mail."""

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.sign_in import PIN, put_session, to_login
from gateway.security import cookies, return_to
from gateway.security.client_address import client_address
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.browsers import browser_in_words
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from shared.contracts.identity import CancelAttempt, PinRefused, ResendPin, SessionOpened, VerifyPin
from shared.messages import NotAnswered, Refused
from shared.registers.definition.register import Definition

LONGEST_PIN = 32


async def pin_page(request: web.Request) -> web.Response:
    if cookies.read(request, cookies.ATTEMPT) is None:
        return to_login(request)
    return await _show(request, _form(request[REGISTER]))


async def verify_pin(request: web.Request) -> web.Response:
    """Check the code and log the user in. A second click after success leads to the home page."""
    attempt = cookies.read(request, cookies.ATTEMPT)
    if attempt is None and VISITOR in request:
        return see_other(request[REGISTER].address(PATHS["home"]))
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
    return _without_attempt(to_login(request))


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
    """Remove spaces from the typed code and ask identity to check it."""
    digits = "".join(pin.split())
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
    Redirect to the page where this user's last session ended, or to the home page. A temporary password must be changed
    first. The home page says if other sessions had to end.
    """
    register = request[REGISTER]
    home = register.address(PATHS["password" if opened.must_change else "home"])
    if opened.ended_others and not opened.must_change:
        response = see_other(home, "others_ended")
    else:
        response = see_other(home if opened.must_change else await _last_page(request, opened) or home)
    put_session(response, opened)
    return _without_attempt(response)


async def _last_page(request: web.Request, opened: SessionOpened) -> str | None:
    if not return_to.is_there(request):
        return None
    register = request[REGISTER]
    try:
        found = await request.config_dict[SESSIONS].find(opened.session_token, register.code)
    except NotAnswered:
        return None
    return return_to.page_of(request, register, found.visitor) if found else None


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
