"""One record's form: opened, then sent to update or review the record, in the form of the record's own edition."""

import contextlib
from dataclasses import dataclass, field

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS
from gateway.pages.records.conflict import show_conflict
from gateway.pages.records.ending import (
    ANSWER,
    CONFIRM,
    is_cancelled,
    is_confirmed,
    opened_fields,
    show_confirmation,
    with_day_before,
)
from gateway.pages.records.likely_duplicate import show_matches, unseen_duplicate
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.pages.records.reading_page import ReadingState, show_reading
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
from gateway.pages.records.resolving import resolved
from gateway.pages.records.submit import UPDATE_CHOICES, goes_back, seen_in
from gateway.ui.actions import ask, attempt, see_other, show_why
from gateway.ui.form import Form, Posted
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import RegisterForm, mark, typed
from shared.clock import london_today
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.contracts.referrals.saving import LikelyDuplicate, RecordReceipt, ReviewRecord, UpdateRecord
from shared.messages import NotAnswered, Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_question, consent_verdict
from shared.registers.form.reading import Checked, read_answers
from shared.registers.form.showing import fill_fields
from shared.registers.load import UnknownRegister


@dataclass(frozen=True)
class Sent:
    """
    A record's form as it was sent: the record, the form to show again, and the answers that were read.

    `posted` holds what the user answered to earlier questions, too. `failure`: why this very update was not carried
    out, if it was sent already.
    """

    register: Definition
    record: RecordShown
    drawn: RegisterForm
    opened: Opened
    checked: Checked
    posted: Posted = field(repr=False)
    failure: Refused | NotAnswered | None = None


async def show_form(request: web.Request) -> web.Response:
    """Show the record's form. Who cannot change the record gets the page to read it."""
    record = await ask(request, ReadRecord(record_id=record_id_in(request), past=past_wanted(request)))
    register = edition_of(request, record)
    if not record.may_update:
        return see_other(register.record_address(record.record_id))
    return await show_page(request, register, record, drawn_form(register, record), open_record(record))


async def update_record(request: web.Request) -> web.Response:
    """
    Save the form. A form without faults is sent without reading its record, because no page shows that.

    If it is refused or not answered, the record is read as for any other form, and its page says why.
    """
    posted = resolved(await request.post())
    opened = opened_in(posted)
    update = _update_without_record(request, posted, opened)
    failure: Refused | NotAnswered | None = None
    if update is not None:
        try:
            saved = await ask(request, update)
        except (Refused, NotAnswered) as why:
            failure = why
        else:
            return await _show_done(request, opened.note, saved, "updated")
    try:
        record = await find_record(request)
    except Refused:
        return await _update_unread(request, posted, opened, failure)
    return await _update_read(request, posted, opened, record, failure)


def _update_without_record(request: web.Request, posted: Posted, opened: Opened) -> UpdateRecord | None:
    """
    Return the update if the form names its edition and has no fault.

    None otherwise. The record decides about a fault: an answer that it has already may be retired, for example.
    """
    register = _edition_sent(request, posted)
    if register is None or is_cancelled(posted) or goes_back(posted) or posted.get("act") == REVIEW:
        return None
    checked = read_answers(register.form, typed(posted, register.form), register.words, london_today())
    if not checked.ok or consent_verdict(register, checked.answers) == "refused":
        return None
    return _update_of(request, opened, checked, posted)


def _update_of(request: web.Request, opened: Opened, checked: Checked, posted: Posted) -> UpdateRecord:
    return UpdateRecord(
        command_id=opened.command,
        record_id=record_id_in(request),
        version=opened.version,
        answers=checked.answers,
        duplicates_seen=seen_in(posted),
        confirmed=is_confirmed(posted),
        sure=checked.sure,
    )


def _edition_sent(request: web.Request, posted: Posted) -> Definition | None:
    """Return the definition of the edition that the form names, or None. The service checks the answers anyway."""
    edition = str(posted.get("edition", ""))
    try:
        return request.config_dict[REGISTERS].find(request[REGISTER].code, edition) if edition else None
    except UnknownRegister:
        return None


async def _update_read(
    request: web.Request, posted: Posted, opened: Opened, record: RecordShown, failure: Refused | NotAnswered | None
) -> web.Response:
    register = edition_of(request, record)
    cancelled = is_cancelled(posted)
    sent_raw = typed(posted, register.form)
    raw = with_day_before(register, sent_raw, record.answers) if cancelled else sent_raw
    checked = read_answers(register.form, raw, register.words, london_today(), record.answers)
    said = failure if posted.get("edition") == record.edition else None
    sent = Sent(register, record, drawn_form(register, record, raw), opened, checked, posted, said)
    if cancelled or goes_back(posted):
        return await _show_sent(request, sent)
    return await (_review if posted.get("act") == REVIEW else _update)(request, sent)


