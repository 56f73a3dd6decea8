"""Adding a user: an account with its role, and the welcome mail."""

from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.keys import REGISTER
from gateway.navigation import address
from gateway.page import Field, Form, see_other, show
from gateway.pages.account.registration import LONGEST_ANSWER, say_what_is_wrong
from gateway.pages.users.access import access_fields, access_in, mark_refused
from gateway.pages.users.showing import PAGE, names_of, user_address
from gateway.visitor import ask
from shared.contracts.users import Access, AddUser, ReadReach
from shared.messages import NotAnswered, Refused
from shared.permissions import Role
from shared.registers.definition import Words


async def new_user(request: web.Request) -> web.Response:
    return await _show(request, await _form(request), new_command())


async def add_user(request: web.Request) -> web.Response:
    register, posted = request[REGISTER], await request.post()
    form, command = await _form(request), command_in(posted.get("command", ""))
    answers = form.read(posted)
    if answers is None:
        return await _show(request, form, command, status=422)
    access = access_in(form, Role.STANDARD) if _gives(form) else Access(role=Role.STANDARD)
    if access is None:
        raise web.HTTPBadRequest
    names = {name: answers[name][:LONGEST_ANSWER] for name in ("first_name", "last_name", "email")}
    try:
        added = await ask(request, AddUser(command_id=command, access=access, **names))
    except Refused as refusal:
        return await _show_refused(request, form, refusal)
    except NotAnswered as unanswered:
        form.refuse(without_answer(register.words, unanswered))
        return await _show(request, form, command, status=503)
    return see_other(user_address(register, added.user_id, f"?Msg={'existing' if added.existing else 'added'}"))


async def _form(request: web.Request) -> Form:
    """A master admin gives no role: the person becomes what one becomes who registers alone."""
    words, reach = request[REGISTER].words, await ask(request, ReadReach())
    fields = access_fields(words, reach, await names_of(request)) if reach.roles else []
    return Form([*_names(words), *fields])


def _names(words: Words) -> list[Field]:
    said = words.add_user
    return [
        Field("first_name", words.registration.first_name, missing=said.first_name_missing),
        Field("last_name", words.registration.last_name, missing=said.last_name_missing),
        Field("email", words.registration.email_address, kind="email", missing=said.email_missing),
    ]


def _gives(form: Form) -> bool:
    return "role" in form.fields


async def _show_refused(request: web.Request, form: Form, refusal: Refused) -> web.Response:
    """Nothing was done, and what was typed stays; the next press is another thing meant."""
    words = request[REGISTER].words
    if refusal.code == "invalid_answers":
        say_what_is_wrong(form, request[REGISTER], refusal)
        return await _show(request, form, new_command(), status=422)
    said = {
        "already_here": words.add_user.already_here,
        "other_name": words.add_user.other_name,
        "deactivated": words.add_user.deactivated,
        "command_reused": words.form.sent_before,
    }
    if refusal.code in said:
        form.wrong("email", said[refusal.code])
    elif not mark_refused(words, form, refusal):
        raise refusal
    known = str(refusal.details.get("user_id", ""))
    return await _show(request, form, new_command(), status=409, known=known)


async def _show(request: web.Request, form: Form, command: UUID, *, status: int = 200, known: str = "") -> web.Response:
    register = request[REGISTER]
    return await show(
        request,
        "users/new.html",
        status=status,
        register=register,
        form=form,
        command=command,
        lead=register.words.add_user.lead if _gives(form) else register.words.add_user.master_lead,
        gives=_gives(form),
        known=user_address(register, UUID(hex=known)) if known else "",
        href=address(register, f"{PAGE}new"),
        back=address(register, PAGE),
    )
