"""Who attended a meeting for each service, and who sent apologies."""

from collections.abc import Sequence

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import called, meeting_address, meeting_id_in, meeting_rules
from gateway.pages.meetings.typed import check_lengths
from gateway.security.ids import command_in
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Choice, Field, Form, sent_number
from gateway.ui.render import show
from shared.contracts.meetings import Agenda, Attendee, ReadAgenda, SaveAttendance, TypedAttendee
from shared.contracts.referrals.saving import Conflict
from shared.messages import Refused
from shared.registers.definition.words import Words

MOST_ROWS, EMPTY_ROWS = 60, 5
LONGEST = 100
PRESENCES = ("present", "apologies", "absent")


async def show_attendance(request: web.Request) -> web.Response:
    meeting_rules(request)
    agenda = await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    if agenda.meeting.state != "in_progress":
        raise web.HTTPSeeOther(meeting_address(request[REGISTER], agenda.meeting.meeting_id))
    rows = _rows(agenda)
    return await _show(
        request, _form(request[REGISTER].words, len(rows), _values(rows)), agenda, agenda.attendance_version
    )


async def save_attendance(request: web.Request) -> web.Response:
    """Save the whole list. If somebody else has saved it since, show theirs above what was typed."""
    meeting_rules(request)
    register, posted = request[REGISTER], await request.post()
    count = min(sum(1 for name in posted if str(name).startswith("service-")), MOST_ROWS)
    form = _form(register.words, count, {})
    form.command = command_in(posted)
    form.read(posted)
    version, typed = sent_number(posted, "version"), _typed(register.words, form, count)
    agenda = await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    if form.errors:
        return await _show(request, form, agenda, version)
    command = SaveAttendance(
        command_id=form.command, meeting_id=agenda.meeting.meeting_id, version=version, attendance=typed
    )
    refusals = {"conflict": register.words("meetings.attendance_changed"), "closed": None, "not_started": None}
    try:
        saved = await attempt(request, command, form, refusals)
    except Refused as refusal:
        if refusal.code not in ("closed", "not_started"):
            raise
        return see_other(meeting_address(register, agenda.meeting.meeting_id), "no_change")
    if saved is None:
        theirs = form.reason is not None and isinstance(form.reason.details, Conflict)
        return await _show(request, form, agenda, agenda.attendance_version if theirs else version, is_theirs=theirs)
    return see_other(meeting_address(register, agenda.meeting.meeting_id), "attendance")


def _rows(agenda: Agenda) -> list[Attendee]:
    """Return the rows to fill in: who was noted, then each required service that nobody was noted for."""
    noted = {each.service for each in agenda.attendance}
    required = [Attendee(service=each, presence="absent") for each in agenda.meeting.services if each not in noted]
    return [*agenda.attendance, *required]


def _values(rows: Sequence[Attendee]) -> dict[str, str]:
    values: dict[str, str] = {}
    for place, row in enumerate(rows):
        values |= {f"service-{place}": row.service, f"name-{place}": row.name, f"presence-{place}": row.presence}
    return values


def _form(words: Words, count: int, values: dict[str, str]) -> Form:
    total = count if not values and count else min(count + EMPTY_ROWS, MOST_ROWS)
    said = words.group("meetings.presences")
    choices = tuple(Choice(each, said[each]) for each in PRESENCES)
    fields = [
        field
        for place in range(total)
        for field in (
            Field(f"service-{place}", words("meetings.service")),
            Field(f"name-{place}", words("meetings.attendee")),
            Field(f"presence-{place}", words("meetings.presence"), "select", choices=choices),
        )
    ]
    return Form(tuple(fields), values)


def _typed(words: Words, form: Form, count: int) -> tuple[TypedAttendee, ...]:
    """Return the rows that have a service. A name without one, and what is too long, is said at its field."""
    typed: list[TypedAttendee] = []
    for place in range(count):
        service, name = (form.value(f"{part}-{place}").strip() for part in ("service", "name"))
        check_lengths(words, form, {f"service-{place}": LONGEST, f"name-{place}": LONGEST})
        if name and not service:
            form.wrong(f"service-{place}", words("meetings.service_missing", name=name))
        presence = next((each for each in PRESENCES if each == form.value(f"presence-{place}")), None)
        if presence is None:
            raise web.HTTPBadRequest
        if service and not form.errors:
            typed.append(TypedAttendee.model_validate({"service": service, "name": name, "presence": presence}))
    return tuple(typed)


async def _show(
    request: web.Request, form: Form, agenda: Agenda, version: int, *, is_theirs: bool = False
) -> web.Response:
    register, meeting = request[REGISTER], agenda.meeting
    said = register.words.group("meetings.presences")
    theirs = [f"{each.service}: {each.name or '–'}, {said[each.presence]}" for each in agenda.attendance]
    here = meeting_address(register, meeting.meeting_id)
    return await show(
        request,
        "meetings/attendance.html",
        form=form,
        count=len(form.fields) // 3,
        version=version,
        theirs=theirs if is_theirs else [],
        is_theirs=is_theirs,
        called=called(meeting),
        href=f"{here}attendance/",
        back=here,
    )
