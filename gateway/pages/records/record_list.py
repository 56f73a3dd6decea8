"""
The list of records: pages, search, filters and sort in one POST form, so that no names appear in addresses.

A request without a search term is redirected to an address, so that Back from a record returns to the same filtered
list.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from markupsafe import Markup
from yarl import URL

from gateway.keys import REGISTER, REGISTERS, VISITOR
from gateway.pages.loading.addresses import load_card
from gateway.pages.outcomes.reversal_address import reversal_address
from gateway.pages.records.ended_list import ended_href
from gateway.pages.records.filters import (
    FILTERS,
    WHOLE_LIST,
    Group,
    chips_of,
    columns_of,
    groups_of,
    read_narrowing,
    read_sort,
    sorts_of,
    write_narrowing,
    write_sort,
)
from gateway.pages.records.finds import finds_of
from gateway.pages.records.last_list import keep_list, last_list
from gateway.pages.records.linked import linked_lines
from gateway.pages.records.next_review import review_said
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.ages import days_since
from gateway.ui.form import Posted, number_of
from gateway.ui.formats import day, light, lines, link, plain_link, rating_mark
from gateway.ui.navigation import PATHS
from gateway.ui.organisations import organisation_names
from gateway.ui.render import kept_part, show
from gateway.ui.table import Cell, Paging, table_rows
from shared.cleaning import clean_line
from shared.clock import utc_now
from shared.contracts.referrals.listing import MOST_SORTED, ListRecords, Narrowing, RecordPage, RecordRow
from shared.ids import new_id
from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition, ListColumn
from shared.registers.definition.words import Words
from shared.registers.form.showing import show_answer
from shared.registers.references import read_reference
from shared.registers.scope import sees_ended

CellMaker = Callable[[RecordRow], Cell]

LENGTHS: Final = (10, 25, 50, 100)
LAST_PAGE = 100
FRAGMENT = "X-Fragment"
CHOSEN = FILTERS | {"sort", "order", "length", "page", "ended"}  # what an address chooses of the list
DOWNLOAD = "download"
ARCHIVED = "archived"  # the reference of the record that was just archived


async def list_records(request: web.Request) -> web.Response:
    """Show the list that the address names. Without a choice in the address, show it as it was in this session."""
    sent: Posted = request.query
    if not CHOSEN & sent.keys():
        sent = URL(f"?{last_list(request).open}", encoded=True).query
    return await show_list(request, await _wanted(request, sent))


async def search_records(request: web.Request) -> web.Response:
    """Apply a search, filter, page, length or sort. The script gets only the table."""
    wanted = await wanted_in(request, await request.post())
    if wanted.search or FRAGMENT in request.headers:
        return await show_list(request, wanted)
    address = URL(request[REGISTER].address(PATHS["records"])).with_query(_sayable(wanted))
    return _kept(request, see_other(str(address)), wanted)


async def wanted_in(request: web.Request, posted: Posted) -> ListRecords:
    """Return the list that the form of the page asks for, with its search."""
    search = "" if posted.get("remove") == WHOLE_LIST else clean_line(str(posted.get("search", "")))[:100]
    return await _wanted(request, posted, search=search)


def _kept(request: web.Request, response: web.Response, wanted: ListRecords) -> web.Response:
    """Keep the list as it is shown, for the way back from a record. A page of matches is nothing without the search."""
    page = 1 if wanted.search else wanted.page
    query = urlencode(_sayable(wanted.model_copy(update={"page": page})))
    keep_list(request, response, query, ended=wanted.ended)
    return response


async def _wanted(request: web.Request, sent: Posted, search: str = "") -> ListRecords:
    number = number_of(sent.get("length"), 5)
    length: Literal[10, 25, 50, 100] = next((each for each in LENGTHS if each == number), 10)
    page = min(max(number_of(sent.get("page"), 5) or 1, 1), LAST_PAGE)
    if sent.get("ended") and sees_ended(request[REGISTER], request[VISITOR]):
        return ListRecords(page=page, length=length, ended=True)
    groups: list[Group] = []
    if FILTERS & sent.keys():
        names = await organisation_names(request, request[REGISTER])
        groups = groups_of(request[REGISTER], request[VISITOR], names, Narrowing())
    sort, turned = read_sort(sent)
    return ListRecords(
        search=search,
        page=page,
        length=length,
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
        ("ended", "yes" if wanted.ended else "", ""),
    ]
    return write_narrowing(wanted.narrowing) + [(name, value) for name, value, usually in others if value != usually]


async def show_list(request: web.Request, wanted: ListRecords, why_not: str = "") -> web.Response:
    """Show a page of the list; `why_not` says why it could not be downloaded."""
    register, visitor = request[REGISTER], request[VISITOR]
    found = await ask(request, wanted)
    names, linked = await asyncio.gather(
        organisation_names(request, register),
        linked_lines(request, [(row.record_id, row.rating) for row in found.rows if not row.ended_at]),
    )
    groups = groups_of(register, visitor, names, wanted.narrowing)
    results = _results(request, wanted, found, groups, RecordCells(register, visitor, names, utc_now(), linked))
    if FRAGMENT in request.headers:
        return _kept(request, web.Response(text=results, content_type="text/html"), wanted)
    done, archiving = _done(register.words), {"archiving": register.words("archive.pending")}
    page = await show(
        request,
        "records/list.html",
        holes={
            "search": wanted.search,
            "filters": Markup("").join(group.fieldset for group in groups),
            "results": results,
        },
        finds=finds_of(register),
        lengths=LENGTHS,
        length=wanted.length,
        sorts=sorts_of(register),
        sort=write_sort(wanted.sort, turned=wanted.turned),
        ended=wanted.ended,
        may_see_ended=sees_ended(register, visitor),
        ended_href=ended_href(register, visitor),
        load=load_card(register, visitor),
        said=why_not or notice(request, done | archiving),
        named=_named(request),
        done=bool(notice(request, done)),
    )
    return _kept(request, page, wanted)


def _named(request: web.Request) -> Cell:
    """Return the reference of the record that was just archived, and where to put it back; empty if there is none."""
    register = request[REGISTER]
    prefixes = request.config_dict[REGISTERS].reference_prefixes(register.code)
    words, reference = register.words, read_reference(prefixes, request.query.get(ARCHIVED, ""))
    if reference is None:
        return ""
    link = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(
        reversal_address(register, reference), words("reversals.open_question")
    )
    may_ask = request[VISITOR].may(Permission.ADMINISTER) and any(t.reversible for t in register.lifecycle.transitions)
    return Markup(" ").join([words("archive.named", reference=reference), *([link] if may_ask else [])])


def _done(words: Words) -> dict[str, str]:
    """Return what the list says of an act on a record that cannot be opened any more."""
    return {
        "archived": words("archive.archived"),
        "updated": words("record.updated"),
        "decided": words("ending.done"),
        "ended": words("ending.ended"),
        "over": words("ending.over"),
        "handed_over": words("holding.handed_over"),
    }


def _results(
    request: web.Request, wanted: ListRecords, found: RecordPage, groups: list[Group], cells: "RecordCells"
) -> Markup:
    """Return the part of the page that a search while typing replaces: chips, table and page numbers."""
    register, visitor = request[REGISTER], request[VISITOR]
    sortable = found.sortable and not wanted.ended
    columns = columns_of(register, found, sortable=sortable)
    rows = table_rows(columns, [cells.cells(row) for row in found.rows], row_header=True) if found.rows else Markup()
    shell = kept_part(
        request,
        "records/results.html",
        *("rows", "showing", "matches", "command"),
        columns=columns,
        has_rows=bool(found.rows),
        paging=paging_of(wanted, found),
        is_search=bool(wanted.search),
        finds=finds_of(register),
        capped=found.capped,
        unsorted=not found.sortable and not wanted.ended,
        chips=chips_of(register, groups),
        most_sorted=MOST_SORTED,
        may_submit=visitor.may(Permission.SUBMIT_RECORD),
        download_at=_download_at(register, visitor) if found.rows else "",
        ended=wanted.ended,
        ended_href=ended_href(register, visitor),
    )
    showing = showing_of(register, wanted, found)
    return shell.fill({"rows": rows, "showing": showing, "matches": str(found.matches), "command": new_id().hex})


def _download_at(register: Definition, visitor: Visitor) -> str:
    """Return where the list is downloaded; empty for those who get no reports."""
    may = visitor.may(Permission.READ_REPORTS) and register.reporting.reports
    return register.address(f"{PATHS['records']}{DOWNLOAD}") if may else ""


class RecordCells:
    """Makes the cells of the list from the register's columns."""

    def __init__(
        self,
        register: Definition,
        visitor: Visitor,
        names: Mapping[UUID, str],
        now: datetime,
        linked: Mapping[UUID, str] | None = None,
    ) -> None:
        self._register = register
        self._linked = linked or {}
        self._names = names
        self._now = now
        self._form = register.form.by_name
        self._born = self._form[register.person["born"]]
        self._view, self._outcomes = register.words("records.view"), register.words("records.outcomes")
        self._has_outcomes = bool(register.outcome and visitor.may(Permission.RECORD_OUTCOME))
        self._makers = tuple(self._maker(column) for column in register.records.columns)
        self._by_first = not any(column.shows in ("actions", "person") for column in register.records.columns)

    def cells(self, row: RecordRow) -> list[Cell]:
        cells = [make(row) for make in self._makers]
        if self._by_first:  # a list with neither a person nor actions: its first column opens the record
            cells[0] = plain_link(cells[0] or self._view, self._register.record_address(row.record_id))
        return cells

    def _maker(self, column: ListColumn) -> CellMaker:
        if column.shows == "answer":
            return self._maker_of_answer(column.question or "")
        makers: dict[str, CellMaker] = {
            "person": self._person,
            "organisation": lambda row: self._names.get(row.organisation_id, ""),
            "created": lambda row: day(row.created_at),
            "updated": lambda row: day(row.updated_at),
            "created_by": lambda row: row.created_by,
            "actions": self._actions,
        }
        return makers[column.shows]

    def _maker_of_answer(self, name: str) -> CellMaker:
        if self._register.rating and name == self._register.rating.question:
            return self._rated
        question = self._form[name]
        if name == self._register.person.get("locality"):
            return lambda row: show_answer(question, row.locality or None)
        return lambda row: show_answer(question, row.answers.get(name))

    def _person(self, row: RecordRow) -> Cell:
        """Return the name as a link, the date of birth, and what is special about the state of the record."""
        words = self._register.words
        name = plain_link(row.name, self._register.record_address(row.record_id))
        born = show_answer(self._born, row.answers.get(self._born.name))
        state = words("records.waiting") if row.awaiting else ""
        if row.ended_at:
            state = words("records.ended_on", when=day(row.ended_at))
        linked = self._linked.get(row.record_id, "")
        review = "" if self._register.rating else self._review(row)
        further = (light(born), light(linked), light(review), state)
        return lines(name, *further) if any(further) else name

    def _rated(self, row: RecordRow) -> Cell:
        words = self._register.words
        age = words("records.rated", when=days_since(row.rated_at, self._now, words))
        return lines(
            rating_mark(self._register, row.rating), age, review_said(self._register, row.review_due, self._now)
        )

    def _review(self, row: RecordRow) -> str:
        return review_said(self._register, row.review_due, self._now)

    def _actions(self, row: RecordRow) -> Cell:
        href = self._register.record_address(row.record_id)
        view = link(self._view, href, row.name)
        if row.ended_at or not self._has_outcomes:
            return view
        return lines(view, link(self._outcomes, f"{href}outcomes/", row.name))


def paging_of(wanted: ListRecords, found: RecordPage) -> Paging:
    """Return the page numbers around the current one, and the pages before and after it."""
    last_page = min(max(-(-found.matches // wanted.length), 1), LAST_PAGE)
    return Paging(
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
    """Return the first page, the last, and those around the current one; 0 marks a gap."""
    shown = sorted({1, last, *range(max(1, current - 1), min(last, current + 1) + 1)})
    numbers: list[int] = []
    for number in shown:
        if numbers and number - numbers[-1] > 1:
            numbers.append(0)
        numbers.append(number)
    return tuple(numbers)
