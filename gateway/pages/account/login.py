"""The first step of a log-in (email address and password), and logging out."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.account import attempts
from gateway.pages.account.second_step import ask_to_verify, let_in
from gateway.pages.account.sign_in import (
    APP,
    LOGIN,
    LONGEST_EMAIL,
    LONGEST_SECRET,
    PIN,
    REGISTRATION,
    REMINDER,
    to_login,
)
from gateway.pages.records.last_list import forget_list
from gateway.security import cookies, return_to
from gateway.security.client_address import client_address
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from shared.contracts.identity import Attempt, LogIn, LogOut
from shared.messages import Refused
from shared.registers.definition.register import Definition


async def login_page(request: web.Request) -> web.Response:
    """
    Show the log-in form, with the reason why the visitor was sent here.

    A visitor who is already logged in gets a link to the home page instead.
    """
    words, form = request[REGISTER].words, _form(request[REGISTER])
    if notice(request, {"e0": words("login.incorrect")}):
        _refuse(form, request[REGISTER])
    response = await _show(request, form)
    if return_to.is_opened_afresh(request):
        return_to.begin_afresh(request, response)
    return response


async def log_in(request: web.Request) -> web.Response:
    """Send correct details on to the second step. A refusal uses one sentence, whichever detail was wrong."""
    form = _form(request[REGISTER])
    answers = form.read(await request.post())
    if answers is None:
        return await _show(request, form)
    try:
        attempt = await _ask_to_log_in(request, answers["email"], answers["password"])
    except Refused as refusal:
        return await _not_let_in(request, form, refusal)
    if attempt.remembered:
        return await _let_in_at_once(request, attempt, answers["email"])
    response = see_other(request[REGISTER].address(APP if attempt.by_app else PIN))
    attempts.begin(response, attempt)
    return_to.claim(request, response, answers["email"])
    return response


async def _let_in_at_once(request: web.Request, attempt: Attempt, email: str) -> web.Response:
    """Log the user of a remembered browser in, on the page that they asked for."""
    return_to.claim_at_once(request, email)
    try:
        opened = await ask_to_verify(request, attempt.attempt_token)
    except Refused as refusal:
        if refusal.code not in ("pin_refused", "attempt_over"):
            raise
        return to_login(request, "over")
    return await let_in(request, opened)


async def log_out(request: web.Request) -> web.Response:
    """End the session everywhere, and tell the browser to clear the pages that its Back button could show."""
    token = request.cookies[cookies.SESSION]
    request.config_dict[SESSIONS].forget(token)
    await ask(request, LogOut(session_token=token))
    response = to_login(request, "out")
    cookies.drop(response, cookies.SESSION)
    forget_list(request, response)
    return_to.forget(response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def _not_let_in(request: web.Request, form: Form, refusal: Refused) -> web.Response:
    if refusal.code == "wrong_details":
        _refuse(form, request[REGISTER])
        return await _show(request, form)
    reached = refuse_for_now(request, form, refusal)
    return retry_after(await _show(request, form), reached)


async def _ask_to_log_in(request: web.Request, email: str, password: str) -> Attempt:
    if len(email) > LONGEST_EMAIL or len(password) > LONGEST_SECRET:
        raise Refused("wrong_details")
    message = LogIn(
        register_code=request[REGISTER].code,
        email=email,
        password=password,
        address=client_address(request),
        device_token=cookies.read(request, cookies.DEVICE),
        remember_token=cookies.read(request, cookies.REMEMBERED),
    )
    return await ask(request, message)


def _form(register: Definition) -> Form:
    words = register.words
    return Form(
        (
            Field(
                "email",
                words("login.email_address"),
                kind="email",
                missing=words("login.email_address_missing"),
                autocomplete="username",
            ),
            Field("password", words("login.password"), kind="password", missing=words("login.password_missing")),
        )
    )


def _refuse(form: Form, register: Definition) -> None:
    form.refuse(register.words("login.incorrect"), "email", "password")


async def _show(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    words = register.words
    why = {
        "asked": words("login.asked"),
        "ended": words("login.ended"),
        "timeout": words("login.timed_out"),
        "over": words("pin.over"),
    }
    return await show(
        request,
        "account/login.html",
        form=form,
        words=words,
        notice=notice(request, why),
        logged_out=bool(notice(request, {"out": words("login.logged_out")})),
        login=register.address(LOGIN),
        reminder=register.address(REMINDER),
        registration=register.address(REGISTRATION) if register.access.self_registration else "",
        home=register.address(PATHS["home"]),
    )
