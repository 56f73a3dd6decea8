"""Drafts of the form that adds a record: saved while a user types, and offered by name but never filled in unasked."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from gateway.keys import REGISTER
from gateway.pages.records.submit import new_form, refuse_consent, show_new
from gateway.security.ids import command_in, id_in, id_of
from gateway.ui.actions import ask, ask_if_there, attempt, notice, see_other
from gateway.ui.formats import day_and_time, time_of_day
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import typed
from gateway.ui.render import show
from shared.contracts.referrals.drafts import (
    DRAFT_DAYS,
    DiscardDraft,
    DraftNamed,
    ListDrafts,
    ReadDraft,
    SaveDraft,
    TooManyDrafts,
)
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

FRAGMENT = "X-Fragment"  # sent by the script, which wants only the sentence


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
    """Fill the form in force with the draft. A notice says if the form has a new edition since."""
    shown = await ask(request, ReadDraft(draft_id=draft_id))
    drawn = new_form(request, draft_id, shown.typed)
    if shown.edition != register.edition:
        drawn.form.refuse(register.words("form.unknown_question"))
    said = notice(request, {"saved": register.words("draft.saved")})
    return await show_new(request, drawn, draft=shown.draft, said=said)


async def save_draft(request: web.Request) -> web.Response:
    """Save the draft without checking its answers. Reply to a script with a sentence, to a button with a page."""
    register, posted = request[REGISTER], await request.post()
    words, raw = register.words, typed(posted, register.form)
    drawn = new_form(request, command_in(posted), raw)
    form = drawn.form
    try:
        draft = SaveDraft(draft_id=form.command, edition=register.edition, typed=raw)
        saved = await attempt(request, draft, form, _refusals(register.words), renew=False)
    except ValidationError:
        saved = None
        form.refuse(words("draft.too_big"), status=409)
    if form.reason and isinstance(form.reason.details, TooManyDrafts):
        form.refuse(words("draft.too_many", count=form.reason.details.most), status=409)
    if FRAGMENT in request.headers:
        failed = words("draft.not_saved") if form.status == 503 else form.refusal
        said = words("draft.saved_at", when=time_of_day(saved.saved_at)) if saved else failed
        return web.Response(text=said, status=form.status)
    if form.reason and form.reason.code == "no_consent":
        return await refuse_consent(request, form.command)
    if saved is None:
        return await show_new(request, drawn)
    return see_other(f"{register.address(PATHS['submit'])}?draft={form.command.hex}", "saved")


def _refusals(words: Words) -> dict[str, str]:
    return {
        "no_consent": words("draft.no_consent"),
        "sent": words("draft.closed"),
        "discarded": words("draft.closed"),
        "too_big": words("draft.too_big"),
        "too_many": words.unfilled("draft.too_many"),
        "unknown_edition": words("form.unknown_question"),
    }


async def ask_first(request: web.Request) -> web.Response:
    """Ask for confirmation: a discarded draft cannot be restored."""
    register = request[REGISTER]
    shown = await ask(request, ReadDraft(draft_id=id_in(request, "draft")))
    back = register.address(PATHS["submit"])
    offered = _offered(register, shown.draft)
    return await show(request, "records/discard.html", draft=offered, back=back)


async def discard(request: web.Request) -> web.Response:
    await ask(request, DiscardDraft(draft_id=id_in(request, "draft")))
    return see_other(request[REGISTER].address(PATHS["submit"]), "discarded")
