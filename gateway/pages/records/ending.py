"""The end of a record by a date: confirming the day, and the decision of each body."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import VISITOR
from gateway.pages.records.awaited import deciding, waiting_of
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.lookup import edition_of, find_record
from gateway.pages.records.record_page import Opened
from gateway.security.ids import command_in
from gateway.ui.actions import At, attempt, see_other
from gateway.ui.form import Choice, Field, Form, Posted
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import hidden_fields
from gateway.ui.render import show
from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.reading import EndingDecision, RecordShown
from shared.registers.definition.lifecycle import Transition
from shared.registers.definition.register import Definition
from shared.registers.form.reading import Raw
from shared.registers.form.showing import body_label
from shared.values import show_date

ANSWER, CONFIRM, CANCEL = "ending", "confirm", "cancel"
LONGEST_REASON = 2_000
YES, NO = "yes", "no"


@dataclass(frozen=True)
class ShownDecision:
    """What a body decided, ready to be rendered."""

    heading: str
    reason: str
    told: str


def is_confirmed(posted: Posted) -> bool:
    return posted.get(ANSWER) == CONFIRM


def is_cancelled(posted: Posted) -> bool:
    return posted.get(ANSWER) == CANCEL


async def show_confirmation(
    request: web.Request, register: Definition, record: RecordShown, raw: Raw, opened: Opened
) -> web.Response:
    """Ask whether the record shall end. The page carries all that was typed, so that nothing is lost either way."""
    transition = _transition(register)
    fields = [*hidden_fields(raw), ("text", opened.note.text), ("note_command", opened.note.command.hex)]
    return await show(
        request,
        "records/ending.html",
        status=409,
        register=register,
        confirm=transition.confirm,
        whose=await whose(request, record),
        fields=fields,
        opened=opened,
        href=register.record_address(record.record_id),
        choices={"field": ANSWER, "yes": CONFIRM, "no": CANCEL},
    )


async def show_decisions(request: web.Request) -> web.Response:
    record = await find_record(request)
    register = edition_of(request, record)
    return await _show(request, record, _form(register, deciding(request[VISITOR], register, record)))


async def decide(request: web.Request) -> web.Response:
    """Record the decision of one body. Show the page again if something is missing or has changed."""
    record, posted = await find_record(request), await request.post()
    register = edition_of(request, record)
    form = _form(register, deciding(request[VISITOR], register, record))
    form.command, answers = command_in(posted), form.read(posted)
    if answers and len(answers["reason"]) > LONGEST_REASON:
        form.wrong("reason", register.words("ending.reason_too_long"))
    if record.ends_on is None or posted.get("ends_on") != record.ends_on.isoformat():
        form.refuse(register.words("ending.changed"), status=409)
    if answers is None or record.ends_on is None or form.summary:
        return await _show(request, record, form)
    decision = DecideEnding(
        command_id=form.command,
        record_id=record.record_id,
        body=answers["body"][:100],
        ends_on=record.ends_on,
        reason=answers["reason"],
        person_told=answers["told"] == YES,
    )
    saved = await attempt(request, decision, form, _refusals(register))
    if saved is None:
        return await _show(request, await find_record(request), form)
    if not saved.is_open:
        return see_other(register.address(PATHS["records"]), "over")
    return see_other(register.record_address(record.record_id), "decided")


def _refusals(register: Definition) -> dict[str, str | At]:
    words = register.words
    return {
        "archived": words("ending.ended"),
        "not_ending": words("ending.not_ending"),
        "changed": words("ending.changed"),
        "conflict": words("ending.changed"),
        "decided": words("ending.decided_before"),
        "not_yours": words("ending.not_yours"),
        "empty": At("reason", words("ending.reason_missing"), status=422),
    }


def _transition(register: Definition) -> Transition:
    transition = register.lifecycle.ends_by("date")
    if transition is None:
        raise web.HTTPNotFound
    return transition


def _form(register: Definition, bodies: list[str]) -> Form:
    """Return the form of one decision. A user who acts for one body alone need not choose it."""
    _transition(register)
    words = register.words
    listed = tuple(Choice(each, body_label(register, each)) for each in bodies)
    body = Field("body", words("ending.body"), "choice", choices=listed, missing=words("ending.body_missing"))
    reason = Field(
        "reason",
        words("ending.reason"),
        "long_text",
        hint=words("ending.reason_hint"),
        missing=words("ending.reason_missing"),
    )
    told = (Choice(YES, words("page.yes")), Choice(NO, words("page.no")))
    person = Field(
        "told", words("ending.person_told"), "choice", choices=told, missing=words("ending.person_told_missing")
    )
    return Form([body, reason, person], {"body": bodies[0]} if len(bodies) == 1 else None)


async def _show(request: web.Request, record: RecordShown, form: Form) -> web.Response:
    register = edition_of(request, record)
    words = register.words
    return await show(
        request,
        "records/decisions.html",
        form=form,
        register=register,
        whose=await whose(request, record),
        day=words("ending.on", day=show_date(record.ends_on)) if record.ends_on else words("ending.not_ending"),
        waiting=waiting_of(register, record) or (words("ending.all_decided") if record.ends_on else ""),
        decisions=[_shown(register, each) for each in record.decisions],
        may_decide=bool(deciding(request[VISITOR], register, record)),
        ends_on=record.ends_on.isoformat() if record.ends_on else "",
        href=register.record_address(record.record_id),
    )


def _shown(register: Definition, decision: EndingDecision) -> ShownDecision:
    words = register.words
    return ShownDecision(
        heading=words(
            "ending.decided",
            body=body_label(register, decision.body),
            name=decision.decided_by,
            when=day_and_time(decision.decided_at),
        ),
        reason=decision.reason,
        told=words("ending.told") if decision.person_told else words("ending.not_told"),
    )
