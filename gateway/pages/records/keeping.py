"""One record: read and updated in the form that made it, with its history and notes, and the page for two editors."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from gateway.keys import ORGANISATIONS, REGISTER, REGISTERS
from gateway.merging import Merged, as_it_was, merge
from gateway.navigation import PATHS, address
from gateway.page import Posted, see_other, show
from gateway.pages.records.finding import find_record, record_address, record_id_in
from gateway.pages.records.submitting import command_in, new_command, without_answer
from gateway.register_form import RegisterForm, draw, mark, typed
from gateway.rows import Column
from gateway.showing import day_and_time, organisation_names, rating_mark
from gateway.visitor import ask
from shared.contracts.referrals import (
    AddNote,
    Answer,
    Change,
    ReadHistory,
    ReadNotes,
    ReadRecord,
    RecordShown,
    UpdateRecord,
)
from shared.messages import NotAnswered, Refused
from shared.registers.definition import Definition
from shared.registers.form import Raw, as_text, consent_verdict, fill_fields, person_of, read_answers, show_answer
from shared.values import Wrong, london_day, show_date

GONE = frozenset({"archived", "not_found"})


@dataclass(frozen=True)
class Note:
    """A note that is being written, and the id of what is about to be done with it."""

    text: str
    command: UUID


@dataclass(frozen=True)
class Opened:
    """What a page keeps while somebody types: the version that was read, the id of what is to be done, the note."""

    command: UUID
    version: int
    note: Note


def _open(record: RecordShown, note: Note | None = None) -> Opened:
    return Opened(new_command(), record.version, note or Note("", new_command()))


def _opened_in(posted: Posted) -> Opened:
    return Opened(command_in(posted.get("command", "")), _version_in(posted.get("version", "")), _note_in(posted))


def _note_in(posted: Posted) -> Note:
    """The note that stands beside the form: it is part of it, so that either button keeps what the other would do."""
    sent = posted.get("note_command")
    text = str(posted.get("text", "")).replace("\r\n", "\n").strip()
    return Note(text, command_in(sent) if sent else new_command())


async def show_record(request: web.Request) -> web.Response:
    record = await find_record(request)
    register = _edition_of(request, record)
    drawn = draw(register.form, register.words, fill_fields(register.form, record.answers))
    return await _show(request, register, record, drawn, _open(record))


async def update_record(request: web.Request) -> web.Response:
    posted = await request.post()
    opened = _opened_in(posted)
    try:
        record = await find_record(request)
    except Refused:
        return await _show_gone(request, typed(posted, request[REGISTER].form), opened.note.text)
    register = _edition_of(request, record)
    raw = typed(posted, register.form)
    checked = read_answers(register.form, raw, register.words, london_day(datetime.now(UTC)))
    drawn = draw(register.form, register.words, raw)
    if consent_verdict(register, checked.answers) == "refused":
        drawn.form.refuse(register.words.record.needs_consent)
    mark(drawn, checked.faults)
    if drawn.form.summary:
        return await _show(request, register, record, drawn, opened, status=422)
    update = UpdateRecord(
        command_id=opened.command,
        record_id=record.record_id,
        version=opened.version,
        answers=dict(checked.answers),
    )
    try:
        await ask(request, update)
    except Refused as refusal:
        return await _update_refused(request, register, record, raw, opened, refusal, update.answers)
    except NotAnswered as unanswered:
        drawn.form.refuse(without_answer(register.words, unanswered))
        return await _show(request, register, record, drawn, opened, status=503)
    if opened.note.text:
        return await _show_updated(request, register, opened.note)
    return see_other(record_address(register, record.record_id, "?Msg=updated"))


async def _show_updated(request: web.Request, register: Definition, note: Note) -> web.Response:
    """The record as it is saved, and the note that nobody asked to add. Loading it again saves nothing twice."""
    record = await find_record(request)
    drawn = draw(register.form, register.words, fill_fields(register.form, record.answers))
    return await _show(request, register, record, drawn, _open(record, note), said=register.words.record.updated)


async def add_note(request: web.Request) -> web.Response:
    posted = await request.post()
    note = _note_in(posted)
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
        return await _show_gone(request, typed(posted, request[REGISTER].form), note.text)
    if refusal.code not in refused:
        raise refusal
    return await _show_note_again(request, posted, replace(note, command=new_command()), refused[refusal.code], 409)


async def _show_note_again(request: web.Request, posted: Posted, note: Note, said: str, status: int) -> web.Response:
    record = await find_record(request)
    register = _edition_of(request, record)
    beside = _beside(register, record, posted)
    beside.drawn.form.refuse(said)
    return await _show(request, register, record, beside.drawn, replace(beside.opened, note=note), status=status)


async def _show_noted(request: web.Request, posted: Posted) -> web.Response:
    """Where something else was typed too, it stands there still. Loading that page again adds no second note."""
    record = await find_record(request)
    register = _edition_of(request, record)
    beside = _beside(register, record, posted)
    if not beside.changed:
        return see_other(record_address(register, record.record_id, "?Msg=noted"))
    opened = replace(beside.opened, note=Note("", new_command()))
    return await _show(request, register, record, beside.drawn, opened, said=register.words.notes.added)


@dataclass(frozen=True)
class Beside:
    """The record's form as it stood when the note was sent; whether it said anything but what is saved."""

    drawn: RegisterForm
    opened: Opened
    changed: bool


