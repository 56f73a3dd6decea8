"""
The list of records: pages, search, filters and sort in one POST form, so that no names appear in addresses.

A request without a search term is redirected to an address, so that Back from a record returns to the same filtered
list.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web
from yarl import URL

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.filters import (
    chips_of,
    columns_of,
    groups_of,
    read_narrowing,
    read_sort,
    sorts_of,
    write_narrowing,
    write_sort,
)
from gateway.pages.records.lookup import record_address
from gateway.ui import clock
from gateway.ui.actions import ask, notice
from gateway.ui.form import Posted, number_of
from gateway.ui.formats import day, days_since, lines, link, rating_mark
from gateway.ui.navigation import PATHS, address
from gateway.ui.organisations import organisation_names
from gateway.ui.render import see_other, show
from gateway.ui.table import Cell, Paging
from shared.contracts.referrals.listing import MOST_SORTED, ListRecords, Narrowing, RecordPage, RecordRow
from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition, ListColumn
from shared.registers.form.showing import show_answer

LENGTHS: Final = (10, 25, 50, 100)
LAST_PAGE = 100
FRAGMENT = "X-Fragment"


async def list_records(request: web.Request) -> web.Response:
    return await _show_list(request, await _wanted(request, request.query))


async def search_records(request: web.Request) -> web.Response:
    """Apply a search, filter, page, length or sort. The script gets only the table."""
    posted = await request.post()
    wanted = await _wanted(request, posted, search=str(posted.get("search", "")).strip()[:100])
    if wanted.search or FRAGMENT in request.headers:
        return await _show_list(request, wanted)
    return see_other(str(URL(address(request[REGISTER], PATHS["records"])).with_query(_sayable(wanted))))


async def _wanted(request: web.Request, sent: Posted, search: str = "") -> ListRecords:
    length = number_of(sent.get("length"), 5)
    groups = groups_of(
        request[REGISTER], request[VISITOR], await organisation_names(request, request[REGISTER]), Narrowing()
    )
    sort, turned = read_sort(sent)
    return ListRecords(
        search=search,
        page=min(max(number_of(sent.get("page"), 5) or 1, 1), LAST_PAGE),
        length=next((each for each in LENGTHS if each == length), 10),
        narrowing=read_narrowing(sent, groups),
        sort=sort,
        turned=turned,
    )


def _sayable(wanted: ListRecords) -> list[tuple[str, str]]:
    """Return everything but the search term as query parameters, leaving out default values."""
    usual = ListRecords()
    others = [
        ("sort", write_sort(wanted.sort, turned=wanted.turned), write_sort(usual.sort, turned=usual.turned)),
        ("length", str(wanted.length), str(usual.length)),
        ("page", str(wanted.page), str(usual.page)),
    ]
    return write_narrowing(wanted.narrowing) + [(name, value) for name, value, usually in others if value != usually]


async def _show_list(request: web.Request, wanted: ListRecords) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    found = await ask(request, wanted)
    names = await organisation_names(request, register)
    groups = groups_of(register, visitor, names, wanted.narrowing)
    rows = RecordCells(register, visitor, names, clock.now())
    template = "records/results.html" if FRAGMENT in request.headers else "records/list.html"
    archived = {"archived": register.words("archive.archived")}
    archiving = {"archiving": register.words("archive.pending")}
    return await show(
        request,
        template,
        columns=columns_of(register, found),
        rows=[rows.cells(row) for row in found.rows],
        paging=paging_of(register, wanted, found),
        wanted=wanted,
        found=found,
        lengths=LENGTHS,
        groups=groups,
        chips=chips_of(register, groups),
        sorts=sorts_of(register),
        sort=write_sort(wanted.sort, turned=wanted.turned),
        most_sorted=MOST_SORTED,
        may_submit=visitor.may(Permission.SUBMIT_RECORD),
        said=notice(request, archived | archiving),
        done=bool(notice(request, archived)),
    )


class RecordCells:
    """Makes the cells of the list from the register's columns."""

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
            age = self._register.words("records.rated", when=since)
            return lines(rating_mark(self._register, row.rating), age)
        is_locality = name == self._register.person.get("locality")
        return show_answer(self._form[name], (row.locality or None) if is_locality else row.answers.get(name))

    def _actions(self, row: RecordRow) -> Cell:
        words, register = self._register.words, self._register
        view = link(words("records.view"), record_address(register, row.record_id), row.name)
        if not (register.outcome and self._visitor.may(Permission.RECORD_OUTCOME)):
            return view
        return lines(
            view, link(words("records.outcomes"), record_address(register, row.record_id, "outcomes/"), row.name)
        )


def paging_of(register: Definition, wanted: ListRecords, found: RecordPage) -> Paging:
    """Return the summary "Showing 1 to 10 of 12 entries", and the page numbers around the current one."""
    last_page = min(max(-(-found.matches // wanted.length), 1), LAST_PAGE)
    return Paging(
        showing=showing_of(register, wanted, found),
        current=wanted.page,
        numbers=numbers_about(wanted.page, last_page),
        previous=str(wanted.page - 1) if wanted.page > 1 else "",
        next=str(wanted.page + 1) if wanted.page < last_page else "",
    )


def showing_of(register: Definition, wanted: ListRecords, found: RecordPage) -> str:
    """Return the sentence that says which entries are shown. Large filtered lists are not counted exactly."""
    first, last = found.first, found.first + len(found.rows) - 1
    if not found.rows:
        return register.words("table.showing_none")
    if found.capped and not wanted.search:
        return register.words("records.showing_more", first=first, last=last, count=f"{found.matches:,}")
    return register.words("table.showing", first=first, last=last, total=found.matches)


def numbers_about(current: int, last: int) -> tuple[int, ...]:
    """Return the first page, the last, and those around the current one; 0 stands for a gap."""
    shown = sorted({1, last, *range(max(1, current - 1), min(last, current + 1) + 1)})
    numbers: list[int] = []
    for number in shown:
        if numbers and number - numbers[-1] > 1:
            numbers.append(0)
        numbers.append(number)
    return tuple(numbers)
