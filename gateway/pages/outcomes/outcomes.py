"""The outcome form of a record, the confirmation before it is archived, and its earlier outcomes."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS
from gateway.pages.outcomes.leaving import asked_leaving, is_answered, typed_leaving
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import find_record, record_id_in
from gateway.pages.records.record_list import ARCHIVED
from gateway.security.ids import command_in
from gateway.ui.actions import NOTICE, act_in, ask, ask_if_there, attempt, notice, see_other
from gateway.ui.form import Form, Posted, sent_number
from gateway.ui.formats import day_and_time, rating_mark
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import RegisterForm, draw, hidden_fields, mark, typed
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.clock import london_today
from shared.contracts.outcomes import ListOutcomes, Outcomes, OutcomeShown, RecordOutcome, ToldOutcome
from shared.contracts.referrals.reading import RecordShown
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.questions import Conditions, QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.conditions import Answers, holds
from shared.registers.form.consistency import birth_known
from shared.registers.form.kept import form_for
from shared.registers.form.person import person_of, rating_of
from shared.registers.form.reading import Checked, Raw, read_answers
from shared.registers.form.showing import AnswerRow, as_text
from shared.registers.load import UnknownRegister
from shared.registers.references import read_reference

PAGE = "outcomes/"
DIGITS = 6


class OutcomeAct(StrEnum):
    """What a button of these pages asks for."""

    SAVE = "save"
    ARCHIVE = "archive"
    CONFIRM = "confirm"
    KEEP = "keep"
    CANCEL = "cancel"


@dataclass(frozen=True)
class OutcomePage:
    """
    The state of the form: what was typed, the record's version when it was read, and the command id.

    `leaving` is what was typed about why the record ends, on the page that asks whether it does.
    """

    register: Definition
    outcome: QuestionForm
    command: UUID
    version: int
    raw: Raw = field(repr=False)
    leaving: dict[str, str | tuple[str, ...]] = field(default_factory=dict, repr=False)

    def drawn(self) -> RegisterForm:
        drawn = draw(self.outcome, self.register.words, self.raw)
        drawn.form.command = self.command
        return drawn


@dataclass(frozen=True, repr=False)
class ListedOutcome:
    """One outcome of the list, ready to be rendered."""

    heading: str
    ending: bool
    counted: bool
    reversed: bool
    rows: list[AnswerRow]


async def show_outcomes(request: web.Request) -> web.Response:
    outcome = outcome_form(request[REGISTER])
    listing = ListOutcomes(record_id=record_id_in(request), skip=sent_number(request.query, "skip", DIGITS, "0"))
    record, found = await asyncio.gather(find_record(request), ask(request, listing))
    sheet = OutcomePage(request[REGISTER], outcome, new_id(), record.version, {})
    return await _show_page(request, sheet, sheet.drawn(), record, found, skip=listing.skip)


async def record_outcome(request: web.Request) -> web.Response:
    posted = await request.post()
    act, sheet = _read(request, posted)
    drawn, register = sheet.drawn(), sheet.register
    if act is OutcomeAct.CANCEL:
        return await _show_again(request, sheet, drawn)
    checked = read_answers(sheet.outcome, sheet.raw, register.words, london_today())
    if first := await _shown_first(request, act, sheet, drawn, checked):
        return first
    recording = RecordOutcome(
        command_id=sheet.command,
        edition=register.edition,
        record_id=record_id_in(request),
        version=sheet.version,
        ending=act is OutcomeAct.CONFIRM,
        answers=checked.answers,
        leaving=sheet.leaving if act is OutcomeAct.CONFIRM else {},
    )
    receipt = await attempt(request, recording, drawn.form, _refusals(register.words))
    if receipt is None:
        return await _show_not_done(request, sheet, drawn, is_ending=recording.ending)
    if not recording.ending:
        return see_other(f"{register.record_address(recording.record_id, PAGE)}?{NOTICE}=saved#outcomes")
    return see_other(_list_naming(request, posted), "archiving" if receipt.pending else "archived")


async def _shown_first(
    request: web.Request, act: OutcomeAct, sheet: OutcomePage, drawn: RegisterForm, checked: Checked
) -> web.Response | None:
    """Return the page that comes before saving, if there is one: the form with its faults, or the confirmation."""
    mark(drawn, checked)
    ends = may_end(sheet.register, checked.answers)
    if act in (OutcomeAct.ARCHIVE, OutcomeAct.CONFIRM) and not ends and not drawn.form.summary:
        drawn.form.refuse(_what_ends(sheet.register))
    if drawn.form.summary:
        return await _show_again(request, sheet, drawn)
    unasked = act is OutcomeAct.SAVE and ends and bool(ending_answers(sheet.register))
    if act is OutcomeAct.ARCHIVE or unasked:
        return await _ask_first(request, sheet, drawn, unasked=unasked)
    if act is OutcomeAct.CONFIRM and not is_answered(sheet.register, sheet.leaving):
        return await _ask_first(request, sheet, drawn, was_sent=True)
    return None


def ending_answers(register: Definition) -> Conditions:
    """Return which answers end a record; empty if all do, or none."""
    transition = register.lifecycle.ends_by("outcome")
    return transition.when if transition else ()


def may_end(register: Definition, answers: Answers) -> bool:
    """Return whether an outcome with these answers may end the record."""
    return register.lifecycle.ends_by("outcome") is not None and holds(ending_answers(register), answers)


def _what_ends(register: Definition) -> str:
    """Return the sentence that names the answers which end a record."""
    asked = outcome_form(register).by_name
    conditions = [
        " and ".join(
            f"“{asked[name].label}” {' or '.join(asked[name].labels.get(code, code) for code in codes)}"
            for name, codes in condition.items()
        )
        for condition in ending_answers(register)
    ]
    return register.words("outcome.does_not_end", when="; or ".join(conditions))


def _list_naming(request: web.Request, posted: Posted) -> str:
    """Return the address of the list, which names the archived record by its reference."""
    register = request[REGISTER]
    prefixes = request.config_dict[REGISTERS].reference_prefixes(register.code)
    reference = read_reference(prefixes, str(posted.get("reference", "")))
    return register.address(PATHS["records"]) + (f"?{ARCHIVED}={reference}" if reference else "")


def outcome_form(register: Definition) -> QuestionForm:
    """Return the register's outcome form. Raise 404 for a register without one."""
    if register.outcome is None:
        raise web.HTTPNotFound
    return register.outcome


