"""Saving one person's minutes: while they are typed, and with what was decided and reviewed."""

from dataclasses import dataclass
from uuid import uuid5

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.pages.meetings.addresses import item_address, meeting_address, meeting_id_in, meeting_register
from gateway.pages.meetings.item_page import (
    INTEREST,
    SheetState,
    overtaken_part,
    show_sheet,
    show_shut,
    state_of_sheet,
)
from gateway.pages.meetings.item_parts import FoundItem, find_item
from gateway.pages.meetings.merging import bring_together, is_own
from gateway.pages.meetings.minutes_form import (
    DrawnItem,
    MinutesForm,
    draft_answers,
    draw_item,
    filled,
    minutes_form,
    read_review,
    review_beside,
    typed_review,
)
from gateway.pages.records.draft_state import OVERTAKEN, SAVE, VERSION
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import command_in, id_or_none, sent_id
from gateway.ui.actions import ask, see_other, show_why
from gateway.ui.form import Form, Posted, sent_number
from gateway.ui.formats import time_of_day
from gateway.ui.register_form import RegisterForm, mark, typed
from gateway.ui.render import show
from shared.clock import london_today
from shared.contracts.meetings import MinutesReceipt, ReadItem, SaveMinutes
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.saving import ReviewRecord
from shared.ids import new_id
from shared.messages import NotAnswered, Refused
from shared.registers.definition.words import Words
from shared.registers.form.reading import Checked, Raw, read_answers
from shared.registers.form.showing import as_text

FRAGMENT = "X-Fragment"  # sent by the script, which wants values and no page
NEXT = "next"
BEHIND = frozenset({"conflict", "command_reused"})  # another save came first, of the same user or another


@dataclass(frozen=True, repr=False)
class SentMinutes:
    """The form of an item as it was sent."""

    posted: Posted
    asked: MinutesForm
    raw: Raw
    checked: Checked
    version: int
    was_done: bool

    def command(self, request: web.Request, *, done: bool) -> SaveMinutes:
        """Return the command that saves this: as decided, or as it was typed."""
        answers = self.checked.answers if done else draft_answers(self.asked.questions, self.raw, self.checked)
        return SaveMinutes(
            command_id=new_id(),
            meeting_id=meeting_id_in(request),
            record_id=record_id_in(request),
            version=self.version,
            edition=self.asked.edition,
            answers=answers,
            done=done,
        )


async def _sent(request: web.Request) -> SentMinutes:
    register, posted = meeting_register(request), await request.post()
    asked = minutes_form(request, str(posted.get("edition", "")), {})
    raw = typed(posted, asked.questions)
    checked = read_answers(asked.questions, raw, register.words, london_today())
    return SentMinutes(posted, asked, raw, checked, sent_number(posted, VERSION), posted.get("was_done") == "yes")


# ---------------------------------------------------------------------------------------------------------- drafts
async def save_draft(request: web.Request) -> web.Response:
    """
    Save what is typed, without checking it. Answer a script with values, and a button with a page.

    Minutes that are done stay so while they have every answer they need.
    """
    sent, words = await _sent(request), request[REGISTER].words
    draft = sent.command(request, done=sent.was_done and sent.checked.ok)
    draft = draft.model_copy(update={"command_id": id_or_none(sent.posted.get(SAVE)) or new_id()})
    form, panel = Form(()), Markup()
    try:
        saved = await _save_own(request, draft, sent)
    except (Refused, NotAnswered) as failure:
        saved = None
        show_why(request, failure, form, _refusals(words), renew=False)
        if isinstance(failure, Refused) and failure.code in BEHIND:
            panel = await _panel(request)
    if FRAGMENT not in request.headers:
        if saved:
            return see_other(_here(request), "draft")
        return await _show_unsaved(request, sent, form)
    return _told(words, form, saved, panel)


