"""One user's page: role and organisations changed, the account unlocked, deactivated and the like, each by itself."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.ids import id_in
from gateway.keys import REGISTER
from gateway.navigation import address
from gateway.page import Form, see_other, show
from gateway.pages.users.access import access_fields, access_in, mark_refused, values_of
from gateway.pages.users.showing import (
    PAGE,
    Names,
    home_text,
    names_of,
    organisations_text,
    state_tag,
    user_address,
)
from gateway.rows import Cell
from gateway.showing import breakable
from gateway.visitor import ask
from shared.accounts import UserAct
from shared.contracts.users import ActOnUser, ChangeAccess, ProposeAdministrator, ReadReach, ReadUser, User
from shared.messages import Command, NotAnswered, Nothing, Refused
from shared.permissions import Role
from shared.registers.definition import Definition, Words

ASKED_FIRST = frozenset({UserAct.DEACTIVATE, UserAct.REMOVE})


@dataclass(frozen=True)
class Sheet:
    """What was chosen, the version it was chosen upon, and the id under which it is sent."""

    form: Form
    command: UUID
    version: int | None = None


@dataclass(frozen=True)
class ShownAct:
    """One button. `confirm`: the page that asks first, for what hurts."""

    code: str
    label: str
    confirm: str


async def show_user(request: web.Request) -> web.Response:
    return await _show(request, None)


async def change_access(request: web.Request) -> web.Response:
    sheet = await _read_sheet(request)
    access = None if sheet.form.errors else access_in(sheet.form, Role.STANDARD)
    if sheet.version is None or (access is None and not sheet.form.errors):
        raise web.HTTPBadRequest
    if access is None:
        return await _show(request, sheet, status=422)
    command = ChangeAccess(
        command_id=sheet.command, user_id=id_in(request, "user"), version=sheet.version, access=access
    )
    return await _carry_out(request, sheet, command, "saved")


async def propose(request: web.Request) -> web.Response:
    sheet = await _read_sheet(request)
    access = None if sheet.form.errors else access_in(sheet.form, Role.ADMINISTRATOR)
    if access is None:
        return await _show(request, sheet, status=422)
    command = ProposeAdministrator(command_id=sheet.command, user_id=id_in(request, "user"), access=access)
    return await _carry_out(request, sheet, command, "proposed")


async def _read_sheet(request: web.Request) -> Sheet:
    posted = await request.post()
    form = await _form(request)
    form.read(posted)
    version = str(posted.get("version", ""))
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
    return Sheet(form, command_in(posted.get("command", "")), number)


async def _form(request: web.Request, user: User | None = None) -> Form:
    words, reach = request[REGISTER].words, await ask(request, ReadReach())
    values = values_of(user.user.access) if user and user.may_change else {}
    return Form(access_fields(words, reach, await names_of(request)), values)


async def _carry_out(request: web.Request, sheet: Sheet, command: Command[Nothing], done: str) -> web.Response:
    """What was sent and not answered may have been done, so it keeps its id."""
    words = request[REGISTER].words
    try:
        await ask(request, command)
    except Refused as refusal:
        if not mark_refused(words, sheet.form, refusal):
            sheet.form.refuse(_said(words, refusal))
        return await _show(request, Sheet(sheet.form, new_command()), status=409)
    except NotAnswered as unanswered:
        sheet.form.refuse(without_answer(words, unanswered))
        return await _show(request, sheet, status=503)
    return see_other(user_address(request[REGISTER], id_in(request, "user"), f"?Msg={done}"))


def _said(words: Words, refusal: Refused) -> str:
    """A refusal in words. One that nobody at this page can have meant is an error page."""
    said = {
        "yourself": words.user.yourself,
        "changed": words.user.changed,
        "unchanged": words.user.unchanged,
        "last_administrator": words.user.last_administrator,
        "elsewhere": words.user.elsewhere,
        "not_now": words.user.not_now,
        "proposed_before": words.proposals.before,
        "own_name": words.proposals.own_name,
        "command_reused": words.form.sent_before,
    }
    if refusal.code not in said:
        raise refusal
    return said[refusal.code]


async def act_on_user(request: web.Request) -> web.Response:
    posted, register = await request.post(), request[REGISTER]
    act, user_id = _act_in(str(posted.get("act", ""))), id_in(request, "user")
    form, command = Form(()), command_in(posted.get("command", ""))
    try:
        await ask(request, ActOnUser(command_id=command, user_id=user_id, act=act))
    except Refused as refusal:
        form.refuse(_said(register.words, refusal))
        return await _show(request, None, refused=form, status=409)
    except NotAnswered as unanswered:
        form.refuse(without_answer(register.words, unanswered))
        return await _show(request, None, refused=form, status=503, again=command)
    if act is UserAct.REMOVE:
        return see_other(address(register, f"{PAGE}?Msg=removed"))
    return see_other(user_address(register, user_id, f"?Msg={act.value}"))


def _act_in(text: str) -> UserAct:
    try:
        return UserAct(text)
    except ValueError:
        raise web.HTTPBadRequest from None


async def ask_first(request: web.Request) -> web.Response:
    """The page before what hurts: what it means, and the button that does it."""
    register, user_id = request[REGISTER], id_in(request, "user")
    act = next((each for each in ASKED_FIRST if each.value == request.match_info["act"]), None)
    if act is None:
        raise web.HTTPNotFound
    found, names = await ask(request, ReadUser(user_id=user_id)), await names_of(request)
    if act not in found.acts:
        return see_other(user_address(register, user_id))
    return await show(
        request,
        "users/confirm.html",
        register=register,
        act=act.value,
        words=register.words.user.acts[act],
        facts=_facts(register, found, names),
        command=new_command(),
        href=user_address(register, user_id, "act"),
        back=user_address(register, user_id),
    )


async def _show(
    request: web.Request,
    sheet: Sheet | None,
    *,
    refused: Form | None = None,
    again: UUID | None = None,
    status: int = 200,
) -> web.Response:
    """
    The page as it stands now; `sheet`: with what was chosen. A version that was overtaken is replaced by the new.

    `refused`: what to say of an act; `again`: its id, when it may have been done.
    """
    register, names = request[REGISTER], await names_of(request)
    found = await ask(request, ReadUser(user_id=id_in(request, "user")))
    shown = sheet or Sheet(await _form(request, found), new_command())
    if refused is not None:
        shown.form.refuse(refused.refusal)
    return await show(
        request,
        "users/one.html",
        status=status,
        register=register,
        form=shown.form,
        command=shown.command,
        version=found.user.version if shown.version is None else shown.version,
        found=found,
        facts=_facts(register, found, names),
        acts=_acts(register, found),
        act_command=again or new_command(),
        said=_message(register.words, request.query.get("Msg", "")) if request.method == "GET" else "",
        href=user_address(register, found.user.user_id),
        back=address(register, PAGE),
    )


def _facts(register: Definition, found: User, names: Names) -> list[tuple[str, Cell]]:
    words, user = register.words, found.user
    return [
        (words.users.name, user.full_name),
        (words.users.email, breakable(user.email)),
        (words.users.role, words.users.roles[user.access.role]),
        (words.users.organisations, organisations_text(words, user.access, names)),
        (words.user.home, home_text(words, user.access, names)),
        (words.users.state, state_tag(words, user.state)),
    ]


def _acts(register: Definition, found: User) -> list[ShownAct]:
    return [
        ShownAct(
            act.value,
            register.words.user.acts[act].button,
            user_address(register, found.user.user_id, f"confirm/{act.value}/") if act in ASKED_FIRST else "",
        )
        for act in found.acts
    ]


def _message(words: Words, message: str) -> str:
    said = {
        "added": words.add_user.added,
        "existing": words.add_user.existing,
        "saved": words.user.saved,
        "proposed": words.proposals.done,
        **{act.value: words.user.acts[act].done for act in UserAct},
    }
    return said.get(message, "")
