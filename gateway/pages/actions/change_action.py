"""The page on which the team changes when an action is due, or who does it."""

from collections.abc import Mapping

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.actions.action_list import register_with_actions
from gateway.pages.actions.action_page import CHANGE
from gateway.pages.actions.addresses import action_address
from gateway.pages.actions.typed import (
    COLLEAGUE,
    OUTSIDER,
    SERVICE,
    offer,
    typed_day,
    typed_owner,
    value_of,
    who_fields,
)
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import At, ask, ask_if_there, attempt, see_other
from gateway.ui.form import DATE_PARTS, Field, Form, sent_number
from gateway.ui.render import show
from shared.contracts.actions import ActionShown, ChangeAction, ReadAction
from shared.contracts.referrals.reading import ReadRecord
from shared.registers.definition.words import Words

DUE = "due"
FIND, SAVE = "find", "save"


async def show_change(request: web.Request) -> web.Response:
    register_with_actions(request)
    return await _show(request, None)


async def change_action(request: web.Request) -> web.Response:
    """Find colleagues, or save the change. Both keep what was typed."""
    register, posted = register_with_actions(request), await request.post()
    words, form = register.words, Form(_fields(register.words))
    form.command, answers, version = command_in(posted), form.read(posted) or {}, sent_number(posted, "version")
    if posted.get("act") == FIND:
        return await _show(request, form, version)
    command = _command(request, form, answers, version)
    if command is None or await attempt(request, command, form, _refusals(words)) is None:
        return await _show(request, form, version)
    return see_other(action_address(register, command.action_id), "changed")


def _fields(words: Words) -> tuple[Field, ...]:
    return (Field(DUE, words("actions.due"), kind="date", hint=words("dates.hint")), *who_fields(words))


def _command(request: web.Request, form: Form, answers: Mapping[str, str], version: int) -> ChangeAction | None:
    """Return the command; None if the form says what is wrong."""
    words = request[REGISTER].words
    due_on, owner = (
        typed_day(form, words, DUE, answers, words("actions.due_missing")),
        typed_owner(form, words, answers),
    )
    if form.errors or due_on is None or owner is None:
        return None
    action_id = id_in(request, "action")
    return ChangeAction(command_id=form.command, action_id=action_id, version=version, due_on=due_on, owner=owner)


def _refusals(words: Words) -> dict[str, str | At]:
    return {
        "conflict": words("actions.conflict"),
        "not_open": words("actions.not_open"),
        "past": At(DUE, words("actions.past")),
        "too_far": At(DUE, words("actions.too_far")),
        "not_a_colleague": At(COLLEAGUE, words("actions.not_a_colleague")),
    }


async def _show(request: web.Request, form: Form | None, version: int | None = None) -> web.Response:
    """
    Show the form. An action that is not open any more leads back to its page, unless something was just typed.

    After a conflict the form is based on the present version, whose values the page names.
    """
    register = request[REGISTER]
    action = (await ask(request, ReadAction(action_id=id_in(request, "action")))).action
    back = action_address(register, action.action_id)
    if form is None and action.state != "open":
        return see_other(back)
    record = await ask_if_there(request, ReadRecord(record_id=action.record_id))
    shown = form or Form(_fields(register.words))
    offered = await offer(request, register, record, shown, (action.colleague_id, action.colleague))
    if form is None:
        shown = Form(_fields(register.words), _present(action, value_of(offered, action.colleague_id)))
    shown.fields = {**shown.fields, **{each.name: each for each in who_fields(register.words, offered.choices)}}
    return await show(
        request,
        "actions/change.html",
        form=shown,
        action=action,
        found=offered.found,
        version=action.version if version is None or shown.status == 409 else version,
        find=FIND,
        save=SAVE,
        back=back,
        href=action_address(register, action.action_id, CHANGE),
    )


def _present(action: ActionShown, colleague: str) -> dict[str, str]:
    """Return the values that the form shows at first."""
    due = zip(DATE_PARTS, (action.due_on.day, action.due_on.month, action.due_on.year), strict=True)
    parts = {f"{DUE}-{part}": str(number) for part, number in due}
    return {**parts, COLLEAGUE: colleague, OUTSIDER: action.outsider, SERVICE: action.service}
