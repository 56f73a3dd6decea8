"""The queries on series and meetings, which belong to a register and name no person of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.meeting_rules import AreaSeries, MeetingPlan, PlannedMeeting
from shared.contracts.meetings import Attendee, MeetingSeries, MeetingState
from shared.database import Database
from shared.permissions import Visitor

HOLD_PLANNING = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.meetings.' || $1, 0))"


async def hold_planning(db: Database, visitor: Visitor) -> None:
    """Let no other change of the register's series, and no other plan or start of a meeting, go on meanwhile."""
    await db.execute(HOLD_PLANNING, visitor.register_code)


LIST_SERIES = """
    SELECT id AS series_id, name, locality, chair, services, cut_off_days, is_active, version
    FROM meeting_series
    WHERE register_code = $1
    ORDER BY is_active DESC, lower(name), id
"""


async def list_series(db: Database, visitor: Visitor) -> list[MeetingSeries]:
    return [MeetingSeries(**dict(row)) for row in await db.fetch(LIST_SERIES, visitor.register_code)]


ADD_SERIES = """
    INSERT INTO meeting_series (id, register_code, name, locality, chair, services, cut_off_days, is_active, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add_series(db: Database, visitor: Visitor, series: MeetingSeries) -> None:
    fields = (series.name, series.locality, series.chair, series.services, series.cut_off_days, series.is_active)
    await db.execute(ADD_SERIES, series.series_id, visitor.register_code, *fields, series.version)


CHANGE_SERIES = """
    UPDATE meeting_series
    SET name = $3, locality = $4, chair = $5, services = $6, cut_off_days = $7, is_active = $8, version = $9
    WHERE id = $1 AND register_code = $2
"""


async def change_series(db: Database, visitor: Visitor, series: MeetingSeries) -> None:
    fields = (series.name, series.locality, series.chair, series.services, series.cut_off_days, series.is_active)
    await db.execute(CHANGE_SERIES, series.series_id, visitor.register_code, *fields, series.version)


LIST_PLANNED = """
    SELECT id AS meeting_id, series_id, starts_at
    FROM meeting
    WHERE register_code = $1 AND state = 'planned'
    ORDER BY starts_at, id
"""


async def read_plan(db: Database, visitor: Visitor) -> MeetingPlan:
    """Return the series of the register with its planned meetings."""
    series = [
        AreaSeries(each.series_id, each.locality, each.cut_off_days, each.is_active)
        for each in await list_series(db, visitor)
    ]
    planned = [PlannedMeeting(**dict(row)) for row in await db.fetch(LIST_PLANNED, visitor.register_code)]
    return MeetingPlan(visitor.register_code, series, planned)


# ------------------------------------------------------------------------------------------------------------- meetings
@dataclass(frozen=True, repr=False)
class StoredMeeting:
    """A meeting with what it has of its series while it is planned. Without `cut_off_at` that is so."""

    meeting_id: UUID
    series_id: UUID
    name: str
    locality: str | None
    chair: str
    services: Sequence[str]
    cut_off_days: int
    starts_at: datetime
    held_on: date
    minutes: int
    place: str
    state: MeetingState
    version: int
    cut_off_at: datetime | None
    cancelled_because: str
    closed_by: str
    closed_at: datetime | None
    attendance: tuple[Attendee, ...]
    attendance_version: int

    @property
    def planned(self) -> PlannedMeeting:
        return PlannedMeeting(self.meeting_id, self.series_id, self.starts_at)


MEETING = """
    SELECT m.id AS meeting_id, m.series_id, coalesce(m.name, s.name) AS name,
        CASE WHEN m.settled_at IS NULL THEN s.locality ELSE m.locality END AS locality,
        coalesce(m.chair, s.chair) AS chair, coalesce(m.services, s.services) AS services, s.cut_off_days,
        m.starts_at, m.held_on, m.minutes, m.place, m.state, m.version, m.cut_off_at, m.cancelled_because,
        m.closed_by_name AS closed_by, m.closed_at, m.attendance, m.attendance_version
    FROM meeting AS m
    INNER JOIN meeting_series AS s ON s.id = m.series_id
"""
FIND_MEETING = f"{MEETING} WHERE m.id = $1 AND m.register_code = $2"
HOLD_MEETING = f"{MEETING} WHERE m.id = $1 AND m.register_code = $2 FOR UPDATE OF m"
SHARE_MEETING = f"{MEETING} WHERE m.id = $1 AND m.register_code = $2 FOR SHARE OF m"
LIST_COMING = f"""
    {MEETING}
    WHERE m.register_code = $1 AND m.state IN ('planned', 'in_progress')
    ORDER BY m.starts_at, m.id
"""
LIST_PAST = f"""
    {MEETING}
    WHERE m.register_code = $1 AND m.state IN ('closed', 'cancelled')
    ORDER BY m.starts_at DESC, m.id DESC
    OFFSET $2
    LIMIT $3
