"""The list of records that have ended, for the roles that may open them. Addresses say nothing of a search."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, REGISTERS, VISITOR
from gateway.pages.records.finds import finds_of
from gateway.ui.actions import ask
from gateway.ui.form import Posted, sent_number
from gateway.ui.formats import day
from gateway.ui.organisations import organisation_names
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.cleaning import clean_line
from shared.contracts.referrals.ended import ENDED_PAGE, EndedShown, ListEnded
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.leaving import leaving_rows, reason_of
from shared.registers.scope import reads_ended
from shared.values import show_date

PAGE = "ended/"
DIGITS = 5


def ended_href(register: Definition, visitor: Visitor) -> str:
    """Return the address of the list; empty for a visitor who may not open ended records."""
    return register.address(PAGE) if reads_ended(register, visitor) else ""


async def show_ended(request: web.Request) -> web.Response:
    return await _show(request, ListEnded(skip=_skipped(request.query)))


async def search_ended(request: web.Request) -> web.Response:
    posted = await request.post()
    search = clean_line(str(posted.get("search", "")))[:100]
    return await _show(request, ListEnded(search=search, skip=_skipped(posted)))


def _skipped(sent: Posted) -> int:
    """Return how many records come before the page. Raise 400 if that is no number."""
    return sent_number(sent, "skip", DIGITS, "0")


async def _show(request: web.Request, asked: ListEnded) -> web.Response:
    register = request[REGISTER]
    if not ended_href(register, request[VISITOR]):
        raise web.HTTPNotFound
    found = await ask(request, asked)
    names = {} if register.scope else await organisation_names(request, register)
    return await show(
        request,
        "records/ended_list.html",
        search=asked.search,
        finds=finds_of(register),
        columns=_columns(register),
        rows=[_row(request, each, names) for each in found.records],
        older=asked.skip + ENDED_PAGE if found.more else 0,
        newer=asked.skip - ENDED_PAGE if asked.skip else -1,
        href=register.address(PAGE),
    )


def _columns(register: Definition) -> tuple[Column, ...]:
    words = register.words
    organisation = () if register.scope else (Column(words("administration.organisation"), folded=True),)
    reason = (Column(words("archive.reason")),) if register.leaving else ()
    return (
        Column(words("reversals.person")),
        Column(words("ended_list.born"), folded=True),
        Column(words("reversals.reference"), folded=True),
        *organisation,
        Column(words("ended_list.ended")),
        Column(words("ended_list.by"), folded=True),
        *reason,
    )


def _row(request: web.Request, each: EndedShown, names: Mapping[UUID, str]) -> list[Cell]:
    register, nothing = request[REGISTER], request[REGISTER].words("page.not_recorded")
    link = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(register.record_address(each.record_id), each.name)
    organisation = [] if register.scope else [names.get(each.organisation_id, "")]
    reason = [_reason(request, each) or nothing] if register.leaving else []
    born = show_date(each.born) if each.born else nothing
    return [link, born, each.reference, *organisation, day(each.ended_at), each.ended_by, *reason]


def _reason(request: web.Request, each: EndedShown) -> str:
    """Return why the record ended, in one line; empty if that was not asked."""
    register, registers = request[REGISTER], request.config_dict[REGISTERS]
    return reason_of(leaving_rows(registers.editions(register.code), each.leaving, register.words("record.earlier")))
