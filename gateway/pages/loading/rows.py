"""The checked or loaded rows of an upload: the four counts, a tab for each with its rows, and how the file was read."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from markupsafe import Markup, escape

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, upload_address
from gateway.pages.loading.authority import PAGE as CONSENT
from gateway.pages.loading.authority import authority_words, may_be_named
from gateway.pages.loading.reading_words import reading_facts
from gateway.pages.loading.states import rows_to_put
from gateway.ui.actions import ask
from gateway.ui.form import number_of
from gateway.ui.formats import day_and_time, lines, plain_link
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from gateway.ui.table import Cell, Column, table_rows
from shared.contracts.referrals.loading import (
    ROWS_ON_A_PAGE,
    CellChange,
    ListUploadRows,
    RowTab,
    UploadRow,
    UploadRows,
    UploadShown,
)
from shared.ids import new_id
from shared.registers.definition.register import Definition

TABS: Final[tuple[RowTab, ...]] = ("new", "updated", "ended", "errors")


@dataclass(frozen=True, repr=False)
class RowsTab:
    """One tab: its label with the count, a page of its rows, and the pages before and after."""

    code: RowTab
    label: str
    count: str
    tile: str
    columns: tuple[Column, ...]
    body: Markup
    showing: str
    previous: str
    next: str


async def show_rows(request: web.Request, upload: UploadShown) -> web.Response:
    register = request[REGISTER]
    pages = {tab: number_of(request.query.get(tab, "1"), 4) or 1 for tab in TABS}
    asked = (ListUploadRows(upload_id=upload.upload_id, tab=tab, page=pages[tab]) for tab in TABS)
    listed = await asyncio.gather(*(ask(request, each) for each in asked))
    return await show(
        request,
        "loading/rows.html",
        upload=upload,
        tabs=[_tab(register, upload, tab, pages, found) for tab, found in zip(TABS, listed, strict=True)],
        notes=list(_notes(register, upload)),
        facts=reading_facts(register, upload),
        to_put=rows_to_put(upload.counts),
        command=new_id(),
        href=upload_address(register, upload.upload_id),
        back=register.address(PAGE),
        records=register.address(PATHS["records"]),
    )


def _notes(register: Definition, upload: UploadShown) -> Iterator[Cell]:
    words, counts, is_done = register.words, upload.counts, upload.state == "done"
    if upload.purpose == "tracing":
        yield words("load.tracing_only")
    if counts.unchanged:
        yield words("load.unchanged_rows", count=f"{counts.unchanged:,}")
    if counts.incomplete:
        yield words("load.incomplete_rows", count=f"{counts.incomplete:,}")
    if upload.missing and not is_done:
        yield words("load.not_answered", labels=labels_of(register, upload.missing))
    if counts.unconsented:
        yield _unconsented(register, upload)
    yield words("load.kept_until", when=day_and_time(upload.expires_at))


def _unconsented(register: Definition, upload: UploadShown) -> Cell:
    """Return what is said of the rows without consent, with the link for naming an authority."""
    words, count = register.words, f"{upload.counts.unconsented:,}"
    if upload.authority is None:
        said, link = words("load.consent.rows", count=count), words("load.consent.link")
    else:
        named = authority_words(words, upload.authority)
        said, link = words("load.consent.by_authority", count=count, named=named), words("load.consent.again")
    if may_be_named(upload):
        return Markup("{} {}").format(said, plain_link(link, upload_address(register, upload.upload_id, CONSENT)))
    if upload.state == "checked" and not upload.may_name_authority:
        return f"{said} {words('load.consent.officer')}"
    return said


def labels_of(register: Definition, names: Sequence[str]) -> str:
    """Return the labels of questions in quotation marks."""
    asked = register.form.by_name
    return ", ".join(f"“{asked[name].label if name in asked else name}”" for name in names)


def _tab(
    register: Definition, upload: UploadShown, tab: RowTab, pages: dict[RowTab, int], found: UploadRows
) -> RowsTab:
    words = register.words
    names = {
        "new": words("load.tabs.new"),
        "updated": words("load.tabs.updated"),
        "ended": words("load.tabs.ended"),
        "errors": words("load.tabs.errors"),
    }
    page, last = pages[tab], max(-(-found.total // ROWS_ON_A_PAGE), 1)
    first = (page - 1) * ROWS_ON_A_PAGE + 1
    columns = _columns(register, tab)
    return RowsTab(
        code=tab,
        label=words("load.tab", name=names[tab], count=f"{found.total:,}"),
        count=f"{found.total:,}",
        tile=names[tab],
        columns=columns,
        body=table_rows(columns, [_cells(register, tab, row) for row in found.rows]) if found.rows else Markup(),
        showing=words("table.showing", first=first, last=first + len(found.rows) - 1, total=found.total),
        previous=_page_address(register, upload, pages, tab, page - 1) if page > 1 else "",
        next=_page_address(register, upload, pages, tab, page + 1) if page < last else "",
    )


def _page_address(register: Definition, upload: UploadShown, pages: dict[RowTab, int], tab: RowTab, page: int) -> str:
    """Return the address of another page of one tab, while the other tabs stay where they are."""
    turned = {**pages, tab: page}
    query = "&".join(f"{each}={number}" for each, number in turned.items() if number > 1)
    return f"{upload_address(register, upload.upload_id)}?{query}#{tab}"


def _columns(register: Definition, tab: RowTab) -> tuple[Column, ...]:
    words = register.words
    said = {
        "new": words("load.answers_as_read"),
        "updated": words("load.what_changes"),
        "ended": words("load.what_changes"),
        "errors": words("load.what_is_wrong"),
    }
    return (
        Column(words("load.row")),
        Column(words("load.name")),
        Column(words("load.reference")),
        Column(said[tab]),
    )


def _cells(register: Definition, tab: RowTab, row: UploadRow) -> tuple[Cell, ...]:
    return (f"{row.number:,}", row.name, _reference(register, row), _said(register, tab, row))


def _reference(register: Definition, row: UploadRow) -> Cell:
    if row.record_id is None:
        return row.reference
    return plain_link(row.reference or register.words("records.view"), register.record_address(row.record_id))


def _said(register: Definition, tab: RowTab, row: UploadRow) -> Cell:
    """Return what a row changes, what is wrong with it, and which answers it lacks."""
    words = register.words
    parts: list[Cell] = [_wrong(fault.heading, fault.says) for fault in row.faults]
    if row.verdict == "unchanged":
        parts.append(words("load.unchanged"))
    elif tab == "new":
        parts.append(Markup("; ").join(map(_answer, row.changes)))
    elif tab in ("updated", "ended"):
        parts += [_change(register, each) for each in row.changes]
    if row.unconsented:
        parts.append(Markup("<strong>{}</strong>").format(words("load.consent.of_row")))
    if row.missing and tab != "errors":
        parts.append(words("load.also_missing", labels=", ".join(f"“{label}”" for label in row.missing)))
    return lines(*parts)


def _wrong(heading: str, says: str) -> Cell:
    return Markup("<strong>{}</strong>: {}").format(heading, says) if heading else says


def _answer(change: CellChange) -> Markup:
    return Markup("<strong>{}</strong>: {}").format(change.label, change.after)


def _change(register: Definition, change: CellChange) -> Markup:
    nothing = register.words("load.nothing")
    return Markup('<strong>{}</strong>: {} {}<span aria-hidden="true">→</span> {}').format(
        change.label,
        change.before or nothing,
        Markup('<span class="nhsuk-u-visually-hidden">{} </span>').format(escape(register.words("load.becomes"))),
        change.after or nothing,
    )