def _beside(register: Definition, record: RecordShown, posted: Posted) -> Beside:
    raw, saved = typed(posted, register.form), fill_fields(register.form, record.answers)
    if not raw:
        return Beside(draw(register.form, register.words, saved), _open(record), changed=False)
    opened = _opened_in(posted)
    changed = opened.version != record.version or sorted(_hidden(raw)) != sorted(_hidden(saved))
    return Beside(draw(register.form, register.words, raw), opened, changed)


async def _show_gone(request: web.Request, raw: Raw, text: str = "") -> web.Response:
    """Ended meanwhile, or never theirs to see, which looks the same: what was typed can still be copied."""
    register = request[REGISTER]
    checked = read_answers(register.form, raw, register.words, london_day(datetime.now(UTC)))
    rows = as_text(register.form, checked.answers)
    back = address(register, PATHS["records"])
    return await show(request, "records/gone.html", status=404, register=register, rows=rows, text=text, back=back)


async def _update_refused(
    request: web.Request,
    register: Definition,
    record: RecordShown,
    raw: Raw,
    opened: Opened,
    refusal: Refused,
    yours: Mapping[str, Answer],
) -> web.Response:
    if refusal.code in ("conflict", "command_reused"):  # reused: this form was saved before, and typed in further
        return await _show_conflict(request, register, opened, yours)
    if refusal.code in GONE:
        return await _show_gone(request, raw, opened.note.text)
    drawn = draw(register.form, register.words, raw)
    words = register.words.record
    said = {"unchanged": words.unchanged, "not_yours": words.read_only}
    if refusal.code not in said:
        raise refusal
    drawn.form.refuse(said[refusal.code])
    return await _show(request, register, record, drawn, opened, status=409)


async def _show_conflict(
    request: web.Request, register: Definition, opened: Opened, yours: Mapping[str, Answer]
) -> web.Response:
    """Before, theirs, yours; what only one of the two changed is already put together."""
    record_id = record_id_in(request)
    record = await ask(request, ReadRecord(record_id=record_id))
    updates = await _updates_since(request, record_id, opened.version)
    words = register.words.conflict
    merged = merge(as_it_was(record.answers, updates, opened.version), record.answers, yours)
    return await show(
        request,
        "records/conflict.html",
        status=409,
        register=register,
        record=record,
        differences=_differences(register, merged),
        fields=_hidden(fill_fields(register.form, merged.answers)),
        columns=_columns(words.question, words.before, words.theirs, words.yours),
        opened=_open(record, opened.note),
        href=record_address(register, record_id),
        changed=_said(register, updates[0]) if updates else "",
    )


async def _updates_since(request: web.Request, record_id: UUID, seen: int) -> list[Change]:
    """Every update after the version that was seen, however many replies that takes; the newest first."""
    updates: list[Change] = []
    while True:
        history = await ask(request, ReadHistory(record_id=record_id, skip=len(updates)))
        updates += history.updates
        if not history.older or not history.updates or updates[-1].version <= seen:
            return updates


