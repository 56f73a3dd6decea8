"""Drafts of forms that add a record: saved while somebody types, and offered by name, never filled in by themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from gateway.commands import command_in, new_command, without_answer
from gateway.ids import id_of
from gateway.keys import REGISTER
from gateway.navigation import PATHS, address
from gateway.page import see_other, show
from gateway.pages.records.submitting import refuse_consent, show_new
from gateway.register_form import draw, typed
from gateway.showing import LONDON, day_and_time
from gateway.visitor import ask
from shared.contracts.referrals import (
    DRAFT_DAYS,
    DiscardDraft,
    DraftNamed,
    DraftSaved,
    ListDrafts,
    ReadDraft,
    SaveDraft,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.registers.definition import Definition, Words
from shared.registers.form import Raw

FRAGMENT = "X-Fragment"  # the script wants the sentence alone
AWAY = frozenset({Fault.UNAVAILABLE, Fault.BUSY, Fault.TOO_LATE})


@dataclass(frozen=True)
class Offered:
    """A draft as a page offers it: whose and since when, and where to go on with it or discard it."""

    name: str
    found: str
    carry_on: str
    discard: str


async def drafts_of(request: web.Request) -> list[Offered]:
    """The visitor's own; none while they cannot be had, which must not stand in the way of starting anew."""
    try:
        found = await ask(request, ListDrafts())
    except NotAnswered as unanswered:
        if unanswered.fault not in AWAY:
            raise
        return []
    return [_offered(request[REGISTER], draft) for draft in found.drafts]


def _offered(register: Definition, draft: DraftNamed) -> Offered:
    new, words = address(register, PATHS["submit"]), register.words.draft
    name = draft.name or words.unnamed
    return Offered(
        name=name,
        found=words.found.format(name=name, when=day_and_time(draft.started_at)),
        carry_on=f"{new}?draft={draft.draft_id.hex}",
        discard=f"{new}/discard/{draft.draft_id.hex}/",
    )


async def new_record(request: web.Request) -> web.Response:
    """The empty form, or first what was started before."""
    register = request[REGISTER]
    if "draft" in request.query:
        return await _carry_on(request, register, id_of(request.query["draft"]))
    said = register.words.draft.discarded if request.query.get("Msg") == "discarded" else ""
    found = [] if "start" in request.query else await drafts_of(request)
    if not found:
        return await show_new(request, register, draw(register.form, register.words), new_command(), said=said)
    return await show(
        request,
        "records/drafts.html",
        register=register,
        drafts=found,
        start=address(register, PATHS["submit"]) + "?start",
        note=register.words.draft.note.format(count=DRAFT_DAYS),
        said=said,
    )


async def _carry_on(request: web.Request, register: Definition, draft_id: UUID) -> web.Response:
    """In the form as it is now: where it has changed since, the page says so."""
    shown = await ask(request, ReadDraft(draft_id=draft_id))
    drawn = draw(register.form, register.words, shown.typed)
    if shown.edition != register.edition:
        drawn.form.refuse(register.words.form.unknown_question)
    said = register.words.draft.saved if request.query.get("Msg") == "saved" else ""
    return await show_new(request, register, drawn, draft_id, draft=shown.draft, said=said)


async def save_draft(request: web.Request) -> web.Response:
    """Nothing is checked. A script is answered in a sentence, a button with the page."""
    register = request[REGISTER]
    posted = await request.post()
    command, raw = command_in(posted.get("command", "")), typed(posted, register.form)
    try:
        saved = await ask(request, SaveDraft(draft_id=command, edition=register.edition, typed=raw))
    except Refused as refusal:
        return await _not_saved(request, register, command, raw, refusal)
    except ValidationError:
        return await _not_saved(request, register, command, raw, Refused("too_big"))
    except NotAnswered as unanswered:
        return await _not_answered(request, register, command, raw, unanswered)
    if FRAGMENT in request.headers:
        return web.Response(text=register.words.draft.saved_at.format(when=_time(saved)))
    return see_other(f"{address(register, PATHS['submit'])}?draft={command.hex}&Msg=saved")


def _time(saved: DraftSaved) -> str:
    moment: datetime = saved.saved_at.astimezone(LONDON)
    return f"{moment:%H:%M}"


async def _not_saved(
    request: web.Request, register: Definition, command: UUID, raw: Raw, refusal: Refused
) -> web.Response:
    said = _said(register.words, refusal)
    if FRAGMENT in request.headers:
        return web.Response(text=said, status=409)
    if refusal.code == "no_consent":
        return await refuse_consent(request, register, command)
    drawn = draw(register.form, register.words, raw)
    drawn.form.refuse(said)
    return await show_new(request, register, drawn, command, 409)


def _said(words: Words, refusal: Refused) -> str:
    said = {
        "no_consent": words.draft.no_consent,
        "sent": words.draft.closed,
        "discarded": words.draft.closed,
        "too_big": words.draft.too_big,
        "too_many": words.draft.too_many.format(count=refusal.details.get("most", "")),
        "unknown_edition": words.form.unknown_question,
    }
    if refusal.code not in said:
        raise refusal
    return said[refusal.code]


async def _not_answered(
    request: web.Request, register: Definition, command: UUID, raw: Raw, unanswered: NotAnswered
) -> web.Response:
    if FRAGMENT in request.headers:
        return web.Response(text=register.words.draft.not_saved, status=503)
    drawn = draw(register.form, register.words, raw)
    drawn.form.refuse(without_answer(register.words, unanswered))
    return await show_new(request, register, drawn, command, 503)


async def ask_first(request: web.Request) -> web.Response:
    """Discarding cannot be undone."""
    register, draft_id = request[REGISTER], id_of(request.match_info["draft"])
    shown = await ask(request, ReadDraft(draft_id=draft_id))
    back = address(register, PATHS["submit"])
    offered = _offered(register, shown.draft)
    return await show(request, "records/discard.html", register=register, draft=offered, back=back)


async def discard(request: web.Request) -> web.Response:
    await ask(request, DiscardDraft(draft_id=id_of(request.match_info["draft"])))
    return see_other(f"{address(request[REGISTER], PATHS['submit'])}?Msg=discarded")
