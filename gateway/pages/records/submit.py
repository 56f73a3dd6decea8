"""Adding a person to a register: the form, its errors, the consent refusal and the receipt."""

import contextlib
import json
from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS, VISITOR
from gateway.pages.account.no_organisation import without_organisation
from gateway.pages.records.draft_state import (
    OVERTAKEN,
    added_panel,
    draft_fields,
    draft_seen,
    first_seen,
    newer_panel,
    save_address,
)
from gateway.pages.records.ending import (
    ANSWER,
    CANCEL,
    CONFIRM,
    show_first_confirmation,
    with_day_before,
)
from gateway.pages.records.likely_duplicate import show_matches, unseen_duplicate
from gateway.pages.records.lookup import find_record
from gateway.pages.records.receipt import receipt_of
from gateway.security.ids import command_in, sent_id
from gateway.ui.actions import ask, see_other, show_why, without_answer
from gateway.ui.form import Form, Posted
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import RegisterForm, draw, hidden_fields, mark, typed
from gateway.ui.render import show, show_part
from gateway.ui.table import Cell
from shared.clock import london_today
from shared.contracts.referrals.drafts import DRAFT_DAYS, DiscardDraft, DraftChanged, DraftShown
from shared.contracts.referrals.saving import MOST_ALIKE, Duplicate, LikelyDuplicate, SubmitRecord, SubmittedBefore
from shared.messages import NotAnswered, Refused
from shared.registers.definition.lifecycle import Passage
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.person import name_typed
from shared.registers.form.reading import Checked, Raw, read_answers
from shared.registers.load import UnknownRegister

FIELD, SEEN = "duplicate", "duplicate-seen"
ADD, BACK = "add", "back"
CLOSING = "closing"  # the answer to the question whether to close a form without saving
CHOICES = {"field": FIELD, "add": ADD, "back": BACK, "seen": SEEN}
UPDATE_CHOICES = CHOICES | {"act": "save"}


def new_form(request: web.Request, command: UUID | None = None, raw: Raw | None = None) -> RegisterForm:
    """Return the form that adds a record. Its command id is also the id of its draft."""
    register = request[REGISTER]
    drawn = draw(register.form, register.words, raw)
    drawn.form.command = command or drawn.form.command
    return drawn


def stay_in_edition(request: web.Request, posted: Posted) -> Definition:
    """
    Use the edition in which the form was opened, for the rest of this request, and return it.

    A newer edition may not ask what the user has answered already. Without a known edition it is the newest.
    """
    code, edition = request[REGISTER].code, str(posted.get("edition", ""))
    with contextlib.suppress(UnknownRegister):
        request[REGISTER] = request.config_dict[REGISTERS].find(code, edition)
    return request[REGISTER]


async def submit_record(request: web.Request) -> web.Response:
    """Add the record. The form is drawn only if it is shown again."""
    posted = await request.post()
    register = stay_in_edition(request, posted)
    raw, command = typed(posted, register.form), command_in(posted)
    if goes_back(posted):
        return await show_new(request, new_form(request, command, raw))
    if posted.get(ANSWER) == CANCEL:
        return await show_new(request, new_form(request, command, with_day_before(register, raw, {})))
    checked = read_answers(register.form, raw, register.words, london_today())
    if consent_verdict(register, checked.answers) == "refused":
        return await refuse_consent(request, command, raw)
    if not checked.ok:
        return await _show_faults(request, new_form(request, command, raw), checked)
    submission = SubmitRecord(
        command_id=command,
        edition=register.edition,
        answers=dict(checked.answers),
        duplicates_seen=seen_in(posted),
        confirmed=posted.get(ANSWER) == CONFIRM,
        sure=checked.sure,
        draft=draft_seen(posted),
    )
    try:
        receipt = await ask(request, submission)
    except (Refused, NotAnswered) as failure:
        return await _show_failure(request, new_form(request, command, raw), failure, raw, answered_in(posted))
    return see_other(register.record_address(receipt.record_id, "added/"))


def seen_in(posted: Posted) -> tuple[UUID, ...]:
    """Return the matches that the user has seen and says are other people. Raise 400 for a malformed form."""
    if posted.get(FIELD) != ADD:
        return ()
    return tuple(sent_id(each) for each in posted.getall(SEEN, [])[:MOST_ALIKE])


def goes_back(posted: Posted) -> bool:
    return posted.get(FIELD) == BACK


def answered_in(posted: Posted) -> list[tuple[str, str]]:
    """Return the user's answers to the questions asked before, so that the next page repeats them."""
    seen = [(FIELD, ADD), *((SEEN, each.hex) for each in seen_in(posted))] if posted.get(FIELD) == ADD else []
    confirmed = [(ANSWER, CONFIRM)] if posted.get(ANSWER) == CONFIRM else []
    return [*seen, *confirmed, *draft_fields(draft_seen(posted))]


async def _show_faults(request: web.Request, drawn: RegisterForm, checked: Checked) -> web.Response:
    mark(drawn, checked)
    drawn.form.status = 422
    return await show_new(request, drawn)


async def added(request: web.Request) -> web.Response:
    """Show the receipt: the reference, the next steps at this rating, and what to do in a crisis."""
    record = await find_record(request)
    receipt = receipt_of(request, request[REGISTER], record, is_new=True)
    href = request[REGISTER].record_address(record.record_id)
    return await show(request, "records/added.html", record=record, receipt=receipt, href=href)


