"""The whole meeting on one page, to print: its agenda, its minutes, its addenda and who attended."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import meeting_address, meeting_id_in, meeting_rules
from gateway.pages.meetings.agenda import facts_of, names_of, presence_of
from gateway.pages.meetings.item import minutes_rows, saved_by
from gateway.ui.actions import ask
from gateway.ui.formats import day_and_time, rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.meetings import Agenda, AgendaItem, Minutes, ReadPack
from shared.contracts.referrals.naming import NamedRecord
from shared.registers.definition.register import Definition
from shared.registers.form.showing import AnswerRow
from shared.values import show_date


@dataclass(frozen=True, repr=False)
class PackItem:
    """One person of the pack, ready to be rendered."""

    name: str
    born: str
    reference: str
    rating: Cell
    why: str
    update: str
    rows: list[AnswerRow]
    saved: str
    addenda: list[tuple[str, str]]


async def show_pack(request: web.Request) -> web.Response:
    """Show the pack. Each page of it is audited as a print by the service."""
    meeting_rules(request)
    register = request[REGISTER]
    agenda, minutes = await _read(request)
    names = await names_of(request, agenda.items) or {}
    taken = {each.record_id: each for each in minutes}
    here = meeting_address(register, agenda.meeting.meeting_id)
    return await show(
        request,
        "meetings/pack.html",
        heading=agenda.meeting.name,
        facts=facts_of(register, agenda.meeting),
        items=[_item(request, each, names.get(each.record_id), taken.get(each.record_id)) for each in agenda.items],
        attendance=[
            (each.service, each.name, presence_of(register.words, each.presence)) for each in agenda.attendance
        ],
        attendance_columns=[
            Column(register.words(key)) for key in ("meetings.service", "meetings.attendee", "meetings.presence")
        ],
        missing=agenda.missing,
        back=here,
    )


async def _read(request: web.Request) -> tuple[Agenda, list[Minutes]]:
    """Read every page of the pack."""
    found: list[Minutes] = []
    while True:
        page = await ask(request, ReadPack(meeting_id=meeting_id_in(request), skip=len(found)))
        found += page.minutes
        if not page.more or not page.minutes:
            return page.agenda, found


def _item(request: web.Request, item: AgendaItem, named: NamedRecord | None, minutes: Minutes | None) -> PackItem:
    register: Definition = request[REGISTER]
    words = register.words
    if item.interest:
        return PackItem(item.reference, "", "", "", words("meetings.interest"), "", [], "", [])
    return PackItem(
        name=named.name if named else item.reference,
        born=show_date(named.born) if named and named.born else "",
        reference=item.reference if named else "",
        rating=rating_mark(register, named.rating) if named else "",
        why=words.group("meetings.because")[item.because],
        update=named.latest_update if named else "",
        rows=minutes_rows(request, minutes) if minutes else [],
        saved=saved_by(words, minutes) if minutes else "",
        addenda=[
            (each.text, words("meetings.by", name=each.added_by, when=day_and_time(each.added_at)))
            for each in (minutes.addenda if minutes else ())
        ],
    )