def _differences(register: Definition, merged: Merged) -> list[list[str]]:
    questions = register.form.by_name
    return [
        [
            questions[each.name].label,
            show_answer(questions[each.name], each.before) or register.words.page.not_recorded,
            show_answer(questions[each.name], each.theirs) or register.words.page.not_recorded,
            show_answer(questions[each.name], each.yours) or register.words.page.not_recorded,
        ]
        for each in merged.differences
        if each.name in questions
    ]


def _columns(*labels: str) -> list[Column]:
    return [Column(label) for label in labels]


def _hidden(fields: Raw) -> list[tuple[str, str]]:
    return [
        (name, value) for name, values in fields.items() for value in ((values,) if isinstance(values, str) else values)
    ]


async def _show(
    request: web.Request,
    register: Definition,
    record: RecordShown,
    drawn: RegisterForm,
    opened: Opened,
    *,
    status: int = 200,
    said: str = "",
) -> web.Response:
    skipped = {part: _skipped(request, part) for part in ("history", "notes")}
    history, notes, organisations = await asyncio.gather(
        ask(request, ReadHistory(record_id=record.record_id, skip=skipped["history"])),
        ask(request, ReadNotes(record_id=record.record_id, skip=skipped["notes"])),
        request.config_dict[ORGANISATIONS].of(register.code),
    )
    person = person_of(register, record.answers)
    words, past = register.words.record, register.words.history
    born = show_date(person.born) if person.born else register.words.page.not_recorded
    said = said or {"updated": words.updated, "noted": register.words.notes.added}.get(request.query.get("Msg", ""), "")
    code = record.answers.get(register.rating.question) if register.rating else None
    return await show(
        request,
        "records/record.html",
        status=status,
        register=register,
        record=record,
        drawn=drawn,
        form=drawn.form,
        opened=opened,
        name=words.banner.format(
            name=person.full_name, born=born, postcode=person.postcode or register.words.page.not_recorded
        ),
        facts=_facts(register, record, organisation_names(register, organisations)),
        mark=rating_mark(register, code if isinstance(code, str) else None),
        change_columns=_columns(past.question, past.before, past.after),
        updates=[_shown(register, change) for change in history.updates],
        notes=[
            (register.words.notes.written.format(name=each.written_by, when=day_and_time(each.written_at)), each.text)
            for each in notes.notes
        ],
        created=past.created.format(name=history.created_by, when=day_and_time(history.created_at)),
        note=opened.note,
        said=said,
        href=record_address(register, record.record_id),
        older_updates=skipped["history"] + len(history.updates) if history.older else 0,
        older_notes=skipped["notes"] + len(notes.notes) if notes.older else 0,
    )


def _skipped(request: web.Request, part: str) -> int:
    """How many of the newest updates or notes the address asks to leave out."""
    asked = request.query.get(part, "0")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0


def _facts(register: Definition, record: RecordShown, names: Mapping[UUID, str]) -> list[tuple[str, str]]:
    return [
        (register.words.record.reference, record.reference),
        (register.words.administration.organisation, names.get(record.organisation_id, "")),
    ]


def _said(register: Definition, change: Change) -> str:
    return register.words.history.changed.format(name=change.changed_by, when=day_and_time(change.changed_at))


def _shown(register: Definition, change: Change) -> tuple[str, list[list[str]]]:
    """One update: who and when, and for each question what it said before and after."""
    questions, nothing = register.form.by_name, register.words.page.not_recorded
    rows = [
        [
            questions[field.name].label if field.name in questions else field.name,
            show_answer(questions[field.name], field.before) or nothing if field.name in questions else nothing,
            show_answer(questions[field.name], field.after) or nothing if field.name in questions else nothing,
        ]
        for field in change.changes
    ]
    return _said(register, change), rows


def _edition_of(request: web.Request, record: RecordShown) -> Definition:
    """The record's own edition: it opens in the form that made it."""
    return request.config_dict[REGISTERS].find(request[REGISTER].code, record.edition)


def _version_in(sent: object) -> int:
    text = str(sent)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise web.HTTPBadRequest
    return int(text)
