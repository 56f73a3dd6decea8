"""The page on which all records of one colleague are listed, and handed over to another in one act."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.colleagues import choice_of, chosen_in, label_of
from gateway.pages.records.hand_over_rows import Picked, columns_of, covered_rows, facts_of, picked_in, row_of
from gateway.security.ids import command_in, id_or_none, sent_id
from gateway.ui.actions import At, act_in, ask, attempt, notice, see_other, show_why
from gateway.ui.form import Choice, Field, Form, Posted
from gateway.ui.navigation import PATHS
from gateway.ui.organisations import names_of_organisations
from gateway.ui.render import show
from shared.accounts import UserState
from shared.contracts.identity import Colleagues, ListColleagues
from shared.contracts.referrals.hand_over import (
    HELD_AT_ONCE,
    CheckHandOver,
    HandOver,
    HandOverChecked,
    HeldRecords,
    ListHeld,
)
from shared.messages import NotAnswered, Refused
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

PAGE = "hand-over/"
WHOSE, TO, SEARCH = "whose", "to", "-search"
LONGEST_SEARCH = 100


class HandOverAct(StrEnum):
    """What a button of the pages asks for."""

    CHOOSE = "choose"
    FIND = "find"
    FIRST = "first"
    PREVIOUS = "previous"
    NEXT = "next"
    CHECK = "check"
    CONFIRM = "confirm"


def hand_over_address(register: Definition, user_id: UUID | None = None) -> str:
    """Return the address of the page for the records of one user. Without a user the page asks whose, where it may."""
    return register.address(PAGE) + (f"?{WHOSE}={user_id.hex}" if user_id else "")


async def show_hand_over(request: web.Request) -> web.Response:
    """Show whose records there are. An administrator first chooses whose, and others have their own alone."""
    sent = request.query.get(WHOSE)
    user_id = id_or_none(sent) if sent else None
    if sent and user_id is None:
        raise web.HTTPNotFound
    if user_id is None and request[VISITOR].may(Permission.ADMINISTER):
        return await _show_choice(request, Form(_whose_fields(request[REGISTER].words)))
    return await _show_list(request, user_id or request[VISITOR].user_id, _form(request[REGISTER].words), Picked())


async def hand_over(request: web.Request) -> web.Response:
    """Go through the pages, and hand over at the last. What was ticked and chosen goes with each button."""
    posted, words = await request.post(), request[REGISTER].words
    act = act_in(posted, HandOverAct)
    if WHOSE + SEARCH in posted or act is HandOverAct.CHOOSE:
        return await _choose(request, posted, act)
    user_id, picked, form = sent_id(posted.get("of", "")), picked_in(posted), _form(words)
    form.command = command_in(posted)
    answers = form.read(posted) or {}
    new_id, _ = chosen_in(answers.get(TO))
    steps = {HandOverAct.PREVIOUS: -HELD_AT_ONCE, HandOverAct.NEXT: HELD_AT_ONCE}
    if act in (HandOverAct.CHECK, HandOverAct.CONFIRM) and new_id is None:
        form.wrong(TO, words("hand_over.to_missing"))
    elif new_id is not None and act is HandOverAct.CHECK:
        return await _check(request, user_id, new_id, form, picked)
    elif new_id is not None and act is HandOverAct.CONFIRM:
        return await _carry_out(request, user_id, new_id, form, picked, str(posted.get("seen", ""))[:64])
    return await _show_list(request, user_id, form, picked.moved(steps.get(act, 0)))


def _whose_fields(words: Words, choices: Sequence[Choice] = ()) -> tuple[Field, ...]:
    none = Choice("", words("form.choose"))
    hint = words("hand_over.whose_hint")
    return (
        Field(WHOSE + SEARCH, words("holding.find"), width=20),
        Field(WHOSE, words("hand_over.whose"), kind="select", hint=hint, choices=(none, *choices)),
    )


def _form(words: Words, choices: Sequence[Choice] = ()) -> Form:
    none = Choice("", words("form.choose"))
    return Form(
        (
            Field(TO + SEARCH, words("holding.find"), width=20),
            Field(TO, words("hand_over.to"), kind="select", choices=(none, *choices)),
        )
    )


async def _choose(request: web.Request, posted: Posted, act: HandOverAct) -> web.Response:
    if not request[VISITOR].may(Permission.ADMINISTER):
        raise web.HTTPForbidden
    words = request[REGISTER].words
    form = Form(_whose_fields(words))
    form.read(posted)
    user_id, _ = chosen_in(form.value(WHOSE))
    if act is HandOverAct.CHOOSE and user_id is not None:
        return see_other(hand_over_address(request[REGISTER], user_id))
    if act is HandOverAct.CHOOSE:
        form.wrong(WHOSE, words("hand_over.whose_missing"))
    return await _show_choice(request, form)


async def _show_choice(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    choices, found = await _colleagues(request, form.value(WHOSE + SEARCH))
    form.fields = {each.name: each for each in _whose_fields(register.words, choices)}
    return await show(
        request,
        "records/hand_over_whose.html",
        form=form,
        found=found,
        acts=HandOverAct,
        href=register.address(PAGE),
        back=register.address(PATHS["records"]),
    )


async def _colleagues(request: web.Request, typed: str) -> tuple[list[Choice], str]:
    """Return the colleagues to choose from, and what a search found; empty if they all fit into the list."""
    words, search = request[REGISTER].words, " ".join(typed.split())[:LONGEST_SEARCH]
    found = await ask(request, ListColleagues(organisation_id=None, search=search))
    names = await names_of_organisations(request, request[REGISTER])
    choices = [Choice(choice_of(each), label_of(words, each, names)) for each in found.colleagues]
    return choices, _found(words, found) if search or found.more else ""


def _found(words: Words, found: Colleagues) -> str:
    count = len(found.colleagues)
    if found.more:
        return words("holding.more", count=count)
    if count > 1:
        return words("holding.found", count=count)
    return words("holding.found_one") if count else words("holding.nobody")


async def _show_list(request: web.Request, user_id: UUID, form: Form, picked: Picked) -> web.Response:
    """Show one page of the records, with a tick for each that is to be handed over."""
    register = request[REGISTER]
    held = await _held(request, user_id, picked)
    if held.total and not held.records:  # the page that was shown is no longer there
        picked = picked.at(0)
        held = await _held(request, user_id, picked)
    colleagues, found = await _colleagues(request, form.value(TO + SEARCH))
    choices = [each for each in colleagues if chosen_in(each.code)[0] != user_id]
    form.fields = _form(register.words, choices).fields
    words, last = register.words, picked.skip + len(held.records)
    is_own = user_id == request[VISITOR].user_id
    heading = words("hand_over.own", total=held.total) if is_own else ""
    return await show(
        request,
        "records/hand_over.html",
        status=form.status,
        form=form,
        found=found,
        acts=HandOverAct,
        user_id=user_id,
        heading=heading or (words("hand_over.held_by", name=held.full_name, total=held.total) if held.total else ""),
        picked=picked.without({each.record_id for each in held.records}),
        kept=len(picked.kept),
        columns=columns_of(register),
        rows=[row_of(register, each, is_ticked=each.record_id not in picked.kept) for each in held.records],
        shown=[each.record_id.hex for each in held.records],
        showing=words("hand_over.showing", first=picked.skip + 1, last=last, total=held.total),
        has_previous=picked.skip > 0,
        has_next=last < held.total,
        covered=covered_rows(register, held.covered),
        said=notice(request, {"handed_over": words("hand_over.done")}),
        href=register.address(PAGE),
        back=register.address(PATHS["records"]),
    )


async def _held(request: web.Request, user_id: UUID, picked: Picked) -> HeldRecords:
    try:
        return await ask(request, ListHeld(user_id=user_id, skip=picked.skip))
    except Refused as refusal:
        if refusal.code == "not_yours":
            raise web.HTTPForbidden from None
        raise


async def _check(request: web.Request, user_id: UUID, new_id: UUID, form: Form, picked: Picked) -> web.Response:
    """Show what would be handed over, and what stays, before anything is done."""
    asked = CheckHandOver(user_id=user_id, new_user_id=new_id, kept=picked.as_sent())
    words = request[REGISTER].words
    try:
        found = await ask(request, asked)
    except (Refused, NotAnswered) as failure:
        show_why(request, failure, form, _refusals(words))
        return await _show_list(request, user_id, form, picked)
    if not found.moving:
        form.wrong(TO, words("hand_over.nothing"))
        return await _show_list(request, user_id, form, picked)
    return await _show_check(request, user_id, form, picked, found)


async def _show_check(
    request: web.Request, user_id: UUID, form: Form, picked: Picked, found: HandOverChecked
) -> web.Response:
    register = request[REGISTER]
    words, is_own = register.words, user_id == request[VISITOR].user_id
    _, state = chosen_in(form.value(TO))
    return await show(
        request,
        "records/hand_over_check.html",
        form=form,
        acts=HandOverAct,
        user_id=user_id,
        to=form.value(TO),
        seen=found.seen,
        picked=picked,
        facts=facts_of(words, found, words("hand_over.you") if is_own else found.full_name),
        unseen=found.unseen,
        later=words("hand_over.later", moving=found.moving, later=found.later) if found.later else "",
        unreachable=_unreachable(words, state),
        confirm=words("hand_over.confirm", count=found.moving),
        href=register.address(PAGE),
        back=hand_over_address(register, user_id),
    )


def _unreachable(words: Words, state: UserState) -> str:
    """Return what to know of a new holder who cannot log in now; empty for one who can."""
    if state is UserState.ACTIVE:
        return ""
    return words("hand_over.never_logged_in") if state is UserState.INVITED else words("hand_over.locked_out")


async def _carry_out(
    request: web.Request, user_id: UUID, new_id: UUID, form: Form, picked: Picked, seen: str
) -> web.Response:
    command = HandOver(command_id=form.command, user_id=user_id, new_user_id=new_id, kept=picked.as_sent(), seen=seen)
    if await attempt(request, command, form, _refusals(request[REGISTER].words)) is None:
        return await _show_list(request, user_id, form, picked)
    return see_other(hand_over_address(request[REGISTER], user_id), "handed_over")


def _refusals(words: Words) -> dict[str, str | At]:
    return {
        "already_holds": At(TO, words("hand_over.already_holds")),
        "not_a_colleague": At(TO, words("hand_over.not_a_colleague")),
        "nothing_to_move": At(TO, words("hand_over.nothing")),
        "changed": words("hand_over.changed"),
    }
