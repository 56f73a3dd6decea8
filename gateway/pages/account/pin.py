"""The second step of a log-in: the code that was sent by email."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.account.attempts import end, half_log_in
from gateway.pages.account.second_step import CodePage, open_page, verify
from gateway.pages.account.sign_in import PIN, to_login
from gateway.security import return_to
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.render import show
from shared.contracts.identity import CancelAttempt, ResendPin
from shared.messages import Refused
from shared.registers.definition.register import Definition


async def pin_page(request: web.Request) -> web.Response:
    return await open_page(request, PAGE)


async def verify_pin(request: web.Request) -> web.Response:
    return await verify(request, PAGE)


async def cancel(request: web.Request) -> web.Response:
    """End the log-in attempt, so that its code can no longer be used."""
    attempt = half_log_in(request)
    if attempt is not None:
        await ask(request, CancelAttempt(attempt_token=attempt.token))
    response = end(to_login(request))
    return_to.forget(response)
    return response


async def resend_pin(request: web.Request) -> web.Response:
    attempt = half_log_in(request)
    if attempt is None:
        return to_login(request, "over")
    try:
        await ask(request, ResendPin(attempt_token=attempt.token))
    except Refused as refusal:
        if refusal.code == "attempt_over":
            return end(to_login(request, "over"))
        form = Form((_field(request[REGISTER]),))
        reached = refuse_for_now(request, form, refusal)
        return retry_after(await _show(request, form), reached)
    return see_other(request[REGISTER].address(PIN), "sent")


def _field(register: Definition) -> Field:
    words = register.words
    return Field(
        "pin",
        words("pin.label"),
        kind="whole_number",
        missing=words("pin.missing"),
        autocomplete="one-time-code",
        placeholder=words("pin.placeholder"),
        width=10,
    )


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


PAGE = CodePage("pin", _field, _show, lambda words: words("pin.refused"))
