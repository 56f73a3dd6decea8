"""Adding a note to a record, beside whatever else is being typed there."""

from dataclasses import dataclass, replace

from aiohttp import web

from gateway.commands import new_command, without_answer
from gateway.keys import REGISTER
from gateway.page import Posted, see_other
from gateway.pages.records.finding import edition_of, find_record, record_address, record_id_in
from gateway.pages.records.sheet import (
    GONE,
    NOTE,
    Note,
    Opened,
    drawn_form,
    hidden_fields,
    note_in,
    open_record,
    opened_in,
    show_gone,
    show_page,
)
from gateway.register_form import RegisterForm, typed
from gateway.visitor import ask
from shared.contracts.referrals import AddNote, RecordShown
from shared.messages import NotAnswered, Refused
from shared.registers.definition import Definition
from shared.registers.form import fill_fields
from shared.values import Wrong


async def add_note(request: web.Request) -> web.Response:
    posted = await request.post()
    note = note_in(posted)
    record_id = record_id_in(request)
    words = request[REGISTER].words
    if not note.text or len(note.text) > 10_000:
        said = words.notes.missing if not note.text else words.notes.too_long
        return await _show_note_again(request, posted, note, said, status=422)
    try:
        await ask(request, AddNote(command_id=note.command, record_id=record_id, text=note.text))
    except Refused as refusal:
        return await _note_refused(request, posted, note, refusal)
    except NotAnswered as unanswered:
        return await _show_note_again(request, posted, note, without_answer(words, unanswered), status=503)
    return await _show_noted(request, posted)


async def _note_refused(request: web.Request, posted: Posted, note: Note, refusal: Refused) -> web.Response:
    words = request[REGISTER].words
    refused = {
        "command_reused": words.form.sent_before,
        "unreadable": words.faults[Wrong.CHARACTERS].format(label=words.notes.label),
        "not_yours": words.record.read_only,
    }
    if refusal.code in GONE:
        return await show_gone(request, typed(posted, request[REGISTER].form), note.text)
    if refusal.code not in refused:
        raise refusal
    return await _show_note_again(request, posted, replace(note, command=new_command()), refused[refusal.code], 409)


async def _show_note_again(request: web.Request, posted: Posted, note: Note, said: str, status: int) -> web.Response:
    record = await find_record(request)
    register = edition_of(request, record)
    beside = _beside(register, record, posted)
    beside.drawn.form.fields[NOTE.name] = NOTE
    beside.drawn.form.wrong(NOTE.name, said)
    return await show_page(request, register, record, beside.drawn, replace(beside.opened, note=note), status=status)


async def _show_noted(request: web.Request, posted: Posted) -> web.Response:
    """Where something else was typed too, it stands there still. Loading that page again adds no second note."""
    record = await find_record(request)
    register = edition_of(request, record)
    beside = _beside(register, record, posted)
    if not beside.changed:
        return see_other(record_address(register, record.record_id, "?Msg=noted"))
    opened = replace(beside.opened, note=Note("", new_command()))
    return await show_page(request, register, record, beside.drawn, opened, said="noted")


@dataclass(frozen=True)
class Beside:
    """The record's form as it stood when the note was sent; whether it said anything but what is saved."""

    drawn: RegisterForm
    opened: Opened
    changed: bool


def _beside(register: Definition, record: RecordShown, posted: Posted) -> Beside:
    raw, saved = typed(posted, register.form), fill_fields(register.form, record.answers)
    if not raw:
        return Beside(drawn_form(register, record), open_record(record), changed=False)
    opened = opened_in(posted)
    changed = opened.version != record.version or sorted(hidden_fields(raw)) != sorted(hidden_fields(saved))
    return Beside(drawn_form(register, record, raw), opened, changed)
