"""Adding a note to a record, without losing what is being typed elsewhere on the page."""

from dataclasses import replace

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.beside import beside
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.pages.records.reading_page import ReadingState, show_reading
from gateway.pages.records.record_page import (
    GONE,
    NOTE,
    Note,
    note_in,
    show_gone,
    show_page,
)
from gateway.ui.actions import attempt, see_other
from gateway.ui.form import Form, Posted
from gateway.ui.register_form import typed
from shared.cleaning import says_something
from shared.contracts.referrals.reading import AddNote
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.words import Words

LONGEST = 10_000


async def add_note(request: web.Request) -> web.Response:
    posted = await request.post()
    note, form, register = note_in(posted), Form([NOTE]), request[REGISTER]
    form.command = note.command
    if not says_something(note.text) or len(note.text) > LONGEST:
        words = register.words
        form.refuse(words("notes.too_long") if says_something(note.text) else words("notes.missing"))
        return await _show_note_again(request, posted, note, form)
    command = AddNote(command_id=note.command, record_id=record_id_in(request), text=note.text)
    try:
        added = await attempt(request, command, form, _refusals(register.words))
    except Refused as refusal:
        if refusal.code not in GONE:
            raise
        return await show_gone(request, typed(posted, register.form), note.text)
    return await (_show_noted(request, posted) if added else _show_note_again(request, posted, note, form))


def _refusals(words: Words) -> dict[str, str]:
    return {"not_yours": words("record.read_only")}


async def _show_note_again(request: web.Request, posted: Posted, note: Note, sent: Form) -> web.Response:
    """Show the record's page with the note, and what is wrong with it (from `sent`) at its field."""
    record = await find_record(request)
    register = edition_of(request, record)
    if not typed(posted, register.form):  # sent from the page to read
        sent.fields, refusal, sent.refusal = {NOTE.name: NOTE}, sent.refusal, ""
        sent.wrong(NOTE.name, refusal, status=sent.status)
        return await show_reading(request, register, record, ReadingState(Note(note.text, sent.command), form=sent))
    form = beside(register, record, posted)
    form.drawn.form.fields = {**form.drawn.form.fields, NOTE.name: NOTE}
    form.drawn.form.wrong(NOTE.name, sent.refusal, status=sent.status)
    opened = replace(form.opened, note=Note(note.text, sent.command))
    return await show_page(request, register, record, form.drawn, opened)


async def _show_noted(request: web.Request, posted: Posted) -> web.Response:
    """Confirm that the note was added. Unsaved changes stay in the form; reloading that page adds no second note."""
    record = await find_record(request)
    register = edition_of(request, record)
    form = beside(register, record, posted)
    if not form.changed:
        return see_other(register.record_address(record.record_id), "noted")
    opened = replace(form.opened, note=Note("", new_id()))
    return await show_page(request, register, record, form.drawn, opened, said="noted")
