"""Locked accounts, by name alone, for a user who may unlock accounts but does not manage users."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import ask, attempt, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.render import show
from shared.accounts import UserAct
from shared.contracts.users import ActOnUser, ListLockedUsers
from shared.ids import new_id
from shared.registers.definition.words import Words

PAGE = "administration/locked/"
SEARCH = "search"
LONGEST_SEARCH = 100


async def show_locked(request: web.Request) -> web.Response:
    return await _show(request, _form(request[REGISTER].words))


async def search_locked(request: web.Request) -> web.Response:
    form = _form(request[REGISTER].words)
    form.read(await request.post())
    return await _show(request, form)


async def unlock(request: web.Request) -> web.Response:
    """Unlock one account. If that is not possible any more, the list as it is now says so."""
    words, form = request[REGISTER].words, _form(request[REGISTER].words)
    command = command_in(await request.post())
    acting = ActOnUser(command_id=command, user_id=id_in(request, "user"), act=UserAct.UNLOCK)
    if await attempt(request, acting, form, {"not_now": words("user.not_now")}) is None:
        return await _show(request, form)
    return see_other(request[REGISTER].address(PAGE), UserAct.UNLOCK.value)


def _form(words: Words) -> Form:
    return Form([Field(SEARCH, words("users.search"), hint=words("users.search_hint"), width=20)])


async def _show(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    found = await ask(request, ListLockedUsers(search=form.value(SEARCH).strip()[:LONGEST_SEARCH]))
    return await show(
        request,
        "users/locked.html",
        form=form,
        found=found,
        shown=[
            (each.full_name, register.address(f"{PAGE}{each.user_id.hex}/unlock"), new_id()) for each in found.users
        ],
        said=notice(request, {UserAct.UNLOCK.value: register.words.group("user.acts.done")[UserAct.UNLOCK]}),
        href=register.address(PAGE),
        back=register.address("administration/"),
    )
