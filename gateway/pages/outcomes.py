"""What came of a record: the outcome form, the question before a record is archived, and the outcomes so far."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.keys import REGISTER, REGISTERS
from gateway.navigation import PATHS, address
from gateway.page import Posted, see_other, show
from gateway.pages.records.finding import find_record, record_address, record_id_in
from gateway.pages.records.whose import whose
from gateway.register_form import RegisterForm, draw, mark, typed
from gateway.showing import day_and_time
from gateway.visitor import ask
from shared.contracts.outcomes import ListOutcomes, Outcomes, OutcomeShown, RecordOutcome
from shared.contracts.referrals import RecordShown
from shared.messages import NotAnswered, Refused
from shared.registers.definition import Definition, Form
from shared.registers.form import Raw, Row, as_text, read_answers
from shared.values import london_day

PAGE = "outcomes/"


class Act(StrEnum):
    """What a button of these pages asks for."""

    SAVE = "save"
    ARCHIVE = "archive"
    CONFIRM = "confirm"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Sheet:
    """The form as it stands: what was typed, the version that was read, and the id of what is about to be done."""

    register: Definition
    outcome: Form
    command: UUID
    version: int
    raw: Raw

    def drawn(self) -> RegisterForm:
        return draw(self.outcome, self.register.words, self.raw)


@dataclass(frozen=True)
class ListedOutcome:
    """One outcome of the list, ready to be shown."""

    heading: str
    ending: bool
    counted: bool
    reversed: bool
    rows: list[Row]


async def show_outcomes(request: web.Request) -> web.Response:
    outcome = outcome_form(request[REGISTER])
    listing = ListOutcomes(record_id=record_id_in(request), skip=_number(request.query.get("skip", "0")))
    record, found = await asyncio.gather(find_record(request), ask(request, listing))
    sheet = Sheet(request[REGISTER], outcome, new_command(), record.version, {})
    return await _show_page(request, sheet, sheet.drawn(), record, found, skip=listing.skip)


async def record_outcome(request: web.Request) -> web.Response:
    act, sheet = _read(request, await request.post())
    if act is Act.CANCEL:
        return await _show_again(request, sheet, sheet.drawn(), status=200)
    register = sheet.register
    checked = read_answers(sheet.outcome, sheet.raw, register.words, today())
    drawn = sheet.drawn()
    mark(drawn, checked.faults)
    if drawn.form.summary:
        return await _show_again(request, sheet, drawn, status=422)
    if act is Act.ARCHIVE:
        return await _ask_first(request, sheet)
    recording = RecordOutcome(
        command_id=sheet.command,
        edition=register.edition,
        record_id=record_id_in(request),
        version=sheet.version,
        ending=act is Act.CONFIRM,
        answers=checked.answers,
    )
    return await _record(request, sheet, recording)


def outcome_form(register: Definition) -> Form:
    """The register's outcome form; the page of a register without one is not found."""
    if register.outcome is None:
        raise web.HTTPNotFound
    return register.outcome


def _read(request: web.Request, posted: Posted) -> tuple[Act, Sheet]:
    register = request[REGISTER]
    outcome = outcome_form(register)
    try:
        act = Act(str(posted.get("act", "")))
    except ValueError:
        raise web.HTTPBadRequest from None
    version = _number(posted.get("version", ""))
    return act, Sheet(register, outcome, command_in(posted.get("command", "")), version, typed(posted, outcome))


async def _record(request: web.Request, sheet: Sheet, recording: RecordOutcome) -> web.Response:
    register = sheet.register
    try:
        receipt = await ask(request, recording)
    except Refused as refusal:
        return await _show_refused(request, sheet, refusal)
    except NotAnswered as unanswered:
        return await _show_not_answered(request, sheet, unanswered)
    if not recording.ending:
        return see_other(record_address(register, recording.record_id, f"{PAGE}?Msg=saved"))
    return see_other(address(register, PATHS["records"]) + ("?Msg=archiving" if receipt.pending else "?Msg=archived"))


