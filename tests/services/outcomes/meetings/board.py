"""Helpers for tests of meetings: people with ratings, a clock, and every step of a meeting in one call."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.outcomes.handlers.watching import bring_into_line
from shared.bus.protocol import Context
from shared.contracts.meetings import (
    AddItem,
    Agenda,
    CancelMeeting,
    CloseMeeting,
    DeclareInterest,
    ListMeetings,
    MeetingItem,
    MeetingReceipt,
    Meetings,
    MinutesReceipt,
    PlanMeeting,
    ReadAgenda,
    ReadItem,
    SaveMinutes,
    SaveSeries,
    SeriesReceipt,
    StartMeeting,
)
from shared.contracts.outcomes import RecordDiscussed
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.archiving import CheckRecord, RecordChecked
from shared.contracts.referrals.standing import ReadStandings, RecordStanding, Standings
from shared.database import transaction
from shared.messages import Message, Refused, Request
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of, organisation_compartment
from shared.values import london_day
from tests.services.outcomes.rig import Rig
from tests.services.referrals.builders import EDITION, new_id
from tests.services.two_bodies import URGENCIES

SOUTH, NORTH = "south_staffordshire", "north_staffordshire_stoke"
BEGUN = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class SetClock:
    """A clock that tests set."""

    now: datetime = BEGUN

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += days * DAY


@dataclass(frozen=True)
class Person:
    """A record at one version, as referrals would know it."""

    register_code: str
    compartment: Compartment
    rating: str = "amber"
    locality: str | None = SOUTH
    rated_at: datetime = BEGUN - 30 * DAY
    version: int = 0
    is_open: bool = True
    review_on: date | None = None
    record_id: UUID = field(default_factory=new_id)

    @property
    def standing(self) -> RecordStanding:
        return RecordStanding(
            record_id=self.record_id,
            register_code=self.register_code,
            bodies=self.compartment.bodies,
            reference=f"PAIR-{self.record_id.hex[:4]}-{self.record_id.hex[4:8]}".upper(),
            version=self.version,
            is_open=self.is_open,
            urgency=URGENCIES[self.rating],
            rated_at=self.rated_at,
            locality=self.locality,
            review_on=self.review_on,
        )


@dataclass
class Board:
    """The meetings of one register, and the people of it. `visitor` asks where no other one is named."""

    rig: Rig
    clock: SetClock
    visitor: Visitor
    people: dict[UUID, Person] = field(default_factory=dict)

    async def open(self) -> None:
        """Let referrals know the people of the board."""

        async def check(asked: Request[Message], _context: Context) -> RecordChecked:
            assert isinstance(asked, CheckRecord)
            found = self.people.get(asked.record_id)
            if found is None:
                raise Refused("not_found")
            bodies = found.compartment.bodies
            return RecordChecked(record_id=found.record_id, bodies=bodies, version=found.version, is_open=found.is_open)

        async def stand(asked: Request[Message], _context: Context) -> Standings:
            assert isinstance(asked, ReadStandings)
            found = [self.people[each].standing for each in asked.record_ids if each in self.people]
            return Standings(standings=tuple(found))

        for kind, answer in ((CheckRecord, check), (ReadStandings, stand)):
            known, _ = self.rig.referrals.wire.answers[kind.subject]
            self.rig.referrals.wire.answers[kind.subject] = (known, answer)

    # ---------------------------------------------------------------------------------------------------------- people
    async def person(
        self,
        rating: str = "amber",
        *,
        locality: str | None = SOUTH,
        rated: float = -30,
        bodies: tuple[str, ...] = (),
        organisation_id: UUID | None = None,
    ) -> UUID:
        """Add a person who was rated so many days after now, and let outcomes know."""
        home = organisation_id or self.visitor.organisation_ids[0]
        compartment = compartment_of(self.visitor.register_code, bodies) if bodies else organisation_compartment(home)
        code, rated_at = self.visitor.register_code, self.clock.now + rated * DAY
        person = Person(code, compartment, rating, locality, rated_at)
        await self.tell(person)
        return person.record_id

    async def tell(self, person: Person) -> None:
        self.people[person.record_id] = person
        async with transaction(self.rig.background) as db:
            await bring_into_line(db, person.record_id, person.standing, self.clock.now)

    async def change(self, record_id: UUID, rating: str = "", *bodies: str, locality: str = "") -> None:
        """Save a new version of a person's record, with another rating, bodies or locality, and let outcomes know."""
        person = self.people[record_id]
        person = replace(person, version=person.version + 1)
        if rating and rating != person.rating:
            person = replace(person, rating=rating, rated_at=self.clock.now)
        if bodies:
            person = replace(person, compartment=compartment_of(person.register_code, bodies))
        await self.tell(replace(person, locality=locality or person.locality))

    async def agree(self, record_id: UUID, days: int | None) -> None:
        """Agree on a person's next review, so many days from now, or take it back."""
        person = self.people[record_id]
        day = None if days is None else london_day(self.clock.now) + timedelta(days=days)
        await self.tell(replace(person, version=person.version + 1, review_on=day))

    async def leave(self, record_id: UUID, *, is_open: bool = False) -> None:
        """Let a person leave the register, or come back."""
        person = self.people[record_id]
        await self.tell(replace(person, version=person.version + 1, is_open=is_open))

    # -------------------------------------------------------------------------------------------------------- meetings
    async def series(self, locality: str | None = SOUTH, *, visitor: Visitor | None = None, **more: object) -> UUID:
        asked = a_series(locality=locality, **more)
        receipt: SeriesReceipt = await self.rig.ask(visitor or self.visitor, asked)
        return receipt.series_id

    async def plan(self, series_id: UUID, days: float = 7) -> UUID:
        """Plan a meeting so many days from now."""
        return (await self.rig.ask(self.visitor, a_plan(series_id, self.clock.now + days * DAY))).meeting_id

    async def start(self, meeting_id: UUID, visitor: Visitor | None = None) -> MeetingReceipt:
        asked = StartMeeting(command_id=new_id(), meeting_id=meeting_id)
        return await self.rig.ask(visitor or self.visitor, asked)

    async def close(self, meeting_id: UUID, visitor: Visitor | None = None) -> MeetingReceipt:
        asked = CloseMeeting(command_id=new_id(), meeting_id=meeting_id)
        return await self.rig.ask(visitor or self.visitor, asked)

    async def cancel(self, meeting_id: UUID) -> MeetingReceipt:
        asked = CancelMeeting(command_id=new_id(), meeting_id=meeting_id, version=1, reason="Nobody can come")
        return await self.rig.ask(self.visitor, asked)

    async def hold(self, meeting_id: UUID, *done: UUID, decision: str = "no_change") -> None:
        """Start a meeting, take the minutes of these people, and close it."""
        await self.start(meeting_id)
        for record_id in done:
            await self.decide(meeting_id, record_id, decision)
        await self.close(meeting_id)

    async def begun(self, *ratings: str) -> tuple[UUID, list[UUID]]:
        """Return a meeting in progress about people with these ratings."""
        people = [await self.person(each) for each in ratings]
        meeting_id = await self.plan(await self.series(), 0.1)
        for record_id, rating in zip(people, ratings, strict=True):
            if rating == "green":
                await self.add(meeting_id, record_id)
        await self.start(meeting_id)
        return meeting_id, people

    # ---------------------------------------------------------------------------------------------------------- agenda
    async def agenda(self, meeting_id: UUID, visitor: Visitor | None = None) -> Agenda:
        return await self.rig.ask(visitor or self.visitor, ReadAgenda(meeting_id=meeting_id))

    async def on(self, meeting_id: UUID, visitor: Visitor | None = None) -> list[UUID]:
        """Return the people on an agenda, in order."""
        return [each.record_id for each in (await self.agenda(meeting_id, visitor)).items]

    async def because(self, meeting_id: UUID) -> dict[UUID, str]:
        return {each.record_id: each.because for each in (await self.agenda(meeting_id)).items}

    async def listed(self, visitor: Visitor | None = None, skip: int = 0) -> Meetings:
        return await self.rig.ask(visitor or self.visitor, ListMeetings(skip=skip))

    async def add(self, meeting_id: UUID, record_id: UUID, visitor: Visitor | None = None) -> None:
        asked = AddItem(command_id=new_id(), meeting_id=meeting_id, record_id=record_id)
        await self.rig.ask(visitor or self.visitor, asked)

    async def declare(self, meeting_id: UUID, record_id: UUID, visitor: Visitor | None = None) -> None:
        asked = DeclareInterest(command_id=new_id(), meeting_id=meeting_id, record_id=record_id)
        await self.rig.ask(visitor or self.visitor, asked)

    # --------------------------------------------------------------------------------------------------------- minutes
    async def item(self, meeting_id: UUID, record_id: UUID, visitor: Visitor | None = None) -> MeetingItem:
        return await self.rig.ask(visitor or self.visitor, ReadItem(meeting_id=meeting_id, record_id=record_id))

    async def save(
        self, meeting_id: UUID, record_id: UUID, version: int = 0, /, *, done: bool = False, **answers: Answer
    ) -> MinutesReceipt:
        asked = some_minutes(meeting_id, record_id, version, done=done, **answers)
        return await self.rig.ask(self.visitor, asked)

    async def decide(self, meeting_id: UUID, record_id: UUID, decision: str = "no_change") -> MinutesReceipt:
        return await self.save(meeting_id, record_id, done=True, decision=decision)

    async def told(self, record_id: UUID) -> list[bool]:
        """Publish all waiting events, and return what was said about discussing this record."""
        while await self.rig.relay.carry_batch():
            pass
        sent = [
            RecordDiscussed.model_validate_json(body)
            for subject, body, _ in self.rig.referrals.wire.published
            if subject.startswith("event.") and subject.endswith(RecordDiscussed.kind)
        ]
        return [each.discussed for each in sent if each.record_id == record_id]


def a_series(**changes: object) -> SaveSeries:
    fields: dict[str, object] = {"name": "South area meeting", "locality": SOUTH, "chair": "Carol Chair"}
    return SaveSeries.model_validate({"command_id": new_id(), **fields, **changes})


def a_plan(series_id: UUID, starts_at: datetime, **changes: object) -> PlanMeeting:
    return PlanMeeting.model_validate(
        {"command_id": new_id(), "series_id": series_id, "starts_at": starts_at, "place": "Room 1", **changes}
    )


def some_minutes(
    meeting_id: UUID, record_id: UUID, version: int = 0, /, *, done: bool = False, **answers: Answer
) -> SaveMinutes:
    return SaveMinutes(
        command_id=new_id(),
        meeting_id=meeting_id,
        record_id=record_id,
        version=version,
        edition=EDITION,
        answers=answers,
        done=done,
    )
