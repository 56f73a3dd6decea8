"""The actions of one record: the team adds to them, and its lead sees them and who was told of the plan."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.actions.action_cells import became_of_it, due_cell, owner_text, text_cell
from gateway.pages.actions.action_list import register_with_actions
from gateway.pages.actions.addresses import record_actions_address
from gateway.pages.actions.plan_told import TOLD, told_lines
from gateway.pages.actions.typed import COLLEAGUE, Offer, offer, typed_day, typed_owner, typed_text, who_fields
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.security.ids import command_in, id_or_none
from gateway.ui.actions import At, act_in, ask, attempt, notice, see_other
from gateway.ui.form import Choice, Field, Form
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import london_today
from shared.contracts.actions import ActionShown, AddAction, ListRecordActions, MeetingDecision
from shared.contracts.referrals.reading import RecordShown
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import show_date

TEXT, DUE = "text", "due"
MEETING = "meeting"
NOTHING_OFFERED = Offer((), "")


class RecordAct(StrEnum):
    """What a button of the page asks for."""

    FIND = "find"
    ADD = "add"


async def show_record_actions(request: web.Request) -> web.Response:
    words = register_with_actions(request).words
    said = {"added": words("actions.done_add"), "told": words("actions.done_tell")}
    return await _show(request, Form(_fields(words)), notice(request, said))


async def add_action(request: web.Request) -> web.Response:
    """Find colleagues, or add an action. Both keep what was typed."""
    register, posted = register_with_actions(request), await request.post()
    form, act = Form(_fields(register.words)), act_in(posted, RecordAct)
    form.command, answers = command_in(posted), form.read(posted) or {}
    if act is RecordAct.FIND:
        return await _show(request, form)
    command = _adding(request, form, answers)
    if command is None or await attempt(request, command, form, _refusals(register.words)) is None:
        return await _show(request, form)
    return _after(request)


def _after(request: web.Request) -> web.Response:
    """Go on to the meeting at which the action was agreed, or to this page."""
    register, meeting = request[REGISTER], id_or_none(request.query.get(MEETING))
    record_id = record_id_in(request)
    if meeting is None:
        return see_other(record_actions_address(register, record_id), "added")
    return see_other(register.address(f"meetings/{meeting.hex}/{record_id.hex}/"))


def _fields(words: Words, offered: Sequence[Choice] = ()) -> tuple[Field, ...]:
    return (
        Field(TEXT, words("actions.what"), kind="long_text"),
        Field(DUE, words("actions.due"), kind="date", hint=words("dates.hint")),
        *who_fields(words, offered),
    )


def _adding(request: web.Request, form: Form, answers: Mapping[str, str]) -> AddAction | None:
    """Return the command; None if the form says what is wrong."""
    words = request[REGISTER].words
    text = typed_text(form, words, TEXT, answers, words("actions.what_missing"))
    due_on = typed_day(form, words, DUE, answers, words("actions.due_missing"))
    owner = typed_owner(form, words, answers)
    if form.errors or due_on is None or owner is None:
        return None
    return AddAction(
        command_id=form.command,
        record_id=record_id_in(request),
        meeting_id=id_or_none(request.query.get(MEETING)),
        text=text,
        due_on=due_on,
        owner=owner,
    )


def _refusals(words: Words) -> dict[str, str | At]:
    return {
        "archived": words("record.ended"),
        "past": At(DUE, words("actions.past")),
        "too_far": At(DUE, words("actions.too_far")),
        "not_a_colleague": At(COLLEAGUE, words("actions.not_a_colleague")),
        "too_many": words("actions.too_many"),
    }


async def _show(request: web.Request, form: Form, said: str = "") -> web.Response:
    record, is_team = await find_record(request), request[VISITOR].may(Permission.RECORD_OUTCOME)
    register = edition_of(request, record)
    words, may_add = register.words, is_team and record.is_open
    found, about, offered = await asyncio.gather(
        ask(request, ListRecordActions(record_id=record.record_id)),
        whose(request, record),
        _offer(request, register, record, form, may_add=may_add),
    )
    form.fields = {**form.fields, **{each.name: each for each in who_fields(words, offered.choices)}}
    meeting = id_or_none(request.query.get(MEETING))
    here = record_actions_address(register, record.record_id)
    return await show(
        request,
        "actions/record.html",
        register=register,
        form=form,
        said=said,
        name=about.name,
        reference=record.reference,
        facts=about.facts,
        columns=[
            Column(label)
            for label in (words("actions.what"), words("actions.who"), words("actions.due"), words("actions.state"))
        ],
        rows=[_row(request, register, each) for each in found.actions],
        decided=[_decided(words, each) for each in found.decisions],
        told=told_lines(words, found.told),
        tell=f"{here}{TOLD}" if record.is_open else "",
        may_add=may_add,
        found=offered.found,
        acts=RecordAct,
        back=list_address(request, is_open=record.is_open),
        record_href=register.record_address(record.record_id),
        href=f"{here}?{MEETING}={meeting.hex}" if meeting else here,
    )


def _decided(words: Words, decision: MeetingDecision) -> str:
    day = show_date(decision.held_on)
    return words("actions.decided", day=day, meeting=decision.meeting, decision=decision.decision)


async def _offer(
    request: web.Request, register: Definition, record: RecordShown, form: Form, *, may_add: bool
) -> Offer:
    return await offer(request, register, record, form) if may_add else NOTHING_OFFERED


def _row(request: web.Request, register: Definition, action: ActionShown) -> list[Cell]:
    """Return a row. Who may open the action has a link to it; the lead of the record reads the whole text here."""
    words, may_open = register.words, action.is_theirs or request[VISITOR].may(Permission.RECORD_OUTCOME)
    return [
        text_cell(register, action) if may_open else action.text,
        owner_text(words, action),
        due_cell(words, action, london_today()),
        became_of_it(words, action),
    ]
