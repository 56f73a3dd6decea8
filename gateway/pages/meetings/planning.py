"""Planning, changing and cancelling a meeting."""

from aiohttp import web

from gateway.pages.meetings.addresses import (
    meeting_address,
    meeting_id_in,
    meeting_register,
    meetings_address,
    plan_address,
    series_address,
)
from gateway.pages.meetings.meeting_text import facts_of
from gateway.pages.meetings.planning_form import planning_form, read_planned, refusals_of, typed_line, values_of
from gateway.security.ids import command_in, id_or_none, sent_id
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Field, Form, sent_number
from gateway.ui.render import show
from shared.cleaning import clean_line
from shared.contracts.meetings import (
    CancelMeeting,
    ChangeMeeting,
    ListMeetings,
    ListSeries,
    MeetingSeries,
    MeetingShown,
    PlanMeeting,
)
from shared.contracts.referrals.saving import Conflict

LONGEST_REASON = 200


async def show_plan(request: web.Request) -> web.Response:
    """Show the form for a meeting of the series that the address names, with the chair and place of its area."""
    register = meeting_register(request)
    series = await _active_series(request)
    chosen = id_or_none(request.query.get("series"))
    only = series[0].series_id if len(series) == 1 else None
    first = next((each.series_id.hex for each in series if each.series_id == (chosen or only)), "")
    return await _show_plan(request, planning_form(register, series, {"series": first, "minutes": "60"}), series)


async def plan_meeting(request: web.Request) -> web.Response:
    register, posted = meeting_register(request), await request.post()
    series = await _active_series(request)
    form = planning_form(register, series, {})
    form.command = command_in(posted)
    answers = form.read(posted)
    planned = read_planned(register, form, answers)
    if answers is None or planned is None:
        return await _show_plan(request, form, series)
    command = PlanMeeting(
        command_id=form.command,
        series_id=sent_id(answers["series"]),
        starts_at=planned.starts_at,
        minutes=planned.minutes,
        place=planned.place,
    )
    if (done := await attempt(request, command, form, refusals_of(register.words))) is None:
        return await _show_plan(request, form, series)
    return see_other(meeting_address(register, done.meeting_id), "planned")


async def _active_series(request: web.Request) -> list[MeetingSeries]:
    found = await ask(request, ListSeries())
    return [each for each in found.series if each.is_active]


async def _show_plan(request: web.Request, form: Form, series: list[MeetingSeries]) -> web.Response:
    register = meeting_register(request)
    words = register.words
    return await show(
        request,
        "meetings/plan.html",
        form=form,
        heading=words("meetings.plan"),
        button_text=words("meetings.plan_button"),
        names=tuple(form.fields),
        now=[],
        version=0,
        add_series="" if series else series_address(register),
        action=plan_address(register),
        back=meetings_address(register),
        cancel="",
    )


# ------------------------------------------------------------------------------------------------ change and cancel
async def find_coming(request: web.Request) -> MeetingShown:
    """Return the meeting of the address if it is planned or in progress. Raise 404 for any other."""
    meeting_id = meeting_id_in(request)
    found = await ask(request, ListMeetings())
    meeting = next((each for each in found.coming if each.meeting_id == meeting_id), None)
    if meeting is None:
        raise web.HTTPNotFound
    return meeting


async def show_change(request: web.Request) -> web.Response:
    register, meeting = meeting_register(request), await find_coming(request)
    if meeting.state != "planned":
        return see_other(meeting_address(register, meeting.meeting_id), "not_planned")
    return await _show_change(request, planning_form(register, None, values_of(meeting)), meeting)


async def change_meeting(request: web.Request) -> web.Response:
    """Change the meeting. After a conflict the page shows what is saved now, and keeps what was typed."""
    register, posted = meeting_register(request), await request.post()
    form = planning_form(register, None, {})
    form.command, version = command_in(posted), sent_number(posted, "version")
    planned = read_planned(register, form, form.read(posted))
    meeting = await find_coming(request)
    if planned is None:
        return await _show_change(request, form, meeting, version)
    command = ChangeMeeting(
        command_id=form.command,
        meeting_id=meeting.meeting_id,
        version=version,
        starts_at=planned.starts_at,
        minutes=planned.minutes,
        place=planned.place,
        chair=typed_line(register, form, "chair"),
    )
    if await attempt(request, command, form, refusals_of(register.words)):
        return see_other(meeting_address(register, meeting.meeting_id), "changed")
    is_behind = form.reason is not None and isinstance(form.reason.details, Conflict)
    return await _show_change(request, form, meeting, None if is_behind else version, is_behind=is_behind)


async def _show_change(
    request: web.Request, form: Form, meeting: MeetingShown, version: int | None = None, *, is_behind: bool = False
) -> web.Response:
    register = meeting_register(request)
    words, here = register.words, meeting_address(register, meeting.meeting_id)
    return await show(
        request,
        "meetings/plan.html",
        form=form,
        heading=words("meetings.change"),
        button_text=words("meetings.change_button"),
        names=tuple(form.fields),
        now=facts_of(register, meeting) if is_behind else [],
        version=meeting.version if version is None else version,
        add_series="",
        action=f"{here}change/",
        back=here,
        cancel=f"{here}cancel/",
    )


async def ask_to_cancel(request: web.Request) -> web.Response:
    register, meeting = meeting_register(request), await find_coming(request)
    if meeting.state != "planned":
        return see_other(meeting_address(register, meeting.meeting_id), "not_planned")
    return await _show_cancel(request, _cancel_form(request), meeting)


async def cancel_meeting(request: web.Request) -> web.Response:
    """Cancel the meeting for the reason that was typed. What was planned for it goes to the area's next meeting."""
    register, posted = meeting_register(request), await request.post()
    form = _cancel_form(request)
    form.command, version = command_in(posted), sent_number(posted, "version")
    answers, reason = form.read(posted), clean_line(form.value("reason"))
    if len(reason) > LONGEST_REASON:
        said = register.words.group("faults")["too_long"]
        form.wrong("reason", said.format(label=form.fields["reason"].label, most=LONGEST_REASON, count=len(reason)))
    if answers is None or form.errors:
        return await _show_cancel(request, form, await find_coming(request), version)
    command = CancelMeeting(command_id=form.command, meeting_id=meeting_id_in(request), version=version, reason=reason)
    if await attempt(request, command, form, refusals_of(register.words)):
        return see_other(meetings_address(register), "cancelled")
    return await _show_cancel(request, form, await find_coming(request), None if form.reason else version)


def _cancel_form(request: web.Request) -> Form:
    words = meeting_register(request).words
    return Form([Field("reason", words("meetings.cancel_reason"), missing=words("meetings.cancel_reason_missing"))])


async def _show_cancel(
    request: web.Request, form: Form, meeting: MeetingShown, version: int | None = None
) -> web.Response:
    register = meeting_register(request)
    here = meeting_address(register, meeting.meeting_id)
    return await show(
        request,
        "meetings/cancel.html",
        form=form,
        name=meeting.name,
        facts=facts_of(register, meeting),
        version=meeting.version if version is None else version,
        action=f"{here}cancel/",
        back=here,
    )
