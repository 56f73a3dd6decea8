"""Planning a meeting of a series, changing it, and cancelling it."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import (
    area_of,
    called,
    meeting_address,
    meeting_id_in,
    meeting_rules,
    meetings_address,
)
from gateway.pages.meetings.typed import check_lengths, moment_of, read_clock, read_day
from gateway.security.ids import command_in, sent_id
from gateway.ui.actions import At, ask, attempt, see_other
from gateway.ui.form import Choice, Field, Form, number_of, sent_number
from gateway.ui.formats import time_of_day
from gateway.ui.render import show
from shared.contracts.meetings import (
    CancelMeeting,
    ChangeMeeting,
    ListSeries,
    MeetingSeries,
    MeetingShown,
    PlanMeeting,
    ReadAgenda,
)
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import london_day

LENGTHS = (30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 420, 480)
USUAL, SHORTEST = 60, 15
LONGEST_PLACE, LONGEST_CHAIR, LONGEST_REASON = 200, 100, 200
LATEST_YEAR = 2099


# ---------------------------------------------------------------------------------------------------------------- plan
async def new_meeting(request: web.Request) -> web.Response:
    meeting_rules(request)
    series = await _active(request)
    asked = request.query.get("series", "")
    chosen = next((each for each in series if each.series_id.hex == asked or len(series) == 1), None)
    values = {"minutes": str(USUAL), "series": chosen.series_id.hex if chosen else ""}
    return await _show_new(request, _new_form(request[REGISTER], series, values))


async def plan_meeting(request: web.Request) -> web.Response:
    meeting_rules(request)
    register, posted = request[REGISTER], await request.post()
    form = _new_form(register, await _active(request), {})
    form.command, answers = command_in(posted), form.read(posted)
    starts_at = _starts_at(register.words, form)
    check_lengths(register.words, form, {"place": LONGEST_PLACE})
    if answers is None or form.errors or starts_at is None:
        return await _show_new(request, form)
    command = PlanMeeting(
        command_id=form.command,
        series_id=sent_id(answers["series"]),
        starts_at=starts_at,
        minutes=_minutes(answers["minutes"]),
        place=answers["place"],
    )
    planned = await attempt(request, command, form, _refusals(register.words))
    if planned is None:
        return await _show_new(request, form)
    return see_other(meeting_address(register, planned.meeting_id), "planned")


async def _active(request: web.Request) -> list[MeetingSeries]:
    return [each for each in (await ask(request, ListSeries())).series if each.is_active]


def _new_form(register: Definition, series: Sequence[MeetingSeries], values: dict[str, str]) -> Form:
    words = register.words
    choices = tuple(Choice(each.series_id.hex, _label(register, each)) for each in series)
    which = Field(
        "series",
        words("meetings.series"),
        "select",
        missing=words("meetings.series_missing"),
        choices=(Choice("", words("form.choose")), *choices),
    )
    return Form((which, *_when(words)), values)


def _label(register: Definition, series: MeetingSeries) -> str:
    area = area_of(register, series.locality)
    return series.name if area in series.name else f"{series.name} ({area})"


def _when(words: Words) -> tuple[Field, ...]:
    minutes = tuple(Choice(str(each), words("meetings.minutes_long", count=each)) for each in LENGTHS)
    return (
        Field("date", words("meetings.date"), "date", hint=words("dates.hint")),
        Field("time", words("meetings.time"), hint=words("meetings.time_hint"), width=5),
        Field("minutes", words("meetings.length"), "select", choices=minutes),
        Field("place", words("meetings.place"), hint=words("meetings.place_hint")),
    )


async def _show_new(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    return await show(
        request,
        "meetings/plan.html",
        form=form,
        heading=register.words("meetings.plan"),
        version=None,
        href=meetings_address(register, "new"),
        back=meetings_address(register),
        back_text=register.words("meetings.heading"),
        series=meetings_address(register, "series/"),
        has_series=len(form.fields["series"].choices) > 1,
    )


# -------------------------------------------------------------------------------------------------------------- change
async def change_page(request: web.Request) -> web.Response:
    meeting_rules(request)
    meeting = await _planned(request)
    day = london_day(meeting.starts_at)
    values = {
        "date-day": str(day.day),
        "date-month": str(day.month),
        "date-year": str(day.year),
        "time": time_of_day(meeting.starts_at),
        "minutes": str(meeting.minutes),
        "place": meeting.place,
        "chair": meeting.chair,
    }
    return await _show_change(request, _change_form(request[REGISTER].words, meeting, values), meeting)


async def change_meeting(request: web.Request) -> web.Response:
    meeting_rules(request)
    register, posted, meeting = request[REGISTER], await request.post(), await _planned(request)
    form = _change_form(register.words, meeting, {})
    form.command, answers = command_in(posted), form.read(posted)
    starts_at = _starts_at(register.words, form)
    check_lengths(register.words, form, {"place": LONGEST_PLACE, "chair": LONGEST_CHAIR})
    if answers is None or form.errors or starts_at is None:
        return await _show_change(request, form, meeting)
    command = ChangeMeeting(
        command_id=form.command,
        meeting_id=meeting.meeting_id,
        version=sent_number(posted, "version"),
        starts_at=starts_at,
        minutes=_minutes(answers["minutes"]),
        place=answers["place"],
        chair=answers["chair"],
    )
    try:
        changed = await attempt(request, command, form, _refusals(register.words))
    except Refused as refusal:
        return _not_planned(request, refusal)
    if changed is None:
        return await _show_change(request, form, meeting)
    return see_other(meeting_address(register, meeting.meeting_id), "changed")


def _change_form(words: Words, meeting: MeetingShown, values: dict[str, str]) -> Form:
    fields = [*_when(words), Field("chair", words("meetings.chair"))]
    if meeting.minutes not in LENGTHS:
        own = Choice(str(meeting.minutes), words("meetings.minutes_long", count=meeting.minutes))
        place = next(index for index, field in enumerate(fields) if field.name == "minutes")
        fields[place] = Field("minutes", fields[place].label, "select", choices=(own, *fields[place].choices))
    return Form(tuple(fields), values)


async def _show_change(request: web.Request, form: Form, meeting: MeetingShown) -> web.Response:
    register, here = request[REGISTER], meeting_address(request[REGISTER], meeting.meeting_id)
    return await show(
        request,
        "meetings/plan.html",
        form=form,
        heading=register.words("meetings.change_meeting"),
        version=meeting.version,
        href=f"{here}change/",
        back=here,
        back_text=called(meeting),
        series="",
        has_series=True,
    )


# -------------------------------------------------------------------------------------------------------------- cancel
async def cancel_page(request: web.Request) -> web.Response:
    meeting_rules(request)
    return await _show_cancel(request, _cancel_form(request[REGISTER].words), await _planned(request))


async def cancel_meeting(request: web.Request) -> web.Response:
    meeting_rules(request)
    register, posted, meeting = request[REGISTER], await request.post(), await _planned(request)
    form = _cancel_form(register.words)
    form.command, answers = command_in(posted), form.read(posted)
    check_lengths(register.words, form, {"reason": LONGEST_REASON})
    if answers is None or form.errors:
        return await _show_cancel(request, form, meeting)
    command = CancelMeeting(
        command_id=form.command,
        meeting_id=meeting.meeting_id,
        version=sent_number(posted, "version"),
        reason=answers["reason"],
    )
    try:
        cancelled = await attempt(request, command, form, _refusals(register.words))
    except Refused as refusal:
        return _not_planned(request, refusal)
    if cancelled is None:
        return await _show_cancel(request, form, meeting)
    return see_other(meetings_address(register), "cancelled")


def _cancel_form(words: Words) -> Form:
    reason = Field("reason", words("meetings.cancel_reason"), missing=words("meetings.cancel_reason_missing"))
    return Form((reason,))


async def _show_cancel(request: web.Request, form: Form, meeting: MeetingShown) -> web.Response:
    here = meeting_address(request[REGISTER], meeting.meeting_id)
    return await show(
        request,
        "meetings/cancel.html",
        form=form,
        meeting=meeting,
        called=called(meeting),
        href=f"{here}cancel/",
        back=here,
    )


# -------------------------------------------------------------------------------------------------------- what is typed
async def _planned(request: web.Request) -> MeetingShown:
    """Return the meeting of the address. Raise a redirect to its page if it is not planned any more."""
    found = (await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))).meeting
    if found.state != "planned":
        raise web.HTTPSeeOther(meeting_address(request[REGISTER], found.meeting_id))
    return found


def _not_planned(request: web.Request, refusal: Refused) -> web.Response:
    """Lead to the page of a meeting that has started, was cancelled or is closed meanwhile."""
    if refusal.code != "not_planned":
        raise refusal
    return see_other(meeting_address(request[REGISTER], meeting_id_in(request)), "not_planned")


def _refusals(words: Words) -> dict[str, str | At | None]:
    return {
        "past": At("date", words("meetings.past_time")),
        "already_planned": At("date", words("meetings.already_planned")),
        "ended": At("series", words("meetings.series_ended")),
        "conflict": words("meetings.meeting_changed"),
        "not_planned": None,
    }


def _minutes(typed: str) -> int:
    """Return the length that was chosen. Raise 400 for one that is never offered."""
    number = number_of(typed, 3)
    if number is None or not SHORTEST <= number <= LENGTHS[-1]:
        raise web.HTTPBadRequest
    return number


def _starts_at(words: Words, form: Form) -> datetime | None:
    """Return when the meeting starts; None if the fields say what is wrong."""
    parts = [form.value(f"date-{part}").strip() for part in ("day", "month", "year")]
    day = read_day(words, form, "date", "/".join(parts) if any(parts) else "")
    clock = read_clock(words, form, "time")
    if day is None or clock is None:
        return None
    if day.year > LATEST_YEAR:
        form.wrong("date", words("meetings.too_far"))
        return None
    moment = moment_of(day, clock)
    if moment is None:
        form.wrong("time", words("meetings.no_such_time"))
    return moment
