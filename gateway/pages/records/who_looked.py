"""The page of who looked at a record, for administrators and privacy officers: page by page, or as a document."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.looks import (
    PARTS,
    LookerLabels,
    LooksFound,
    LooksWanted,
    act_of,
    find_looks,
    labels_of,
    read_place,
    write_place,
)
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import id_or_none
from gateway.ui.actions import see_other
from gateway.ui.form import DATE_PARTS, Choice, Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import utc_now
from shared.contracts.looks import LOOKS_AT_ONCE, MOST_LOOKS_AT_ONCE, Look
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import Unreadable, read_date_parts, show_date

PAGE = "looked/"
USER, FIRST, LAST, ALL = "user", "first", "last", "all"
MOST_IN_DOCUMENT = 2_000


async def show_looked(request: web.Request) -> web.Response:
    """Show one page of the list, or the newest rows as one document."""
    form = _form(request[REGISTER].words)
    form.read(request.query)
    wanted = _wanted(request, form)
    if wanted is None:
        raise web.HTTPBadRequest
    return await _show(request, form, wanted)


async def choose_looked(request: web.Request) -> web.Response:
    """Go to the page for a user and for days. Ids and days may stand in an address."""
    register, form = request[REGISTER], _form(request[REGISTER].words)
    form.read(await request.post())
    wanted = _wanted(request, form)
    if wanted is not None:
        return see_other(_with(register.record_address(wanted.record_id, PAGE), _chosen(wanted)))
    return await _show(request, form, LooksWanted(record_id_in(request), None, None, None, LOOKS_AT_ONCE, {}))


async def _show(request: web.Request, form: Form, wanted: LooksWanted) -> web.Response:
    register, words = request[REGISTER], request[REGISTER].words
    is_document = ALL in request.query
    found = await _find_all(request, wanted) if is_document else await find_looks(request, wanted)
    labels = await labels_of(request, register, found.user_ids)
    form.fields = _form(words, labels, found).fields
    return await show(
        request,
        "records/looked.html",
        form=form,
        reference=found.record.reference,
        name=found.record.name,
        made=words(
            "looked.made",
            when=day_and_time(utc_now()),
            name=request[VISITOR].full_name,
            register=register.identity.name,
        ),
        limits=_limits(words, wanted, labels),
        missing=_missing(words, found, labels),
        columns=[Column(words("looked.when")), Column(words("looked.who")), Column(words("looked.what"))],
        rows=[_row(register, each, labels) for each in found.looks],
        is_document=is_document,
        cut=words("looked.too_many", count=len(found.looks)) if is_document and found.older else "",
        links=_links(register, wanted, found, is_document=is_document),
        back=register.record_address(wanted.record_id),
    )


def _form(words: Words, labels: LookerLabels | None = None, found: LooksFound | None = None) -> Form:
    users = [(labels.of(each), each.hex) for each in found.user_ids] if labels and found else []
    choices = tuple(Choice(code, label) for label, code in sorted(users))
    return Form(
        (
            Field(USER, words("looked.user"), "select", choices=(Choice("", words("looked.anybody")), *choices)),
            Field(FIRST, words("looked.first_day"), "date"),
            Field(LAST, words("looked.last_day"), "date"),
        )
    )


def _wanted(request: web.Request, form: Form) -> LooksWanted | None:
    """Return what the address asks for; None if the form says what is wrong. Raise 400 for what no page sends."""
    words = request[REGISTER].words
    user, first, last = form.value(USER), _day(words, form, FIRST), _day(words, form, LAST)
    places = {part: read_place(request.query[part]) for part in PARTS if part in request.query}
    user_id = id_or_none(user) if user else None
    if (user and user_id is None) or None in places.values():
        raise web.HTTPBadRequest
    if first and last and last < first:
        form.wrong(LAST, words("looked.order"))
    if form.errors:
        return None
    before = {part: place for part, place in places.items() if place is not None}
    return LooksWanted(record_id_in(request), user_id, first, last, LOOKS_AT_ONCE, before)


def _day(words: Words, form: Form, name: str) -> date | None:
    """Return the typed day; None if there is none, or if the field says what is wrong."""
    parts = [form.value(f"{name}-{part}").strip() for part in DATE_PARTS]
    if not any(parts):
        return None
    try:
        return read_date_parts(*parts)
    except Unreadable as unreadable:
        form.wrong(name, words.group("faults")[unreadable.wrong].format(label=form.fields[name].label))
        return None


async def _find_all(request: web.Request, wanted: LooksWanted) -> LooksFound:
    """Return the newest rows, up to `MOST_IN_DOCUMENT`. A part that is missing once is missing from the document."""
    wanted = replace(wanted, most=MOST_LOOKS_AT_ONCE, before={})
    found = await find_looks(request, wanted)
    looks, missing = list(found.looks), set(found.missing)
    while found.older and len(looks) < MOST_IN_DOCUMENT:
        found = await find_looks(request, replace(wanted, before=found.older))
        looks += found.looks
        missing |= set(found.missing)
    return replace(found, looks=looks, missing=sorted(missing))


def _row(register: Definition, look: Look, labels: LookerLabels) -> list[Cell]:
    return [day_and_time(look.place.at), labels.of(look.user_id), act_of(register.words, look)]


def _limits(words: Words, wanted: LooksWanted, labels: LookerLabels) -> list[str]:
    """Return the sentences that say what the list is limited to."""
    said = [words("looked.only_user", name=labels.of(wanted.user_id))] if wanted.user_id else []
    if wanted.first_day or wanted.last_day:
        first = show_date(wanted.first_day) if wanted.first_day else words("looked.beginning")
        last = show_date(wanted.last_day) if wanted.last_day else words("looked.today")
        said.append(words("looked.only_days", first=first, last=last))
    return said


def _missing(words: Words, found: LooksFound, labels: LookerLabels) -> list[str]:
    """Return the sentences that say which parts did not answer."""
    return [
        *([words("looked.missing_outcomes")] if "outcomes" in found.missing else []),
        *([words("looked.missing_reports")] if "reports" in found.missing else []),
        *([words("looked.names_missing")] if labels.are_missing else []),
    ]


def _chosen(wanted: LooksWanted) -> dict[str, str]:
    """Return the part of an address that says what is shown: ids and days, which name no person."""
    days = {FIRST: wanted.first_day, LAST: wanted.last_day}
    dates = {f"{name}-{part}": str(getattr(day, part)) for name, day in days.items() if day for part in DATE_PARTS}
    return ({USER: wanted.user_id.hex} if wanted.user_id else {}) | dates


@dataclass(frozen=True)
class LookLinks:
    """The addresses of the other pages of a list; empty if there is no such page."""

    here: str
    newest: str = ""
    older: str = ""
    document: str = ""
    pages: str = ""


def _links(register: Definition, wanted: LooksWanted, found: LooksFound, *, is_document: bool) -> LookLinks:
    here, chosen = register.record_address(wanted.record_id, PAGE), _chosen(wanted)
    if is_document:
        return LookLinks(here, pages=_with(here, chosen))
    places = {part: write_place(place) for part, place in found.older.items()}
    return LookLinks(
        here,
        newest=_with(here, chosen) if wanted.before else "",
        older=_with(here, chosen | places) if places else "",
        document=_with(here, chosen | {ALL: "1"}),
    )


def _with(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