def _read(request: web.Request, posted: Posted) -> tuple[OutcomeAct, OutcomePage]:
    register = request[REGISTER]
    outcome = outcome_form(register)
    version, command = sent_number(posted, "version", DIGITS), command_in(posted)
    leaving = typed_leaving(posted, register)
    page = OutcomePage(register, outcome, command, version, typed(posted, outcome), leaving)
    return act_in(posted, OutcomeAct), page


def _refusals(words: Words) -> dict[str, str]:
    return {
        "conflict": words("outcome.changed"),
        "archived": words("record.ended"),
        "archiving": words("outcome.archiving"),
        "invalid_answers": words("form.unknown_question"),
        "unknown_edition": words("form.unknown_question"),
        "does_not_end": words("form.unknown_question"),
    }


async def _show_not_done(
    request: web.Request, sheet: OutcomePage, drawn: RegisterForm, *, is_ending: bool
) -> web.Response:
    """
    Show the form again with everything that was typed. After a refusal it holds the record's current version.

    `is_ending`: a reason that was not enough for this record is asked for again.
    """
    if is_ending and drawn.form.reason and drawn.form.reason.code == "invalid_answers":
        return await _ask_first(request, replace(sheet, command=drawn.form.command), sheet.drawn(), was_sent=True)
    try:
        record, found = await asyncio.gather(find_record(request), ask_if_there(request, _newest(request)))
    except Refused:  # archived by another user, or by this command if only its reply was lost
        return await _show_ended(request, sheet)
    version = record.version if drawn.form.reason else sheet.version
    _mark_against(sheet, drawn, record)
    fresh = replace(sheet, command=drawn.form.command, version=version)
    return await _show_page(request, fresh, drawn, record, found)


async def _show_ended(request: web.Request, sheet: OutcomePage) -> web.Response:
    """Show what was typed. The record itself was archived in the meantime and cannot be shown."""
    register = sheet.register
    checked = read_answers(sheet.outcome, sheet.raw, register.words, london_today())
    rows = as_text(sheet.outcome, checked.answers)
    back = register.address(PATHS["records"])
    transition = register.lifecycle.ends_by("outcome")
    ended = register.lifecycle.label(transition.to_state) if transition else ""
    return await show(request, "outcomes/ended.html", status=409, rows=rows, back=back, ended=ended)


def _mark_against(sheet: OutcomePage, drawn: RegisterForm, record: RecordShown) -> None:
    """Mark the answers that contradict the record, such as a meeting before the person was born."""
    born = person_of(sheet.register, record.answers).born
    known = birth_known(sheet.register, born)
    checked = read_answers(sheet.outcome, sheet.raw, sheet.register.words, london_today(), known=known)
    if checked.faults:
        drawn.form.refusal = ""
        mark(drawn, checked)


