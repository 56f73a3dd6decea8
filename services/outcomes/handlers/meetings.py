"""Series and meetings: listed, saved, planned, changed and cancelled. They name no person of the register."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.outcomes import meeting_rules as rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import meeting_agendas as agendas
from services.outcomes.store import meetings as store
from services.outcomes.store.meeting_agendas import ItemCounts
from services.outcomes.store.meetings import MeetingPlace, StoredMeeting
from shared import audit
from shared.commands import carry_out
from shared.contracts.meetings import (
    MOST_MEETINGS,
    CancelMeeting,
    ChangeMeeting,
    ListMeetings,
    ListSeries,
    MeetingReceipt,
    Meetings,
    MeetingSeries,
    MeetingShown,
    PlanMeeting,
    SaveSeries,
    SeriesList,
    SeriesReceipt,
)
from shared.contracts.referrals.saving import Conflict
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Refused, must_find
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.values import fold, london_day


@dataclass(frozen=True)
class MeetingPlanning:
    """Handlers of requests about series, and about meetings that have not started."""

    context: OutcomesContext

    # ---------------------------------------------------------------------------------------------------------- series
    async def list_series(self, visitor: Visitor, _asked: ListSeries) -> SeriesList:
        register = self.context.latest(visitor)
        async with transaction(self.context.pool, visitor) as db:
            series = await store.list_series(db, visitor)
            plan = await store.read_plan(db, visitor)
        localities = _localities(register) if register.meetings else ()
        return SeriesList(series=tuple(series), unplaced=plan.without_meeting(localities, self.context.day()))

    async def save_series(self, visitor: Visitor, asked: SaveSeries) -> SeriesReceipt:
        """Save a series under a lock of the register, so that no area has two."""
        register = self.context.latest(visitor)
        rules.meetings_of(register)

        async def act(db: Database) -> SeriesReceipt:
            await store.hold_planning(db, visitor)
            known = await store.list_series(db, visitor)
            before = next((each for each in known if each.series_id == asked.series_id), None)
            if asked.series_id is not None:
                _check_unchanged(must_find(before).version, asked.version)
            _check_area(register, asked, known, before)
            return await _store(db, visitor, _series_of(asked, before), is_new=before is None)

        return await carry_out(self.context.pool, visitor, asked, act)

    # -------------------------------------------------------------------------------------------------------- meetings
    async def list_meetings(self, visitor: Visitor, asked: ListMeetings) -> Meetings:
        today = self.context.day()
        async with transaction(self.context.pool, visitor) as db:
            plan = await store.read_plan(db, visitor)
            coming = await store.list_coming(db, visitor)
            past = await store.list_past(db, visitor, asked.skip, MOST_MEETINGS + 1)
            placed = await agendas.list_placed(db, visitor, [plan.agenda(each, today) for each in plan.planned])
            begun = [each.meeting_id for each in (*coming, *past) if each.state != "planned"]
            counts = await agendas.count_stored(db, visitor, begun)
            unplaced = await self._unplaced(db, visitor, [record_id for _, record_id in placed])
        planned = Counter(meeting_id for meeting_id, _ in placed)
        counts |= {meeting_id: ItemCounts(items) for meeting_id, items in planned.items()}
        return Meetings(
            coming=_shown(coming, counts),
            past=_shown(past[:MOST_MEETINGS], counts),
            more=len(past) > MOST_MEETINGS,
            unplaced=unplaced,
        )

    async def _unplaced(self, db: Database, visitor: Visitor, placed: Sequence[UUID]) -> dict[str, int]:
        if self.context.latest(visitor).meetings is None:
            return {}
        return await agendas.count_unplaced(db, visitor, placed, rules.day_start(self.context.day()))

    async def plan_meeting(self, visitor: Visitor, asked: PlanMeeting) -> MeetingReceipt:
        rules.meetings_of(self.context.latest(visitor))

        async def act(db: Database) -> MeetingReceipt:
            await store.hold_planning(db, visitor)
            known = await store.list_series(db, visitor)
            series = must_find(next((each for each in known if each.series_id == asked.series_id), None))
            if not series.is_active:
                raise Refused("ended")
            meeting_id, where = new_id(), _place(asked)
            await self._check_time(db, series.series_id, meeting_id, where)
            await store.add_meeting(db, visitor, meeting_id, series.series_id, where)
            await audit.note(db, visitor, OutcomesAction.MEETING_PLANNED, [meeting_id, series.series_id])
            return MeetingReceipt(meeting_id=meeting_id, version=1, state="planned")

        return await carry_out(self.context.pool, visitor, asked, act)

    async def change_meeting(self, visitor: Visitor, asked: ChangeMeeting) -> MeetingReceipt:
        async def act(db: Database) -> MeetingReceipt:
            meeting, where = await _hold_planned(db, visitor, asked), _place(asked)
            if where.starts_at != meeting.starts_at:
                await self._check_time(db, meeting.series_id, meeting.meeting_id, where)
            await store.change_meeting(db, meeting.meeting_id, where, asked.chair)
            await audit.note(db, visitor, OutcomesAction.MEETING_CHANGED, [meeting.meeting_id])
            return MeetingReceipt(meeting_id=meeting.meeting_id, version=meeting.version + 1, state="planned")

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _check_time(self, db: Database, series_id: UUID, meeting_id: UUID, where: MeetingPlace) -> None:
        """Refused as `past`, or `already_planned` if the series has another meeting on that day."""
        if where.starts_at <= self.context.clock():
            raise Refused("past")
        if await store.meets_that_day(db, series_id, where.held_on, meeting_id):
            raise Refused("already_planned")

    async def cancel_meeting(self, visitor: Visitor, asked: CancelMeeting) -> MeetingReceipt:
        async def act(db: Database) -> MeetingReceipt:
            meeting = await _hold_planned(db, visitor, asked)
            await store.note_reason(db, meeting.meeting_id, asked.reason)
            await store.settle_meeting(db, meeting, "cancelled", cut_off_of(meeting), self.context.clock())
            await audit.note(db, visitor, OutcomesAction.MEETING_CANCELLED, [meeting.meeting_id])
            return MeetingReceipt(meeting_id=meeting.meeting_id, version=meeting.version + 1, state="cancelled")

        return await carry_out(self.context.pool, visitor, asked, act)


def cut_off_of(meeting: StoredMeeting) -> datetime:
    """Return the last moment at which a rating puts a person on the agenda of the meeting."""
    return meeting.cut_off_at or rules.cut_off(meeting.starts_at, meeting.cut_off_days)


def meeting_shown(meeting: StoredMeeting, counts: ItemCounts) -> MeetingShown:
    """Return the meeting as it is shown, with the counts of its agenda."""
    return MeetingShown(
        meeting_id=meeting.meeting_id,
        series_id=meeting.series_id,
        name=meeting.name,
        locality=meeting.locality,
        chair=meeting.chair,
        services=tuple(meeting.services),
        starts_at=meeting.starts_at,
        minutes=meeting.minutes,
        place=meeting.place,
        cut_off_at=cut_off_of(meeting),
        state=meeting.state,
        version=meeting.version,
        items=counts.items,
        done=counts.done,
        cancelled_because=meeting.cancelled_because,
        closed_by=meeting.closed_by,
        closed_at=meeting.closed_at,
    )


def _shown(meetings: Sequence[StoredMeeting], counts: dict[UUID, ItemCounts]) -> tuple[MeetingShown, ...]:
    return tuple(meeting_shown(each, counts.get(each.meeting_id, ItemCounts())) for each in meetings)


def _place(asked: PlanMeeting | ChangeMeeting) -> MeetingPlace:
    return MeetingPlace(asked.starts_at, london_day(asked.starts_at), asked.minutes, asked.place)


async def _hold_planned(db: Database, visitor: Visitor, asked: ChangeMeeting | CancelMeeting) -> StoredMeeting:
    """Lock the meeting. Refused as `not_found`, `not_planned` or `conflict`."""
    await store.hold_planning(db, visitor)
    meeting = must_find(await store.hold_meeting(db, visitor, asked.meeting_id))
    if meeting.state != "planned":
        raise Refused("not_planned")
    _check_unchanged(meeting.version, asked.version)
    return meeting


def _check_unchanged(present: int, seen: int) -> None:
    if present != seen:
        raise Refused(Conflict(version=present))


def _localities(register: Definition) -> tuple[str, ...]:
    """Return the localities that records can have, as codes."""
    question = register.form.by_name.get(register.person.get("locality", ""))
    return tuple(option.code for option in question.offered) if question else ()


def _check_area(
    register: Definition, asked: SaveSeries, known: Sequence[MeetingSeries], before: MeetingSeries | None
) -> None:
    """Refused as `unknown_locality` or `locality_taken`. A series may keep a locality that is not offered any more."""
    is_kept = before is not None and before.locality == asked.locality
    if asked.locality is not None and not is_kept and asked.locality not in _localities(register):
        raise Refused("unknown_locality")
    others = [each.locality for each in known if each.is_active and each.series_id != asked.series_id]
    if asked.is_active and asked.locality in others:
        raise Refused("locality_taken")


def _series_of(asked: SaveSeries, before: MeetingSeries | None) -> MeetingSeries:
    return MeetingSeries(
        series_id=before.series_id if before else new_id(),
        name=asked.name,
        locality=asked.locality,
        chair=asked.chair,
        services=_each_once(asked.services),
        cut_off_days=asked.cut_off_days,
        is_active=asked.is_active,
        version=before.version + 1 if before else 1,
    )


def _each_once(services: Sequence[str]) -> tuple[str, ...]:
    """Return the services without those that differ from an earlier one by capitals or accents alone."""
    found: dict[str, str] = {}
    for each in services:
        found.setdefault(fold(each), each)
    return tuple(found.values())


async def _store(db: Database, visitor: Visitor, series: MeetingSeries, *, is_new: bool) -> SeriesReceipt:
    await (store.add_series if is_new else store.change_series)(db, visitor, series)
    await audit.note(db, visitor, OutcomesAction.SERIES_SAVED, [series.series_id])
    return SeriesReceipt(series_id=series.series_id, version=series.version)