def _told(words: Words, form: Form, saved: MinutesReceipt | None, panel: Markup) -> web.Response:
    """Answer a script: the sentence to show, the warning, and what the page knows of the minutes from now on."""
    failed = words("draft.not_saved") if form.status == 503 else form.refusal
    said = words("meetings.saved_at", when=time_of_day(saved.saved_at)) if saved else failed
    now = {VERSION: str(saved.version), SAVE: new_id().hex} if saved else {}
    told = {"is_saved": saved is not None, "said": said, "panel": panel, **now}
    return web.json_response(told, status=503 if form.status == 503 else 200)


async def _save_own(request: web.Request, command: SaveMinutes, sent: SentMinutes) -> MinutesReceipt:
    """
    Save the minutes. If the user's own earlier save is all that came first, save over it.

    That happens when the answer to it was lost: the page does not know of it, and everything in it is typed here.
    """
    try:
        return await ask(request, command)
    except Refused as refusal:
        if refusal.code not in BEHIND:
            raise
        found = await ask(request, ReadItem(meeting_id=command.meeting_id, record_id=command.record_id))
        if not is_own(found.minutes, command.answers, sent.asked.questions, request[VISITOR].full_name):
            raise
    again = command.model_copy(update={"command_id": new_id(), "version": found.minutes.version})
    return await ask(request, again)


async def _panel(request: web.Request) -> Markup:
    found = await ask(request, ReadItem(meeting_id=meeting_id_in(request), record_id=record_id_in(request)))
    return overtaken_part(request, found.minutes)


# -------------------------------------------------------------------------------------------------- save, and next
async def save_item(request: web.Request) -> web.Response:
    """
    Save the minutes as decided, then what changed about the rating and the next review.

    The two are saved by two services. If the second refuses, the page says what was saved and what was not.
    """
    sent = await _sent(request)
    try:
        found = await find_item(request)
    except Refused as refusal:
        if refusal.code != INTEREST:
            raise
        return await show_shut(request)
    command = command_in(sent.posted)
    drawn = _drawn(request, found, sent)
    drawn.form.command = command
    record_version = sent_number(sent.posted, "record_version")
    mark(RegisterForm(drawn.drawing, drawn.form, request[REGISTER].words), sent.checked)
    review = read_review(drawn.form, review_beside(found.register, found.record), record_version)
    state = SheetState(sent.version, record_version, sent.was_done)
    if drawn.form.summary:
        return await show_sheet(request, found, sent.asked, drawn, state)
    decided = sent.command(request, done=True).model_copy(update={"command_id": uuid5(command, SAVE)})
    try:
        saved = await _save_own(request, decided, sent)
    except (Refused, NotAnswered) as failure:
        return await _show_not_saved(request, sent, drawn, state, failure)
    if review:
        state = SheetState(saved.version, record_version, saved.is_done)
        if shown := await _review(request, sent, drawn, state, review):
            return shown
    return _go_on(request, sent)


def _drawn(request: web.Request, found: FoundItem, sent: SentMinutes, raw: Raw | None = None) -> DrawnItem:
    beside = review_beside(found.register, found.record)
    typed_in = sent.raw if raw is None else raw
    return draw_item(request[REGISTER], sent.asked, typed_in, beside, typed_review(sent.posted))


async def _review(
    request: web.Request, sent: SentMinutes, drawn: DrawnItem, state: SheetState, review: ReviewRecord
) -> web.Response | None:
    """Record the review. If that fails, return the page, which says that the minutes are saved and why this is not."""
    words = request[REGISTER].words
    try:
        await ask(request, review)
    except (Refused, NotAnswered) as failure:
        show_why(request, failure, drawn.form, _review_refusals(words))
        drawn.form.refuse(" ".join((words("meetings.minutes_saved"), drawn.form.refusal)), status=drawn.form.status)
        found = await find_item(request)
        is_answered = isinstance(failure, Refused)
        version = found.record.version if found.record and is_answered else state.record_version
        now = SheetState(state.minutes_version, version, state.was_done)
        return await show_sheet(request, found, sent.asked, drawn, now)
    return None


