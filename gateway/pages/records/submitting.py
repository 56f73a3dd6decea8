"""Adding a person to a register: the form, what comes back when something is missing, the refusal, the receipt."""

from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.keys import REGISTER
from gateway.navigation import PATHS, address
from gateway.page import see_other, show
from gateway.pages.records.finding import find_record, record_address
from gateway.pages.records.matching import goes_back, seen_in, show_matches
from gateway.register_form import RegisterForm, draw, mark, typed
from gateway.showing import day_and_time
from gateway.visitor import ask
from shared.contracts.referrals import DRAFT_DAYS, DiscardDraft, DraftNamed, SubmitRecord
from shared.messages import NotAnswered, Refused
from shared.registers.definition import Definition
from shared.registers.form import Raw, consent_verdict, name_typed, read_answers
from shared.values import london_day

SAVE_DRAFT = "records/new/draft"


async def submit_record(request: web.Request) -> web.Response:
    register = request[REGISTER]
    posted = await request.post()
    command = command_in(posted.get("command", ""))
    raw = typed(posted, register.form)
    if goes_back(posted):
        return await show_new(request, register, draw(register.form, register.words, raw), command, 200)
    checked = read_answers(register.form, raw, register.words, london_day(datetime.now(UTC)))
    if consent_verdict(register, checked.answers) == "refused":
        return await refuse_consent(request, register, command)
    if not checked.ok:
        drawn = draw(register.form, register.words, raw)
        mark(drawn, checked.faults)
        return await show_new(request, register, drawn, command, 422)
    submission = SubmitRecord(
        command_id=command,
        edition=register.edition,
        answers=dict(checked.answers),
        duplicates_seen=seen_in(posted),
    )
    try:
        receipt = await ask(request, submission)
    except Refused as refusal:
        return await _show_refused(request, register, refusal, command, raw)
    except NotAnswered as unanswered:
        return await _show_not_answered(request, register, unanswered, command, raw)
    return see_other(record_address(register, receipt.record_id, "added/"))


async def added(request: web.Request) -> web.Response:
    """The receipt: reference, what happens next at this rating, when somebody looks, what to do in a crisis."""
    record = await find_record(request)
    register = request[REGISTER]
    code = record.answers.get(register.rating.question) if register.rating else None
    level = register.rating.level(code) if register.rating and isinstance(code, str) else None
    href = record_address(register, record.record_id)
    return await show(request, "records/added.html", register=register, record=record, level=level, href=href)


async def show_new(
    request: web.Request,
    register: Definition,
    drawn: RegisterForm,
    command: UUID,
    status: int = 200,
    *,
    draft: DraftNamed | None = None,
    said: str = "",
) -> web.Response:
    """The form, with the name of whoever it is about as soon as one was typed; `draft`: it goes on with this one."""
    typed_names = {name: drawn.form.value(name) for name in register.person.values()}
    return await show(
        request,
        "records/new.html",
        status=status,
        register=register,
        drawn=drawn,
        form=drawn.form,
        command=command,
        name=name_typed(register, typed_names) or (register.words.draft.unnamed if draft else ""),
        started=register.words.draft.state.format(when=day_and_time(draft.started_at)) if draft else "",
        said=said,
        action=address(register, PATHS["submit"]),
        save_at=address(register, SAVE_DRAFT),
        note=register.words.draft.note.format(count=DRAFT_DAYS),
    )


async def _show_refused(
    request: web.Request, register: Definition, refusal: Refused, command: UUID, raw: Raw
) -> web.Response:
    """The service has the last word: what it refuses is shown with everything that was typed."""
    if refusal.code == "no_consent":
        return await show_refusal(request, register)
    if refusal.code == "likely_duplicate" and (page := await _show_matches(request, register, refusal, command, raw)):
        return page
    drawn, words = draw(register.form, register.words, raw), register.words
    said = {
        "no_organisation": words.form.no_organisation,
        "command_reused": words.form.sent_before,
        "likely_duplicate": words.duplicate.ended,
        "duplicate_unseen": " ".join(
            (words.duplicate.message, words.duplicate.ask.format(email=register.contact.team_email))
        ),
    }
    drawn.form.refuse(said.get(refusal.code, register.words.form.unknown_question))
    fresh = new_command() if refusal.code == "command_reused" else command
    return await show_new(request, register, drawn, fresh, 409)


async def _show_matches(
    request: web.Request, register: Definition, refusal: Refused, command: UUID, raw: Raw
) -> web.Response | None:
    try:
        return await show_matches(request, register, refusal, command, raw)
    except NotAnswered as unanswered:
        return await _show_not_answered(request, register, unanswered, command, raw)


async def _show_not_answered(
    request: web.Request, register: Definition, unanswered: NotAnswered, command: UUID, raw: Raw
) -> web.Response:
    drawn = draw(register.form, register.words, raw)
    drawn.form.refuse(without_answer(register.words, unanswered))
    return await show_new(request, register, drawn, command, 503)


async def refuse_consent(request: web.Request, register: Definition, command: UUID) -> web.Response:
    """The draft goes first: what the page says of nothing being kept is to be true when it is read."""
    await ask(request, DiscardDraft(draft_id=command))
    return await show_refusal(request, register)


async def show_refusal(request: web.Request, register: Definition) -> web.Response:
    """No consent: nothing is kept, and the page says what the team around the person must do (R-FLOW-019)."""
    if register.consent is None:
        raise web.HTTPInternalServerError
    ways = {"again": address(register, PATHS["submit"]), "home": address(register, "home/")}
    return await show(request, "records/refused.html", status=409, register=register, **ways)
