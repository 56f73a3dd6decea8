"""The print pack of a meeting: the agenda and every person's minutes on one page. Each opening of it is audited."""

from dataclasses import dataclass, field

from aiohttp import web

from gateway.pages.meetings.addresses import meeting_address, meeting_id_in, meeting_register
from gateway.pages.meetings.agenda import attendance_lines, missing_said, why_text
from gateway.pages.meetings.item_page import saved_line
from gateway.pages.meetings.item_parts import ShownMinutes, shown_minutes
from gateway.pages.meetings.meeting_text import Names, facts_of, names_of
from gateway.ui.actions import ask
from gateway.ui.formats import rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.contracts.meetings import MOST_ITEMS, AgendaItem, MeetingPack, Minutes, ReadPack
from shared.values import show_date


@dataclass(frozen=True, repr=False)
class PackedItem:
    """One person of the pack. Without `minutes` none were taken, or the visitor has declared an interest."""

    heading: str
    facts: list[str]
    rating: Cell
    note: str
    saved: str
    minutes: ShownMinutes | None = field(default=None)


async def show_pack(request: web.Request) -> web.Response:
    if request.method == "HEAD":  # it would be audited as a print
        raise web.HTTPMethodNotAllowed("HEAD", ["GET"])
    register = meeting_register(request)
    pack = await _read(request)
    agenda = pack.agenda
    names = await names_of(request, [each.record_id for each in agenda.items])
    minutes = {each.record_id: each for each in pack.minutes}
    words = register.words
    return await show(
        request,
        "meetings/pack.html",
        meeting=agenda.meeting,
        facts=facts_of(register, agenda.meeting),
        no_names=names is None,
        attendance=attendance_lines(words, agenda.attendance),
        missing=missing_said(words, agenda),
        items=[
            _packed(request, number, each, names or {}, minutes.get(each.record_id))
            for number, each in enumerate(agenda.items, 1)
        ],
        back=meeting_address(register, agenda.meeting.meeting_id),
    )


async def _read(request: web.Request) -> MeetingPack:
    """Read every page of the pack."""
    pack = await ask(request, ReadPack(meeting_id=meeting_id_in(request)))
    minutes, more = list(pack.minutes), pack.more
    while more and len(minutes) <= MOST_ITEMS:
        further = await ask(request, ReadPack(meeting_id=pack.agenda.meeting.meeting_id, skip=len(minutes)))
        minutes, more = [*minutes, *further.minutes], further.more and bool(further.minutes)
    return pack.model_copy(update={"minutes": tuple(minutes), "more": False})


def _packed(request: web.Request, number: int, item: AgendaItem, names: Names, minutes: Minutes | None) -> PackedItem:
    register = meeting_register(request)
    words, named = register.words, names.get(item.record_id)
    born = show_date(named.born) if named and named.born else ""
    taken = minutes if minutes and minutes.version else None
    note = words("meetings.interest_declared") if item.interest else ("" if taken else words("meetings.not_done"))
    return PackedItem(
        heading=f"{number}. {named.name if named else item.reference}",
        facts=[each for each in (born, item.reference, why_text(request, item)) if each],
        rating=rating_mark(register, named.rating) if named else "",
        note=note,
        saved=saved_line(register, taken) if taken else "",
        minutes=shown_minutes(request, taken) if taken else None,
    )
