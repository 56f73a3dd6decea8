"""Who attended a meeting: one row a service, and spare rows for others."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from gateway.pages.meetings.addresses import meeting_address, meeting_id_in, meeting_register
from gateway.pages.meetings.agenda import missing_said
from gateway.security.ids import command_in
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Choice, Field, Form, Posted, sent_number
from gateway.ui.render import show
from shared.cleaning import clean_line
from shared.contracts.meetings import Agenda, Attendee, Presence, ReadAgenda, SaveAttendance, TypedAttendee
from shared.contracts.referrals.saving import Conflict
from shared.registers.definition.register import Definition
from shared.values import fold

SPARE_ROWS = 3
MOST_ROWS = 60
LONGEST = 100
PARTS = ("service", "name", "presence")
PRESENCES: tuple[Presence, ...] = ("present", "apologies", "absent")


async def show_attendance(request: web.Request) -> web.Response:
    register, agenda = meeting_register(request), await _read(request)
    if agenda.meeting.state != "in_progress":
        return see_other(
            meeting_address(register, agenda.meeting.meeting_id),
            "not_started" if agenda.meeting.state == "planned" else "closed",
        )
    return await _show(request, _form(register, _rows_of(agenda)), agenda)


async def save_attendance(request: web.Request) -> web.Response:
    """Save the list. After a conflict the page shows what is saved now, beside everything that was typed."""
    register, posted = meeting_register(request), await request.post()
    form = _form(register, _sent_rows(posted))
    form.command, version = command_in(posted), sent_number(posted, "version")
    command = _command(request, register, form, version)
    if command is None:
        return await _show(request, form, await _read(request), version)
    said = register.words.group("meetings.notices")
    texts = {
        "conflict": register.words("meetings.attendance_changed"),
        "not_started": said["not_started"],
        "closed": said["closed"],
    }
    if await attempt(request, command, form, texts):
        return see_other(meeting_address(register, command.meeting_id), "attendance_saved")
    is_behind = form.reason is not None and isinstance(form.reason.details, Conflict)
    return await _show(request, form, await _read(request), None if is_behind else version, is_behind=is_behind)


async def _read(request: web.Request) -> Agenda:
    return await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))


def _rows_of(agenda: Agenda) -> list[Attendee]:
    """Return the saved rows, and one for each required service that has none, of whose presence nothing is said."""
    there = {fold(each.service) for each in agenda.attendance}
    lacking = [each for each in agenda.meeting.services if fold(each) not in there]
    return [*agenda.attendance, *(Attendee(service=each, presence="absent") for each in lacking)]


def _sent_rows(posted: Posted) -> list[Attendee]:
    """Return the rows of the form as they were typed, without the last ones that are empty."""
    rows = []
    for number in range(MOST_ROWS):
        service, name, presence = (str(posted.get(f"{part}_{number}", "")) for part in PARTS)
        known: Presence = next((each for each in PRESENCES if each == presence), "present")
        rows.append(Attendee(service=clean_line(service), name=clean_line(name), presence=known))
    while rows and not (rows[-1].service or rows[-1].name):
        rows.pop()
    return rows


def _form(register: Definition, rows: Sequence[Attendee]) -> Form:
    words = register.words
    presence = words.group("meetings.presence")
    choices = tuple(Choice(each, presence[each]) for each in PRESENCES)
    fields, values = [], dict[str, str]()
    for number in range(min(len(rows) + SPARE_ROWS, MOST_ROWS)):
        fields += [
            Field(f"service_{number}", words("meetings.service")),
            Field(f"name_{number}", words("meetings.who_came")),
            Field(f"presence_{number}", words("meetings.came"), kind="select", choices=choices),
        ]
        if number < len(rows):
            values |= _values(number, rows[number])
    return Form(fields, values)


def _values(number: int, row: Attendee) -> dict[str, str]:
    return {f"service_{number}": row.service, f"name_{number}": row.name, f"presence_{number}": row.presence}


def _command(request: web.Request, register: Definition, form: Form, version: int) -> SaveAttendance | None:
    """Return the command; None if the form says what is wrong."""
    words, rows = register.words, list[TypedAttendee]()
    for number in range(len(form.fields) // len(PARTS)):
        typed: Mapping[str, str] = {part: form.value(f"{part}_{number}") for part in PARTS}
        if typed["name"] and not typed["service"]:
            form.wrong(f"service_{number}", words("meetings.service_missing"))
        for part in ("service", "name"):
            if len(typed[part]) > LONGEST:
                label, count = form.fields[f"{part}_{number}"].label, len(typed[part])
                said = words.group("faults")["too_long"].format(label=label, most=LONGEST, count=count)
                form.wrong(f"{part}_{number}", said)
        if typed["service"] and not form.errors:
            presence: Presence = next((each for each in PRESENCES if each == typed["presence"]), "present")
            rows.append(TypedAttendee(service=typed["service"], name=typed["name"], presence=presence))
    if form.errors:
        return None
    return SaveAttendance(
        command_id=form.command, meeting_id=meeting_id_in(request), version=version, attendance=tuple(rows)
    )


async def _show(
    request: web.Request, form: Form, agenda: Agenda, version: int | None = None, *, is_behind: bool = False
) -> web.Response:
    register = meeting_register(request)
    words, here = register.words, meeting_address(register, agenda.meeting.meeting_id)
    presence = words.group("meetings.presence")
    return await show(
        request,
        "meetings/attendance.html",
        form=form,
        name=agenda.meeting.name,
        missing=missing_said(words, agenda),
        numbers=range(len(form.fields) // len(PARTS)),
        now=[(each.service, f"{each.name} {presence[each.presence]}".strip()) for each in agenda.attendance]
        if is_behind
        else [],
        version=agenda.attendance_version if version is None else version,
        action=f"{here}attendance/",
        back=here,
    )
