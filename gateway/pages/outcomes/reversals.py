"""Records that ended in error: asking for a reversal, and deciding one that another administrator asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, REGISTERS, VISITOR
from gateway.pages.outcomes.reversal_address import PAGE, REFERENCE, reversal_address
from gateway.security.ids import command_in, id_in, id_or_none
from gateway.ui.actions import At, act_in, ask, ask_if_there, attempt, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.organisations import organisation_names
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.contracts.referrals.ended import EndedPeople, EndedPerson, FindEnded
from shared.contracts.referrals.reversing import (
    ArchivedLately,
    AskReversal,
    CountReversals,
    DecideReversal,
    ListReversals,
    ReversalAsked,
)
from shared.ids import new_id
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.references import read_reference
from shared.registers.scope import reads_ended
from shared.values import show_date

RECORD = "record"
NUMBER = "number"
LONGEST_REASON = 2_000
DECISIONS = {"confirm": True, "decline": False}


@dataclass(frozen=True, repr=False)
class ShownReversal:
    """A reversal that waits for a decision, ready to be rendered, with a command id for deciding it."""

    heading: str
    facts: list[tuple[str, str]]
    yours: bool
    href: str
    record_id: UUID
    command: UUID


@dataclass(frozen=True, repr=False)
class ShownArchived:
    """A record that ended lately, ready to be rendered. `href` leads to asking to put it back."""

    reference: str
    record_href: str
    facts: list[str]
    href: str


async def show_reversals(request: web.Request) -> web.Response:
    """Show the page. The reference that the address names is filled in."""
    register = _register(request)
    prefixes = request.config_dict[REGISTERS].reference_prefixes(register.code)
    reference = read_reference(prefixes, request.query.get(REFERENCE, ""))
    return await _show(request, _form(register, reference or ""))


async def count_reversals(request: web.Request) -> int:
    """Return how many reversals wait for this visitor. Return 0 if that is not known just now."""
    reversible = any(each.reversible for each in request[REGISTER].lifecycle.transitions)
    if not reversible or not request[VISITOR].may(Permission.ADMINISTER):
        return 0
    counted = await ask_if_there(request, CountReversals())
    return counted.waiting if counted else 0


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


async def find_ended(request: web.Request) -> web.Response:
    """Show the ended records of an NHS number. It is posted, so it stays out of the address."""
    register, posted = _register(request), await request.post()
    finding = _finding_form(register)
    answers, found = finding.read(posted), None
    if answers is not None:
        label = register.words("records.finds.nhs_number")
        said = {"unreadable": At(NUMBER, register.words.group("faults")["nhs_number"].format(label=label))}
        found = await attempt(request, FindEnded(nhs_number=answers[NUMBER][:100]), finding, said)
    return await _show(request, _form(register), finding, found)


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
    record_id = id_or_none(posted.get(RECORD))
    named = f"?{RECORD}={record_id.hex}" if confirmed and record_id else ""
    return see_other(register.address(PAGE) + named, "confirmed" if confirmed else "declined")


def _register(request: web.Request) -> Definition:
    """Return the register. Raise 404 if no end of a record in it can be reversed."""
    register = request[REGISTER]
    if not any(each.reversible for each in register.lifecycle.transitions):
        raise web.HTTPNotFound
    return register


def _form(register: Definition, reference: str = "") -> Form:
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
        ],
        {REFERENCE: reference} if reference else None,
    )


def _finding_form(register: Definition) -> Form:
    words = register.words
    label, hint = words("records.finds.nhs_number"), words("reversals.find_hint")
    return Form([Field(NUMBER, label, hint=hint, missing=words("reversals.find_missing"), width=20)])


def _refusals(register: Definition) -> dict[str, At]:
    words = register.words
    return {
        "not_found": At("reference", words("reversals.not_found")),
        "not_archived": At("reference", words("reversals.not_archived")),
        "not_reversible": At("reference", words("reversals.not_reversible")),
        "asked_before": At("reference", words("reversals.asked_before")),
        "empty": At("reason", words("reversals.reason_missing")),
        "command_reused": At("reference", words("reversals.asked_before")),
    }


async def _show(
    request: web.Request, form: Form, finding: Form | None = None, people: EndedPeople | None = None
) -> web.Response:
    """Show the page. `people` are those found by NHS number; None before a search, or if it failed."""
    register = request[REGISTER]
    finding = finding or _finding_form(register)
    lost = form.status != 200 or finding.status != 200
    found = await (ask_if_there if lost else ask)(request, ListReversals())  # a failure must not lose what was typed
    names = await organisation_names(request, register)
    return await show(
        request,
        "administration/reversals.html",
        form=_whole(form, finding),
        finds="nhs_number" in register.person,
        people=None if people is None else [_ended(register, each, names) for each in people.records],
        found=found,
        lately=[_lately(register, each, names) for each in (found.lately if found else ())],
        may_choose=reads_ended(register, request[VISITOR]),
        reversals=[_shown(register, each, names) for each in (found.reversals if found else ())],
        said=_said(request),
        href=register.address(PAGE),
        back=register.address("administration/"),
    )


def _whole(form: Form, finding: Form) -> Form:
    """Return one form that holds the fields of both, so that the error summary names what is wrong in either."""
    shown = finding if finding.status != 200 or finding.has(NUMBER) else form
    shown.fields = {**finding.fields, **form.fields}
    return shown


def _ended(register: Definition, each: EndedPerson, names: Mapping[UUID, str]) -> ShownArchived:
    lately = ArchivedLately(archived_at=each.ended_at, **each.model_dump(exclude={"ended_at"}))
    return _lately(register, lately, names)


def _said(request: web.Request) -> Cell:
    """Return what was done, with a link to the record that was put back."""
    register, words = request[REGISTER], request[REGISTER].words
    confirmed = words("reversals.confirmed")
    said = notice(
        request, {"asked": words("reversals.asked"), "confirmed": confirmed, "declined": words("reversals.declined")}
    )
    record_id = id_or_none(request.query.get(RECORD))
    if said != confirmed or record_id is None:
        return said
    link = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(
        register.record_address(record_id), words("reversals.open_restored")
    )
    return Markup(" ").join([said, link])


def _lately(register: Definition, each: ArchivedLately, names: Mapping[UUID, str]) -> ShownArchived:
    born = show_date(each.born) if each.born else ""
    organisation = "" if register.scope else names.get(each.organisation_id, "")
    ended = register.words("records.ended_on", when=day_and_time(each.archived_at))
    return ShownArchived(
        each.reference,
        register.record_address(each.record_id),
        [each.name, *filter(None, (born, organisation, ended))],
        reversal_address(register, each.reference),
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
    return ShownReversal(each.reference, facts, each.yours, href, each.record_id, new_id())
