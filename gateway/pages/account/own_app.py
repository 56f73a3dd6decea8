"""The pages of the own authenticator app: add it, see how many recovery codes are left, make new ones, remove it."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.qr_picture import qr_picture
from gateway.pages.account.second_step import LONGEST_CODE, app_code_field
from gateway.pages.account.sign_in import LONGEST_SECRET
from gateway.security import cookies, return_to
from gateway.security.guard import APP as PAGE
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from shared.contracts.authenticator import (
    BeginApp,
    ConfirmApp,
    ReadApp,
    RecoveryCodes,
    RemoveApp,
    RenewRecoveryCodes,
)
from shared.contracts.identity import TooManyTries
from shared.messages import Refused
from shared.registers.definition.words import Words
from shared.values import read_code

URI = re.compile(r"otpauth://totp/[\w%.~/-]+(:[\w%.~/-]+)?\?[\w%.~&=+-]+", re.ASCII)  # of any site and address
LONGEST_URI = 1_000

Show = Callable[[web.Request, Form], Awaitable[web.Response]]


async def app_page(request: web.Request) -> web.Response:
    return await _show_page(request, Form((_password(request[REGISTER].words),)))


async def begin(request: web.Request) -> web.Response:
    """Show the picture to scan, once the user has entered their password."""
    form = Form((_password(request[REGISTER].words),))
    answers = form.read(await request.post())
    if answers is None:
        return await _show_page(request, form)
    try:
        begun = await ask(request, BeginApp(current_password=_short(answers["current"])))
    except Refused as refusal:
        if refusal.code == "app_before":
            return see_other(request[REGISTER].address(PAGE))
        return await _refused(request, form, refusal, _show_page)
    return await _show_new(request, Form((app_code_field(request[REGISTER].words),)), begun.uri)


async def confirm(request: web.Request) -> web.Response:
    """Add the app, and show the recovery codes this once. After a wrong code the same picture is shown again."""
    posted, form = await request.post(), Form((app_code_field(request[REGISTER].words),))
    uri = str(posted.get("uri", ""))
    if len(uri) > LONGEST_URI or not URI.fullmatch(uri):
        raise web.HTTPBadRequest
    answers = form.read(posted)
    if answers is None:
        return await _show_new(request, form, uri)
    try:
        codes = await ask(request, ConfirmApp(code=_code(answers["code"])))
    except Refused as refusal:
        if refusal.code == "not_begun":
            return see_other(request[REGISTER].address(PAGE), "not_begun")
        return await _refused(request, form, refusal, lambda request, form: _show_new(request, form, uri))
    request.config_dict[SESSIONS].forget(request.cookies[cookies.SESSION])
    return await _show_codes(request, codes)


async def remove_page(request: web.Request) -> web.Response:
    return await _show_removing(request, _both_form(request[REGISTER].words))


async def remove(request: web.Request) -> web.Response:
    form = _both_form(request[REGISTER].words)
    answers = form.read(await request.post())
    if answers is None:
        return await _show_removing(request, form)
    try:
        await ask(request, RemoveApp(current_password=_short(answers["current"]), code=_code(answers["code"])))
    except Refused as refusal:
        return await _refused(request, form, refusal, _show_removing)
    request.config_dict[SESSIONS].forget(request.cookies[cookies.SESSION])
    return see_other(request[REGISTER].address(PAGE), "removed")


async def renew_page(request: web.Request) -> web.Response:
    return await _show_renewing(request, _both_form(request[REGISTER].words))


async def renew(request: web.Request) -> web.Response:
    form = _both_form(request[REGISTER].words)
    answers = form.read(await request.post())
    if answers is None:
        return await _show_renewing(request, form)
    try:
        codes = await ask(
            request, RenewRecoveryCodes(current_password=_short(answers["current"]), code=_code(answers["code"]))
        )
    except Refused as refusal:
        return await _refused(request, form, refusal, _show_renewing)
    return await _show_codes(request, codes)


async def _refused(request: web.Request, form: Form, refusal: Refused, show_again: Show) -> web.Response:
    """Show the page again, which says why nothing was changed. Without an app there is nothing to change."""
    if isinstance(refusal.details, TooManyTries):
        reached = refuse_for_now(request, form, refusal)
        return retry_after(await show_again(request, form), reached)
    words = request[REGISTER].words
    if refusal.code == "no_app":
        return see_other(request[REGISTER].address(PAGE))
    if refusal.code == "password_wrong":
        form.wrong("current", words("password.current_wrong"))
    elif refusal.code == "code_wrong":
        form.wrong("code", words("app.code_wrong"))
    else:
        raise refusal
    return await show_again(request, form)


def _short(password: str) -> str:
    """Return the password. Refuse one longer than identity accepts without asking identity."""
    if len(password) > LONGEST_SECRET:
        raise Refused("password_wrong")
    return password


def _code(typed: str) -> str:
    """Return the code, however it was pasted. Refuse one longer than identity accepts without asking identity."""
    code = read_code(typed)
    if len(code) > LONGEST_CODE:
        raise Refused("code_wrong")
    return code


def _password(words: Words) -> Field:
    missing = words("password.current_missing")
    return Field(
        "current", words("password.current"), kind="password", missing=missing, autocomplete="current-password"
    )


def _both_form(words: Words) -> Form:
    missing = words("app.either_missing")
    return Form((_password(words), Field("code", words("app.either"), missing=missing, autocomplete="off", width=20)))


async def _show_page(request: web.Request, form: Form) -> web.Response:
    register, state = request[REGISTER], await ask(request, ReadApp())
    words = register.words
    return await show(
        request,
        "account/app.html",
        form=form,
        words=words,
        added=words("app.added_on", when=day_and_time(state.added_at)) if state.added_at else "",
        left=words("app.codes_left", count=state.recovery_codes_left),
        must_add=request[VISITOR].must_add_app,
        said=notice(request, {"removed": words("app.removed"), "not_begun": words("app.not_begun")}),
        here=register.address(PAGE),
        back="" if request[VISITOR].must_add_app else register.address(PATHS["password"]),
    )


async def _show_new(request: web.Request, form: Form, uri: str) -> web.Response:
    """Show the picture, and the key in it in groups of four, for users who must type it."""
    key = parse_qs(urlsplit(uri).query).get("secret", [""])[0]
    return await show(
        request,
        "account/app_new.html",
        form=form,
        words=request[REGISTER].words,
        uri=uri,
        picture=qr_picture(uri),
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        confirm=request[REGISTER].address(f"{PAGE}/confirm"),
        back=request[REGISTER].address(PAGE),
    )


async def _show_codes(request: web.Request, codes: RecoveryCodes) -> web.Response:
    register = request[REGISTER]
    wanted = return_to.page_of(request, register, request[VISITOR]) if request[VISITOR].must_add_app else None
    return await show(
        request,
        "account/app_codes.html",
        words=register.words,
        codes=codes.codes,
        go_on=wanted or register.address(PATHS["home"]),
    )


async def _show_removing(request: web.Request, form: Form) -> web.Response:
    return await _show_change(request, "account/app_remove.html", form)


async def _show_renewing(request: web.Request, form: Form) -> web.Response:
    return await _show_change(request, "account/app_renew.html", form)


async def _show_change(request: web.Request, template: str, form: Form) -> web.Response:
    register = request[REGISTER]
    return await show(request, template, form=form, words=register.words, back=register.address(PAGE))
