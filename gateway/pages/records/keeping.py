"""One record: read and updated in the form that made it, with its history and notes, and the page for two editors."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from gateway.keys import ORGANISATIONS, REGISTER, VISITOR
from gateway.merging import Merged, as_it_was, merge
from gateway.navigation import PATHS, address
from gateway.page import Field, Posted, see_other, show
from gateway.pages.records.finding import edition_of, find_record, record_address, record_id_in
from gateway.pages.records.history import FoundOutcomes, past_of, said_of
from gateway.pages.records.linked import standing_of
from gateway.pages.records.submitting import command_in, new_command, without_answer
from gateway.pages.records.whose import whose
from gateway.register_form import RegisterForm, draw, mark, typed
from gateway.rows import Column
from gateway.showing import day_and_time, days_since, organisation_names
from gateway.visitor import ask
from shared.contracts.outcomes import ListOutcomes
from shared.contracts.referrals import (
    AddNote,
    Answer,
    Change,
    ReadHistory,
    ReadNotes,
    ReadRecord,
    RecordShown,
    ReviewRecord,
    UpdateRecord,
)
from shared.messages import NotAnswered, Refused
from shared.permissions import Permission
from shared.registers.definition import Definition
from shared.registers.form import (
    Checked,
    Raw,
    as_text,
    consent_verdict,
    fill_fields,
    read_answers,
    show_answer,
)
from shared.values import Wrong, london_day

GONE = frozenset({"archived", "not_found"})
REVIEW = "review"  # the button by which the form is sent when nothing was changed
NOTE = Field("text", label="", kind="long_text")  # it stands in a tab of its own, which draws it; here it can be wrong


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


@dataclass(frozen=True)
class Sent:
    """A record's form as it was sent: of what record, as it is drawn again, and what was read in it."""

    register: Definition
    record: RecordShown
    drawn: RegisterForm
    opened: Opened
    checked: Checked


def _open(record: RecordShown, note: Note | None = None) -> Opened:
    return Opened(new_command(), record.version, note or Note("", new_command()))


def _opened_in(posted: Posted) -> Opened:
    return Opened(command_in(posted.get("command", "")), _version_in(posted.get("version", "")), _note_in(posted))


def _note_in(posted: Posted) -> Note:
    """The note that stands beside the form: it is part of it, so that either button keeps what the other would do."""
    sent = posted.get("note_command")
    text = str(posted.get("text", "")).replace("\r\n", "\n").strip()
    return Note(text, command_in(sent) if sent else new_command())


def _drawn(register: Definition, record: RecordShown, raw: Raw | None = None) -> RegisterForm:
    """The record's form with its own answers, or with what was typed over them."""
    filled = fill_fields(register.form, record.answers) if raw is None else raw
    return draw(register.form, register.words, filled, record.answers)


async def show_record(request: web.Request) -> web.Response:
    record = await find_record(request)
    register = edition_of(request, record)
    drawn = _drawn(register, record)
    return await _show(request, register, record, drawn, _open(record))


async def update_record(request: web.Request) -> web.Response:
    posted = await request.post()
    opened = _opened_in(posted)
    try:
        record = await find_record(request)
    except Refused:
        return await _show_gone(request, typed(posted, request[REGISTER].form), opened.note.text)
    register = edition_of(request, record)
    raw = typed(posted, register.form)
    checked = read_answers(register.form, raw, register.words, london_day(datetime.now(UTC)), record.answers)
    sent = Sent(register, record, _drawn(register, record, raw), opened, checked)
    return await (_review if posted.get("act") == REVIEW else _update)(request, sent)


async def _update(request: web.Request, sent: Sent) -> web.Response:
    register, checked, form = sent.register, sent.checked, sent.drawn.form
    if consent_verdict(register, checked.answers) == "refused":
        form.refuse(register.words.record.needs_consent)
    mark(sent.drawn, checked.faults)
    if form.summary:
        return await _show_sent(request, sent, status=422)
    update = UpdateRecord(
        command_id=sent.opened.command,
        record_id=sent.record.record_id,
        version=sent.opened.version,
        answers=dict(checked.answers),
    )
    return await _ask(request, sent, update)