async def _update_unread(
    request: web.Request, posted: Posted, opened: Opened, failure: Refused | NotAnswered | None
) -> web.Response:
    """
    Send the update of a record that cannot be read. It may repeat the very update that ended the record.

    The service answers a repeated command as it did the first time. If it refuses, show what was typed.
    """
    if isinstance(failure, NotAnswered):
        raise failure
    register = request[REGISTER]
    raw = typed(posted, register.form)
    checked = read_answers(register.form, raw, register.words, london_today())
    if failure or is_cancelled(posted) or goes_back(posted) or posted.get("act") == REVIEW or not checked.ok:
        return await show_gone(request, raw, opened.note.text)
    try:
        saved = await ask(request, _update_of(request, opened, checked, posted))
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
        _refuse_withdrawn(register, form, checked)
    mark(sent.drawn, checked)
    if form.summary:
        return await _show_sent(request, sent)
    return await _ask(request, sent, _update_of(request, sent.opened, checked, sent.posted))


def _refuse_withdrawn(register: Definition, form: Form, checked: Checked) -> None:
    """Say at the question that a record needs consent, and whom to write to when it is withdrawn."""
    words = register.words
    ask_them = words("record.needs_consent_ask", email=register.contact.team_email)
    said = " ".join((words("record.needs_consent"), ask_them))
    question = consent_question(register, checked.answers)
    if question is None:
        form.refuse(said)
    else:
        form.wrong(question, said)


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
    saved: RecordReceipt | None = None
    try:
        if sent.failure is None:
            saved = await attempt(request, command, sent.drawn.form, refusals)
        else:
            show_why(request, sent.failure, sent.drawn.form, refusals)
    except Refused as refusal:
        if refusal.code == "confirm_ending":
            return await show_confirmation(request, register, sent.record, sent.checked.raw, sent.opened)
        if isinstance(refusal.details, LikelyDuplicate):
            return await _show_alike(request, sent, refusal.details)
        return await _show_overtaken(request, sent, refusal)
    if saved is None:
        return await _show_sent(request, sent)
    done = "reviewed" if isinstance(command, ReviewRecord) else "updated"
    return await _show_done(request, sent.opened.note, saved, done)


async def _show_alike(request: web.Request, sent: Sent, refusal: LikelyDuplicate) -> web.Response:
    """Show the records that the changed one now looks like. The page holds all that was typed."""
    answered = [*opened_fields(sent.opened), ("edition", sent.register.edition)]
    answered += [(ANSWER, CONFIRM)] if is_confirmed(sent.posted) else []
    command, raw = sent.opened.command, sent.checked.raw
    page = await show_matches(request, sent.register, refusal, command, raw, UPDATE_CHOICES, answered)
    if page is None:
        sent.drawn.form.refuse(sent.register.words("duplicate.ended"), status=409)
    return page or await _show_sent(request, sent)


async def _show_done(request: web.Request, note: Note, saved: RecordReceipt, done: str) -> web.Response:
    """
    Go on to the saved record. A note that was typed but not added is shown with it.

    After a change of the rating, the page says what happens next, as the receipt of a new record does.
    """
    if not saved.is_open:
        return await _show_end(request, note, is_open=False)
    done = "rated" if saved.rerated else done
    if note.text:
        return await _show_saved(request, note, done)
    return see_other(request[REGISTER].record_address(record_id_in(request)), done)


async def _show_sent(request: web.Request, sent: Sent) -> web.Response:
    return await show_page(request, sent.register, sent.record, sent.drawn, sent.opened)


def is_changed(register: Definition, record: RecordShown, checked: Checked) -> bool:
    """Return whether the form differs from the saved record, including a value that cannot be read."""
    kept = fill_fields(register.form, record.answers)
    own = read_answers(register.form, kept, register.words, london_today(), record.answers)
    wrong = checked.faults.keys() - own.faults.keys()
    unread = any(value for name, value in checked.raw.items() if name.partition("-")[0] in wrong)
    return unread or own.answers != checked.answers


async def _show_saved(request: web.Request, note: Note, done: str) -> web.Response:
    """Show the saved record with the note that was typed but not added. A reload of this page saves nothing twice."""
    try:
        record = await find_record(request)
    except Refused:  # ended in the meantime
        return await _show_end(request, note, is_open=True)
    return await show_reading(request, edition_of(request, record), record, ReadingState(note, done))


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
