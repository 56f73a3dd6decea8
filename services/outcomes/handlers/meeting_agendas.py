"""The agenda of a meeting: read, changed by hand, and the interests that are declared in its people."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.outcomes import meeting_rules as rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.meeting_course import check_not_over
from services.outcomes.handlers.meetings import meeting_shown
from services.outcomes.store import meeting_agendas as store
from services.outcomes.store import meetings
from services.outcomes.store.meeting_agendas import ItemCounts, ListedItem
from services.outcomes.store.meetings import StoredMeeting
from services.outcomes.store.outcomes import follow_record
from shared import audit
from shared.commands import carry_out, unless_repeated
from shared.compartments import add_compartment
from shared.contracts.meetings import (
    AddItem,
    Agenda,
    AgendaItem,
    DeclareInterest,
    MeetingShown,
    ReadAgenda,
    RemoveItem,
)
from shared.contracts.referrals.standing import ReadStandings, RecordStanding
from shared.database import Database, transaction
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of

UNKNOWN_VERSION = -1


@dataclass(frozen=True)
class AgendaReader:
    """Reads agendas: that of a planned meeting as it is now, and that of any other as it was stored."""

    context: OutcomesContext

    async def items(self, db: Database, visitor: Visitor, meeting: StoredMeeting) -> list[ListedItem]:
        """Return the agenda in the visitor's scope, by ids."""
        if meeting.state != "planned":
            return await store.list_stored(db, visitor, meeting.meeting_id)
        plan = await meetings.read_plan(db, visitor)
        return await store.list_planned(db, visitor, plan.agenda(meeting.planned, self.context.day()))

    def shown(self, visitor: Visitor, items: Sequence[ListedItem]) -> tuple[AgendaItem, ...]:
        """Return the items as they are shown. A visitor with an interest does not read what was decided."""
        return tuple(
            AgendaItem(
                record_id=each.record_id,
                organisation_id=each.organisation_id,
                reference=each.reference,
                urgency=each.urgency,
                because=each.because,
                since=each.since,
                is_done=each.is_done,
                decision="" if each.interest else self._decided(visitor, each),
                interest=each.interest,
            )
            for each in items
        )

    def _decided(self, visitor: Visitor, item: ListedItem) -> str:
        if not item.is_done or item.edition is None:
            return ""
        return rules.decided(self.context.register(visitor, item.edition), item.decision)

    def agenda(self, visitor: Visitor, meeting: StoredMeeting, items: Sequence[ListedItem]) -> Agenda:
        return Agenda(
            meeting=shown_with(meeting, items),
            items=self.shown(visitor, items),
            attendance=meeting.attendance,
            attendance_version=meeting.attendance_version,
            missing=() if meeting.state == "planned" else rules.missing(meeting.services, meeting.attendance),
        )


def shown_with(meeting: StoredMeeting, items: Sequence[ListedItem]) -> MeetingShown:
    """Return the meeting as it is shown, with its agenda counted."""
    return meeting_shown(meeting, ItemCounts(len(items), sum(each.is_done for each in items)))


@dataclass(frozen=True)
class MeetingAgendas:
    """Handlers of requests about the people on an agenda."""

    context: OutcomesContext
    reader: AgendaReader

    async def read(self, visitor: Visitor, asked: ReadAgenda) -> Agenda:
        async with transaction(self.context.pool, visitor) as db:
            meeting = must_find(await meetings.find_meeting(db, visitor, asked.meeting_id))
            items = await self.reader.items(db, visitor, meeting)
            subjects = [meeting.meeting_id, *(each.record_id for each in items)]
            await audit.note(db, visitor, OutcomesAction.AGENDA_READ, subjects)
        return self.reader.agenda(visitor, meeting, items)

    async def add(self, visitor: Visitor, assertion: str, asked: AddItem) -> Nothing:
        return await unless_repeated(self.context.pool, visitor, asked, lambda: self._add(visitor, assertion, asked))

    async def _add(self, visitor: Visitor, assertion: str, asked: AddItem) -> Nothing:
        record = await self.context.check_record(assertion, asked.record_id)
        if not record.is_open:
            raise Refused("archived")
        standing = await self._standing(asked.record_id)
        compartment = compartment_of(visitor.register_code, standing.bodies)
        await add_compartment(self.context.pool, visitor.register_code, compartment)
        visitor = await self.context.reach(visitor)

        async def act(db: Database) -> Nothing:
            meeting = must_find(await meetings.share_meeting(db, visitor, asked.meeting_id))
            check_not_over(meeting)
            there = {each.record_id for each in await self.reader.items(db, visitor, meeting)}
            if asked.record_id in there or not await self._store(db, visitor, meeting, standing):
                raise Refused("on_agenda")
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _standing(self, record_id: UUID) -> RecordStanding:
        """Return the rating of a record that the visitor may see. Refused as `archived` if it left meanwhile."""
        question = ReadStandings(record_ids=(record_id,))
        found = await self.context.bus.ask(question, who=self.context.sign(question, "meetings"))
        standing = next(iter(found.standings), None)
        if standing is None or not standing.is_open:
            raise Refused("archived")
        return standing

    async def _store(self, db: Database, visitor: Visitor, meeting: StoredMeeting, standing: RecordStanding) -> bool:
        added = await store.add_item(db, visitor, meeting, standing, self.context.clock())
        if added:
            await self._follow(db, visitor, standing.record_id, standing.version)
            subjects = [meeting.meeting_id, standing.record_id]
            await audit.note(db, visitor, OutcomesAction.AGENDA_ITEM_ADDED, subjects)
        return added

    async def _follow(self, db: Database, visitor: Visitor, record_id: UUID, version: int) -> None:
        """Let what was stored follow its record, if that has moved since this version."""
        if self.context.registers.is_scoped_by_bodies(visitor.register_code):
            await follow_record(db, record_id, version)

    async def remove(self, visitor: Visitor, asked: RemoveItem) -> Nothing:
        async def act(db: Database) -> Nothing:
            meeting, item = await self._find(db, visitor, asked)
            if item.because != "by_hand":
                raise Refused("not_by_hand")
            if item.version:
                raise Refused("has_minutes")
            await store.remove_item(db, visitor, meeting.meeting_id, item.record_id)
            subjects = [meeting.meeting_id, item.record_id]
            await audit.note(db, visitor, OutcomesAction.AGENDA_ITEM_REMOVED, subjects)
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def declare_interest(self, visitor: Visitor, asked: DeclareInterest) -> Nothing:
        async def act(db: Database) -> Nothing:
            meeting, item = await self._find(db, visitor, asked)
            if not item.interest:
                await store.add_interest(db, visitor, meeting.meeting_id, item, self.context.clock())
                await self._follow(db, visitor, item.record_id, UNKNOWN_VERSION)
                subjects = [meeting.meeting_id, item.record_id]
                await audit.note(db, visitor, OutcomesAction.INTEREST_DECLARED, subjects)
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _find(
        self, db: Database, visitor: Visitor, asked: RemoveItem | DeclareInterest
    ) -> tuple[StoredMeeting, ListedItem]:
        """Return a meeting that is not over, held, and the item. Refused as `not_found` or `closed`."""
        meeting = must_find(await meetings.share_meeting(db, visitor, asked.meeting_id))
        check_not_over(meeting)
        items = await self.reader.items(db, visitor, meeting)
        return meeting, must_find(next((each for each in items if each.record_id == asked.record_id), None))