"""


async def find_meeting(db: Database, visitor: Visitor, meeting_id: UUID) -> StoredMeeting | None:
    return _one(await db.fetchrow(FIND_MEETING, meeting_id, visitor.register_code))


async def hold_meeting(db: Database, visitor: Visitor, meeting_id: UUID) -> StoredMeeting | None:
    """Find the meeting, and lock it until the transaction ends."""
    return _one(await db.fetchrow(HOLD_MEETING, meeting_id, visitor.register_code))


async def share_meeting(db: Database, visitor: Visitor, meeting_id: UUID) -> StoredMeeting | None:
    """Find the meeting, and let nobody start, change or close it until the transaction ends."""
    return _one(await db.fetchrow(SHARE_MEETING, meeting_id, visitor.register_code))


async def list_coming(db: Database, visitor: Visitor) -> list[StoredMeeting]:
    return [_meeting(row) for row in await db.fetch(LIST_COMING, visitor.register_code)]


async def list_past(db: Database, visitor: Visitor, skip: int, most: int) -> list[StoredMeeting]:
    return [_meeting(row) for row in await db.fetch(LIST_PAST, visitor.register_code, skip, most)]


def _one(row: Record | None) -> StoredMeeting | None:
    return None if row is None else _meeting(row)


def _meeting(row: Record) -> StoredMeeting:
    attendance = tuple(Attendee(**each) for each in json.loads(row["attendance"]))
    return StoredMeeting(**(dict(row) | {"attendance": attendance}))


MEETS_THAT_DAY = """
    SELECT EXISTS (
        SELECT FROM meeting
        WHERE series_id = $1 AND held_on = $2 AND state <> 'cancelled' AND id <> $3
    )
"""


async def meets_that_day(db: Database, series_id: UUID, day: date, meeting_id: UUID) -> bool:
    """Return whether the series has another meeting on that day."""
    found: bool = await db.fetchval(MEETS_THAT_DAY, series_id, day, meeting_id)
    return found


@dataclass(frozen=True)
class MeetingPlace:
    """When and where a meeting is held."""

    starts_at: datetime
    held_on: date
    minutes: int
    place: str


ADD_MEETING = """
    INSERT INTO meeting (id, register_code, series_id, starts_at, held_on, minutes, place)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def add_meeting(db: Database, visitor: Visitor, meeting_id: UUID, series_id: UUID, where: MeetingPlace) -> None:
    fields = (where.starts_at, where.held_on, where.minutes, where.place)
    await db.execute(ADD_MEETING, meeting_id, visitor.register_code, series_id, *fields)


CHANGE_MEETING = """
    UPDATE meeting
    SET starts_at = $2, held_on = $3, minutes = $4, place = $5, version = version + 1,
        chair = CASE
            WHEN chair IS NOT NULL OR $6 <> (SELECT s.chair FROM meeting_series AS s WHERE s.id = series_id) THEN $6
        END
    WHERE id = $1
"""


async def change_meeting(db: Database, meeting_id: UUID, where: MeetingPlace, chair: str) -> None:
    """Change the meeting. While its chair is that of its series, it stays so."""
    await db.execute(CHANGE_MEETING, meeting_id, where.starts_at, where.held_on, where.minutes, where.place, chair)


SETTLE_MEETING = """
    UPDATE meeting
    SET state = $2, name = $3, locality = $4, chair = $5, services = $6, cut_off_at = $7, settled_at = $8,
        version = version + 1
    WHERE id = $1
"""
NOTE_REASON = "UPDATE meeting SET cancelled_because = $2 WHERE id = $1"


async def settle_meeting(
    db: Database, meeting: StoredMeeting, state: MeetingState, cut_off: datetime, moment: datetime
) -> None:
    """Start or cancel the meeting. From now on it has its own name, area, chair, services and cut-off."""
    fields = (meeting.name, meeting.locality, meeting.chair, meeting.services, cut_off, moment)
    await db.execute(SETTLE_MEETING, meeting.meeting_id, state, *fields)


async def note_reason(db: Database, meeting_id: UUID, reason: str) -> None:
    """Store why the meeting is about to be cancelled."""
    await db.execute(NOTE_REASON, meeting_id, reason)


CLOSE_MEETING = """
    UPDATE meeting
    SET state = 'closed', closed_by = $2, closed_by_name = $3, closed_at = $4, version = version + 1
    WHERE id = $1
"""


async def close_meeting(db: Database, visitor: Visitor, meeting_id: UUID, moment: datetime) -> None:
    await db.execute(CLOSE_MEETING, meeting_id, visitor.user_id, visitor.full_name, moment)


SAVE_ATTENDANCE = """
    UPDATE meeting SET attendance = $2, attendance_version = attendance_version + 1 WHERE id = $1
"""


async def save_attendance(db: Database, meeting_id: UUID, attendance: Sequence[Attendee]) -> None:
    await db.execute(SAVE_ATTENDANCE, meeting_id, json.dumps([each.model_dump() for each in attendance]))