async def _review(request: web.Request, sent: Sent) -> web.Response:
    """The rating stands. Who has changed something in the form is asked what they meant, so that nothing is lost."""
    opened, record = sent.opened, sent.record
    if opened.version == record.version and is_changed(sent.register, record, sent.checked):
        sent.drawn.form.refuse(sent.register.words.record.reviewed_typed)
        return await _show_sent(request, sent, status=409)
    review = ReviewRecord(command_id=opened.command, record_id=record.record_id, version=opened.version)
    return await _ask(request, sent, review)


async def _ask(request: web.Request, sent: Sent, command: UpdateRecord | ReviewRecord) -> web.Response:
    register = sent.register
    try:
        await ask(request, command)
    except Refused as refusal:
        return await _update_refused(request, sent, refusal)
    except NotAnswered as unanswered:
        sent.drawn.form.refuse(without_answer(register.words, unanswered))
        return await _show_sent(request, sent, status=503)
    done = "reviewed" if isinstance(command, ReviewRecord) else "updated"
    if sent.opened.note.text:
        return await _show_saved(request, register, sent.opened.note, done)
    return see_other(record_address(register, sent.record.record_id, f"?Msg={done}"))


async def _show_sent(request: web.Request, sent: Sent, *, status: int) -> web.Response:
    return await _show(request, sent.register, sent.record, sent.drawn, sent.opened, status=status)


def is_changed(register: Definition, record: RecordShown, checked: Checked) -> bool:
    """Whether the form holds anything but the record's own answers, be it only something that cannot be read."""
    today = london_day(datetime.now(UTC))
    kept = fill_fields(register.form, record.answers)
    own = read_answers(register.form, kept, register.words, today, record.answers)
    wrong = checked.faults.keys() - own.faults.keys()
    unread = any(value for name, value in checked.raw.items() if name.partition("-")[0] in wrong)
    return unread or own.answers != checked.answers


async def _show_saved(request: web.Request, register: Definition, note: Note, done: str) -> web.Response:
    """The record as it is saved, and the note that nobody asked to add. Loading it again saves nothing twice."""
    record = await find_record(request)
    drawn = _drawn(register, record)
    return await _show(request, register, record, drawn, _open(record, note), said=done)


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
    register = edition_of(request, record)
    beside = _beside(register, record, posted)
    beside.drawn.form.fields[NOTE.name] = NOTE
    beside.drawn.form.wrong(NOTE.name, said)
    return await _show(request, register, record, beside.drawn, replace(beside.opened, note=note), status=status)


async def _show_noted(request: web.Request, posted: Posted) -> web.Response:
    """Where something else was typed too, it stands there still. Loading that page again adds no second note."""
    record = await find_record(request)
    register = edition_of(request, record)
    beside = _beside(register, record, posted)
    if not beside.changed:
        return see_other(record_address(register, record.record_id, "?Msg=noted"))
    opened = replace(beside.opened, note=Note("", new_command()))
    return await _show(request, register, record, beside.drawn, opened, said="noted")


@dataclass(frozen=True)
class Beside:
    """The record's form as it stood when the note was sent; whether it said anything but what is saved."""

    drawn: RegisterForm
    opened: Opened
    changed: bool


def _beside(register: Definition, record: RecordShown, posted: Posted) -> Beside:
    raw, saved = typed(posted, register.form), fill_fields(register.form, record.answers)
    if not raw:
        return Beside(_drawn(register, record), _open(record), changed=False)
    opened = _opened_in(posted)
    changed = opened.version != record.version or sorted(_hidden(raw)) != sorted(_hidden(saved))
    return Beside(_drawn(register, record, raw), opened, changed)