async def _show_refused(request: web.Request, sheet: Sheet, refusal: Refused) -> web.Response:
    """Everything typed is still there. What was refused was not done, so the next try is a new command."""
    words = sheet.register.words
    said = {
        "conflict": words.outcome.changed,
        "archived": words.record.ended,
        "archiving": words.outcome.archiving,
        "invalid_answers": words.form.unknown_question,
        "unknown_edition": words.form.unknown_question,
        "command_reused": words.form.sent_before,
    }
    if refusal.code not in said:
        raise refusal
    try:
        record = await find_record(request)
    except Refused:
        return await _show_ended(request, sheet)
    fresh = replace(sheet, command=new_command(), version=record.version)
    drawn = fresh.drawn()
    drawn.form.refuse(said[refusal.code])
    return await _show_page(request, fresh, drawn, record, await _found(request), status=409)


async def _show_ended(request: web.Request, sheet: Sheet) -> web.Response:
    """The record was archived meanwhile and cannot be shown; what was typed can."""
    register = sheet.register
    checked = read_answers(sheet.outcome, sheet.raw, register.words, today())
    rows = as_text(sheet.outcome, checked.answers)
    back = address(register, PATHS["records"])
    return await show(request, "outcomes/ended.html", status=409, register=register, rows=rows, back=back)


async def _show_not_answered(request: web.Request, sheet: Sheet, unanswered: NotAnswered) -> web.Response:
    """The same command goes out again with the next press of a button, so that nothing is recorded twice."""
    drawn = sheet.drawn()
    drawn.form.refuse(without_answer(sheet.register.words, unanswered))
    try:
        return await _show_again(request, sheet, drawn, status=503)
    except Refused:  # the answer alone was lost, or somebody else was quicker: it is archived
        return await _show_ended(request, sheet)


async def _ask_first(request: web.Request, sheet: Sheet) -> web.Response:
    """Archiving cannot be undone: its impacts, yes or no. What was typed rides along."""
    record = await find_record(request)
    return await show(
        request,
        "outcomes/archive.html",
        register=sheet.register,
        sheet=sheet,
        whose=await whose(request, record),
        fields=[(name, value) for name, values in sheet.raw.items() for value in values],
        href=record_address(sheet.register, record.record_id, PAGE),
        acts=Act,
    )


async def _show_again(request: web.Request, sheet: Sheet, drawn: RegisterForm, *, status: int) -> web.Response:
    record, found = await asyncio.gather(find_record(request), _found(request))
    return await _show_page(request, sheet, drawn, record, found, status=status)


async def _found(request: web.Request) -> Outcomes | None:
    """The newest outcomes; None when they cannot be had, which must not cost what was typed."""
    try:
        return await ask(request, ListOutcomes(record_id=record_id_in(request)))
    except (NotAnswered, Refused):
        return None


async def _show_page(
    request: web.Request,
    sheet: Sheet,
    drawn: RegisterForm,
    record: RecordShown,
    found: Outcomes | None,
    *,
    status: int = 200,
    skip: int = 0,
) -> web.Response:
    register = sheet.register
    href = record_address(register, record.record_id, PAGE)
    return await show(
        request,
        "outcomes/outcomes.html",
        status=status,
        register=register,
        sheet=sheet,
        drawn=drawn,
        form=drawn.form,
        whose=await whose(request, record),
        found=found,
        outcomes=[_listed(request, each) for each in found.outcomes] if found else [],
        older=f"{href}?skip={skip + len(found.outcomes)}#outcomes" if found and found.more else "",
        newer=f"{href}#outcomes" if skip else "",
        said=register.words.outcome.saved if request.query.get("Msg") == "saved" else "",
        may_archive=register.lifecycle.ending == "archive",
        record_href=record_address(register, record.record_id),
        href=href,
        acts=Act,
    )


def _listed(request: web.Request, each: OutcomeShown) -> ListedOutcome:
    """In the words of the edition that it was recorded in."""
    register = request.config_dict[REGISTERS].find(request[REGISTER].code, each.edition)
    heading = register.words.outcome.recorded.format(name=each.recorded_by, when=day_and_time(each.recorded_at))
    rows = as_text(outcome_form(register), each.answers)
    return ListedOutcome(heading, each.ending, each.counted, each.reversed, rows)


def today() -> date:
    return london_day(datetime.now(UTC))


def _number(sent: object) -> int:
    """A number that one of our pages has put there. Raises 400 for anything else."""
    text = str(sent)
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise web.HTTPBadRequest
    return int(text)
