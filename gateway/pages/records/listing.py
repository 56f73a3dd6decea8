"""The list of records: pages, search and page length, all in one POST form, so that names stay out of addresses."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from aiohttp import web

from gateway.keys import ORGANISATIONS, REGISTER, VISITOR
from gateway.page import show
from gateway.pages.records.finding import record_address
from gateway.rows import Cell, Column, Paging
from gateway.showing import day, days_since, lines, link, organisation_names, rating_mark
from gateway.visitor import ask
from shared.contracts.referrals import ListRecords, RecordPage, RecordRow
from shared.permissions import Permission, Visitor
from shared.registers.definition import Definition, ListColumn
from shared.registers.form import show_answer

LENGTHS: Final = (10, 25, 50, 100)
LAST_PAGE = 100
FRAGMENT = "X-Fragment"


async def list_records(request: web.Request) -> web.Response:
    return await _show_list(request, ListRecords())


async def search_records(request: web.Request) -> web.Response:
    """A search, another page or another page length; a script asks for the table alone."""
    posted = await request.post()
    length = _number(posted.get("length"), 10)
    wanted = ListRecords(
        search=str(posted.get("search", "")).strip()[:100],
        page=min(max(_number(posted.get("page"), 1), 1), LAST_PAGE),
        length=next((each for each in LENGTHS if each == length), 10),
    )
    return await _show_list(request, wanted)


async def _show_list(request: web.Request, wanted: ListRecords) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    found = await ask(request, wanted)
    names = organisation_names(register, await request.config_dict[ORGANISATIONS].of(register.code))
    rows = Rows(register, visitor, names, datetime.now(UTC))
    template = "records/results.html" if FRAGMENT in request.headers else "records/list.html"
    message, archive = request.query.get("Msg", ""), register.words.archive
    return await show(
        request,
        template,
        register=register,
        columns=[Column(column.label) for column in register.records.columns],
        rows=[rows.cells(row) for row in found.rows],
        paging=paging_of(register, wanted, found),
        wanted=wanted,
        found=found,
        lengths=LENGTHS,
        may_submit=visitor.may(Permission.SUBMIT_RECORD),
        said={"archived": archive.archived, "archiving": archive.pending}.get(message, ""),
        done=message == "archived",
    )


class Rows:
    """Makes the cells of the list by the register's columns."""

    def __init__(self, register: Definition, visitor: Visitor, names: dict[UUID, str], now: datetime) -> None:
        self._register = register
        self._visitor = visitor
        self._names = names
        self._now = now
        self._form = register.form.by_name

    def cells(self, row: RecordRow) -> list[Cell]:
        return [self._cell(column, row) for column in self._register.records.columns]

    def _cell(self, column: ListColumn, row: RecordRow) -> Cell:
        makers: dict[str, Callable[[], Cell]] = {
            "person": lambda: row.name,
            "organisation": lambda: self._names.get(row.organisation_id, ""),
            "created": lambda: day(row.created_at),
            "updated": lambda: day(row.updated_at),
            "created_by": lambda: row.created_by,
            "answer": lambda: self._answer(column.question or "", row),
            "actions": lambda: self._actions(row),
        }
        return makers[column.shows]()

    def _answer(self, name: str, row: RecordRow) -> Cell:
        if self._register.rating and name == self._register.rating.question:
            since = days_since(row.rated_at, self._now, self._register.words)
            age = self._register.words.records.rated.format(when=since)
            return lines(rating_mark(self._register, row.rating), age)
        is_locality = name == self._register.person.get("locality")
        return show_answer(self._form[name], row.locality) if is_locality else ""

    def _actions(self, row: RecordRow) -> Cell:
        words, register = self._register.words.records, self._register
        view = link(words.view, record_address(register, row.record_id), row.name)
        if not (register.outcome and self._visitor.may(Permission.RECORD_OUTCOME)):
            return view
        return lines(view, link(words.outcomes, record_address(register, row.record_id, "outcomes/"), row.name))


def paging_of(register: Definition, wanted: ListRecords, found: RecordPage) -> Paging:
    """ "Showing 1 to 10 of 12 entries", and the pages about the current one."""
    words = register.words.table
    last_page = min(max(-(-found.matches // wanted.length), 1), LAST_PAGE)
    first, last = found.first, found.first + len(found.rows) - 1
    return Paging(
        showing=words.showing.format(first=first, last=last, total=found.matches) if found.rows else words.showing_none,
        current=wanted.page,
        numbers=numbers_about(wanted.page, last_page),
        previous=str(wanted.page - 1) if wanted.page > 1 else "",
        next=str(wanted.page + 1) if wanted.page < last_page else "",
    )


def numbers_about(current: int, last: int) -> tuple[int, ...]:
    """The first page, the last, and those about the current one; 0 stands for a gap."""
    shown = sorted({1, last, *range(max(1, current - 1), min(last, current + 1) + 1)})
    numbers: list[int] = []
    for number in shown:
        if numbers and number - numbers[-1] > 1:
            numbers.append(0)
        numbers.append(number)
    return tuple(numbers)


def _number(sent: object, otherwise: int) -> int:
    return int(str(sent)) if str(sent).isascii() and str(sent).isdigit() and len(str(sent)) < 6 else otherwise
