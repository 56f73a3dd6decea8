"""Drafts of the form that adds a record: saved while a user types, and offered by name but never filled in unasked."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from markupsafe import Markup
from pydantic import ValidationError

from gateway.keys import REGISTER
from gateway.pages.records.draft_state import (
    OVERTAKEN,
    added_panel,
    discarded_panel,
    draft_fields,
    draft_seen,
    first_seen,
    newer_panel,
)
from gateway.pages.records.submit import new_form, refuse_consent, show_new
from gateway.security.ids import command_in, id_in, id_of
from gateway.ui.actions import ask, ask_if_there, attempt, notice, see_other
from gateway.ui.form import Form
from gateway.ui.formats import day_and_time, time_of_day
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import typed
from gateway.ui.render import show
from shared.clock import london_today
from shared.contracts.referrals.drafts import (
    DRAFT_DAYS,
    DiscardDraft,
    DraftChanged,
    DraftNamed,
    DraftSaved,
    DraftSeen,
    DraftSent,
    ListDrafts,
    ReadDraft,
    SaveDraft,
    TooManyDrafts,
    Typed,
)
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.reading import read_answers

FRAGMENT = "X-Fragment"  # sent by the script, which wants values and no page


@dataclass(frozen=True, repr=False)
class Offered:
    """A draft as a page offers it: name, date, and links to continue or discard it."""

    name: str
    found: str
    carry_on: str
    discard: str


async def drafts_of(request: web.Request) -> list[Offered]:
    """Return the visitor's own drafts; none if they are unavailable, which must not prevent a new form."""
    found = await ask_if_there(request, ListDrafts())
    return [_offered(request[REGISTER], draft) for draft in (found.drafts if found else ())]


def _offered(register: Definition, draft: DraftNamed) -> Offered:
    new, words = register.address(PATHS["submit"]), register.words
    name = draft.name or words("draft.unnamed")
    return Offered(
        name=name,
        found=words("draft.found", name=name, when=day_and_time(draft.started_at)),
        carry_on=f"{new}?draft={draft.draft_id.hex}",
        discard=f"{new}/discard/{draft.draft_id.hex}/",
    )


async def new_record(request: web.Request) -> web.Response:
    """Show the empty form, or first a choice of the visitor's drafts."""
    register = request[REGISTER]
    if "draft" in request.query:
        return await _carry_on(request, register, id_of(request.query["draft"]))
    said = notice(request, {"discarded": register.words("draft.discarded")})
    found = [] if "start" in request.query else await drafts_of(request)
    if not found:
        return await show_new(request, new_form(request), said=said)
    return await show(
        request,
        "records/drafts.html",
        drafts=found,
        start=register.address(PATHS["submit"]) + "?start",
        note=register.words("draft.note", count=DRAFT_DAYS),
        said=said,
    )


async def _carry_on(request: web.Request, register: Definition, draft_id: UUID) -> web.Response:
    """
    Fill the form in force with the draft. A notice says if the form has a new edition since.

    If the draft was sent in the meantime, show what it added.
    """
    try:
        shown = await ask(request, ReadDraft(draft_id=draft_id))
    except Refused as refusal:
        if not (isinstance(refusal.details, DraftSent) and refusal.details.record_id):
            raise
        return see_other(register.record_address(refusal.details.record_id), "added")
    drawn = new_form(request, draft_id, shown.typed)
    if shown.edition != register.edition:
        drawn.form.refuse(register.words("form.unknown_question"))
    said = notice(request, {"saved": register.words("draft.saved")})
    return await show_new(request, drawn, draft=shown, said=said)


async def save_draft(request: web.Request) -> web.Response:
    """Save the draft without checking its answers. Reply to a script with values, to a button with a page."""
    register, posted = request[REGISTER], await request.post()
    raw = typed(posted, register.form)
    drawn = new_form(request, command_in(posted), raw)
    checked = read_answers(register.form, raw, register.words, london_today())
    if consent_verdict(register, checked.answers) == "refused" and FRAGMENT not in request.headers:
        return await refuse_consent(request, drawn.form.command, raw)
    saved = await _save(request, drawn.form, draft_seen(posted), raw)
    panel = _overtaken(request, drawn.form)
    if FRAGMENT in request.headers:
        return _told(register.words, drawn.form, saved, panel)
    if saved is None:
        return await show_new(request, drawn, overtaken=panel)
    return see_other(f"{register.address(PATHS['submit'])}?draft={drawn.form.command.hex}", "saved")


async def _save(request: web.Request, form: Form, seen: DraftSeen, raw: Typed) -> DraftSaved | None:
    """Return what was saved. None if nothing was; the form then says why."""
    register = request[REGISTER]
    words = register.words
    try:
        draft = SaveDraft(draft_id=form.command, edition=register.edition, typed=raw, seen=seen)
        saved = await attempt(request, draft, form, _refusals(words), renew=False)
    except ValidationError:
        saved = None
        form.refuse(words("draft.too_big"), status=409)
    if form.reason and isinstance(form.reason.details, TooManyDrafts):
        form.refuse(words("draft.too_many", count=form.reason.details.most), status=409)
    return saved


def _overtaken(request: web.Request, form: Form) -> Markup:
    """Return the warning that another page saved, sent or discarded the draft; empty if none did."""
    details = form.reason.details if form.reason else None
    if isinstance(details, DraftChanged):
        panel = newer_panel(request, form.command, details)
    elif isinstance(details, DraftSent):
        panel = added_panel(request, details.record_id)
    elif form.reason and form.reason.code == "discarded":
        panel = discarded_panel(request)
    else:
        return Markup()
    form.refuse(form.refusal, status=409, at=OVERTAKEN)
    return panel


def _told(words: Words, form: Form, saved: DraftSaved | None, panel: Markup) -> web.Response:
    """
    Answer a script: the sentence to show, the warning, and what the page knows of its draft from now on.

    A refusal is an answer like any other, so that a browser reports no error. A service that is unavailable is not.
    """
    failed = words("draft.not_saved") if form.status == 503 else form.refusal
    said = words("draft.saved_at", when=time_of_day(saved.saved_at)) if saved else failed
    now = dict(draft_fields(first_seen(saved.version))) if saved else {}
    told = {"is_saved": saved is not None, "said": said, "panel": panel, **now}
    return web.json_response(told, status=503 if form.status == 503 else 200)


def _refusals(words: Words) -> dict[str, str]:
    return {
        "no_consent": words("draft.no_consent"),
        "sent": words("draft.added_status"),
        "discarded": words("draft.gone"),
        "draft_changed": words("draft.changed_status"),
        "too_big": words("draft.too_big"),
        "too_many": words.unfilled("draft.too_many"),
        "unknown_edition": words("form.unknown_question"),
    }


async def ask_first(request: web.Request) -> web.Response:
    """Ask for confirmation: a discarded draft cannot be restored."""
    register = request[REGISTER]
    draft_id = id_in(request, "draft")
    try:
        shown = await ask(request, ReadDraft(draft_id=draft_id))
    except Refused as refusal:
        if not isinstance(refusal.details, DraftSent):
            raise
        return await _carry_on(request, register, draft_id)
    back = register.address(PATHS["submit"])
    offered = _offered(register, shown.draft)
    return await show(request, "records/discard.html", draft=offered, back=back)


async def discard(request: web.Request) -> web.Response:
    await ask(request, DiscardDraft(draft_id=id_in(request, "draft")))
    return see_other(request[REGISTER].address(PATHS["submit"]), "discarded")