def _go_on(request: web.Request, sent: SentMinutes) -> web.Response:
    """Go on to the next person, to the agenda after the last one, or back to this one."""
    register, meeting_id = meeting_register(request), meeting_id_in(request)
    if sent.posted.get("act") != NEXT:
        return see_other(_here(request), "saved")
    after = str(sent.posted.get("after", ""))
    if not after:
        return see_other(meeting_address(register, meeting_id), "all_done")
    return see_other(item_address(register, meeting_id, sent_id(after)), "saved")


async def _show_not_saved(
    request: web.Request, sent: SentMinutes, drawn: DrawnItem, state: SheetState, failure: Refused | NotAnswered
) -> web.Response:
    """Show why the minutes were not saved, with everything that was typed."""
    words = request[REGISTER].words
    if isinstance(failure, Refused):
        if failure.code in BEHIND:
            return await _show_overtaken(request, sent)
        if failure.code == INTEREST:
            return await show_shut(request)
        if failure.code in ("closed", "not_found"):
            return await _show_over(request, sent)
    show_why(request, failure, drawn.form, _refusals(words))
    return await show_sheet(request, await find_item(request), sent.asked, drawn, state)


async def _show_overtaken(request: web.Request, sent: SentMinutes) -> web.Response:
    """Show both users' minutes: what is saved in a warning, and in the form what both wrote."""
    words = request[REGISTER].words
    found = await find_item(request)
    saved = found.item.minutes
    answers: Answers = draft_answers(sent.asked.questions, sent.raw, sent.checked)
    both = bring_together(sent.asked.questions, saved.answers, answers)
    minutes = saved.model_copy(update={"answers": both.answers})
    drawn = _drawn(request, found, sent, filled(sent.asked.questions, minutes))
    drawn.form.refuse(words("meetings.both_kept"), status=409, at=OVERTAKEN)
    state = state_of_sheet(found, overtaken_part(request, saved))
    return await show_sheet(request, found, sent.asked, drawn, state)


async def _show_unsaved(request: web.Request, sent: SentMinutes, form: Form) -> web.Response:
    """Show a draft again that the button could not save."""
    if form.reason and form.reason.code in BEHIND:
        return await _show_overtaken(request, sent)
    if form.reason and form.reason.code == INTEREST:
        return await show_shut(request)
    if form.reason and form.reason.code in ("closed", "not_found"):
        return await _show_over(request, sent)
    found = await find_item(request)
    drawn = _drawn(request, found, sent)
    drawn.form.refuse(form.refusal, status=form.status)
    state = SheetState(sent.version, sent_number(sent.posted, "record_version"), sent.was_done)
    return await show_sheet(request, found, sent.asked, drawn, state)


async def _show_over(request: web.Request, sent: SentMinutes) -> web.Response:
    """Show what was typed, to be copied: the meeting was closed meanwhile, and its minutes are final."""
    register = meeting_register(request)
    answers = draft_answers(sent.asked.questions, sent.raw, sent.checked)
    return await show(
        request,
        "meetings/over.html",
        status=409,
        rows=as_text(sent.asked.questions, answers),
        back=meeting_address(register, meeting_id_in(request)),
        item=_here(request),
    )


def _here(request: web.Request) -> str:
    return item_address(meeting_register(request), meeting_id_in(request), record_id_in(request))


def _refusals(words: Words) -> dict[str, str]:
    said = words.group("meetings.notices")
    return {
        "closed": said["closed"],
        "not_started": said["not_started"],
        "not_found": words("meetings.not_found"),
        "interest": words("meetings.interest_shut"),
        "conflict": words("meetings.overtaken_status"),
        "command_reused": words("meetings.overtaken_status"),
        "invalid_answers": words("meetings.too_long"),
        "unknown_edition": words("form.unknown_question"),
    }


def _review_refusals(words: Words) -> dict[str, str]:
    return {
        "conflict": words("meetings.review_conflict"),
        "archived": words("meetings.review_archived"),
        "not_found": words("meetings.review_archived"),
        "not_yours": words("meetings.rating_read_only"),
        "no_rating": words("meetings.review_refused"),
        "invalid_answers": words("meetings.review_refused"),
        "unknown_edition": words("meetings.review_refused"),
        "command_reused": words("meetings.review_conflict"),
    }
