"""The series of meetings: listed, added and changed."""

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import area_of, meeting_rules, meetings_address, series_address
from gateway.pages.meetings.typed import check_lengths, whole_number
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import At, ask, attempt, notice, see_other
from gateway.ui.form import Choice, Field, Form, sent_number
from gateway.ui.formats import link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.meetings import MOST_SERVICES, ListSeries, MeetingSeries, SaveSeries, SeriesList
from shared.messages import must_find
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

PATH = "series/"
WHOLE = "*"  # the choice of an area that stands for all that have no series of their own
MOST_CUT_OFF = 30
LONGEST_NAME, LONGEST_CHAIR, LONGEST_SERVICE = 100, 100, 100


async def list_series(request: web.Request) -> web.Response:
    meeting_rules(request)
    register = request[REGISTER]
    words, found = register.words, await ask(request, ListSeries())
    labels = (words("meetings.series"), words("meetings.area"), words("meetings.chair"), words("meetings.state"))
    return await show(
        request,
        "meetings/series_list.html",
        said=notice(request, {"saved": words("meetings.series_saved")}),
        columns=[*(Column(label) for label in labels), Column(words("meetings.change"))],
        rows=[_row(register, each) for each in found.series],
        unplaced=[area_of(register, each) for each in found.unplaced],
        new=meetings_address(register, f"{PATH}new"),
        plan=meetings_address(register, "new"),
        back=meetings_address(register),
    )


def _row(register: Definition, series: MeetingSeries) -> Sequence[Cell]:
    words = register.words
    return (
        series.name,
        area_of(register, series.locality),
        series.chair,
        words("meetings.active") if series.is_active else words("meetings.not_active"),
        link(words("meetings.change"), series_address(register, series.series_id), series.name),
    )


async def new_series(request: web.Request) -> web.Response:
    meeting_rules(request)
    return await _show(request, _form(request[REGISTER], None), None)


async def show_series(request: web.Request) -> web.Response:
    meeting_rules(request)
    series = _find(await ask(request, ListSeries()), id_in(request, "series"))
    return await _show(request, _form(request[REGISTER], series), series)


async def save_series(request: web.Request) -> web.Response:
    """Save a new series, or the one of the address. If somebody else has changed it, show what was typed beside it."""
    meeting_rules(request)
    register, posted = request[REGISTER], await request.post()
    sent = request.match_info.get("series")
    series = _find(await ask(request, ListSeries()), id_in(request, "series")) if sent else None
    form = _form(register, series)
    form.command, answers = command_in(posted), form.read(posted)
    services = tuple(line.strip() for line in form.value("services").splitlines() if line.strip())
    cut_off = whole_number(register.words, form, "cut_off_days", 0, MOST_CUT_OFF)
    check_lengths(register.words, form, {"name": LONGEST_NAME, "chair": LONGEST_CHAIR})
    _check_services(register.words, form, services)
    if answers is None or form.errors or cut_off is None:
        return await _show(request, form, series)
    command = SaveSeries(
        command_id=form.command,
        series_id=series.series_id if series else None,
        version=sent_number(posted, "version") if series else 0,
        name=answers["name"],
        locality=None if answers["locality"] == WHOLE else answers["locality"],
        chair=answers["chair"],
        services=services,
        cut_off_days=cut_off,
        is_active=answers.get("active", "yes") == "yes",
    )
    if await attempt(request, command, form, _refusals(register.words)) is None:
        return await _show(request, form, series)
    return see_other(meetings_address(register, PATH), "saved")


def _refusals(words: Words) -> dict[str, str | At | None]:
    return {
        "locality_taken": At("locality", words("meetings.locality_taken")),
        "unknown_locality": At("locality", words("meetings.unknown_locality")),
        "conflict": words("meetings.series_changed"),
    }


def _check_services(words: Words, form: Form, services: Sequence[str]) -> None:
    if len(services) > MOST_SERVICES:
        form.wrong("services", words("meetings.too_many_services", most=MOST_SERVICES))
    if any(len(each) > LONGEST_SERVICE for each in services):
        form.wrong("services", words("meetings.long_service", most=LONGEST_SERVICE))


def _find(found: SeriesList, series_id: UUID) -> MeetingSeries:
    return must_find(next((each for each in found.series if each.series_id == series_id), None))


def _form(register: Definition, series: MeetingSeries | None) -> Form:
    words = register.words
    yes_no = (Choice("yes", words("page.yes")), Choice("no", words("page.no")))
    active = Field("active", words("meetings.active_label"), "choice", words("meetings.active_hint"), choices=yes_no)
    fields = (
        Field("name", words("meetings.series_name"), missing=words("meetings.series_name_missing")),
        Field(
            "locality",
            words("meetings.area"),
            "select",
            missing=words("meetings.area_missing"),
            choices=_areas(register, series),
        ),
        Field("chair", words("meetings.chair")),
        Field("services", words("meetings.services"), "long_text", words("meetings.services_hint")),
        Field("cut_off_days", words("meetings.cut_off_days"), "whole_number", words("meetings.cut_off_hint"), width=2),
        *([active] if series else []),
    )
    return Form(fields, _values(series))


def _values(series: MeetingSeries | None) -> dict[str, str]:
    if series is None:
        return {"cut_off_days": "0"}
    return {
        "name": series.name,
        "locality": series.locality or WHOLE,
        "chair": series.chair,
        "services": "\n".join(series.services),
        "cut_off_days": str(series.cut_off_days),
        "active": "yes" if series.is_active else "no",
    }


def _areas(register: Definition, series: MeetingSeries | None) -> tuple[Choice, ...]:
    """Return the areas to choose from. A series keeps one that is not offered any more."""
    question = register.form.by_name.get(register.person.get("locality", ""))
    offered = [Choice(each.code, each.label) for each in question.offered] if question else []
    kept = series.locality if series else None
    if kept and kept not in {each.code for each in offered}:
        offered.append(Choice(kept, area_of(register, kept)))
    words = register.words
    return (Choice("", words("form.choose")), *offered, Choice(WHOLE, words("meetings.whole_register")))


async def _show(request: web.Request, form: Form, series: MeetingSeries | None) -> web.Response:
    register = request[REGISTER]
    own = series_address(register, series.series_id) if series else meetings_address(register, f"{PATH}new")
    return await show(
        request,
        "meetings/series.html",
        form=form,
        version=series.version if series else 0,
        is_new=series is None,
        href=own,
        back=meetings_address(register, PATH),
    )
