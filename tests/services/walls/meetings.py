"""The meetings of the world: one in progress and a closed one, each with items about its records."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg

from shared.permissions import Visitor
from tests.services.referrals.builders import new_id

MINUTES_TEXT = "Minutes of Wallflower"

# The series has ended, so that every world of a database may have one for the same area.
ADD_SERIES = """
    INSERT INTO meeting_series (id, register_code, name, chair, services, cut_off_days, is_active, version)
    VALUES ($1, 'dsr', 'South area', 'Carol Chair', '{}', 0, false, 1)
"""
ADD_MEETING = """
    INSERT INTO meeting (
        id, register_code, series_id, starts_at, held_on, minutes, place, state, name, services, cut_off_at, settled_at
    ) VALUES ($1, 'dsr', $2, now() - $3::interval, (now() - $3::interval)::date, 60, 'Room 1', 'in_progress',
        'South area', '{}', now() - $3::interval, now() - $3::interval)
"""
ADD_ITEM = """
    INSERT INTO meeting_item (
        meeting_id, record_id, register_code, compartment_id, reference, urgency, because, added_at, edition, answers,
        version, saved_by, saved_by_name, saved_at
    ) VALUES ($1, $2, 'dsr', $3, $4, 'urgent', 'urgent', now(), '2022', jsonb_build_object('update', $5::text), 1, $6,
        'Ada Minister', now())
"""
ADD_BY_HAND = """
    INSERT INTO meeting_item (
        meeting_id, record_id, register_code, compartment_id, reference, urgency, because, added_at
    ) VALUES ($1, $2, 'dsr', $3, $4, 'alert', 'by_hand', now())
"""
ADD_INTEREST = """
    INSERT INTO meeting_interest (meeting_id, record_id, user_id, register_code, compartment_id, declared_at)
    VALUES ($1, $2, $3, 'dsr', $4, now())
"""
ADD_REVIEW = """
    INSERT INTO agreed_review (record_id, register_code, compartment_id, reference, review_on)
    VALUES ($1, 'dsr', $2, $3, current_date)
"""
CLOSE = "UPDATE meeting SET state = 'closed', closed_by = $2, closed_at = now(), closed_by_name = 'Ada' WHERE id = $1"
ADD_ADDENDUM = """
    INSERT INTO meeting_addendum (
        id, meeting_id, record_id, register_code, compartment_id, text, added_by, added_by_name, added_at
    ) VALUES ($1, $2, $3, 'dsr', $4, $5, $6, 'Ada Minister', now())
"""


@dataclass(frozen=True)
class MeetingsOfWorld:
    """The ids of the meetings. The first record of the world has minutes in both, the amber one was added by hand."""

    series_id: UUID = field(default_factory=new_id)
    running: UUID = field(default_factory=new_id)
    closed: UUID = field(default_factory=new_id)

    async def add(
        self,
        owner: "asyncpg.Connection[asyncpg.Record]",
        administrator: Visitor,
        second: Visitor,
        record: tuple[UUID, str],
        amber: tuple[UUID, str],
    ) -> None:
        """Add the rows. `record` and `amber` are ids with references, in the home compartment of the administrator."""
        home, by = administrator.organisation_ids[0], administrator.user_id
        await owner.execute(ADD_SERIES, self.series_id)
        for meeting_id, days in ((self.running, 0), (self.closed, 1)):
            await owner.execute(ADD_MEETING, meeting_id, self.series_id, timedelta(days=days))
            await owner.execute(ADD_ITEM, meeting_id, record[0], home, record[1], MINUTES_TEXT, by)
        await owner.execute(ADD_REVIEW, record[0], home, record[1])
        await owner.execute(ADD_BY_HAND, self.running, amber[0], home, amber[1])
        await owner.execute(ADD_INTEREST, self.closed, record[0], second.user_id, home)
        await owner.execute(CLOSE, self.closed, by)
        await owner.execute(ADD_ADDENDUM, new_id(), self.closed, record[0], home, MINUTES_TEXT, by)
