"""The page on which users change their own password, by choice or because theirs is temporary."""

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.own_sessions import lines_of
from gateway.pages.account.remembered import remembered_lines
from gateway.pages.account.sign_in import LONGEST_SECRET, put_session, to_wanted_page
from gateway.security import cookies
from gateway.security.guard import APP
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import ask, ask_if_there, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from shared.contracts.authenticator import AppState, ReadApp
from shared.contracts.identity import (
    ChangePassword,
    PasswordRule,
    PasswordUnmet,
    PasswordWrong,
    ReadPasswordRule,
    TooManyTries,
)
from shared.messages import Refused
from shared.registers.definition.register import Definition


async def password_page(request: web.Request) -> web.Response:
    rule = await ask(request, ReadPasswordRule())
    return await _show(request, _form(request[REGISTER], rule))


async def change_password(request: web.Request) -> web.Response:
    """
    Change the password. Identity ends every session of the account and opens a new one for this browser.

    After a temporary password the user comes to the page for which they logged in.
    """
    register = request[REGISTER]
    rule = await ask(request, ReadPasswordRule())
    form = _form(register, rule)
    answers = form.read(await request.post()) or {}
    if form.errors:
        return await _show(request, form)
    confirmed = answers["new"] == answers["confirm"]
    if not confirmed:  # identity is asked all the same, so that the user reads every fault at once
        form.wrong("confirm", register.words("password.not_equal"))
    try:
        opened = await ask(request, _message(answers["current"], answers["new"], confirmed=confirmed))
    except Refused as refusal:
        return await _not_changed(request, form, rule, refusal)
    request.config_dict[SESSIONS].forget(request.cookies[cookies.SESSION])
    home = see_other(register.address(PATHS["home"]), "changed")
    response = await to_wanted_page(request, opened, "changed") if request[VISITOR].must_change else home
    put_session(response, opened)
    return response


async def _not_changed(request: web.Request, form: Form, rule: PasswordRule, refusal: Refused) -> web.Response:
    if isinstance(refusal.details, TooManyTries):
        reached = refuse_for_now(request, form, refusal)
        return retry_after(await _show(request, form), reached)
    _say_why(form, request[REGISTER], rule, refusal)
    return await _show(request, form)


def _message(current: str, new: str, *, confirmed: bool) -> ChangePassword:
    """Build the command. Refuse a secret longer than identity accepts without asking identity."""
    if len(current) > LONGEST_SECRET:
        raise Refused(PasswordWrong())
    if len(new) > LONGEST_SECRET:
        raise Refused(PasswordUnmet(sentences=()))
    return ChangePassword(current_password=current, new_password=new, confirmed=confirmed)


def _say_why(form: Form, register: Definition, rule: PasswordRule, refusal: Refused) -> None:
    if isinstance(refusal.details, PasswordWrong):
        form.wrong("current", register.words("password.current_wrong"))
        if refusal.details.sentences:
            form.wrong("new", Markup("<br>").join(_unmet(rule, refusal.details.sentences)))
    elif refusal.code == "password_unchanged":
        form.wrong("new", register.words("password.unchanged"))
    elif isinstance(refusal.details, PasswordUnmet):
        form.wrong("new", Markup("<br>").join(_unmet(rule, refusal.details.sentences)))
    elif refusal.code != "not_confirmed":  # the page says that already
        raise refusal


def _unmet(rule: PasswordRule, unmet: tuple[int, ...]) -> list[str]:
    """Return the rule's sentences that the new password breaks; all of them if it is not known which."""
    named = [sentence for number, sentence in enumerate(rule.sentences, start=1) if number in unmet]
    return named or list(rule.sentences)


def _form(register: Definition, rule: PasswordRule) -> Form:
    words = register.words
    current = Field(
        "current",
        words("password.current"),
        kind="password",
        missing=words("password.current_missing"),
        placeholder=words("password.current_hint"),
        autocomplete="current-password",
    )
    new = Field(
        "new",
        words("password.new"),
        kind="password",
        hint=_printed(rule.sentences),
        missing=words("password.new_missing"),
        placeholder=words("password.new_hint"),
        autocomplete="new-password",
    )
    confirm = Field(
        "confirm",
        words("password.confirm"),
        kind="password",
        placeholder=words("password.confirm_hint"),
        autocomplete="new-password",
    )
    return Form((current, new, confirm))


def _printed(sentences: tuple[str, ...]) -> str:
    """Return one sentence unchanged, and several as an HTML list."""
    if len(sentences) == 1:
        return sentences[0]
    lines = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in sentences)
    return Markup('<ul class="nhsuk-list nhsuk-list--bullet nhsuk-u-margin-bottom-0">{}</ul>').format(lines)


def _way_in(request: web.Request, state: AppState | None) -> str:
    """Return how the user logs in, in words; nothing if identity does not answer, or the password must change first."""
    if state is None or request[VISITOR].must_change:
        return ""
    words = request[REGISTER].words
    return words("account.by_app") if state.added_at else words("account.by_pin")


async def _show(request: web.Request, form: Form) -> web.Response:
    words = request[REGISTER].words
    return await show(
        request,
        "account/password.html",
        form=form,
        words=words,
        must_change=request[VISITOR].must_change,
        sessions=await lines_of(request),
        app=_way_in(request, await ask_if_there(request, ReadApp())),
        app_page=request[REGISTER].address(APP),
        remembered=await remembered_lines(request),
        ended=notice(request, {"ended": words("account.session_ended"), "forgotten": words("account.forgotten")}),
    )
