"""The course of a meeting: it starts with a stored agenda, notes who came, and is closed with final minutes."""

from dataclasses import dataclass
from uuid import UUID

from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.meetings import cut_off_of
from services.outcomes.store import meeting_agendas as agendas
from services.outcomes.store import meetings as store
from services.outcomes.store.meetings import StoredMeeting
from shared import audit, outbox
from shared.commands import carry_out
from shared.contracts.meetings import (
    Attendee,
    CloseMeeting,
    MeetingReceipt,
    SaveAttendance,
    StartMeeting,
)
from shared.contracts.referrals.saving import Conflict
from shared.database import Database
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class MeetingCourse:
    """Handlers of what happens to a meeting on its day."""

    context: OutcomesContext

    async def start(self, visitor: Visitor, asked: StartMeeting) -> MeetingReceipt:
        async def act(db: Database) -> MeetingReceipt:
            await store.hold_planning(db, visitor)
            meeting = must_find(await store.hold_meeting(db, visitor, asked.meeting_id))
            if meeting.state == "in_progress":
                return _receipt(meeting)
            if meeting.state != "planned":
                raise Refused("not_planned")
            if meeting.held_on > self.context.day():
                raise Refused("too_early")
            return await self._start(db, visitor, meeting)

        return await carry_out(self.context.pool, visitor, asked, act)

    async def _start(self, db: Database, visitor: Visitor, meeting: StoredMeeting) -> MeetingReceipt:
        """Store the agenda while the meeting is still planned, since people at a meeting are on no other agenda."""
        plan, moment = await store.read_plan(db, visitor), self.context.clock()
        await agendas.start(db, plan.agenda_at_start(meeting.planned, self.context.day()), moment)
        await store.settle_meeting(db, meeting, "in_progress", cut_off_of(meeting), moment)
        await audit.note(db, visitor, OutcomesAction.MEETING_STARTED, [meeting.meeting_id])
        return MeetingReceipt(meeting_id=meeting.meeting_id, version=meeting.version + 1, state="in_progress")

    async def close(self, visitor: Visitor, asked: CloseMeeting) -> MeetingReceipt:
        async def act(db: Database) -> MeetingReceipt:
            meeting = must_find(await store.hold_meeting(db, visitor, asked.meeting_id))
            if meeting.state == "closed":
                return _receipt(meeting)
            if meeting.state != "in_progress":
                raise Refused("not_started")
            await self._discuss(db, visitor, meeting.meeting_id)
            await store.close_meeting(db, visitor, meeting.meeting_id, self.context.clock())
            await audit.note(db, visitor, OutcomesAction.MEETING_CLOSED, [meeting.meeting_id])
            return MeetingReceipt(meeting_id=meeting.meeting_id, version=meeting.version + 1, state="closed")

        done = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return done

    async def _discuss(self, db: Database, visitor: Visitor, meeting_id: UUID) -> None:
        """Take the tasks of done items off the agenda, as if each had been marked as discussed."""
        for task_id, task in await agendas.discuss_items(db, visitor, meeting_id, self.context.clock()):
            await audit.note(db, visitor, OutcomesAction.TASK_DISCUSSED, [task_id, task.record_id])
            await outbox.put(db, self.context.discussed(visitor.register_code, task, discussed=True))

    async def save_attendance(self, visitor: Visitor, asked: SaveAttendance) -> Nothing:
        async def act(db: Database) -> Nothing:
            meeting = must_find(await store.hold_meeting(db, visitor, asked.meeting_id))
            check_in_progress(meeting)
            if meeting.attendance_version != asked.version:
                raise Refused(Conflict(version=meeting.attendance_version))
            attendance = [Attendee(**each.model_dump()) for each in asked.attendance]
            await store.save_attendance(db, meeting.meeting_id, attendance)
            await audit.note(db, visitor, OutcomesAction.ATTENDANCE_SAVED, [meeting.meeting_id])
            return Nothing()

        return await carry_out(self.context.pool, visitor, asked, act)


def check_in_progress(meeting: StoredMeeting) -> None:
    """Refused as `not_started`, or as `closed` when the meeting is over."""
    if meeting.state == "planned":
        raise Refused("not_started")
    check_not_over(meeting)


def check_not_over(meeting: StoredMeeting) -> None:
    """Refused as `closed` when the meeting was closed or cancelled."""
    if meeting.state in ("closed", "cancelled"):
        raise Refused("closed")


def _receipt(meeting: StoredMeeting) -> MeetingReceipt:
    return MeetingReceipt(meeting_id=meeting.meeting_id, version=meeting.version, state=meeting.state)
