"""Saving one person's minutes, with the rating and the next review; and drafts while a user types."""

from dataclasses import replace
from datetime import date

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import item_address, meeting_address, meeting_id_in, meeting_rules
from gateway.pages.meetings.item import (
    RATING,
    REVIEW_ON,
    AboutItem,
    ItemAct,
    ItemSheet,
    form_of,
    read_about,
    show_sheet,
)
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import command_in
from gateway.ui.actions import act_in, ask, attempt, see_other, without_answer
from gateway.ui.form import Posted, sent_number
from gateway.ui.formats import time_of_day
from gateway.ui.register_form import mark, typed
from shared.clock import london_today
from shared.contracts.meetings import SaveMinutes
from shared.contracts.referrals.saving import ReviewRecord
from shared.ids import new_id
from shared.messages import Fault, NotAnswered, Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.person import rating_of
from shared.registers.form.reading import read_answers
from shared.values import Unreadable, read_date_parts

OVER = ("closed", "not_started", "interest")
MOST_YEARS = 2


async def save_item(request: web.Request) -> web.Response:
    """
    Save the minutes as decided, then the rating and the next review on the record.

    If the record is not saved, the page says so, and keeps what was chosen.
    """
    rules, register, posted = meeting_rules(request), request[REGISTER], await request.post()
    act = act_in(posted, ItemAct)
    raw = typed(posted, rules.minutes)
    if act is ItemAct.UNCHANGED and rules.unchanged:
        raw[rules.decision] = (rules.unchanged,)
    try:
        about = await read_about(request)
    except Refused as refusal:
        return _is_over(request, refusal)
    sheet = _sheet(register, about, posted, raw)
    checked = read_answers(rules.minutes, raw, register.words, london_today())
    mark(sheet.drawn, checked)
    review = _review(register, about, sheet, posted)
    if sheet.drawn.form.summary:
        return await show_sheet(request, about, sheet)
    saved = await _save_minutes(request, about, sheet, checked.answers)
    if isinstance(saved, web.Response):
        return saved
    if review and (missed := await _save_review(request, review)):
        return await _show_missed(request, replace(sheet, version=saved), posted, missed)
    after = about.item.after if act is not ItemAct.SAVE else None
    here = item_address(register, meeting_id_in(request), after or record_id_in(request))
    if act is not ItemAct.SAVE and after is None:
        return see_other(meeting_address(register, meeting_id_in(request)))
    return see_other(here, "" if after else "saved")


def _sheet(register: Definition, about: AboutItem, posted: Posted, raw: dict[str, tuple[str, ...]]) -> ItemSheet:
    """Return the page as it was sent."""
    beside = [RATING, *(f"{REVIEW_ON}-{part}" for part in ("day", "month", "year"))]
    values = {**raw, **{name: (str(posted[name]),) for name in beside if name in posted}}
    drawn = form_of(register, about.record, values, about.item.minutes)
    drawn.form.command = command_in(posted)
    return ItemSheet(
        drawn,
        sent_number(posted, "version"),
        sent_number(posted, "record_version"),
        command_in(posted, "review_command"),
    )


def _review(register: Definition, about: AboutItem, sheet: ItemSheet, posted: Posted) -> ReviewRecord | None:
    """
    Return the review to record; None if there is none.

    The first time that a person is done at a meeting is a review. Later saves are one only if they change the rating
    or agree a day.
    """
    form, record = sheet.drawn.form, about.record
    if RATING not in form.fields or record is None or register.rating is None:
        return None
    day, present = _day(register, sheet), rating_of(register, record.answers)
    chosen = register.rating.level(str(posted.get(RATING, "")))
    changed = chosen is not None and chosen != present
    if present is None and not changed:
        return None
    if about.item.minutes.is_done and not changed and day is None:
        return None
    return ReviewRecord(
        command_id=sheet.review_command,
        record_id=record.record_id,
        version=sheet.record_version,
        rating=chosen.code if chosen and changed else None,
        next_review=day,
    )


def _day(register: Definition, sheet: ItemSheet) -> date | None:
    """Return the day that was agreed for the next review; None if there is none, or the field says what is wrong."""
    words, form = register.words, sheet.drawn.form
    parts = [form.value(f"{REVIEW_ON}-{part}").strip() for part in ("day", "month", "year")]
    if not any(parts):
        return None
    try:
        day = read_date_parts(*parts)
    except Unreadable as unreadable:
        form.wrong(REVIEW_ON, words.group("faults")[unreadable.wrong].format(label=form.fields[REVIEW_ON].label))
        return None
    today = london_today()
    if not today <= day <= today.replace(year=today.year + MOST_YEARS, day=min(today.day, 28)):
        form.wrong(REVIEW_ON, words("meetings.item.review_wrong"))
        return None
    return day


