"""The reporting dashboard, and reports as files: requested, prepared as jobs, downloaded."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.security.ids import command_in, id_in, id_of
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.charts.panels import panel_of, said_of_panels
from gateway.ui.charts.weeks import weeks_of
from gateway.ui.form import Choice, Field, Form, by_name
from gateway.ui.formats import day_and_time, link
from gateway.ui.render import kept_part, show, show_part
from gateway.ui.shell import Same
from gateway.ui.table import Column
from shared import log
from shared.contracts.reports import (
    Dashboard,
    ReadDashboard,
    ReadReportChunk,
    ReadReportJob,
    ReportJob,
    StartReport,
    StopReport,
    TileShown,
)
from shared.ids import new_id
from shared.messages import NotAnswered, Refused
from shared.registers.definition.dashboards import (
    AgeFilter,
    BodyFilter,
    Filter,
    OptionFilter,
    OrganisationFilter,
    ScopeFilter,
)
from shared.registers.definition.register import Definition

Listed = tuple[tuple[str, str], ...]

FRAGMENT = "X-Fragment"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILTER = "filter-"
ORGANISATION = "filter-organisation"
BODY = "filter-body-"
AGE = "filter-age"


# ------------------------------------------------------------------------------------------------------- dashboard
async def show_dashboard(request: web.Request) -> web.Response:
    board = await _read_dashboard(request)
    listed = _listed(board)
    form = _form(request[REGISTER], board, listed, _chosen(request, listed))
    return await _show_dashboard(request, board, listed, form)


async def choose_scope(request: web.Request) -> web.Response:
    """
    Redirect to the dashboard of one organisation or body, or of all. The address may hold its id or code, which names
    no person.
    """
    kind = request[REGISTER].reporting.dashboard_filter.kind
    sent = str((await request.post()).get(kind, ""))
    code = id_of(sent).hex if sent and kind == "organisation" else sent
    chosen = f"?{urlencode([(kind, code)])}" if code else ""
    return see_other(request[REGISTER].address(f"reporting/{chosen}"))


async def start_report(request: web.Request) -> web.Response:
    """Start the chosen report, or show what is wrong with the choice."""
    register, board, posted = request[REGISTER], await _read_dashboard(request), await request.post()
    listed = _listed(board)
    form = _form(register, board, listed)
    form.command, answers = command_in(posted), form.read(posted)
    if answers is None:
        return await _show_dashboard(request, board, listed, form)
    words = register.words
    said = {
        "too_many": words("reporting.too_many"),
        "unknown_filter": words("reporting.filter_unknown"),
        "unknown_report": words("reporting.filter_unknown"),
    }
    job = await attempt(request, _request(register, form.command, answers), form, said)
    if job is None:
        return await _show_dashboard(request, board, listed, form)
    return see_other(job_address(register, job.job_id), "started")


async def _read_dashboard(request: web.Request) -> Dashboard:
    """Read the dashboard of the organisation or body that the address names, or of all."""
    kind = request[REGISTER].reporting.dashboard_filter.kind
    wanted = request.query.get(kind, "")
    if kind == "body":
        return await ask(request, ReadDashboard(body=wanted or None))
    return await ask(request, ReadDashboard(organisation_id=id_of(wanted) if wanted else None))


async def _show_dashboard(request: web.Request, board: Dashboard, listed: Listed, form: Form) -> web.Response:
    register, chosen = request[REGISTER], _chosen(request, listed)
    shown_for, choice = _shown_for(register, board), register.reporting.dashboard_filter
    return await show(
        request,
        "reporting/dashboard.html",
        form=form,
        holes={
            "panels": Markup("").join(panel_part(request, tile) for tile in board.tiles if not tile.weeks),
            "as_at": register.words("reporting.as_at", when=day_and_time(board.as_at)),
            "counted": said_of_panels(register, board.tiles),
            "by_week": Markup("").join(_weeks(request, tile) for tile in board.tiles if tile.weeks),
            "jobs": jobs_part(request, board),
        },
        offered=_offered(register, choice, listed),
        chosen=chosen,
        showing=register.words("reporting.showing", what=dict(listed).get(chosen, choice.everything)),
        only=_only(register, listed),
        names=tuple((name, shown_for.get(name, ())) for name in form.fields if name != "report"),
    )


def panel_part(request: web.Request, tile: TileShown) -> Markup:
    panel = panel_of(request[REGISTER], tile)
    shell = kept_part(
        request,
        "reporting/panel.html",
        "shown",
        title=panel.title,
        heads=panel.heads,
        columns=panel.columns,
        notes=panel.notes,
    )
    return shell.fill({"shown": panel.shown})


def _weeks(request: web.Request, tile: TileShown) -> Markup:
    weeks = weeks_of(request[REGISTER], tile)
    shell = kept_part(
        request,
        "reporting/weeks.html",
        *("blocks", "rows", "first", "last"),
        title=weeks.title,
        width=weeks.width,
        height=weeks.height,
        legend=weeks.legend,
        columns=weeks.columns,
        stacked=weeks.stacked,
        meaning=weeks.meaning,
    )
    return shell.fill({"blocks": weeks.blocks, "rows": weeks.rows, "first": weeks.first, "last": weeks.last})


def jobs_part(request: web.Request, board: Dashboard) -> Markup:
    words = request[REGISTER].words
    columns = (Column(words("workbook.report")), Column(words("reporting.asked")), Column(words("reporting.state")))
    jobs = [_job_row(request[REGISTER], job) for job in board.jobs]
    return show_part(request, "reporting/jobs.html", columns=columns, jobs=jobs) if jobs else Markup()


def _offered(register: Definition, wanted: ScopeFilter, listed: Listed) -> Listed:
    """Return the organisations, or the bodies that an answer can name, from which the user may choose."""
    if isinstance(wanted, OrganisationFilter):
        return listed
    prefix = f"{register.form.by_name[wanted.question].body_list}:"
    return tuple((code, label) for code, label in listed if code.startswith(prefix))


def _only(register: Definition, listed: Listed) -> tuple[tuple[str, str, str], ...]:
    """Return each filter that offers a single organisation, with its code and label: there is nothing to choose."""
    wanted = (each for each in register.reporting.filters if isinstance(each, OrganisationFilter))
    offered = ((_scope_field(each), _offered(register, each, listed)) for each in wanted)
    return tuple((name, *choices[0]) for name, choices in offered if len(choices) == 1)


def _listed(board: Dashboard) -> Listed:
    """Return what the dashboard can be divided by, each with its code and label: organisations, or bodies."""
    organisations = ((each.organisation_id.hex, each.label) for each in board.organisations)
    return (*organisations, *((each.body, each.label) for each in board.bodies))


def _chosen(request: web.Request, listed: Listed) -> str:
    """Return the organisation or body that the dashboard shows: the chosen or the only one; empty for all."""
    choice = request[REGISTER].reporting.dashboard_filter
    offered = _offered(request[REGISTER], choice, listed)
    only = offered[0][0] if len(offered) == 1 else ""
    return request.query.get(choice.kind, "") or only


def _job_row(register: Definition, job: ReportJob) -> tuple[str, str, str]:
    return (
        link(job.title, job_address(register, job.job_id), day_and_time(job.asked_at)),
        day_and_time(job.asked_at),
        state_words(register, job),
    )


def _form(register: Definition, board: Dashboard, listed: Listed, chosen: str = "") -> Form:
    """Return the report form, with the organisation or body of the dashboard preselected."""
    fields = _fields(Same(register), board.reports, listed)
    return Form(fields, {_scope_field(register.reporting.dashboard_filter): chosen})


def _scope_field(wanted: ScopeFilter) -> str:
    return ORGANISATION if isinstance(wanted, OrganisationFilter) else BODY + wanted.question


@lru_cache(maxsize=100)
def _fields(same: Same[Definition], offered: tuple[str, ...], listed: Listed) -> Mapping[str, Field]:
    """Return the fields of the report form. They are kept, because forms with the same fields share a kept page."""
    register, words = same.value, same.value.words
    titles = {report.code: report.title for report in register.reporting.reports}
    reports = tuple(Choice(code, titles[code]) for code in offered if code in titles)
    select = Field(
        "report", words("reporting.select_report"), "select", choices=reports, missing=words("reporting.report_missing")
    )
    return by_name([select, *(_filter_field(register, listed, each) for each in register.reporting.filters)])


def _filter_field(register: Definition, listed: Listed, wanted: Filter) -> Field:
    everything = Choice("", wanted.everything)
    match wanted:
        case OrganisationFilter() | BodyFilter():
            offered = (Choice(code, label) for code, label in _offered(register, wanted, listed))
            return Field(_scope_field(wanted), wanted.label, "select", choices=(everything, *offered))
        case AgeFilter():
            bands = (Choice(band.code, band.label) for band in wanted.bands)
            return Field(AGE, wanted.label, "select", choices=(everything, *bands))
        case OptionFilter():
            options = register.form.by_name[wanted.question].options
            offered = (Choice(option.code, option.label, group=option.group or "") for option in options)
            return Field(FILTER + wanted.question, wanted.label, "select", choices=(everything, *offered))


def _shown_for(register: Definition, board: Dashboard) -> dict[str, tuple[str, ...]]:
    """
    Return each filter that only some reports accept, with the codes of those reports. A script hides it for the others
    (R-DSR-163).
    """
    every = {report.code: report for report in register.reporting.reports}
    takes_age = tuple(code for code in board.reports if code in every and every[code].ages is None)
    return {AGE: takes_age} if len(takes_age) < len(board.reports) else {}


def _request(register: Definition, command: UUID, answers: Mapping[str, str]) -> StartReport:
    questions = [each.question for each in register.reporting.filters if isinstance(each, OptionFilter)]
    chosen = {name: answers[FILTER + name] for name in questions if answers[FILTER + name]}
    organisation = answers.get(ORGANISATION, "")
    named = [_scope_field(each) for each in register.reporting.filters if isinstance(each, BodyFilter)]
    return StartReport(
        command_id=command,
        report=answers["report"],
        organisation_id=id_of(organisation) if organisation else None,
        bodies=tuple(answers[name] for name in named if answers[name]),
        age=answers.get(AGE) or None,
        options=chosen,
    )


# -------------------------------------------------------------------------------------------------------------- jobs
def job_address(register: Definition, job_id: UUID, page: str = "") -> str:
    return register.address(f"reporting/jobs/{job_id.hex}/{page}")


def state_words(register: Definition, job: ReportJob) -> str:
    words = register.words
    return {
        "queued": words("reporting.queued"),
        "running": words("reporting.preparing"),
        "ready": words("reporting.ready"),
        "failed": words("reporting.failed"),
        "stopped": words("reporting.stopped"),
        "expired": words("reporting.expired"),
    }[job.state]


async def show_job(request: web.Request) -> web.Response:
    """Show the progress of a report. The script gets only that part of the page."""
    register = request[REGISTER]
    job = await ask(request, ReadReportJob(job_id=id_in(request, "job")))
    words = register.words
    done, total = job.rows_done, job.rows_total
    return await show(
        request,
        "reporting/state.html" if FRAGMENT in request.headers else "reporting/job.html",
        job=job,
        said=state_words(register, job),
        progress=words("reporting.progress", done=done, total=total) if total is not None else "",
        kept_until=words("reporting.kept_until", when=day_and_time(job.expires_at)) if job.expires_at else "",
        href=job_address(register, job.job_id),
        back=register.address("reporting/"),
        command=new_id(),
    )


async def stop_report(request: web.Request) -> web.Response:
    register, job_id = request[REGISTER], id_in(request, "job")
    posted = await request.post()
    await ask(request, StopReport(command_id=command_in(posted), job_id=job_id))
    return see_other(job_address(register, job_id))


async def download(request: web.Request) -> web.StreamResponse:
    """
    Stream the file in chunks. The length is sent first, so that a browser notices a cut-off download.

    Of a file that is no longer kept, the page of the report says so.
    """
    if request.method == "HEAD":  # it would be audited as a download
        raise web.HTTPMethodNotAllowed("HEAD", ["GET"])
    job = await ask(request, ReadReportJob(job_id=id_in(request, "job")))
    if job.state != "ready":
        return see_other(job_address(request[REGISTER], job.job_id))
    first = await ask(request, ReadReportChunk(job_id=job.job_id, number=0))
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{job.file_name}"'})
    response.content_type = XLSX
    response.content_length = job.size
    await response.prepare(request)
    await response.write(first.content)
    try:
        for number in range(1, job.chunks):
            await response.write((await ask(request, ReadReportChunk(job_id=job.job_id, number=number))).content)
    except (NotAnswered, Refused) as error:
        log.warn("report.download_cut", job=str(job.job_id), error=error)
        if request.transport is not None:
            request.transport.abort()
    return response