async def _show_gone(request: web.Request, raw: Raw, text: str = "") -> web.Response:
    """Ended meanwhile, or never theirs to see, which looks the same: what was typed can still be copied."""
    register = request[REGISTER]
    checked = read_answers(register.form, raw, register.words, london_day(datetime.now(UTC)))
    rows = as_text(register.form, checked.answers)
    back = address(register, PATHS["records"])
    return await show(request, "records/gone.html", status=404, register=register, rows=rows, text=text, back=back)


async def _update_refused(request: web.Request, sent: Sent, refusal: Refused) -> web.Response:
    if refusal.code in ("conflict", "command_reused"):  # reused: this form was saved before, and typed in further
        with contextlib.suppress(Refused):  # it was archived since
            return await _show_conflict(request, sent.register, sent.opened, sent.checked.answers)
        return await _show_gone(request, sent.checked.raw, sent.opened.note.text)
    if refusal.code in GONE:
        return await _show_gone(request, sent.checked.raw, sent.opened.note.text)
    words = sent.register.words.record
    said = {"unchanged": words.unchanged, "not_yours": words.read_only}
    if refusal.code not in said:
        raise refusal
    sent.drawn.form.refuse(said[refusal.code])
    return await _show_sent(request, sent, status=409)


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
        whose=await whose(request, record),
        differences=_differences(register, merged),
        fields=_hidden(fill_fields(register.form, merged.answers)),
        columns=_columns(words.question, words.before, words.theirs, words.yours),
        opened=_open(record, opened.note),
        href=record_address(register, record_id),
        changed=said_of(register, updates[0]) if updates else "",
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
    history, notes, found, about = await asyncio.gather(
        ask(request, ReadHistory(record_id=record.record_id, skip=skipped["history"])),
        ask(request, ReadNotes(record_id=record.record_id, skip=skipped["notes"])),
        _outcomes_of(request, register, record),
        whose(request, record),
    )
    now = datetime.now(UTC)
    names = organisation_names(register, await request.config_dict[ORGANISATIONS].of(register.code))
    return await show(
        request,
        "records/record.html",
        status=status,
        register=register,
        record=record,
        drawn=drawn,
        form=drawn.form,
        opened=opened,
        whose=about,
        standing=standing_of(register, record, names),
        rated=register.words.records.rated.format(when=days_since(record.rated_at, now, register.words)),
        past=past_of(register, record, history, found, skipped["history"], now),
        review=REVIEW,
        notes=[
            (register.words.notes.written.format(name=each.written_by, when=day_and_time(each.written_at)), each.text)
            for each in notes.notes
        ],
        note=opened.note,
        said=_said(register, said or request.query.get("Msg", "")),
        href=record_address(register, record.record_id),
        may_record_outcome=bool(register.outcome and request[VISITOR].may(Permission.RECORD_OUTCOME)),
        may_name_holder=request[VISITOR].may(Permission.ADMINISTER),
        older_notes=skipped["notes"] + len(notes.notes) if notes.older else 0,
    )


async def _outcomes_of(request: web.Request, register: Definition, record: RecordShown) -> FoundOutcomes:
    """The newest outcomes, for those who may see them."""
    if not (register.rating and register.outcome and request[VISITOR].may(Permission.RECORD_OUTCOME)):
        return FoundOutcomes()
    try:
        return FoundOutcomes(await ask(request, ListOutcomes(record_id=record.record_id)))
    except (NotAnswered, Refused):  # the record is there all the same
        return FoundOutcomes(missing=True)


def _said(register: Definition, done: str) -> str:
    """What came of the button that was pressed before."""
    words = register.words
    said = {"updated": words.record.updated, "reviewed": words.record.reviewed_done, "noted": words.notes.added}
    return said.get(done, "")


def _skipped(request: web.Request, part: str) -> int:
    """How many of the newest updates or notes the address asks to leave out."""
    asked = request.query.get(part, "0")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0


def _version_in(sent: object) -> int:
    text = str(sent)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise web.HTTPBadRequest
    return int(text)
