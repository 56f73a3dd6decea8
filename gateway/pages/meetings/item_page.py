"""The page of one person at a meeting: what is known, the form of the minutes, and the rating."""

from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import item_address, meeting_address, meeting_register
from gateway.pages.meetings.item_parts import FoundItem, about_item, find_item, neighbours_of, shown_minutes
from gateway.pages.meetings.minutes_form import (
    DrawnItem,
    MinutesForm,
    draw_item,
    filled,
    minutes_form,
    review_beside,
    review_fields,
    review_values,
)
from gateway.pages.records.draft_state import SAVE, VERSION
from gateway.ui.actions import notice
from gateway.ui.form import Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.render import show, show_part
from shared.contracts.meetings import Minutes
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.register import Definition

INTEREST = "interest"
ADDENDUM = "addendum"


@dataclass(frozen=True, repr=False)
class SheetState:
    """
    What the form of an item holds besides what was typed: the versions that were read, and whether they were done.

    `overtaken` warns that another user saved the minutes meanwhile.
    """

    minutes_version: int
    record_version: int
    was_done: bool
    overtaken: Markup = field(default_factory=Markup)
    save_id: UUID = field(default_factory=new_id)


async def show_item(request: web.Request) -> web.Response:
    """Show the item: with the form while the meeting goes on, else to read."""
    register = meeting_register(request)
    try:
        found = await find_item(request)
    except Refused as refusal:
        if refusal.code != INTEREST:
            raise
        return await show_shut(request)
    if found.item.meeting.state != "in_progress":
        return await show_read_only(request, found, addendum_form(register))
    minutes = found.item.minutes
    asked = minutes_form(request, minutes.edition, minutes.answers)
    beside = review_beside(found.register, found.record)
    values = review_values(beside, is_done=minutes.is_done) if beside else {}
    drawn = draw_item(register, asked, filled(asked.questions, minutes), beside, values)
    return await show_sheet(request, found, asked, drawn, state_of_sheet(found))


def state_of_sheet(found: FoundItem, overtaken: Markup | None = None) -> SheetState:
    """Return the state of a page that shows everything as it is saved now."""
    record = found.record.version if found.record else 0
    minutes = found.item.minutes
    return SheetState(minutes.version, record, minutes.is_done, overtaken or Markup())


async def show_sheet(
    request: web.Request, found: FoundItem, asked: MinutesForm, drawn: DrawnItem, state: SheetState
) -> web.Response:
    """Show the form of an item with what was typed."""
    register, item = meeting_register(request), found.item
    words, here = register.words, item_address(register, item.meeting.meeting_id, item.item.record_id)
    before, after = neighbours_of(register, item)
    beside = review_beside(found.register, found.record)
    return await show(
        request,
        "meetings/item.html",
        form=drawn.form,
        about=await about_item(request, found),
        reference=item.item.reference,
        meeting=item.meeting,
        said=notice(request, {"saved": words("meetings.saved"), "draft": words("meetings.draft_saved")}),
        drawing=drawn.drawing,
        review=[each.name for each in review_fields(beside)] if beside else [],
        read_only=words("meetings.rating_read_only") if found.record and not beside else "",
        edition=asked.edition,
        decision=asked.decision,
        state=state,
        names={"version": VERSION, "save": SAVE},
        saved_line=saved_line(register, item.minutes),
        before=before,
        after=after,
        after_id=item.after.hex if item.after else "",
        here=here,
        back=meeting_address(register, item.meeting.meeting_id),
    )


def saved_line(register: Definition, minutes: Minutes) -> str:
    """Return who saved the minutes last and when, and whether they are done; empty before the first save."""
    if minutes.saved_at is None:
        return ""
    words, when = register.words, day_and_time(minutes.saved_at)
    key = "meetings.done_by" if minutes.is_done else "meetings.draft_by"
    return words(key, name=minutes.saved_by, when=when)


async def show_read_only(request: web.Request, found: FoundItem, form: Form, status: int = 200) -> web.Response:
    """Show an item of a meeting that has not begun, or is over. Final minutes can be corrected by an addendum."""
    register, item = meeting_register(request), found.item
    words = register.words
    state = item.meeting.state
    before, after = neighbours_of(register, item)
    said = {
        "planned": words("meetings.not_begun"),
        "closed": words("meetings.final") if item.minutes.is_done else words("meetings.final_not_done"),
        "cancelled": words("meetings.was_cancelled"),
    }
    return await show(
        request,
        "meetings/item_read.html",
        form=form,
        status=form.status if form.summary else status,
        about=await about_item(request, found),
        reference=item.item.reference,
        meeting=item.meeting,
        said=notice(request, {"corrected": words("meetings.corrected")}),
        lead=said.get(state, ""),
        minutes=shown_minutes(request, item.minutes) if item.minutes.version else None,
        saved_line=saved_line(register, item.minutes),
        may_correct=state == "closed",
        before=before,
        after=after,
        here=item_address(register, item.meeting.meeting_id, item.item.record_id),
        back=meeting_address(register, item.meeting.meeting_id),
    )


def addendum_form(register: Definition, text: str = "") -> Form:
    words = register.words
    hint, missing = words("meetings.addendum_hint"), words("meetings.addendum_missing")
    field_ = Field(ADDENDUM, words("meetings.addendum"), kind="long_text", hint=hint, missing=missing)
    return Form([field_], {ADDENDUM: text} if text else {})


async def show_shut(request: web.Request) -> web.Response:
    """Say that the visitor has declared an interest in this item, and cannot open it."""
    register = meeting_register(request)
    return await show(
        request,
        "meetings/shut.html",
        status=403,
        back=meeting_address(register, UUID(hex=request.match_info["meeting"])),
    )


def overtaken_part(request: web.Request, minutes: Minutes) -> Markup:
    """Return the warning that another user saved the minutes, with what they saved."""
    words = request[REGISTER].words
    when = day_and_time(minutes.saved_at) if minutes.saved_at else ""
    return show_part(
        request,
        "meetings/overtaken.html",
        heading=words("meetings.overtaken_heading"),
        lead=words("meetings.overtaken", name=minutes.saved_by, when=when),
        rows=shown_minutes(request, minutes).rows,
    )