async def _save_minutes(
    request: web.Request, about: AboutItem, sheet: ItemSheet, answers: Answers
) -> int | web.Response:
    """Save the minutes. Return their version, or the page that says why they were not saved."""
    register, form = request[REGISTER], sheet.drawn.form
    words = register.words
    command = SaveMinutes(
        command_id=form.command,
        meeting_id=meeting_id_in(request),
        record_id=record_id_in(request),
        version=sheet.version,
        edition=register.edition,
        answers=dict(answers),
        done=True,
    )
    texts = {
        "conflict": words("meetings.item.changed"),
        "command_reused": words("meetings.item.sent_before"),
        "invalid_answers": words("form.unknown_question"),
        "unknown_edition": words("form.unknown_question"),
    }
    try:
        saved = await attempt(request, command, form, {**texts, **dict.fromkeys(OVER)})
    except Refused as refusal:
        return _is_over(request, refusal)
    if saved is not None:
        return saved.version
    if form.reason and form.reason.code in ("conflict", "command_reused"):
        fresh = await read_about(request)
        sheet = replace(sheet, version=fresh.item.minutes.version, theirs=fresh.item.minutes)
        return await show_sheet(request, fresh, sheet)
    return await show_sheet(request, about, sheet)


async def _save_review(request: web.Request, review: ReviewRecord) -> str:
    """Save the rating and the next review. Return why they were not saved; empty if they were."""
    words = request[REGISTER].words
    texts = {
        "conflict": words("meetings.item.record_changed"),
        "archived": words("record.ended"),
        "not_yours": words("record.read_only"),
        "invalid_answers": words("meetings.item.rating_refused"),
        "unknown_edition": words("meetings.item.rating_refused"),
        "no_rating": words("meetings.item.rating_refused"),
        "not_found": words("record.ended"),
        "command_reused": words("meetings.item.record_changed"),
    }
    try:
        await ask(request, review)
    except Refused as refusal:
        if refusal.code not in texts:
            raise
        return texts[refusal.code]
    except NotAnswered as unanswered:
        return without_answer(words, unanswered)
    return ""


async def _show_missed(request: web.Request, sheet: ItemSheet, posted: Posted, why: str) -> web.Response:
    """Show the page again: the minutes are saved, the record is not. What was chosen for it stays chosen."""
    register, fresh = request[REGISTER], await read_about(request)
    again = _sheet(register, fresh, posted, typed(posted, meeting_rules(request).minutes))
    form = again.drawn.form
    form.command = new_id()
    form.refuse(
        register.words("meetings.item.half_saved", why=why), *({RATING, REVIEW_ON} & form.fields.keys()), status=409
    )
    version = fresh.record.version if fresh.record else 0
    again = replace(again, version=fresh.item.minutes.version, record_version=version, review_command=new_id())
    return await show_sheet(request, fresh, again)


def _is_over(request: web.Request, refusal: Refused) -> web.Response:
    """Lead to the meeting that takes no minutes any more, or to the page that says that the asker has an interest."""
    if refusal.code not in OVER:
        raise refusal
    register = request[REGISTER]
    if refusal.code == "interest":
        return see_other(item_address(register, meeting_id_in(request), record_id_in(request)))
    return see_other(meeting_address(register, meeting_id_in(request)), "no_change")


# --------------------------------------------------------------------------------------------------------------- drafts
async def save_draft(request: web.Request) -> web.Response:
    """Save what is typed so far, for a script: it is told whether that was saved, and the version."""
    rules, register, posted = meeting_rules(request), request[REGISTER], await request.post()
    words = register.words
    command = SaveMinutes(
        command_id=new_id(),
        meeting_id=meeting_id_in(request),
        record_id=record_id_in(request),
        version=sent_number(posted, "version"),
        edition=register.edition,
        answers=_drafted(typed(posted, rules.minutes)),
    )
    try:
        saved = await ask(request, command)
    except Refused as refusal:
        said = words("meetings.item.changed") if refusal.code == "conflict" else words("meetings.item.not_saved")
        return web.json_response({"is_saved": False, "is_final": True, "said": said})
    except NotAnswered as unanswered:
        if unanswered.fault in (Fault.NOT_SIGNED_IN, Fault.NOT_ALLOWED):
            raise
        return web.json_response({"is_saved": False, "said": words("draft.not_saved")}, status=503)
    said = words("draft.saved_at", when=time_of_day(saved.saved_at))
    return web.json_response({"is_saved": True, "said": said, "version": saved.version})


def _drafted(raw: dict[str, tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
    """Return what was typed as answers: one text where one was sent."""
    return {name: values[0] if len(values) == 1 else values for name, values in raw.items() if values}
