"""The page on which a record's holder is named, and those who cover for the holder."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.colleagues import choice_of, chosen_in, find_colleagues, label_of
from gateway.pages.records.hand_over import hand_over_address
from gateway.pages.records.identity_bar import cover_text, covers_of, holder_of, whose
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.security.ids import command_in, id_or_none, sent_id
from gateway.ui.actions import act_in, ask, attempt, notice, see_other
from gateway.ui.form import Choice, Field, Form, Posted
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.organisations import names_of_organisations
from gateway.ui.render import show
from gateway.ui.table import Column
from shared.accounts import UserState
from shared.contracts.identity import Colleague, Colleagues
from shared.contracts.referrals.holding import AddCover, AssignHolder, EndCover, Holdings, Named, ReadHoldings
from shared.contracts.referrals.reading import RecordShown
from shared.ids import new_id
from shared.messages import Command, Nothing
from shared.permissions import Permission
from shared.registers.definition.words import Words
from shared.values import Unreadable, read_date_parts, show_date

PAGE = "holder/"
HANDED_OVER = "handed_over"  # the notice that the list shows
NAMED = "named"  # the user who was just named
SURE = "-sure"  # after the name of a select: the choice is confirmed
HOLDER, COVER, FIRST, LAST = "holder", "cover", "first", "last"
SEARCH = "-search"  # after the name of a select: its own search, shown where there are more colleagues than it holds


class HolderAct(StrEnum):
    """What a button of the page asks for."""

    FIND_HOLDER = "find-holder"
    FIND_COVER = "find-cover"
    ASSIGN = "assign"
    COVER = "cover"


async def show_holder(request: web.Request) -> web.Response:
    return await _show(request, _form(request[REGISTER].words))


async def name_holder(request: web.Request) -> web.Response:
    """Find colleagues, assign the holder or add cover. Each of the two forms keeps what was typed in it."""
    posted, form = await request.post(), _form(request[REGISTER].words)
    form.command, answers, act = command_in(posted), form.read(posted) or {}, act_in(posted, HolderAct)
    if act in (HolderAct.FIND_HOLDER, HolderAct.FIND_COVER):
        return await _show(request, form)
    seen = str(posted.get("seen", ""))
    is_holder = act is HolderAct.ASSIGN
    command = _assignment(request, form, answers, seen) if is_holder else _cover(request, form, answers)
    _warn(request[REGISTER].words, form, HOLDER if is_holder else COVER, posted)
    if command is None or form.errors:
        return await _show(request, form, seen)
    return await _carry_out(request, form, command, "assigned" if is_holder else "covered", seen)


async def end_cover(request: web.Request) -> web.Response:
    posted, form = await request.post(), _form(request[REGISTER].words)
    holding_id, form.command = sent_id(posted.get("holding", "")), command_in(posted)
    command = EndCover(command_id=form.command, record_id=record_id_in(request), holding_id=holding_id)
    return await _carry_out(request, form, command, "ended")


def _warn(words: Words, form: Form, select: str, posted: Posted) -> None:
    """
    Say that the chosen user cannot be reached, with a box to confirm the choice; nothing if it is confirmed.

    The value of the choice holds the user's state as the page showed it.
    """
    value = form.value(select)
    user_id, state = chosen_in(value)
    if user_id is None or state is UserState.ACTIVE or posted.get(select + SURE) == value:
        return
    is_invited = state is UserState.INVITED
    form.wrong(select, words("holding.never_logged_in") if is_invited else words("holding.locked_out"))
    box = Field(select + SURE, label="", kind="choices", choices=(Choice(value, words("holding.sure")),))
    form.fields = {**form.fields, box.name: box}


def _form(words: Words, holders: Sequence[Choice] = (), covers: Sequence[Choice] = ()) -> Form:
    none, find = Choice("", words("form.choose")), words("holding.find")
    return Form(
        (
            Field(HOLDER + SEARCH, find, width=20),
            Field(HOLDER, words("holding.holder"), kind="select", choices=(none, *holders)),
            Field(COVER + SEARCH, find, width=20),
            Field(COVER, words("holding.cover"), kind="select", choices=(none, *covers)),
            Field(FIRST, words("holding.first_day"), kind="date", hint=words("dates.hint")),
            Field(LAST, words("holding.last_day"), kind="date", hint=words("dates.hint")),
        )
    )


def _assignment(request: web.Request, form: Form, answers: Mapping[str, str], seen: str) -> AssignHolder | None:
    """Return the command; None if the form says what is missing."""
    user_id, _ = chosen_in(answers.get(HOLDER))
    if user_id is None:
        form.wrong(HOLDER, request[REGISTER].words("holding.holder_missing"))
        return None
    return AssignHolder(
        command_id=form.command, record_id=record_id_in(request), user_id=user_id, seen=id_or_none(seen)
    )


def _cover(request: web.Request, form: Form, answers: Mapping[str, str]) -> AddCover | None:
    """Return the command; None if the form says what is wrong."""
    words, (user_id, _) = request[REGISTER].words, chosen_in(answers.get(COVER))
    if user_id is None:
        form.wrong(COVER, words("holding.cover_missing"))
    first = _day(form, words, FIRST, answers, words("holding.first_missing"))
    last = _day(form, words, LAST, answers, words("holding.last_missing"))
    if first and last and last < first:
        form.wrong(LAST, words("holding.order"))
    if form.errors or user_id is None or first is None or last is None:
        return None
    return AddCover(
        command_id=form.command, record_id=record_id_in(request), user_id=user_id, from_day=first, until_day=last
    )


def _day(form: Form, words: Words, name: str, answers: Mapping[str, str], missing: str) -> date | None:
    """Return the typed day; None if the field says what is wrong."""
    typed = answers.get(name, "")
    if not typed:
        form.wrong(name, missing)
        return None
    day, month, year = typed.split("/", 2)
    try:
        return read_date_parts(day, month, year)
    except Unreadable as unreadable:
        form.wrong(name, words.group("faults")[unreadable.wrong].format(label=form.fields[name].label))
        return None


async def _carry_out(
    request: web.Request, form: Form, command: Command[Nothing], done: str, seen: str | None = None
) -> web.Response:
    """Carry out the command. A holder who has handed the record over may not see it any more: they get the list."""
    register = request[REGISTER]
    if await attempt(request, command, form, _refusals(register.words)) is None:
        return await _show(request, form, seen)
    if not request[VISITOR].may(Permission.ADMINISTER):
        return see_other(register.address(PATHS["records"]), HANDED_OVER)
    named = f"?{NAMED}={command.user_id.hex}" if isinstance(command, AssignHolder | AddCover) else ""
    return see_other(register.record_address(record_id_in(request), PAGE) + named, done)


def _refusals(words: Words) -> dict[str, str]:
    return {
        "already_holds": words("holding.already_holds"),
        "changed": words("holding.holder_changed"),
        "not_yours": words("holding.not_yours"),
        "is_holder": words("holding.is_holder"),
        "already_covers": words("holding.already_covers"),
        "not_a_colleague": words("holding.not_a_colleague"),
        "past": words("holding.past"),
        "before_birth": words("holding.before_birth"),
        "too_long": words("holding.too_long"),
        "too_many": words("holding.too_many"),
        "archived": words("record.ended"),
    }


@dataclass(frozen=True, repr=False)
class OfferedColleagues:
    """The colleagues that one of the two forms offers, and what its search found; empty if they all fit into it."""

    colleagues: tuple[Colleague, ...]
    found: str


async def _find(request: web.Request, record: RecordShown, form: Form) -> tuple[OfferedColleagues, OfferedColleagues]:
    """Return what the form of the holder offers, and that of a cover. The same search is asked once."""
    register = edition_of(request, record)
    searches = [" ".join(form.value(select + SEARCH).split())[:100] for select in (HOLDER, COVER)]
    asked = list(dict.fromkeys(searches))
    found = await asyncio.gather(*(find_colleagues(request, register, record, each) for each in asked))
    holders, covers = (_finding(register.words, each, found[asked.index(each)]) for each in searches)
    return holders, covers


def _finding(words: Words, search: str, colleagues: Colleagues) -> OfferedColleagues:
    is_needed = bool(search) or colleagues.more
    return OfferedColleagues(colleagues.colleagues, _found(words, colleagues) if is_needed else "")


async def _show(request: web.Request, form: Form, seen: str | None = None) -> web.Response:
    """
    Show the page. A holder who is no administrator gets the first of its forms alone.

    `seen` is the holding that the sent form showed. It is kept after a 503, because the command may have been carried
    out.
    """
    record, names_all = await find_record(request), request[VISITOR].may(Permission.ADMINISTER)
    if not names_all and not record.may_hand_over:
        raise web.HTTPForbidden
    register = edition_of(request, record)
    (holders, covers), holdings, about, names = await asyncio.gather(
        _find(request, record, form),
        ask(request, ReadHoldings(record_id=record.record_id)) if names_all else _no_holdings(),
        whose(request, record),
        names_of_organisations(request, register),
    )
    words = register.words
    offered = (_choices(words, each.colleagues, names) for each in (holders, covers))
    form.fields = {**form.fields, **_form(words, *offered).fields}
    return await show(
        request,
        "records/holder.html",
        register=register,
        form=form,
        seen=_seen(record) if seen is None or form.status != 503 else seen,
        name=about.name,
        reference=record.reference,
        facts=about.own_facts,
        names_all=names_all,
        covers=[(each.holding_id.hex, cover_text(words, each)) for each in covers_of(record)],
        found_holders=holders.found,
        found_covers=covers.found,
        is_covering=_is_covering(form),
        columns=[Column(label) for label in (words("holding.who"), words("holding.named"), words("holding.over"))],
        named=[_named(words, each) for each in holdings.named],
        older=holdings.older,
        said=notice(request, _notices(words)),
        whom=_named_just_now(request, holders.colleagues, names),
        acts=HolderAct,
        back=list_address(request, is_open=record.is_open),
        all_href=hand_over_address(register),
        record_href=register.record_address(record.record_id),
        href=register.record_address(record.record_id, PAGE),
        new_command=new_id,
    )


def _notices(words: Words) -> dict[str, str]:
    return {
        "assigned": words("holding.assigned"),
        "covered": words("holding.cover_added"),
        "ended": words("holding.ended"),
    }


async def _no_holdings() -> Holdings:
    return Holdings(named=(), older=0)


def _choices(words: Words, colleagues: Sequence[Colleague], names: Mapping[UUID, str]) -> tuple[Choice, ...]:
    return tuple(Choice(choice_of(each), label_of(words, each, names)) for each in colleagues)


def _is_covering(form: Form) -> bool:
    """Return whether the form of a cover is in use, so that the page shows it open."""
    return any(form.value(name) for name in (COVER + SEARCH, COVER, FIRST, LAST)) or any(
        name in form.errors for name in (COVER, FIRST, LAST)
    )


def _named_just_now(request: web.Request, colleagues: Sequence[Colleague], names: Mapping[UUID, str]) -> str:
    """Return who was just named, with address and organisation; empty if that is not known."""
    user_id = id_or_none(request.query.get(NAMED))
    found = next((each for each in colleagues if each.user_id == user_id), None)
    return label_of(request[REGISTER].words, found, names) if found and found.email else ""


def _seen(record: RecordShown) -> str:
    """Return the id of the current holder's holding; empty if the creator holds the record and no holder was named."""
    holder = holder_of(record)
    return holder.holding_id.hex if holder else ""


def _found(words: Words, colleagues: Colleagues) -> str:
    count = len(colleagues.colleagues)
    if colleagues.more:
        return words("holding.more", count=count)
    if count > 1:
        return words("holding.found", count=count)
    return words("holding.found_one") if count else words("holding.nobody")


def _named(words: Words, named: Named) -> tuple[str, str, str]:
    """Return who was named, by whom, and how it ended."""
    last = show_date(named.until_day) if named.until_day else ""
    days = words("holding.days", name=named.full_name, first=show_date(named.from_day), last=last)
    ended = _who_when(words, named.ended_by, named.ended_at) if named.ended_by and named.ended_at else ""
    who = words("holding.was_cover", name=days) if last else words("holding.was_holder", name=named.full_name)
    return who, _who_when(words, named.named_by, named.named_at), ended


def _who_when(words: Words, name: str, when: datetime) -> str:
    return words("holding.by", name=name, when=day_and_time(when))
