"""One user's page: changing role, organisations and grants, and acts such as unlock, each with its own button."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.hand_over import hand_over_address
from gateway.pages.users.access import access_fields, access_in, access_refusals, values_of
from gateway.pages.users.user_facts import (
    PAGE,
    Names,
    grants_facts,
    home_text,
    logged_in_text,
    names_of,
    organisations_text,
    state_tag,
    user_address,
)
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import At, act_in, ask, ask_if_there, attempt, notice, see_other
from gateway.ui.form import Form, number_of
from gateway.ui.formats import breakable, day, lines
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.accounts import UserAct
from shared.contracts.referrals.hand_over import CountHeld
from shared.contracts.users import ActOnUser, ChangeAccess, ProposeAdministrator, ReadReach, ReadUser, User
from shared.ids import new_id
from shared.messages import Command, Nothing
from shared.permissions import Permission, Role
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

ASKED_FIRST = frozenset({UserAct.DEACTIVATE, UserAct.REMOVE})


@dataclass(frozen=True)
class ShownAct:
    """One button. `confirm` is the address of the confirmation page, for acts that need one."""

    code: str
    label: str
    confirm: str


async def show_user(request: web.Request) -> web.Response:
    return await _show(request)


async def change_access(request: web.Request) -> web.Response:
    form, version = await _sent(request)
    access = None if form.errors else access_in(form, Role.STANDARD)
    if version is None or (access is None and not form.errors):
        raise web.HTTPBadRequest
    if access is None:
        return await _show(request, form, version)
    command = ChangeAccess(command_id=form.command, user_id=id_in(request, "user"), version=version, access=access)
    return await _carry_out(request, form, command, "saved", version)


async def propose(request: web.Request) -> web.Response:
    form, version = await _sent(request)
    access = None if form.errors else access_in(form, Role.ADMINISTRATOR)
    if access is None:
        form.status = 422
        return await _show(request, form, version)
    command = ProposeAdministrator(command_id=form.command, user_id=id_in(request, "user"), access=access)
    return await _carry_out(request, form, command, "proposed", version)


async def _sent(request: web.Request) -> tuple[Form, int | None]:
    """Return the form as it was sent, and the version of the user that it was based on."""
    posted, form = await request.post(), await _form(request)
    form.command = command_in(posted)
    form.read(posted)
    return form, number_of(posted.get("version", ""))


async def _form(request: web.Request, user: User | None = None) -> Form:
    words, reach = request[REGISTER].words, await ask(request, ReadReach())
    values = values_of(user.user.access) if user and user.may_change else {}
    return Form(access_fields(words, reach, await names_of(request)), values)


async def _carry_out(
    request: web.Request, form: Form, command: Command[Nothing], done: str, version: int | None
) -> web.Response:
    words = request[REGISTER].words
    if await attempt(request, command, form, {**_refusals(words), **access_refusals(words)}) is None:
        return await _show(request, form, version)
    return see_other(user_address(request[REGISTER], id_in(request, "user")), done)


def _refusals(words: Words) -> dict[str, str | At]:
    return {
        "yourself": words("user.yourself"),
        "changed": words("user.changed"),
        "unchanged": words("user.unchanged"),
        "last_administrator": words("user.last_administrator"),
        "elsewhere": words("user.elsewhere"),
        "not_now": words("user.not_now"),
        "proposed_before": words("proposals.before"),
        "own_name": words("proposals.own_name"),
    }


async def act_on_user(request: web.Request) -> web.Response:
    posted, register, form = await request.post(), request[REGISTER], Form(())
    act, user_id, form.command = act_in(posted, UserAct), id_in(request, "user"), command_in(posted)
    acting = ActOnUser(command_id=form.command, user_id=user_id, act=act)
    if await attempt(request, acting, form, _refusals(register.words)) is None:
        return await _show(request, acted=form)
    if act is UserAct.REMOVE:
        return see_other(register.address(PAGE), "removed")
    return see_other(user_address(register, user_id), act.value)


async def ask_first(request: web.Request) -> web.Response:
    """Show what the act means and ask for confirmation."""
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
        act=act.value,
        label=register.words.group("user.acts.button")[act],
        meaning=register.words.group("user.acts.confirm")[act],
        facts=_facts(register, found, names),
        held=await _held(request, user_id),
        hand_over=hand_over_address(register, user_id),
        command=new_id(),
        href=user_address(register, user_id, "act"),
        back=user_address(register, user_id),
    )


def _sees_records(request: web.Request) -> bool:
    return request[VISITOR].may(Permission.ADMINISTER)


async def _held(request: web.Request, user_id: UUID) -> str:
    """Return how many records the user holds and covers; empty for a visitor who may not see records."""
    if not _sees_records(request):
        return ""
    words, count = request[REGISTER].words, await ask_if_there(request, CountHeld(user_id=user_id))
    if count is None:
        return words("hand_over.not_known")
    if not count.held:
        return words("hand_over.holds_none", covered=count.covered)
    return words("hand_over.before_closing", held=count.held, covered=count.covered)


async def _show(
    request: web.Request, form: Form | None = None, version: int | None = None, acted: Form | None = None
) -> web.Response:
    """
    Show the user as they are now. `form` holds what was chosen, based on `version`; after a conflict the current
    version replaces it.

    `acted` says why an action was not done.
    """
    register, names = request[REGISTER], await names_of(request)
    found = await ask(request, ReadUser(user_id=id_in(request, "user")))
    shown, acted = form or await _form(request, found), acted or Form(())
    if acted.refusal:
        shown.refuse(acted.refusal, status=acted.status)
    return await show(
        request,
        "users/one.html",
        form=shown,
        version=found.user.version if version is None or shown.status == 409 else version,
        found=found,
        elsewhere=_elsewhere(register.words, found),
        facts=_facts(register, found, names),
        acts=_acts(register, found),
        act_command=acted.command,
        said=notice(request, _notices(register.words)),
        hand_over=hand_over_address(register, found.user.user_id) if _sees_records(request) else "",
        href=user_address(register, found.user.user_id),
        back=register.address(PAGE),
    )


def _elsewhere(words: Words, found: User) -> str:
    """Return what to know of a user with other registers. Only who may close the whole account is told how."""
    if not found.user.elsewhere or UserAct.ACTIVATE in found.acts:
        return ""
    if UserAct.DEACTIVATE not in found.acts:
        return words("user.elsewhere")
    return words("user.elsewhere_whole", deactivate=words.group("user.acts.button")[UserAct.DEACTIVATE])


def _facts(register: Definition, found: User, names: Names) -> list[tuple[str, Cell]]:
    words, user = register.words, found.user
    return [
        (words("users.name"), user.full_name),
        (words("users.email"), breakable(user.email)),
        (words("users.role"), words.group("users.roles")[user.access.role]),
        (words("users.organisations"), organisations_text(words, user.access, names)),
        (words("user.home"), home_text(words, user.access, names)),
        *grants_facts(register, user.access),
        (words("users.state"), state_tag(words, user.state)),
        (words("user.logged_in"), logged_in_text(words, user)),
        *([(words("user.joined"), day(user.joined_at))] if user.joined_at else []),
        *([(words("user.former_names"), lines(*_former(words, found)))] if found.former_names else []),
    ]


def _former(words: Words, found: User) -> list[str]:
    return [words("user.former_name", name=each.full_name, day=day(each.until)) for each in found.former_names]


def _acts(register: Definition, found: User) -> list[ShownAct]:
    return [
        ShownAct(
            act.value,
            register.words.group("user.acts.button")[act],
            user_address(register, found.user.user_id, f"confirm/{act.value}/") if act in ASKED_FIRST else "",
        )
        for act in found.acts
    ]


def _notices(words: Words) -> dict[str, str]:
    return {
        "added": words("add_user.added"),
        "existing": words("add_user.existing"),
        "saved": words("user.saved"),
        "renamed": words("user.renamed"),
        "proposed": words("proposals.done"),
        "app_removed": words("user.app_removed"),
        "app_not_reset": words("user.app_not_reset"),
        **{act.value: words.group("user.acts.done")[act] for act in UserAct},
    }
