"""One person's item as its pages show it: who it is, the rating, the latest news, and the minutes of last time."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.pages.actions.beside import action_lines
from gateway.pages.meetings.addresses import item_address, meeting_id_in
from gateway.pages.meetings.agenda import why_text
from gateway.pages.meetings.minutes_form import minutes_form
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.lookup import edition_of, record_id_in
from gateway.ui.actions import ask
from gateway.ui.ages import days_since
from gateway.ui.formats import day_and_time, lines, rating_mark
from gateway.ui.table import Cell
from shared.clock import utc_now
from shared.contracts.meetings import MeetingItem, Minutes, ReadItem
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.person import rating_of
from shared.registers.form.showing import AnswerRow, as_text


@dataclass(frozen=True, repr=False)
class FoundItem:
    """An item with its record, in the record's own edition. Without `record` the visitor cannot open that any more."""

    item: MeetingItem
    record: RecordShown | None
    register: Definition


@dataclass(frozen=True, repr=False)
class ShownMinutes:
    """Minutes to read: their heading, the answers, and the addenda with their headings."""

    heading: str
    rows: list[AnswerRow]
    addenda: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, repr=False)
class AboutItem:
    """
    The head of an item's page: the person, the rating, why they are on the agenda, and the latest update.

    `last` are the minutes of the meeting before, and `actions` the open actions of the record.
    """

    name: str
    identity: list[tuple[str, Cell]]
    rating: Cell
    why: str
    update: AnswerRow | None
    place: str
    last: ShownMinutes | None
    actions: Markup


async def find_item(request: web.Request) -> FoundItem:
    """Return the item and its record. Refused as `not_found` or `interest`."""
    reading = ReadItem(meeting_id=meeting_id_in(request), record_id=record_id_in(request))
    item, record = await asyncio.gather(ask(request, reading), _record(request, reading.record_id))
    return FoundItem(item, record, edition_of(request, record) if record else request[REGISTER])


async def _record(request: web.Request, record_id: UUID) -> RecordShown | None:
    try:
        return await ask(request, ReadRecord(record_id=record_id))
    except Refused:
        return None


async def about_item(request: web.Request, found: FoundItem) -> AboutItem:
    """Return what the head of an item's page says. A record that cannot be opened any more has its reference alone."""
    words, item = request[REGISTER].words, found.item
    about = await whose(request, found.record) if found.record else None
    return AboutItem(
        name=about.name if about else item.item.reference,
        identity=about.facts if about else [(words("record.reference"), item.item.reference)],
        rating=rated(found),
        why=why_text(request, item.item),
        update=update_of(found),
        place=words("meetings.place_of", place=item.place, of=item.of),
        last=shown_minutes(request, item.last) if item.last else None,
        actions=await action_lines(request, item.item.record_id, item.meeting.meeting_id.hex),
    )


def rated(found: FoundItem) -> Cell:
    """Return the rating with its age; empty without one."""
    level = rating_of(found.register, found.record.answers) if found.record else None
    if level is None or found.record is None:
        return ""
    words = found.register.words
    age = words("records.rated", when=days_since(found.record.rated_at, utc_now(), words))
    return lines(rating_mark(found.register, level.code), age)


def update_of(found: FoundItem) -> AnswerRow | None:
    """Return the latest update; None where there is none."""
    if found.record is None:
        return None
    latest = found.register.person.get("latest_update")
    return next((row for row in as_text(found.register.form, found.record.answers) if row.name == latest), None)


def shown_minutes(request: web.Request, minutes: Minutes) -> ShownMinutes:
    """Return minutes to read, in the words of the edition that they were taken in."""
    words = request[REGISTER].words
    heading = words("meetings.minutes_of", name=minutes.meeting_name, when=day_and_time(minutes.starts_at))
    questions = minutes_form(request, minutes.edition, minutes.answers).questions
    addenda = [
        (words("meetings.addendum_by", name=each.added_by, when=day_and_time(each.added_at)), each.text)
        for each in minutes.addenda
    ]
    return ShownMinutes(heading, as_text(questions, minutes.answers), addenda)


def neighbours_of(register: Definition, item: MeetingItem, page: str = "") -> tuple[str, str]:
    """Return the addresses of the item before and of the one after; empty at an end."""

    def address(record_id: UUID | None) -> str:
        return item_address(register, item.meeting.meeting_id, record_id, page) if record_id else ""

    return address(item.before), address(item.after)
