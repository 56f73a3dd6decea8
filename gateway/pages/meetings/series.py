"""The series of meetings: their list, and the form that adds or changes one."""

from collections.abc import Mapping

from aiohttp import web

from gateway.pages.meetings.addresses import (
    SERIES,
    meeting_register,
    meetings_address,
    plan_address,
    series_address,
)
from gateway.pages.meetings.meeting_text import area_of, areas_of, locality_question
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import At, ask, attempt, notice, see_other
from gateway.ui.form import Choice, Field, Form, number_of, sent_number
from gateway.ui.formats import lines, link, plain_link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.cleaning import clean_line
from shared.contracts.meetings import MOST_SERVICES, ListSeries, MeetingSeries, SaveSeries
from shared.contracts.referrals.saving import Conflict
from shared.registers.definition.register import Definition

LONGEST = 100
MOST_DAYS = 30
YES, NO = "yes", "no"


async def show_all_series(request: web.Request) -> web.Response:
    register = meeting_register(request)
    found, words = await ask(request, ListSeries()), register.words
    return await show(
        request,
        "meetings/series_list.html",
        said=notice(request, {"saved": words("meetings.series_saved")}),
        columns=[
            Column(words(f"meetings.{key}")) for key in ("series_name", "area", "chair", "services", "cut_off_days")
        ]
        + [Column(words("meetings.next_step"))],
        rows=[_row(register, each) for each in found.series],
        add=series_address(register),
        back=meetings_address(register),
    )


def _row(register: Definition, series: MeetingSeries) -> list[Cell]:
    words = register.words
    name = plain_link(series.name, series_address(register, series.series_id))
    plan = link(words("meetings.plan"), plan_address(register, series.series_id), series.name)
    return [
        name,
        area_of(register, series.locality),
        series.chair,
        lines(*series.services),
        str(series.cut_off_days),
        plan if series.is_active else words("meetings.series_inactive"),
    ]


async def new_series(request: web.Request) -> web.Response:
    register = meeting_register(request)
    return await _show(request, _form(register), None)


async def add_series(request: web.Request) -> web.Response:
    return await _save(request, None)


async def show_series(request: web.Request) -> web.Response:
    series = await _find(request)
    return await _show(request, _form(meeting_register(request), series, _values(series)), series)


async def change_series(request: web.Request) -> web.Response:
    return await _save(request, await _find(request))


async def _find(request: web.Request) -> MeetingSeries:
    """Return the series that the address names. Raise 404 for one that the register does not have."""
    meeting_register(request)
    series_id = id_in(request, "series")
    found = await ask(request, ListSeries())
    series = next((each for each in found.series if each.series_id == series_id), None)
    if series is None:
        raise web.HTTPNotFound
    return series


def _form(register: Definition, series: MeetingSeries | None = None, values: Mapping[str, str] | None = None) -> Form:
    words = register.words
    area = [
        Field(
            "locality",
            words("meetings.area"),
            kind="select",
            hint=words("meetings.area_hint"),
            choices=areas_of(register, series.locality if series else None),
        )
    ]
    active = (Choice(YES, words("meetings.series_active")), Choice(NO, words("meetings.series_inactive")))
    fields = [
        Field("name", words("meetings.series_name"), missing=words("meetings.series_name_missing")),
        *(area if locality_question(register) else []),
        Field("chair", words("meetings.chair"), hint=words("meetings.chair_hint")),
        Field("services", words("meetings.services"), kind="long_text", hint=words("meetings.services_hint")),
        Field(
            "cut_off_days",
            words("meetings.cut_off_days"),
            kind="whole_number",
            hint=words("meetings.cut_off_days_hint"),
            width=2,
        ),
        *([Field("active", words("meetings.series_active_label"), kind="choice", choices=active)] if series else []),
    ]
    return Form(fields, values or {"cut_off_days": "0"})


