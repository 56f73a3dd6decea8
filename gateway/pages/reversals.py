"""Archives that were made in error: asking to have one reversed, and deciding what somebody else has asked for."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.ids import id_in
from gateway.keys import ORGANISATIONS, REGISTER
from gateway.navigation import address
from gateway.page import Field, Form, see_other, show
from gateway.showing import day_and_time, organisation_names
from gateway.visitor import ask
from shared.contracts.referrals import AskReversal, DecideReversal, ListReversals, ReversalAsked, Reversals
from shared.messages import NotAnswered, Refused
from shared.registers.definition import Definition
from shared.values import Wrong

PAGE = "administration/reversals/"
LONGEST_REASON = 2_000
DECISIONS = {"confirm": True, "decline": False}


@dataclass(frozen=True)
class ShownReversal:
    """One that waits, ready to be shown, and the id of what may be done with it now."""

    heading: str
    facts: list[tuple[str, str]]
    yours: bool
    href: str
    command: UUID


async def show_reversals(request: web.Request) -> web.Response:
    return await _show(request, _form(_register(request)), new_command())


async def ask_reversal(request: web.Request) -> web.Response:
    register = _register(request)
    form, posted = _form(register), await request.post()
    command, answers = command_in(posted.get("command", "")), form.read(posted)
    if answers and len(answers["reason"]) > LONGEST_REASON:
        form.wrong("reason", register.words.reversals.reason_too_long)
    if answers is None or form.errors:
        return await _show(request, form, command, status=422)
    asked = AskReversal(command_id=command, reference=answers["reference"][:40], reason=answers["reason"])
    try:
        await ask(request, asked)
    except Refused as refusal:
        _mark_refused(register, form, refusal)
        return await _show(request, form, new_command(), status=409)
    except NotAnswered as unanswered:
        form.refuse(without_answer(register.words, unanswered))
        return await _show(request, form, command, status=503)
    return see_other(address(register, f"{PAGE}?Msg=asked"))


async def decide_reversal(request: web.Request) -> web.Response:
    register, posted = _register(request), await request.post()
    confirmed = DECISIONS.get(str(posted.get("act", "")))
    if confirmed is None:
        raise web.HTTPBadRequest
    decision = DecideReversal(
        command_id=command_in(posted.get("command", "")), reversal_id=id_in(request, "reversal"), confirmed=confirmed
    )
    words, form = register.words.reversals, _form(register)
    said = {"decided": words.decided, "command_reused": words.decided, "not_second": words.yours}
    try:
        await ask(request, decision)
    except Refused as refusal:
        if refusal.code not in said:
            raise
        form.refuse(said[refusal.code])
        return await _show(request, form, new_command(), status=409)
    except NotAnswered as unanswered:
        form.refuse(without_answer(register.words, unanswered))
        return await _show(request, form, new_command(), status=503)
    return see_other(address(register, f"{PAGE}?Msg={'confirmed' if confirmed else 'declined'}"))


def _register(request: web.Request) -> Definition:
    """The register; the page of one that archives nothing is not found."""
    register = request[REGISTER]
    if register.lifecycle.ending != "archive":
        raise web.HTTPNotFound
    return register


def _form(register: Definition) -> Form:
    words = register.words.reversals
    return Form(
        [
            Field("reference", words.reference, hint=words.reference_hint, missing=words.reference_missing, width=20),
            Field("reason", words.reason, "long_text", hint=words.reason_hint, missing=words.reason_missing),
        ]
    )


def _mark_refused(register: Definition, form: Form, refusal: Refused) -> None:
    words = register.words.reversals
    wrong = {
        "not_found": ("reference", words.not_found),
        "not_archived": ("reference", words.not_archived),
        "asked_before": ("reference", words.asked_before),
        "unreadable": ("reason", register.words.faults[Wrong.CHARACTERS].format(label=words.reason)),
        "empty": ("reason", words.reason_missing),
        "command_reused": ("reference", words.asked_before),
    }
    if refusal.code not in wrong:
        raise refusal
    form.wrong(*wrong[refusal.code])


async def _show(request: web.Request, form: Form, command: UUID, *, status: int = 200) -> web.Response:
    register = request[REGISTER]
    words = register.words.reversals
    found = await _found(request, typed=status != 200)
    names = organisation_names(register, await request.config_dict[ORGANISATIONS].of(register.code))
    said = {"asked": words.asked, "confirmed": words.confirmed, "declined": words.declined}
    return await show(
        request,
        "administration/reversals.html",
        status=status,
        register=register,
        form=form,
        command=command,
        found=found,
        reversals=[_shown(register, each, names.get(each.organisation_id, "")) for each in found.reversals]
        if found
        else [],
        said=said.get(request.query.get("Msg", ""), ""),
        href=address(register, PAGE),
        back=address(register, "administration/"),
    )


async def _found(request: web.Request, *, typed: bool) -> Reversals | None:
    """What waits; None when it cannot be had, which must not cost what was typed."""
    try:
        return await ask(request, ListReversals())
    except NotAnswered:
        if typed:
            return None
        raise


def _shown(register: Definition, each: ReversalAsked, organisation: str) -> ShownReversal:
    words = register.words
    facts = [
        (words.reversals.person, each.name),
        (words.administration.organisation, organisation),
        (words.reversals.archived, day_and_time(each.archived_at)),
        (words.reversals.asked_by, f"{each.asked_by}, {day_and_time(each.asked_at)}"),
        (words.reversals.reason, each.reason),
    ]
    href = address(register, f"{PAGE}{each.reversal_id.hex}/")
    return ShownReversal(each.reference, facts, each.yours, href, new_command())
