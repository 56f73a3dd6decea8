"""Adding a user: an account with its role, and the welcome mail."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.account.registration import LONGEST_ANSWER, say_what_is_wrong
from gateway.pages.users.access import access_fields, access_in, access_refusals
from gateway.pages.users.user_facts import PAGE, names_of, user_address
from gateway.security.ids import command_in
from gateway.ui.actions import At, ask, attempt, see_other
from gateway.ui.form import Field, Form
from gateway.ui.render import show
from shared.contracts.users import AddUser, AlreadyHere, GrantedAccess, ReadReach
from shared.messages import Refused
from shared.permissions import Role
from shared.registers.definition.words import Words


async def new_user(request: web.Request) -> web.Response:
    return await _show(request, await _form(request))


async def add_user(request: web.Request) -> web.Response:
    register, posted = request[REGISTER], await request.post()
    form = await _form(request)
    form.command, answers = command_in(posted), form.read(posted)
    if answers is None:
        return await _show(request, form)
    access = access_in(form, Role.STANDARD) if _gives(form) else GrantedAccess(role=Role.STANDARD)
    if access is None:
        raise web.HTTPBadRequest
    names = {name: answers[name][:LONGEST_ANSWER] for name in ("first_name", "last_name", "email")}
    adding = AddUser(command_id=form.command, access=access, **names)
    try:
        added = await attempt(request, adding, form, _refusals(register.words))
    except Refused as refusal:
        say_what_is_wrong(form, register, refusal)
        added = None
    if added is None:
        return await _show(request, form)
    return see_other(user_address(register, added.user_id), "existing" if added.existing else "added")


async def _form(request: web.Request) -> Form:
    """Return the form. A master admin grants no role: the new user gets what self-registration would give."""
    words, reach = request[REGISTER].words, await ask(request, ReadReach())
    fields = access_fields(words, reach, await names_of(request)) if reach.roles else []
    return Form([*_names(words), *fields])


def _names(words: Words) -> list[Field]:
    return [
        Field("first_name", words("registration.first_name"), missing=words("add_user.first_name_missing")),
        Field("last_name", words("registration.last_name"), missing=words("add_user.last_name_missing")),
        Field("email", words("registration.email_address"), kind="email", missing=words("add_user.email_missing")),
    ]


def _gives(form: Form) -> bool:
    return "role" in form.fields


def _refusals(words: Words) -> dict[str, At]:
    return access_refusals(words) | {
        "already_here": At("email", words("add_user.already_here")),
        "other_name": At("email", words("add_user.other_name")),
        "deactivated": At("email", words("add_user.deactivated")),
        "command_reused": At("email", words("form.sent_before")),
    }


async def _show(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    details = form.reason.details if form.reason else None
    known = details.user_id if isinstance(details, AlreadyHere) else None
    return await show(
        request,
        "users/new.html",
        form=form,
        lead=register.words.lines("add_user.lead") if _gives(form) else register.words.lines("add_user.master_lead"),
        gives=_gives(form),
        known=user_address(register, known) if known else "",
        href=register.address(f"{PAGE}new"),
        back=register.address(PAGE),
    )