async def _ask_first(
    request: web.Request, sheet: OutcomePage, drawn: RegisterForm, *, unasked: bool = False, was_sent: bool = False
) -> web.Response:
    """
    Ask for confirmation before archiving, which the page explains. Hidden fields hold what was typed.

    `unasked`: the user did not ask for it, but the answers say that the record ends. `was_sent`: they confirmed it, and
    the reason is not enough.
    """
    try:
        record = await find_record(request)
    except Refused:
        if not was_sent:
            raise
        return await _show_ended(request, sheet)
    _mark_against(sheet, drawn, record)
    if drawn.form.summary:
        return await _show_again(request, sheet, drawn)
    leaving = await asked_leaving(request, record, sheet.leaving, was_sent=was_sent)
    return await show(
        request,
        "outcomes/archive.html",
        sheet=sheet,
        status=leaving.drawn.form.status if leaving else 200,
        form=leaving.drawn.form if leaving else Form(()),
        leaving=leaving,
        reference=record.reference,
        whose=await whose(request, record),
        fields=hidden_fields(sheet.raw),
        unasked=unasked,
        href=sheet.register.record_address(record.record_id, PAGE),
        acts=OutcomeAct,
    )


async def _show_again(request: web.Request, sheet: OutcomePage, drawn: RegisterForm) -> web.Response:
    record, found = await asyncio.gather(find_record(request), ask_if_there(request, _newest(request)))
    return await _show_page(request, sheet, drawn, record, found)


def _newest(request: web.Request) -> ListOutcomes:
    return ListOutcomes(record_id=record_id_in(request))


async def _show_page(
    request: web.Request,
    sheet: OutcomePage,
    drawn: RegisterForm,
    record: RecordShown,
    found: Outcomes | None,
    skip: int = 0,
) -> web.Response:
    register = sheet.register
    href = register.record_address(record.record_id, PAGE)
    return await show(
        request,
        "outcomes/outcomes.html",
        sheet=sheet,
        is_open=record.is_open and (found is None or found.is_open),
        drawing=drawn.drawing,
        form=drawn.form,
        whose=await whose(request, record),
        standing=_standing(register, record),
        found=found,
        kept=hidden_fields(sheet.leaving),
        outcomes=[listed_outcome(request, each) for each in found.outcomes] if found else [],
        older=f"{href}?skip={skip + len(found.outcomes)}#outcomes" if found and found.more else "",
        newer=f"{href}#outcomes" if skip else "",
        said=notice(request, {"saved": register.words("outcome.saved")}),
        may_archive=register.lifecycle.ends_by("outcome") is not None,
        back=list_address(request, is_open=record.is_open),
        ends_if=json.dumps(ending_answers(register)),
        record_href=register.record_address(record.record_id),
        href=href,
        acts=OutcomeAct,
    )


def _standing(register: Definition, record: RecordShown) -> list[tuple[str, Cell]]:
    """Return what an outcome is about: the rating and the latest update, each under its question."""
    rating, update = register.rating, register.person.get("latest_update", "")
    level = rating_of(register, record.answers)
    answer = record.answers.get(update, "")
    shown: list[tuple[str, Cell]] = []
    if rating and level:
        shown.append((register.form.by_name[rating.question].label, rating_mark(register, level.code)))
    if isinstance(answer, str) and answer:
        shown.append((register.form.by_name[update].label, answer))
    return shown


def listed_outcome(request: web.Request, each: OutcomeShown) -> ListedOutcome:
    """Return the outcome in the words of the edition that it was recorded in."""
    words, rows = _in_its_words(request, each.edition, each.answers)
    heading = words("outcome.recorded", name=each.recorded_by, when=day_and_time(each.recorded_at))
    return ListedOutcome(heading, each.ending, each.counted, each.reversed, rows)


def told_outcome(request: web.Request, told: ToldOutcome) -> ListedOutcome | None:
    """Return what is told of an outcome: when it was recorded, and a few of its answers. None if there is none."""
    if told.recorded_at is None:
        return None
    words, rows = _in_its_words(request, told.edition, told.answers)
    heading = words("outcome.recorded_on", when=day_and_time(told.recorded_at))
    return ListedOutcome(heading, ending=False, counted=True, reversed=False, rows=rows)


def _in_its_words(request: web.Request, edition: str, answers: Answers) -> tuple[Words, list[AnswerRow]]:
    """Return the words of an outcome's edition, and its answers in them."""
    registers, latest = request.config_dict[REGISTERS], request[REGISTER]
    known = [each.outcome for each in registers.editions(latest.code) if each.outcome]
    try:
        register = registers.find(latest.code, edition)
    except UnknownRegister:  # its file has been taken away
        register = latest
    words, form = register.words, outcome_form(register)
    return words, as_text(form_for(form, answers, words("record.earlier"), known), answers)
