"""One action on one page of a phone: what is to be done, its log, and what its owner and the team do with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import get_args
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.actions.action_cells import due_cell, owner_text, state_tag
from gateway.pages.actions.action_list import names_of, register_with_actions
from gateway.pages.actions.addresses import action_address, actions_address
from gateway.pages.actions.typed import typed_day, typed_text
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import act_in, ask, attempt, notice, see_other
from gateway.ui.form import Choice, Field, Form, sent_number
from gateway.ui.formats import day, day_and_time
from gateway.ui.render import show
from shared.clock import london_today
from shared.contracts.actions import (
    ActionEntry,
    ActionRead,
    ActionReceipt,
    ActionShown,
    ContactWay,
    DecideAction,
    FollowUpAction,
    ReadAction,
    ReportAction,
    Verdict,
)
from shared.ids import new_id
from shared.messages import Command, Nothing
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import show_date

CHANGE = "change/"
RESULT, COMMENT, WAY, ON, RETURNED, CANCELLED = "result", "comment", "way", "on", "returned", "cancelled"
OF_ACT = {
    "report": (RESULT,),
    "comment": (COMMENT, WAY, ON),
    "return": (RETURNED,),
    "cancel": (CANCELLED,),
    "close": (),
}
"""The fields that belong to each button. What is typed in the others stays on the page."""


class ActionAct(StrEnum):
    """What a button of the page asks for."""

    REPORT = "report"
    COMMENT = "comment"
    CLOSE = "close"
    RETURN = "return"
    CANCEL = "cancel"


async def show_action(request: web.Request) -> web.Response:
    register = register_with_actions(request)
    return await _show(request, _form(register.words), said=notice(request, _done(register.words)))


async def act_on_action(request: web.Request) -> web.Response:
    """Carry out what the button says. What was typed beside it is not lost: then the page is shown again with it."""
    register, posted = register_with_actions(request), await request.post()
    form, act = _form(register.words), act_in(posted, ActionAct)
    form.command, answers = command_in(posted), form.read(posted) or {}
    command = _command(request, form, answers, act, sent_number(posted, "version"))
    if command is None:
        return await _show(request, form)
    if await attempt(request, command, form, _refusals(register.words)) is None:
        return await _show(request, form)
    kept = {name: value for name, value in _typed_beside(form, act).items() if value}
    if not kept:
        return see_other(action_address(register, id_in(request, "action")), act.value)
    return await _show(request, Form(form.fields, kept), said=_done(register.words)[act.value])


def _typed_beside(form: Form, act: ActionAct) -> dict[str, str]:
    """Return what was typed into the fields of the other buttons."""
    own = OF_ACT[act.value]
    names = [name for name in (RESULT, COMMENT, RETURNED, CANCELLED) if name not in own]
    return {name: form.value(name) for name in names}


def _form(words: Words) -> Form:
    ways = tuple(Choice(each, _ways(words)[each]) for each in get_args(ContactWay))
    return Form(
        (
            Field(RESULT, words("actions.result"), kind="long_text", hint=words("actions.result_hint")),
            Field(COMMENT, words("actions.comment"), kind="long_text", hint=words("actions.comment_hint")),
            Field(WAY, words("actions.way"), kind="select", choices=(Choice("", words("actions.no_contact")), *ways)),
            Field(ON, words("actions.contacted_on"), kind="date", hint=words("actions.contacted_on_hint")),
            Field(RETURNED, words("actions.return_reason"), kind="long_text"),
            Field(CANCELLED, words("actions.cancel_reason"), kind="long_text"),
        )
    )


def _ways(words: Words) -> dict[str, str]:
    return {
        "phone": words("actions.way_phone"),
        "email": words("actions.way_email"),
        "message": words("actions.way_message"),
        "face_to_face": words("actions.way_face_to_face"),
        "letter": words("actions.way_letter"),
    }


def _command(
    request: web.Request, form: Form, answers: Mapping[str, str], act: ActionAct, version: int
) -> Command[ActionReceipt] | Command[Nothing] | None:
    """Return the command; None if the form says what is missing."""
    words, action_id = request[REGISTER].words, id_in(request, "action")
    if act is ActionAct.COMMENT:
        return _follow_up(form, words, answers, action_id)
    if act is ActionAct.REPORT:
        result = typed_text(form, words, RESULT, answers, words("actions.result_missing"))
        return (
            None
            if form.errors
            else ReportAction(command_id=form.command, action_id=action_id, version=version, result=result)
        )
    verdicts: dict[ActionAct, tuple[Verdict, str]] = {
        ActionAct.CLOSE: ("close", ""),
        ActionAct.RETURN: ("return", RETURNED),
        ActionAct.CANCEL: ("cancel", CANCELLED),
    }
    verdict, name = verdicts[act]
    reason = typed_text(form, words, name, answers, words("actions.reason_missing")) if name else ""
    if form.errors:
        return None
    return DecideAction(command_id=form.command, action_id=action_id, version=version, verdict=verdict, reason=reason)


def _follow_up(form: Form, words: Words, answers: Mapping[str, str], action_id: UUID) -> FollowUpAction | None:
    """Return the command. A contact without a day was today."""
    text = typed_text(form, words, COMMENT, answers, words("actions.comment_missing"))
    way = next((each for each in get_args(ContactWay) if each == answers.get(WAY)), None)
    on: date | None = typed_day(form, words, ON, answers, "")
    if on and way is None:
        form.wrong(WAY, words("actions.way_missing"))
    if form.errors:
        return None
    contacted_on = (on or london_today()) if way else None
    return FollowUpAction(
        command_id=form.command, action_id=action_id, text=text, contacted_on=contacted_on, contacted_by=way
    )


def _refusals(words: Words) -> dict[str, str]:
    return {
        "conflict": words("actions.conflict"),
        "ended": words("actions.is_ended"),
        "not_open": words("actions.not_open"),
        "not_reported": words("actions.not_reported"),
        "future": words("actions.future"),
        "too_long_ago": words("actions.too_long_ago"),
        "too_many": words("actions.log_full"),
        "empty": words("actions.reason_missing"),
    }


def _done(words: Words) -> dict[str, str]:
    return {
        "report": words("actions.done_report"),
        "comment": words("actions.done_comment"),
        "close": words("actions.done_close"),
        "return": words("actions.done_return"),
        "cancel": words("actions.done_cancel"),
        "changed": words("actions.done_changed"),
    }


@dataclass(frozen=True, repr=False)
class LogLine:
    """A line of the log: what happened, who wrote it and when, and the text."""

    heading: str
    written: str
    text: str


def log_line(words: Words, entry: ActionEntry) -> LogLine:
    written = words("actions.written", name=entry.written_by, when=day_and_time(entry.written_at))
    return LogLine(_what(words, entry), written, entry.text)


def _what(words: Words, entry: ActionEntry) -> str:
    if entry.kind == "contact" and entry.contacted_on and entry.contacted_by:
        way = _ways(words)[entry.contacted_by]
        return words("actions.log_contact", way=way, day=show_date(entry.contacted_on))
    if entry.kind == "changed":
        return " ".join(_changes(words, entry))
    said = {
        "added": words("actions.log_added", who=entry.who_after),
        "comment": words("actions.log_comment"),
        "reported": words("actions.log_reported"),
        "returned": words("actions.log_returned"),
        "closed": words("actions.log_closed"),
        "cancelled": words("actions.log_cancelled"),
    }
    return said[entry.kind]


def _changes(words: Words, entry: ActionEntry) -> list[str]:
    """Return what an administrator changed, before and after."""
    said = []
    if entry.due_before and entry.due_after:
        before, after = show_date(entry.due_before), show_date(entry.due_after)
        said.append(words("actions.log_due", before=before, after=after))
    if entry.who_after:
        said.append(words("actions.log_who", before=entry.who_before, after=entry.who_after))
    return said


async def _show(request: web.Request, form: Form, said: str = "") -> web.Response:
    register, is_team = request[REGISTER], request[VISITOR].may(Permission.RECORD_OUTCOME)
    read: ActionRead = await ask(request, ReadAction(action_id=id_in(request, "action")))
    action, words = read.action, register.words
    named = (await names_of(request, (action,)) or {}).get(action.record_id)
    return await show(
        request,
        "actions/action.html",
        form=form,
        said=said,
        action=action,
        name=named.name if named else "",
        born=show_date(named.born) if named and named.born else "",
        record_href=register.record_address(action.record_id) if named else "",
        facts=_facts(register, action),
        has_left=words("actions.has_left", name=action.colleague) if read.has_left else "",
        entries=[log_line(words, each) for each in reversed(read.entries)],
        may_report=action.state == "open",
        may_decide=is_team and action.state == "reported",
        may_cancel=is_team and action.is_open,
        change=action_address(register, action.action_id, CHANGE) if is_team and action.state == "open" else "",
        acts=ActionAct,
        back=actions_address(register),
        href=action_address(register, action.action_id),
        command=form.command if form.summary else new_id(),
    )


def _facts(register: Definition, action: ActionShown) -> list[tuple[str, object]]:
    """Return what the page says about the action, with labels."""
    words = register.words
    facts: list[tuple[str, object]] = [
        (words("actions.who"), owner_text(words, action)),
        (words("actions.due"), due_cell(words, action, london_today())),
        (words("actions.state"), state_tag(words, action)),
    ]
    if action.result:
        facts.append((words("actions.result_label"), action.result))
    facts.append((words("actions.agreed"), words("actions.written", name=action.added_by, when=day(action.added_at))))
    return facts
