"""One record's page: opened, then updated or reviewed in the form of its own edition."""

import contextlib
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.conflict import show_conflict
from gateway.pages.records.ending import is_cancelled, is_confirmed, show_confirmation, with_day_before
from gateway.pages.records.likely_duplicate import unseen_duplicate
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.pages.records.record_page import (
    GONE,
    REVIEW,
    Note,
    Opened,
    drawn_form,
    open_record,
    opened_in,
    past_wanted,
    show_gone,
    show_left,
    show_page,
)
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Posted
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import RegisterForm, mark, typed
from shared.clock import london_today
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.contracts.referrals.saving import ReviewRecord, UpdateRecord
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.reading import Checked, read_answers
from shared.registers.form.showing import fill_fields


@dataclass(frozen=True)
class Sent:
    """
    A record's form as it was sent: the record, the form to show again, and the answers that were read.

    `confirmed`: the user was asked whether the record shall end, and said yes.
    """

    register: Definition
    record: RecordShown
    drawn: RegisterForm
    opened: Opened
    checked: Checked
    confirmed: bool


async def show_record(request: web.Request) -> web.Response:
    record = await ask(request, ReadRecord(record_id=record_id_in(request), past=past_wanted(request)))
    register = edition_of(request, record)
    drawn = drawn_form(register, record)
    return await show_page(request, register, record, drawn, open_record(record))


async def update_record(request: web.Request) -> web.Response:
    posted = await request.post()
    opened = opened_in(posted)
    try:
        record = await find_record(request)
    except Refused:
        return await _update_unread(request, posted, opened)
    register = edition_of(request, record)
    cancelled = is_cancelled(posted)
    sent_raw = typed(posted, register.form)
    raw = with_day_before(register, sent_raw, record.answers) if cancelled else sent_raw
    checked = read_answers(register.form, raw, register.words, london_today(), record.answers)
    sent = Sent(register, record, drawn_form(register, record, raw), opened, checked, is_confirmed(posted))
    if cancelled:
        return await _show_sent(request, sent)
    return await (_review if posted.get("act") == REVIEW else _update)(request, sent)


async def _update_unread(request: web.Request, posted: Posted, opened: Opened) -> web.Response:
    """
    Send the update of a record that cannot be read. It may repeat the very update that ended the record.

    The service answers a repeated command as it did the first time. If it refuses, show what was typed.
    """
    register = request[REGISTER]
    raw = typed(posted, register.form)
    checked = read_answers(register.form, raw, register.words, london_today())
    if is_cancelled(posted) or posted.get("act") == REVIEW or not checked.ok:
        return await show_gone(request, raw, opened.note.text)
    update = UpdateRecord(
        command_id=opened.command,
        record_id=record_id_in(request),
        version=opened.version,
        answers=checked.answers,
        confirmed=is_confirmed(posted),
    )
    try:
        saved = await ask(request, update)
    except Refused:
        return await show_gone(request, raw, opened.note.text)
    return await _show_end(request, opened.note, is_open=saved.is_open)


async def _show_end(request: web.Request, note: Note, *, is_open: bool) -> web.Response:
    """Say what was saved of a record that cannot be opened any more. A note that was typed is shown, to be copied."""
    if note.text:
        return await show_left(request, note.text, is_open=is_open)
    return see_other(request[REGISTER].address(PATHS["records"]), "updated" if is_open else "ended")


async def _update(request: web.Request, sent: Sent) -> web.Response:
    register, checked, form = sent.register, sent.checked, sent.drawn.form
    if consent_verdict(register, checked.answers) == "refused":
        form.refuse(register.words("record.needs_consent"))
    mark(sent.drawn, checked.faults)
    if form.summary:
        return await _show_sent(request, sent)
    update = UpdateRecord(
        command_id=sent.opened.command,
        record_id=sent.record.record_id,
        version=sent.opened.version,
        answers=dict(checked.answers),
        confirmed=sent.confirmed,
    )
    return await _ask(request, sent, update)


async def _review(request: web.Request, sent: Sent) -> web.Response:
    """Confirm that the rating still holds. If the form has unsaved changes, ask first, so that nothing is lost."""
    opened, record = sent.opened, sent.record
    if opened.version == record.version and is_changed(sent.register, record, sent.checked):
        sent.drawn.form.refuse(sent.register.words("record.reviewed_typed"), status=409)
        return await _show_sent(request, sent)
    review = ReviewRecord(command_id=opened.command, record_id=record.record_id, version=opened.version)
    return await _ask(request, sent, review)


async def _ask(request: web.Request, sent: Sent, command: UpdateRecord | ReviewRecord) -> web.Response:
    register, words = sent.register, sent.register.words
    refusals = {
        "unchanged": words("record.unchanged"),
        "not_yours": words("record.read_only"),
        "out_of_reach": words("form.out_of_reach"),
        "duplicate": words("duplicate.refused_update"),
        "duplicate_unseen": unseen_duplicate(register),
        "command_reused": None,
    }
    try:
        saved = await attempt(request, command, sent.drawn.form, refusals)
    except Refused as refusal:
        if refusal.code == "confirm_ending":
            return await show_confirmation(request, register, sent.record, sent.checked.raw, sent.opened)
        return await _show_overtaken(request, sent, refusal)
    if saved is None:
        return await _show_sent(request, sent)
    if not saved.is_open:
        return await _show_end(request, sent.opened.note, is_open=False)
    done = "reviewed" if isinstance(command, ReviewRecord) else "updated"
    if sent.opened.note.text:
        return await _show_saved(request, register, sent.opened.note, done)
    return see_other(register.record_address(sent.record.record_id), done)


async def _show_sent(request: web.Request, sent: Sent) -> web.Response:
    return await show_page(request, sent.register, sent.record, sent.drawn, sent.opened)


def is_changed(register: Definition, record: RecordShown, checked: Checked) -> bool:
    """Return whether the form differs from the saved record, including a value that cannot be read."""
    kept = fill_fields(register.form, record.answers)
    own = read_answers(register.form, kept, register.words, london_today(), record.answers)
    wrong = checked.faults.keys() - own.faults.keys()
    unread = any(value for name, value in checked.raw.items() if name.partition("-")[0] in wrong)
    return unread or own.answers != checked.answers


async def _show_saved(request: web.Request, register: Definition, note: Note, done: str) -> web.Response:
    """Show the saved record with the note that was typed but not added. A reload of this page saves nothing twice."""
    record = await find_record(request)
    drawn = drawn_form(register, record)
    return await show_page(request, register, record, drawn, open_record(record, note), said=done)


async def _show_overtaken(request: web.Request, sent: Sent, refusal: Refused) -> web.Response:
    """
    Show what to do when the record changed or ended first.

    A reused command means that this form was saved and then edited further.
    """
    if refusal.code in ("conflict", "command_reused"):
        with contextlib.suppress(Refused):  # archived in the meantime
            return await show_conflict(request, sent.register, sent.opened, sent.checked.answers)
    elif refusal.code not in GONE:
        raise refusal
    return await show_gone(request, sent.checked.raw, sent.opened.note.text)
