"""The end of a record by a date: confirming the day, and the decision of each body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.awaited import decided_by_bodies, deciding, waiting_of
from gateway.pages.records.identity_bar import Whose, whose
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.pages.records.record_page import Opened, show_gone
from gateway.security.ids import command_in
from gateway.ui.actions import At, ask, attempt, see_other
from gateway.ui.form import Choice, Field, Form, Posted
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import hidden_fields
from gateway.ui.render import show
from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.reading import EndingDecision, RecordShown
from shared.messages import Refused
from shared.registers.definition.lifecycle import Transition
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.reading import Raw, field_names
from shared.registers.form.showing import body_label, fill_fields
from shared.values import day_of, show_date

ANSWER, CONFIRM, CANCEL = "ending", "confirm", "cancel"
LONGEST_REASON = 2_000
YES, NO = "yes", "no"


@dataclass(frozen=True, repr=False)
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
    """
    Ask whether the record shall end. The page holds all that was typed.

    Cancel shows the form again, with the day of the end as it is saved.
    """
    fields = [*hidden_fields(raw), ("command", opened.command.hex), *opened_fields(opened)]
    href = register.record_address(record.record_id)
    return await _show_question(request, register, fields, href, await whose(request, record))


def opened_fields(opened: Opened) -> list[tuple[str, str]]:
    """Return what the record's form holds besides its answers and its command, for hidden inputs."""
    note = [("text", opened.note.text), ("note_command", opened.note.command.hex)]
    return [("version", str(opened.version)), *note]


async def show_first_confirmation(
    request: web.Request, register: Definition, command: UUID, raw: Raw, answered: Sequence[tuple[str, str]]
) -> web.Response:
    """Ask the same of a new record. `answered` holds the user's answers to earlier questions."""
    fields = [*hidden_fields(raw), ("command", command.hex), *answered]
    return await _show_question(request, register, fields, register.address(PATHS["submit"]))


async def _show_question(
    request: web.Request,
    register: Definition,
    fields: Sequence[tuple[str, str]],
    href: str,
    person: Whose | None = None,
) -> web.Response:
    return await show(
        request,
        "records/ending.html",
        status=409,
        register=register,
        confirm=_transition(register).confirm,
        whose=person,
        fields=fields,
        href=href,
        choices={"field": ANSWER, "yes": CONFIRM, "no": CANCEL},
    )


def with_day_before(register: Definition, raw: Raw, saved: Answers) -> Raw:
    """Return what was typed, but with the saved day on which the record ends, or none: cancelling changes nothing."""
    question = register.form.by_name[_transition(register).question or ""]
    day = field_names(question)
    kept = {name: value for name, value in raw.items() if name not in day}
    before = {name: answer for name, answer in saved.items() if name == question.name}
    return kept | fill_fields(register.form, before)


async def show_decisions(request: web.Request) -> web.Response:
    record = await find_record(request)
    register = edition_of(request, record)
    return await _show(request, record, _form(register, deciding(request[VISITOR], register, record)))


async def decide(request: web.Request) -> web.Response:
    """Record the decision of one body. Show the page again if something is missing or has changed."""
    posted = await request.post()
    try:
        record = await find_record(request)
    except Refused:
        return await _decide_unread(request, posted)
    register = edition_of(request, record)
    form = _form(register, deciding(request[VISITOR], register, record))
    form.command, answers = command_in(posted), form.read(posted)
    if answers and len(answers["reason"]) > LONGEST_REASON:
        form.wrong("reason", register.words("ending.reason_too_long"))
    if record.ends_on is None or posted.get("ends_on") != record.ends_on.isoformat():
        form.refuse(register.words("ending.changed"), status=409)
    if answers is None or record.ends_on is None or form.summary:
        return await _show(request, record, form)
    saved = await attempt(request, _decision(request, form, answers, record.ends_on), form, _refusals(register))
    if saved is None:
        return await _show_refused(request, form)
    if not saved.is_open:
        return see_other(register.address(PATHS["records"]), "over")
    return see_other(register.record_address(record.record_id), "decided")


async def _decide_unread(request: web.Request, posted: Posted) -> web.Response:
    """
    Send the decision about a record that cannot be read. It may repeat the very decision that ended the record.

    The service answers a repeated command as it did the first time. If it refuses, show the reason that was typed.
    """
    register = request[REGISTER]
    form = _form(register, [])
    form.command, answers = command_in(posted), form.read(posted)
    ends_on = _day_in(posted)
    if answers is None or ends_on is None or len(answers["reason"]) > LONGEST_REASON:
        return await show_gone(request, {}, form.value("reason"))
    try:
        saved = await ask(request, _decision(request, form, answers, ends_on))
    except Refused:
        return await show_gone(request, {}, form.value("reason"))
    return see_other(register.address(PATHS["records"]), "decided" if saved.is_open else "over")


def _day_in(posted: Posted) -> date | None:
    """Return the day that the form showed; None if it has none."""
    return day_of(str(posted.get("ends_on", "")))


def _decision(request: web.Request, form: Form, answers: Mapping[str, str], ends_on: date) -> DecideEnding:
    return DecideEnding(
        command_id=form.command,
        record_id=record_id_in(request),
        body=answers["body"][:100],
        ends_on=ends_on,
        reason=answers["reason"],
        person_told=answers["told"] == YES,
    )


async def _show_refused(request: web.Request, form: Form) -> web.Response:
    """Show the page again with what was typed. The record may have ended in the meantime."""
    try:
        record = await find_record(request)
    except Refused:
        return await show_gone(request, {}, form.value("reason"))
    return await _show(request, record, form)


def _refusals(register: Definition) -> dict[str, str | At]:
    words = register.words
    return {
        "archived": words("ending.ended"),
        "not_ending": words("ending.not_ending"),
        "changed": words("ending.changed"),
        "decided": words("ending.decided_before"),
        "not_second": words("ending.not_second"),
        "not_yours": words("ending.not_yours"),
        "empty": At("reason", words("ending.reason_missing"), status=422),
    }


def _transition(register: Definition) -> Transition:
    transition = register.lifecycle.ends_by("date")
    if transition is None:
        raise web.HTTPNotFound
    return transition


def _form(register: Definition, bodies: list[str]) -> Form:
    """
    Return the form of one decision. A user who acts for one body alone need not choose it.

    Raise 404 for a register in which no body decides.
    """
    if not decided_by_bodies(register):
        raise web.HTTPNotFound
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
    day, waiting = _standing(register, record)
    return await show(
        request,
        "records/decisions.html",
        form=form,
        register=register,
        whose=await whose(request, record),
        day=day,
        waiting=waiting,
        decisions=[_shown(register, each) for each in record.decisions],
        may_decide=bool(deciding(request[VISITOR], register, record)),
        reason=form.value("reason"),
        ends_on=record.ends_on.isoformat() if record.ends_on else "",
        back=list_address(request, is_open=record.is_open),
        href=register.record_address(record.record_id),
    )


def _standing(register: Definition, record: RecordShown) -> tuple[str, str]:
    """Return the day on which the record ends or has ended, and whose decision is missing."""
    words = register.words
    if record.ended_at:
        return words("records.ended_on", when=day_and_time(record.ended_at)), ""
    if record.ends_on is None:
        return words("ending.not_ending"), ""
    waiting = waiting_of(register, record) or words("ending.all_decided")
    return words("ending.on", day=show_date(record.ends_on)), waiting


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
