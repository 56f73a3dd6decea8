"""Who holds a record and who covers it: shown on its page, and named by administrators on a page of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.keys import ORGANISATIONS, REGISTER, REGISTERS
from gateway.page import Choice, Field, Form, see_other, show
from gateway.pages.records.finding import find_record, record_address, record_id_in
from gateway.rows import Column
from gateway.showing import day_and_time, organisation_names
from gateway.visitor import ask
from shared.contracts.identity import Colleagues, ListColleagues
from shared.contracts.referrals import AddCover, AssignHolder, EndCover, Holding, Named, ReadHoldings, RecordShown
from shared.messages import Command, NotAnswered, Nothing, Refused
from shared.registers.definition import Definition, Words
from shared.registers.form import person_of
from shared.values import Unreadable, read_date_parts, show_date

PAGE = "holder/"
SEARCH, HOLDER, COVER, FIRST, LAST = "search", "holder", "cover", "first", "last"


class Act(StrEnum):
    """What a button of the page asks for."""

    FIND = "find"
    ASSIGN = "assign"
    COVER = "cover"


@dataclass(frozen=True)
class Sheet:
    """
    The page's form as it stands, and the id of what is about to be done.

    `seen` is the holder it was sent with, which stays as long as the same command may have been carried out.
    """

    form: Form
    command: UUID
    seen: str | None = None


def holding_facts(words: Words, record: RecordShown) -> list[tuple[str, str]]:
    """Who holds the record, who until somebody is named is its creator, and who covers it now or is to."""
    holder = _holder_of(record)
    return [
        (words.holding.held_by, holder.full_name if holder else record.created_by),
        *((words.holding.covered_by, _cover_text(words, each)) for each in _covers_of(record)),
    ]


def _holder_of(record: RecordShown) -> Holding | None:
    return next((each for each in record.holdings if each.kind == "holder"), None)


def _covers_of(record: RecordShown) -> list[Holding]:
    return [each for each in record.holdings if each.kind == "cover"]


def _cover_text(words: Words, cover: Holding) -> str:
    last = show_date(cover.until_day) if cover.until_day else ""
    return words.holding.days.format(name=cover.full_name, first=show_date(cover.from_day), last=last)


async def show_holder(request: web.Request) -> web.Response:
    return await _show(request, Sheet(_form(request[REGISTER].words), new_command()))


async def name_holder(request: web.Request) -> web.Response:
    """The whole page is one form, so that what was typed stays whichever of its buttons was pressed."""
    posted = await request.post()
    form = _form(request[REGISTER].words)
    sheet = Sheet(form, command_in(posted.get("command", "")), str(posted.get("seen", "")))
    answers = sheet.form.read(posted) or {}
    try:
        act = Act(str(posted.get("act", "")))
    except ValueError:
        raise web.HTTPBadRequest from None
    if act is Act.FIND:
        return await _show(request, replace(sheet, seen=None))
    command = (_assignment if act is Act.ASSIGN else _cover)(request, sheet, answers)
    if command is None:
        return await _show(request, replace(sheet, seen=None), status=422)
    return await _carry_out(request, sheet, command, "assigned" if act is Act.ASSIGN else "covered")


async def end_cover(request: web.Request) -> web.Response:
    posted = await request.post()
    holding_id = _id_in(str(posted.get("holding", "")))
    if holding_id is None:
        raise web.HTTPBadRequest
    sheet = Sheet(_form(request[REGISTER].words), command_in(posted.get("command", "")))
    command = EndCover(command_id=sheet.command, record_id=record_id_in(request), holding_id=holding_id)
    return await _carry_out(request, sheet, command, "ended")


def _form(words: Words, colleagues: Colleagues | None = None) -> Form:
    held = words.holding
    found = colleagues.colleagues if colleagues else ()
    choices = (Choice("", words.form.choose), *(Choice(each.user_id.hex, each.full_name) for each in found))
    return Form(
        (
            Field(SEARCH, held.find, hint=held.find_hint, width=20),
            Field(HOLDER, held.holder, kind="select", choices=choices),
            Field(COVER, held.cover, kind="select", choices=choices),
            Field(FIRST, held.first_day, kind="date", hint=words.dates.hint),
            Field(LAST, held.last_day, kind="date", hint=words.dates.hint),
        )
    )


def _assignment(request: web.Request, sheet: Sheet, answers: Mapping[str, str]) -> AssignHolder | None:
    """The command that the form asks for; None when the form says what is missing."""
    user_id = _id_in(answers.get(HOLDER, ""))
    if user_id is None:
        sheet.form.wrong(HOLDER, request[REGISTER].words.holding.holder_missing)
        return None
    return AssignHolder(
        command_id=sheet.command, record_id=record_id_in(request), user_id=user_id, seen=_id_in(sheet.seen or "")
    )


def _cover(request: web.Request, sheet: Sheet, answers: Mapping[str, str]) -> AddCover | None:
    """The command that the form asks for; None when the form says what is wrong."""
    words, form = request[REGISTER].words, sheet.form
    user_id = _id_in(answers.get(COVER, ""))
    if user_id is None:
        form.wrong(COVER, words.holding.cover_missing)
    first = _day(form, words, FIRST, answers, words.holding.first_missing)
    last = _day(form, words, LAST, answers, words.holding.last_missing)
    if first and last and last < first:
        form.wrong(LAST, words.holding.order)
    if form.errors or user_id is None or first is None or last is None:
        return None
    return AddCover(
        command_id=sheet.command, record_id=record_id_in(request), user_id=user_id, from_day=first, until_day=last
    )


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None


def _day(form: Form, words: Words, name: str, answers: Mapping[str, str], missing: str) -> date | None:
    """A day as it was typed; None when its boxes say what is wrong."""
    typed = answers.get(name, "")
    if not typed:
        form.wrong(name, missing)
        return None
    day, month, year = typed.split("/", 2)
    try:
        return read_date_parts(day, month, year)
    except Unreadable as unreadable:
        form.wrong(name, words.faults[unreadable.wrong].format(label=form.fields[name].label))
        return None


async def _carry_out(request: web.Request, sheet: Sheet, command: Command[Nothing], done: str) -> web.Response:
    """What was sent and not answered may have been done, so it keeps its id."""
    words = request[REGISTER].words
    try:
        await ask(request, command)
    except Refused as refusal:
        sheet.form.refuse(_said(words, refusal))
        return await _show(request, Sheet(form=sheet.form, command=new_command()), status=409)
    except NotAnswered as unanswered:
        sheet.form.refuse(without_answer(words, unanswered))
        return await _show(request, sheet, status=503)
    return see_other(record_address(request[REGISTER], record_id_in(request), f"{PAGE}?Msg={done}"))


def _said(words: Words, refusal: Refused) -> str:
    """A refusal in words. One that nobody at this page can have meant is an error page."""
    said = {
        "already_holds": words.holding.already_holds,
        "changed": words.holding.holder_changed,
        "is_holder": words.holding.is_holder,
        "already_covers": words.holding.already_covers,
        "not_a_colleague": words.holding.not_a_colleague,
        "past": words.holding.past,
        "too_long": words.holding.too_long,
        "too_many": words.holding.too_many,
        "archived": words.record.ended,
        "command_reused": words.form.sent_before,
    }
    if refusal.code not in said:
        raise refusal
    return said[refusal.code]


async def _show(request: web.Request, sheet: Sheet, *, status: int = 200) -> web.Response:
    record = await find_record(request)
    search = " ".join(sheet.form.value(SEARCH).split())[:100]
    register = request.config_dict[REGISTERS].find(request[REGISTER].code, record.edition)
    colleagues, holdings, organisations = await asyncio.gather(
        ask(request, ListColleagues(organisation_id=record.organisation_id, search=search)),
        ask(request, ReadHoldings(record_id=record.record_id)),
        request.config_dict[ORGANISATIONS].of(register.code),
    )
    sheet.form.fields |= _form(register.words, colleagues).fields
    names = organisation_names(register, organisations)
    words = register.words
    said = {"assigned": words.holding.assigned, "covered": words.holding.cover_added, "ended": words.holding.ended}
    return await show(
        request,
        "records/holder.html",
        status=status,
        register=register,
        form=sheet.form,
        command=sheet.command,
        seen=_seen(record) if sheet.seen is None else sheet.seen,
        name=_banner(register, record),
        facts=[
            (words.record.reference, record.reference),
            (words.administration.organisation, names.get(record.organisation_id, "")),
            holding_facts(words, record)[0],
        ],
        covers=[(each.holding_id.hex, _cover_text(words, each)) for each in _covers_of(record)],
        found=_found(words, colleagues),
        columns=[Column(label) for label in (words.holding.who, words.holding.named, words.holding.over)],
        named=[_named(words, each) for each in holdings.named],
        older=holdings.older,
        said=said.get(request.query.get("Msg", ""), "") if request.method == "GET" else "",
        acts=Act,
        record_href=record_address(register, record.record_id),
        href=record_address(register, record.record_id, PAGE),
        new_command=new_command,
    )


def _seen(record: RecordShown) -> str:
    """The holding of the holder whom the page shows; empty when it is the creator, whom nobody named."""
    holder = _holder_of(record)
    return holder.holding_id.hex if holder else ""


def _found(words: Words, colleagues: Colleagues) -> str:
    count = len(colleagues.colleagues)
    if colleagues.more:
        return words.holding.more.format(count=count)
    said = {0: words.holding.nobody, 1: words.holding.found_one}
    return said.get(count, words.holding.found).format(count=count)


def _named(words: Words, named: Named) -> tuple[str, str, str]:
    """Who was named what, by whom, and how it ended."""
    last = show_date(named.until_day) if named.until_day else ""
    days = words.holding.days.format(name=named.full_name, first=show_date(named.from_day), last=last)
    ended = _who_when(words, named.ended_by, named.ended_at) if named.ended_by and named.ended_at else ""
    who = words.holding.was_cover.format(name=days) if last else words.holding.was_holder.format(name=named.full_name)
    return who, _who_when(words, named.named_by, named.named_at), ended


def _who_when(words: Words, name: str, when: datetime) -> str:
    return words.holding.by.format(name=name, when=day_and_time(when))


def _banner(register: Definition, record: RecordShown) -> str:
    person, nothing = person_of(register, record.answers), register.words.page.not_recorded
    born = show_date(person.born) if person.born else nothing
    return register.words.record.banner.format(name=person.full_name, born=born, postcode=person.postcode or nothing)
