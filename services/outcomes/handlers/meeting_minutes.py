"""The minutes about one person at a meeting: read, saved, corrected by addenda, and printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.outcomes import meeting_rules as rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.meeting_agendas import AgendaReader, shown_with
from services.outcomes.handlers.meeting_course import check_in_progress
from services.outcomes.meeting_rules import CheckedMinutes
from services.outcomes.rules import fitting
from services.outcomes.store import meeting_minutes as store
from services.outcomes.store import meetings
from services.outcomes.store.meeting_minutes import HeldItem, NewAddendum
from services.outcomes.store.meetings import StoredMeeting
from shared import audit
from shared.commands import carry_out, unless_repeated
from shared.contracts.meetings import (
    MOST_ADDENDA,
    AddAddendum,
    MeetingItem,
    MeetingPack,
    Minutes,
    MinutesReceipt,
    ReadItem,
    ReadPack,
    SaveMinutes,
)
from shared.contracts.referrals.saving import Conflict
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor

ROOM = 400_000  # bytes of a page of the print pack, well below the limit of one message
MOST_PACKED = 50


@dataclass(frozen=True)
class MinutesHandler:
    """Handlers of requests about the minutes of single people, and about those of a whole meeting."""

    context: OutcomesContext
    reader: AgendaReader

    async def read_item(self, visitor: Visitor, asked: ReadItem) -> MeetingItem:
        async with transaction(self.context.pool, visitor) as db:
            meeting = must_find(await meetings.find_meeting(db, visitor, asked.meeting_id))
            items = await self.reader.items(db, visitor, meeting)
            place = must_find(next((n for n, each in enumerate(items) if each.record_id == asked.record_id), None))
            if items[place].interest:
                raise Refused("interest")
            newest = self.context.latest(visitor).edition
            saved = await store.read_minutes(db, visitor, meeting.meeting_id, [asked.record_id], newest)
            last = await store.read_last(db, visitor, asked.record_id, meeting.meeting_id, meeting.starts_at)
            await audit.note(db, visitor, OutcomesAction.MINUTES_READ, [meeting.meeting_id, asked.record_id])
        before, after = rules.neighbours([None if each.interest else each.record_id for each in items], place)
        return MeetingItem(
            meeting=shown_with(meeting, items),
            item=self.reader.shown(visitor, items[place : place + 1])[0],
            minutes=saved.get(asked.record_id) or _empty(meeting, asked.record_id, newest),
            last=last,
            before=before,
            after=after,
            place=place + 1,
            of=len(items),
        )

    async def save(self, visitor: Visitor, assertion: str, asked: SaveMinutes) -> MinutesReceipt:
        return await unless_repeated(self.context.pool, visitor, asked, lambda: self._save(visitor, assertion, asked))

    async def _save(self, visitor: Visitor, assertion: str, asked: SaveMinutes) -> MinutesReceipt:
        """Save the minutes. The first save lets referrals know that the edition is in use."""
        register = self.context.register(visitor, asked.edition)
        minutes = rules.checked_minutes(register, asked.answers, self.context.day(), done=asked.done)
        if asked.version == 0:
            await self.context.check_record(assertion, asked.record_id, asked.edition)

        async def act(db: Database) -> MinutesReceipt:
            meeting = must_find(await meetings.share_meeting(db, visitor, asked.meeting_id))
            item = must_find(await store.hold_item(db, visitor, asked.meeting_id, asked.record_id))
            check_in_progress(meeting)
            _check_opens(item)
            if item.version != asked.version:
                raise Refused(Conflict(version=item.version))
            return await self._store(db, visitor, asked, minutes)

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _store(
        self, db: Database, visitor: Visitor, asked: SaveMinutes, minutes: CheckedMinutes
    ) -> MinutesReceipt:
        moment = self.context.clock()
        await store.save_minutes(db, visitor, (asked.meeting_id, asked.record_id), minutes, moment)
        subjects = [asked.meeting_id, asked.record_id]
        await audit.note(db, visitor, OutcomesAction.MINUTES_SAVED, subjects, minutes.answers)
        return MinutesReceipt(version=asked.version + 1, saved_at=moment, is_done=minutes.is_done)

    async def add_addendum(self, visitor: Visitor, asked: AddAddendum) -> Nothing:
        async def act(db: Database) -> Nothing:
            meeting = must_find(await meetings.share_meeting(db, visitor, asked.meeting_id))
            item = must_find(await store.hold_item(db, visitor, asked.meeting_id, asked.record_id))
            _check_opens(item)
            if meeting.state != "closed":
                raise Refused("not_closed")
            if item.addenda >= MOST_ADDENDA or item.bytes + len(asked.text.encode()) > rules.MOST_ADDED:
                raise Refused("too_many")
            where = (new_id(), meeting.meeting_id, asked.record_id, item.compartment_id)
            await store.add_addendum(db, visitor, NewAddendum(*where, asked.text, self.context.clock()))
            await audit.note(db, visitor, OutcomesAction.MINUTES_CORRECTED, [meeting.meeting_id, asked.record_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def read_pack(self, visitor: Visitor, asked: ReadPack) -> MeetingPack:
        """Read a page of what is printed. The minutes of those in whom the visitor has an interest are left out."""
        async with transaction(self.context.pool, visitor) as db:
            meeting = must_find(await meetings.find_meeting(db, visitor, asked.meeting_id))
            items = await self.reader.items(db, visitor, meeting)
            printed = [each.record_id for each in items if not each.interest][asked.skip :]
            newest = self.context.latest(visitor).edition
            saved = await store.read_minutes(db, visitor, meeting.meeting_id, printed[:MOST_PACKED], newest)
            found = [saved.get(each) or _empty(meeting, each, newest) for each in printed[:MOST_PACKED]]
            agenda = self.reader.agenda(visitor, meeting, items)
            taken = _fitting(found, ROOM - len(agenda.model_dump_json().encode()))
            subjects = [meeting.meeting_id, *(each.record_id for each in items)]
            await audit.note(db, visitor, OutcomesAction.MINUTES_PRINTED, subjects)
        return MeetingPack(agenda=agenda, minutes=tuple(found[:taken]), more=taken < len(printed))


def _empty(meeting: StoredMeeting, record_id: UUID, newest: str) -> Minutes:
    """Return minutes of a person who is only on the computed agenda of a planned meeting."""
    return Minutes(
        meeting_id=meeting.meeting_id,
        record_id=record_id,
        edition=newest,
        starts_at=meeting.starts_at,
        meeting_name=meeting.name,
    )


def _check_opens(item: HeldItem) -> None:
    if item.interest:
        raise Refused("interest")


def _fitting(minutes: Sequence[Minutes], room: int) -> int:
    sizes = [len(each.model_dump_json().encode()) for each in minutes]
    return fitting(sizes, MOST_PACKED, room)
