"""Records that ended in error: asking for a reversal, and deciding one that another administrator asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import At, act_in, ask, ask_if_there, attempt, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.organisations import organisation_names
from gateway.ui.render import show
from shared.contracts.referrals.reversing import AskReversal, DecideReversal, ListReversals, ReversalAsked
from shared.ids import new_id
from shared.registers.definition.register import Definition

PAGE = "administration/reversals/"
LONGEST_REASON = 2_000
DECISIONS = {"confirm": True, "decline": False}


@dataclass(frozen=True, repr=False)
class ShownReversal:
    """A reversal that waits for a decision, ready to be rendered, with a command id for deciding it."""

    heading: str
    facts: list[tuple[str, str]]
    yours: bool
    href: str
    command: UUID


async def show_reversals(request: web.Request) -> web.Response:
    return await _show(request, _form(_register(request)))


async def ask_reversal(request: web.Request) -> web.Response:
    register = _register(request)
    form, posted = _form(register), await request.post()
    form.command, answers = command_in(posted), form.read(posted)
    if answers and len(answers["reason"]) > LONGEST_REASON:
        form.wrong("reason", register.words("reversals.reason_too_long"))
    if answers is None or form.errors:
        return await _show(request, form)
    asked = AskReversal(command_id=form.command, reference=answers["reference"][:40], reason=answers["reason"])
    if await attempt(request, asked, form, _refusals(register)) is None:
        return await _show(request, form)
    return see_other(register.address(PAGE), "asked")


async def decide_reversal(request: web.Request) -> web.Response:
    register, posted = _register(request), await request.post()
    confirmed = act_in(posted, DECISIONS.__getitem__)
    decision = DecideReversal(
        command_id=command_in(posted), reversal_id=id_in(request, "reversal"), confirmed=confirmed
    )
    words, form = register.words, _form(register)
    said = {
        "decided": words("reversals.decided"),
        "command_reused": words("reversals.decided"),
        "not_second": words("reversals.yours"),
        "duplicate": words("reversals.duplicate"),
        "duplicate_unseen": words("reversals.duplicate"),
    }
    if await attempt(request, decision, form, said) is None:
        return await _show(request, form)
    return see_other(register.address(PAGE), "confirmed" if confirmed else "declined")


def _register(request: web.Request) -> Definition:
    """Return the register. Raise 404 if no end of a record in it can be reversed."""
    register = request[REGISTER]
    if not any(each.reversible for each in register.lifecycle.transitions):
        raise web.HTTPNotFound
    return register


def _form(register: Definition) -> Form:
    words = register.words
    return Form(
        [
            Field(
                "reference",
                words("reversals.reference"),
                hint=words("reversals.reference_hint"),
                missing=words("reversals.reference_missing"),
                width=20,
            ),
            Field(
                "reason",
                words("reversals.reason"),
                "long_text",
                hint=words("reversals.reason_hint"),
                missing=words("reversals.reason_missing"),
            ),
        ]
    )


def _refusals(register: Definition) -> dict[str, At]:
    words = register.words
    return {
        "not_found": At("reference", words("reversals.not_found")),
        "not_archived": At("reference", words("reversals.not_archived")),
        "not_reversible": At("reference", words("reversals.not_reversible")),
        "asked_before": At("reference", words("reversals.asked_before")),
        "unreadable": At("reason", register.words("faults.characters", label=words("reversals.reason"))),
        "empty": At("reason", words("reversals.reason_missing")),
        "command_reused": At("reference", words("reversals.asked_before")),
    }


async def _show(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    words = register.words
    found = await (ask if form.status == 200 else ask_if_there)(
        request, ListReversals()
    )  # a failure must not lose what was typed
    names = await organisation_names(request, register)
    return await show(
        request,
        "administration/reversals.html",
        form=form,
        found=found,
        reversals=[_shown(register, each, names) for each in (found.reversals if found else ())],
        said=notice(
            request,
            {
                "asked": words("reversals.asked"),
                "confirmed": words("reversals.confirmed"),
                "declined": words("reversals.declined"),
            },
        ),
        href=register.address(PAGE),
        back=register.address("administration/"),
    )


def _shown(register: Definition, each: ReversalAsked, names: Mapping[UUID, str]) -> ShownReversal:
    words = register.words
    facts = [
        (words("reversals.person"), each.name),
        (words("administration.organisation"), names.get(each.organisation_id, "")),
        (words("reversals.archived"), day_and_time(each.archived_at)),
        (words("reversals.asked_by"), f"{each.asked_by}, {day_and_time(each.asked_at)}"),
        (words("reversals.reason"), each.reason),
    ]
    href = register.address(f"{PAGE}{each.reversal_id.hex}/")
    return ShownReversal(each.reference, facts, each.yours, href, new_id())
