"""A stand-in for outcomes' meetings, and for the records of the people on their agendas, on a fake bus."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.contracts.meetings import (
    AddAddendum,
    AddItem,
    Agenda,
    AgendaItem,
    Attendee,
    CancelMeeting,
    ChangeMeeting,
    CloseMeeting,
    DeclareInterest,
    ListMeetings,
    ListSeries,
    MeetingItem,
    MeetingPack,
    MeetingReceipt,
    Meetings,
    MeetingSeries,
    MeetingShown,
    Minutes,
    MinutesReceipt,
    PlanMeeting,
    ReadAgenda,
    ReadItem,
    ReadPack,
    RemoveItem,
    SaveAttendance,
    SaveMinutes,
    SaveSeries,
    SeriesList,
    SeriesReceipt,
    StartMeeting,
)
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.referrals.naming import NamedRecord, NamedRecords, NameRecords
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.contracts.referrals.saving import Conflict, RecordReceipt, ReviewRecord
from shared.messages import Refused
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_outcomes import PERSON, a_record, a_row

SERIES_ID, MEETING_ID = UUID(int=31), UUID(int=32)
STARTS = datetime(2030, 6, 3, 13, tzinfo=UTC)  # 14:00 in London
SINCE = datetime(2026, 5, 4, 14, 5, tzinfo=UTC)
PEOPLE = {1: "Wendy White", 2: "Joe <b>Bloggs", 3: "Gordon Green"}
RATINGS = {1: "red", 2: "amber", 3: "green"}


def a_series(**changes: object) -> MeetingSeries:
    fields = {
        "series_id": SERIES_ID,
        "name": "South tracking meeting",
        "locality": "south_staffordshire",
        "chair": "Cherry Chair",
        "services": ("Learning disability team", "Social care"),
        "cut_off_days": 2,
        "is_active": True,
        "version": 3,
    }
    return MeetingSeries.model_validate(fields | changes)


def a_meeting(**changes: object) -> MeetingShown:
    fields = {
        "meeting_id": MEETING_ID,
        "series_id": SERIES_ID,
        "name": "South tracking meeting",
        "locality": "south_staffordshire",
        "chair": "Cherry Chair",
        "services": ("Learning disability team", "Social care"),
        "starts_at": STARTS,
        "minutes": 90,
        "place": "Room 4; north, first floor",
        "cut_off_at": STARTS - timedelta(days=2),
        "state": "planned",
        "version": 5,
        "items": 3,
    }
    return MeetingShown.model_validate(fields | changes)


def an_item(number: int, **changes: object) -> AgendaItem:
    fields = {
        "record_id": UUID(int=number),
        "reference": f"DSR-7KQ2-M9X{number}",
        "urgency": "urgent" if number == 1 else "alert",
        "because": "urgent" if number == 1 else "agenda",
        "since": SINCE,
    }
    return AgendaItem.model_validate(fields | changes)


def the_minutes(number: int, **changes: object) -> Minutes:
    fields = {
        "meeting_id": MEETING_ID,
        "record_id": UUID(int=number),
        "edition": "2022",
        "starts_at": STARTS,
        "meeting_name": "South tracking meeting",
    }
    return Minutes.model_validate(fields | changes)


def saved(number: int, **changes: object) -> Minutes:
    """Return minutes that someone else has saved."""
    fields = {"saved_by": "Ada Minister", "saved_at": SINCE, "version": 2, "answers": {"discussion": "Theirs."}}
    return the_minutes(number, **fields | changes)


@dataclass
class StandInMeetings(StandIn):
    """One series, its meeting, and three people on its agenda. `minutes` are those that are saved, by number."""

    series: tuple[MeetingSeries, ...] = (a_series(),)
    meeting: MeetingShown = field(default_factory=a_meeting)
    items: tuple[AgendaItem, ...] = (an_item(1), an_item(2), an_item(3, because="by_hand"))
    minutes: dict[int, Minutes] = field(default_factory=dict)
    last: Minutes | None = None
    past: tuple[MeetingShown, ...] = ()
    unplaced: dict[str, int] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    attendance: tuple[Attendee, ...] = ()
    missing: tuple[str, ...] = ()
    record_changes: dict[str, object] = field(default_factory=dict)
    is_empty: bool = False
    packed: int = 150

    def table(self) -> tuple[Row, ...]:
        return (
            row(ListSeries, lambda _: SeriesList(series=self.series, unplaced=self.without)),
            row(SaveSeries, lambda asked: SeriesReceipt(series_id=asked.series_id or SERIES_ID, version=4)),
            row(ListMeetings, lambda _: self._meetings()),
            row(PlanMeeting, lambda _: self._receipt("planned")),
            row(ChangeMeeting, lambda _: self._receipt("planned")),
            row(CancelMeeting, lambda _: self._receipt("cancelled")),
            row(StartMeeting, lambda _: self._receipt("in_progress")),
            row(CloseMeeting, lambda _: self._receipt("closed")),
            row(ReadAgenda, lambda _: self._agenda()),
            *(row(kind, nothing) for kind in (SaveAttendance, AddItem, RemoveItem, DeclareInterest, AddAddendum)),
            row(ReadItem, self._item),
            row(SaveMinutes, self._save),
            row(ReadPack, self._pack),
            row(NameRecords, self._name),
            row(ListRecords, lambda _: RecordPage(rows=(a_row(record_id=UUID(int=9)),), first=1, matches=1, total=1)),
            row(ReadRecord, self._record),
            row(ReviewRecord, lambda asked: RecordReceipt(record_id=asked.record_id, reference="", version=5)),
        )

    def _meetings(self) -> Meetings:
        is_coming = self.meeting.state in ("planned", "in_progress") and not self.is_empty
        coming = (self.meeting,) if is_coming else ()
        return Meetings(coming=coming, past=self.past, more=bool(self.past), unplaced=self.unplaced)

    def _receipt(self, state: str) -> MeetingReceipt:
        return MeetingReceipt.model_validate({"meeting_id": MEETING_ID, "version": 6, "state": state})

    def _agenda(self) -> Agenda:
        return Agenda(
            meeting=self.meeting,
            items=self.items,
            attendance=self.attendance,
            attendance_version=1,
            missing=self.missing,
        )

    def _place(self, record_id: UUID) -> int:
        place = next((n for n, each in enumerate(self.items) if each.record_id == record_id), None)
        if place is None:
            raise Refused("not_found")
        if self.items[place].interest:
            raise Refused("interest")
        return place

    def _item(self, asked: ReadItem) -> MeetingItem:
        place, number = self._place(asked.record_id), asked.record_id.int
        return MeetingItem(
            meeting=self.meeting,
            item=self.items[place],
            minutes=self.minutes.get(number) or the_minutes(number),
            last=self.last,
            before=self.items[place - 1].record_id if place else None,
            after=self.items[place + 1].record_id if place + 1 < len(self.items) else None,
            place=place + 1,
            of=len(self.items),
        )

    def _save(self, asked: SaveMinutes) -> MinutesReceipt:
        present = self.minutes.get(asked.record_id.int)
        if present and present.version != asked.version:
            raise Refused(Conflict(version=present.version))
        return MinutesReceipt(version=asked.version + 1, saved_at=SINCE, is_done=asked.done)

    def _pack(self, asked: ReadPack) -> MeetingPack:
        mine = [self.minutes.get(each.record_id.int) or the_minutes(each.record_id.int) for each in self.items]
        page = tuple(mine[asked.skip : asked.skip + self.packed])
        return MeetingPack(agenda=self._agenda(), minutes=page, more=asked.skip + len(page) < len(mine))

    def _name(self, asked: NameRecords) -> NamedRecords:
        return NamedRecords(records=tuple(_named(each) for each in asked.record_ids if each.int in PEOPLE))

    def _record(self, asked: ReadRecord) -> RecordShown:
        number = asked.record_id.int
        if number not in PEOPLE:
            raise Refused("not_found")
        first, _, last = PEOPLE[number].partition(" ")
        answers = {
            **PERSON,
            "first_name": first,
            "last_name": last,
            "nhs_number": "9990000018",
            "risk_level": RATINGS[number],
            "latest_update": "Seen at home.",
        }
        fields = {"record_id": asked.record_id, "answers": answers, "reference": f"DSR-7KQ2-M9X{number}"}
        return a_record(**fields | self.record_changes)


def _named(record_id: UUID) -> NamedRecord:
    return NamedRecord(
        record_id=record_id,
        name=PEOPLE[record_id.int],
        born="2001-02-07",
        reference=f"DSR-7KQ2-M9X{record_id.int}",
        rating=RATINGS[record_id.int],
        rated_at=SINCE,
        lead_professional="Lee Lead",
        latest_update="Seen at home.",
    )