async def show_new(
    request: web.Request, drawn: RegisterForm, draft: DraftShown | None = None, said: str = "", overtaken: Cell = ""
) -> web.Response:
    """
    Show the form, headed by the person's name once it is typed. `draft` is the draft that it continues.

    `overtaken` warns that another page saved or sent it. A page that answers a POST has seen the draft as before.
    """
    register = request[REGISTER]
    seen = draft_seen(await request.post()) if request.method == "POST" else first_seen(draft.version if draft else 0)
    typed_names = {name: drawn.form.value(name) for name in register.person.values()}
    name = name_typed(register, typed_names) or (register.words("draft.unnamed") if draft else "")
    started = register.words("draft.state", when=day_and_time(draft.draft.started_at)) if draft else ""
    facts = [(register.words("draft.label"), started)] if started else []
    return await show(
        request,
        "records/new.html",
        form=drawn.form,
        holes={
            "identity": show_part(request, "records/identity.html", name=name, facts=facts) if name else "",
            "overtaken": overtaken,
            **dict(draft_fields(seen)),
        },
        no_organisation=without_organisation(register, request[VISITOR]),
        drawing=drawn.drawing,
        said=said,
        action=register.address(PATHS["submit"]),
        save_at=save_address(request),
        note=register.words("draft.note", count=DRAFT_DAYS),
        gate=gate_for_script(register),
    )


def gate_for_script(register: Definition) -> str:
    """
    Return the consent gate, with which the script shows at once that the person cannot be added; empty for none.

    A rule that goes by age is left open, because the script does not know the age. The service decides then.
    """
    consent = register.consent
    if consent is None or consent.gate == "off":
        return ""
    rules = [(list(rule.when), "open" if rule.goes_by_age else rule.verdict) for rule in consent.rules]
    return json.dumps({"rules": rules, "needed": sorted(consent.needed)})


def _refusals(register: Definition) -> dict[str, str]:
    words, email = register.words, register.contact.administrator_email
    return {
        "no_organisation": " ".join((words("home.no_organisation", email=email), words("form.then_again"))),
        "out_of_reach": words("form.out_of_reach"),
        "duplicate_unseen": unseen_duplicate(register),
        "draft_changed": words("draft.changed_heading"),
    }


async def _show_failure(
    request: web.Request,
    drawn: RegisterForm,
    failure: Refused | NotAnswered,
    raw: Raw,
    answered: Sequence[tuple[str, str]],
) -> web.Response:
    """Show why the record was not added, with everything that was typed. The draft keeps its id."""
    try:
        show_why(request, failure, drawn.form, _refusals(request[REGISTER]), renew=False)
    except Refused as refusal:
        return await _show_refused(request, drawn, refusal, raw, answered)
    return await show_new(request, drawn, overtaken=_overtaken(request, drawn.form))


def _overtaken(request: web.Request, form: Form) -> Cell:
    """Return the warning that goes with a refusal because of another page. Its text is in the form already."""
    details = form.reason.details if form.reason else None
    if isinstance(details, DraftChanged):
        form.refuse(request[REGISTER].words("draft.changed_heading"), status=409, at=OVERTAKEN)
        return newer_panel(request, form.command, details, is_sent=True)
    if isinstance(details, SubmittedBefore):
        form.refuse(request[REGISTER].words("draft.added_before"), status=409, at=OVERTAKEN)
        return added_panel(request, details.record_id)
    return ""


async def _show_refused(
    request: web.Request, drawn: RegisterForm, refusal: Refused, raw: Raw, answered: Sequence[tuple[str, str]]
) -> web.Response:
    """Show why the service refused the record, with everything that was typed."""
    register = request[REGISTER]
    edition = ("edition", register.edition)
    if refusal.code == "no_consent":
        return await show_refusal(request)
    if refusal.code == "confirm_ending":
        return await show_first_confirmation(request, register, drawn.form.command, raw, [*answered, edition])
    if not isinstance(refusal.details, LikelyDuplicate | Duplicate):
        drawn.form.refuse(register.words("form.unknown_question"), status=409)
        return await show_new(request, drawn)
    # The page itself asks about the matches again.
    confirmed = [edition, *(each for each in answered if each[0] not in (FIELD, SEEN))]
    try:
        page = await show_matches(request, register, refusal.details, drawn.form.command, raw, CHOICES, confirmed)
        drawn.form.refuse(register.words("duplicate.ended"), status=409)
    except NotAnswered as unanswered:
        page = None
        drawn.form.refuse(without_answer(register.words, unanswered), status=503)
    return page or await show_new(request, drawn)


async def refuse_consent(request: web.Request, command: UUID, raw: Raw) -> web.Response:
    """
    Ask once before what was typed is deleted, because an answer may be a slip. The page holds all that was typed.

    Then delete the draft first, so that the next page is true when it says that nothing is kept.
    """
    posted = await request.post()
    if posted.get(CLOSING) == BACK:
        return await show_new(request, new_form(request, command, raw))
    if posted.get(CLOSING) == CONFIRM:
        await ask(request, DiscardDraft(draft_id=command))
        return await show_refusal(request)
    own = [("command", command.hex), ("edition", request[REGISTER].edition), *draft_fields(draft_seen(posted))]
    return await show(
        request,
        "records/closing.html",
        status=409,
        refusal=_refusal_of(request[REGISTER]),
        action=request[REGISTER].address(PATHS["submit"]),
        fields=[*hidden_fields(raw), *own],
        choices={"field": CLOSING, "confirm": CONFIRM, "back": BACK},
    )


def _refusal_of(register: Definition) -> Passage:
    if register.consent is None:
        raise web.HTTPInternalServerError
    return register.consent.refusal


async def show_refusal(request: web.Request) -> web.Response:
    """Show that nothing is kept without consent, and what the team around the person must do (R-FLOW-019)."""
    register, refusal = request[REGISTER], _refusal_of(request[REGISTER])
    again, home = register.address(PATHS["submit"]), register.address("home/")
    return await show(request, "records/refused.html", status=409, refusal=refusal, again=again, home=home)
