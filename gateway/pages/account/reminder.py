"""The page that asks for a temporary password; its answer does not reveal whether the address has an account."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.account.same_time import in_the_same_time
from gateway.pages.account.sign_in import LOGIN
from gateway.security import return_to
from gateway.security.client_address import client_address
from gateway.ui.actions import ask, see_other
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.render import show
from shared.contracts.identity import RemindPassword
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.values import Unreadable, read_email


async def reminder_page(request: web.Request) -> web.Response:
    return await _show(request, _form(request[REGISTER]))


async def remind(request: web.Request) -> web.Response:
    register = request[REGISTER]
    form = _form(register)
    answers = form.read(await request.post())
    email = _read(form, answers["email"], register) if answers else None
    if email is None:
        return await _show(request, form)
    asked = RemindPassword(register_code=register.code, email=email, address=client_address(request))
    try:
        async with in_the_same_time():
            await ask(request, asked)
    except Refused as refusal:
        reached = refuse_for_now(request, form, refusal)
        return retry_after(await _show(request, form), reached)
    response = see_other(register.address("login/reminder/sent"))
    return_to.claim(request, response, email)
    return response


async def reminded_page(request: web.Request) -> web.Response:
    return await _show(request, None)


def _read(form: Form, typed: str, register: Definition) -> str | None:
    try:
        return read_email(typed)
    except Unreadable:
        form.wrong("email", register.words("registration.email_address_wrong"))
        return None


def _form(register: Definition) -> Form:
    missing = register.words("login.email_address_missing")
    label = register.words("reminder.email_address")
    return Form((Field("email", label, kind="email", missing=missing, autocomplete="username"),))


async def _show(request: web.Request, form: Form | None) -> web.Response:
    register = request[REGISTER]
    return await show(
        request,
        "account/reminder.html",
        form=form,
        words=register.words,
        login=register.address(LOGIN),
    )