def _values(series: MeetingSeries) -> dict[str, str]:
    return {
        "name": series.name,
        "locality": series.locality or "",
        "chair": series.chair,
        "services": "\n".join(series.services),
        "cut_off_days": str(series.cut_off_days),
        "active": YES if series.is_active else NO,
    }


async def _save(request: web.Request, series: MeetingSeries | None) -> web.Response:
    register, posted = meeting_register(request), await request.post()
    form = _form(register, series, {})
    form.command = command_in(posted)
    version = sent_number(posted, "version", otherwise="0")
    command = _command(register, form, form.read(posted), series, version)
    if command is None:
        return await _show(request, form, series, version)
    if await attempt(request, command, form, _refusals(register)):
        return see_other(register.address(SERIES), "saved")
    is_behind = form.reason is not None and isinstance(form.reason.details, Conflict)
    return await _show(request, form, series, None if is_behind else version, is_behind=is_behind)


def _command(
    register: Definition, form: Form, answers: Mapping[str, str] | None, series: MeetingSeries | None, version: int
) -> SaveSeries | None:
    """Return the command; None if the form says what is wrong."""
    typed = {name: clean_line(form.value(name)) for name in ("name", "chair")}
    for name, text in typed.items():
        _check_length(register, form, name, text)
    services = _services(register, form)
    days = number_of(form.value("cut_off_days").strip() or "0", 2)
    if days is None or days > MOST_DAYS:
        form.wrong("cut_off_days", register.words("meetings.cut_off_days_wrong", most=MOST_DAYS))
    if answers is None or form.errors or days is None:
        return None
    offered = {each.code for each in areas_of(register, series.locality if series else None)}
    locality = answers.get("locality", "")
    if locality not in offered:
        form.wrong("locality", register.words("meetings.area_unknown"))
        return None
    return SaveSeries(
        command_id=form.command,
        series_id=series.series_id if series else None,
        version=version,
        name=typed["name"],
        locality=locality or None,
        chair=typed["chair"],
        services=services,
        cut_off_days=days,
        is_active=series is None or answers.get("active") != NO,
    )


def _services(register: Definition, form: Form) -> tuple[str, ...]:
    """Return the typed services, one a line. The field says what is wrong with them."""
    found = tuple(filter(None, (clean_line(each) for each in form.value("services").splitlines())))
    if len(found) > MOST_SERVICES:
        form.wrong("services", register.words("meetings.services_many", most=MOST_SERVICES))
    for each in found:
        _check_length(register, form, "services", each)
    return found


def _check_length(register: Definition, form: Form, name: str, text: str) -> None:
    if len(text) > LONGEST:
        said = register.words.group("faults")["too_long"]
        form.wrong(name, said.format(label=form.fields[name].label, most=LONGEST, count=len(text)))


def _refusals(register: Definition) -> dict[str, str | At | None]:
    words = register.words
    return {
        "locality_taken": At("locality", words("meetings.area_taken")),
        "unknown_locality": At("locality", words("meetings.area_unknown")),
        "conflict": words("meetings.series_changed"),
    }


async def _show(
    request: web.Request,
    form: Form,
    series: MeetingSeries | None,
    version: int | None = None,
    *,
    is_behind: bool = False,
) -> web.Response:
    """Show the form. After a conflict it shows what is saved now, beside what was typed, and saves over that."""
    register = meeting_register(request)
    words = register.words
    saved = _values(series) if series and is_behind else {}
    shown = saved | {"locality": area_of(register, series.locality)} if series and is_behind else {}
    return await show(
        request,
        "meetings/series.html",
        form=form,
        heading=words("meetings.change_series") if series else words("meetings.add_series"),
        now=[(field.label, shown[name]) for name, field in form.fields.items() if shown.get(name) and name != "active"],
        version=version if version is not None else (series.version if series else 0),
        back=register.address(SERIES),
        action=series_address(register, series.series_id if series else None),
        names=tuple(form.fields),
    )
