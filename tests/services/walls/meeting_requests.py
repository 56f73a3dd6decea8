"""The requests about meetings that the tests of the services' own checks make."""

from collections.abc import Callable

from shared.contracts.meetings import (
    AddAddendum,
    AddItem,
    CancelMeeting,
    ChangeMeeting,
    CloseMeeting,
    DeclareInterest,
    ListMeetings,
    ListSeries,
    PlanMeeting,
    ReadAgenda,
    ReadItem,
    ReadPack,
    RemoveItem,
    SaveAttendance,
    SaveMinutes,
    SaveSeries,
    StartMeeting,
)
from shared.messages import Message, Request
from tests.services.referrals.builders import EDITION, new_id
from tests.services.walls.world import World

Ask = Callable[[World], Request[Message]]

READS_OF_MEETINGS: dict[str, Ask] = {
    "meetings": lambda _: ListMeetings(),
    "the agenda of a meeting": lambda world: ReadAgenda(meeting_id=world.meetings.running),
    "the minutes": lambda world: ReadItem(meeting_id=world.meetings.running, record_id=world.record.record_id),
    "the print pack": lambda world: ReadPack(meeting_id=world.meetings.closed),
}
WRITES_OF_MEETINGS: dict[str, Ask] = {
    "minutes": lambda world: SaveMinutes(
        command_id=new_id(),
        meeting_id=world.meetings.running,
        record_id=world.record.record_id,
        version=1,
        edition=EDITION,
        answers={"update": "A stranger's minutes"},
    ),
    "an addendum": lambda world: AddAddendum(
        command_id=new_id(),
        meeting_id=world.meetings.closed,
        record_id=world.record.record_id,
        text="A stranger's addendum",
    ),
    "a person put on the agenda": lambda world: AddItem(
        command_id=new_id(), meeting_id=world.meetings.running, record_id=world.records[1].record_id
    ),
    "a person taken off the agenda": lambda world: RemoveItem(
        command_id=new_id(), meeting_id=world.meetings.running, record_id=world.agenda.record_id
    ),
    "an interest": lambda world: DeclareInterest(
        command_id=new_id(), meeting_id=world.meetings.running, record_id=world.record.record_id
    ),
}
# What every administrator of the register may do. It is about no person.
OF_THE_REGISTER = {
    ListSeries,
    SaveSeries,
    PlanMeeting,
    ChangeMeeting,
    CancelMeeting,
    StartMeeting,
    CloseMeeting,
    SaveAttendance,
}
