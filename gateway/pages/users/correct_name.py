"""Correcting the name of a user, on a page of its own."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.account.registration import LONGEST_ANSWER, say_what_is_wrong
from gateway.pages.users.user_facts import user_address
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Field, Form
from gateway.ui.render import show
from shared.contracts.users import CorrectName, ReadUser
from shared.messages import Refused
from shared.registers.definition.words import Words

SEEN = "seen"  # the name that the page showed


async def show_name(request: web.Request) -> web.Response:
    return await _show(request)


async def correct_name(request: web.Request) -> web.Response:
    register, posted, form = request[REGISTER], await request.post(), Form(_fields(request[REGISTER].words))
    form.command, answers = command_in(posted), form.read(posted)
    seen, user_id = str(posted.get(SEEN, ""))[:LONGEST_ANSWER], id_in(request, "user")
    if answers is None:
        return await _show(request, form, seen)
    names = {name: answers[name][:LONGEST_ANSWER] for name in ("first_name", "last_name")}
    command = CorrectName(command_id=form.command, user_id=user_id, seen_name=seen, **names)
    try:
        done = await attempt(request, command, form, _refusals(register.words))
    except Refused as refusal:
        say_what_is_wrong(form, register, refusal)
        done = None
    if done is None:
        return await _show(request, form, seen)
    return see_other(user_address(register, user_id), "renamed")


def _fields(words: Words) -> list[Field]:
    return [
        Field("first_name", words("registration.first_name"), missing=words("add_user.first_name_missing")),
        Field("last_name", words("registration.last_name"), missing=words("add_user.last_name_missing")),
    ]


def _refusals(words: Words) -> dict[str, str]:
    return {
        "yourself": words("user.yourself"),
        "elsewhere": words("user.name_elsewhere"),
        "changed": words("user.name_changed"),
        "unchanged": words("user.unchanged"),
    }


async def _show(request: web.Request, form: Form | None = None, seen: str | None = None) -> web.Response:
    """
    Show the form. A visitor who may not correct the name gets the user's page.

    After a conflict the form is based on the new name.
    """
    register = request[REGISTER]
    found = await ask(request, ReadUser(user_id=id_in(request, "user")))
    back, user = user_address(register, found.user.user_id), found.user
    if not found.may_rename:
        return see_other(back)
    names = {"first_name": user.first_name, "last_name": user.last_name}
    form = form or Form(_fields(register.words), names)
    return await show(
        request,
        "users/name.html",
        form=form,
        name=user.full_name,
        seen=user.full_name if seen is None or form.status == 409 else seen,
        href=user_address(register, user.user_id, "name"),
        back=back,
    )
