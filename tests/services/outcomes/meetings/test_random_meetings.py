"""
Random ratings, cut-offs and meetings, compared with a plain account of what should happen.

Each amber is on exactly one agenda of a meeting to come, or is counted as unplaced. A closed meeting leaves exactly
those without a decision, and those decided to come back, to the next one. Nobody is on an agenda twice.
"""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.outcomes.meeting_rules import cut_off
from shared.contracts.meetings import MeetingShown
from shared.messages import Refused
from shared.values import london_day
from tests.services.outcomes.meetings.board import NORTH, SOUTH, Board

PLACES = (SOUTH, NORTH, None)
RANKS = {"red": 0, "amber": 1, "green": 2}


@dataclass
class Known:
    """A person as the account knows them. `left_by`: the meeting at which they were last, if it left them over."""

    rating: str
    locality: str | None
    rated_at: datetime
    is_open: bool = True
    is_discussed: bool = False
    left_by: str | None = ""
    is_left: bool = False


@dataclass
class Account:
    """Random steps on a board, and what they should lead to."""

    board: Board
    chance: random.Random
    people: dict[UUID, Known] = field(default_factory=dict)
    series: dict[UUID, tuple[str | None, int]] = field(default_factory=dict)
    planned: dict[UUID, tuple[UUID, datetime]] = field(default_factory=dict)
    by_hand: dict[UUID, set[UUID]] = field(default_factory=dict)

    def covered_by(self, locality: str | None) -> UUID | None:
        """Return the series of an area."""
        own = {area: series_id for series_id, (area, _) in self.series.items()}
        return own.get(locality, own.get(None))

    def coming(self, series_id: UUID) -> list[UUID]:
        today = london_day(self.board.clock.now)
        found = [(at, each) for each, (of, at) in self.planned.items() if of == series_id and london_day(at) >= today]
        return [each for _, each in sorted(found)]

    def placed(self, person: Known) -> UUID | None:
        """Return the meeting that has the person on its agenda by itself."""
        tasked = person.is_open and (person.rating == "red" or (person.rating == "amber" and not person.is_discussed))
        if tasked and (series_id := self.covered_by(person.locality)):
            for meeting_id in self.coming(series_id):
                limit = cut_off(self.planned[meeting_id][1], self.series[series_id][1])
                if person.rating == "red" or person.rated_at <= limit:
                    return meeting_id
        return self._carried(person)

    def _carried(self, person: Known) -> UUID | None:
        if not (person.is_open and person.is_left):
            return None
        series_id = self.covered_by(person.left_by)
        return next(iter(self.coming(series_id)), None) if series_id else None

    def agenda(self, meeting_id: UUID) -> set[UUID]:
        by_itself = {each for each, person in self.people.items() if meeting_id in self._both(person)}
        return by_itself | {each for each in self.by_hand[meeting_id] if self.people[each].is_open}

    def _both(self, person: Known) -> set[UUID | None]:
        """Return the meeting of the rating, and the one that the person is carried over to: it may be another one."""
        return {self.placed(person), self._carried(person)}

    def unplaced(self) -> dict[str, int]:
        ambers = {
            each: person
            for each, person in self.people.items()
            if person.is_open and person.rating == "amber" and not person.is_discussed
        }
        placed = {each for meeting_id in self.planned for each in self.agenda(meeting_id)}
        return dict(Counter(person.locality or "" for each, person in ambers.items() if each not in placed))

    # ----------------------------------------------------------------------------------------------------------- steps
    async def begin(self) -> None:
        for area in self.chance.sample(PLACES, self.chance.randint(1, 3)):
            days = self.chance.choice((0, 1, 3))
            self.series[await self.board.series(area, cut_off_days=days)] = (area, days)

    async def step(self) -> None:
        steps = [self.add_person] * 6 + [self.rate] * 4 + [self.plan] * 4 + [self.add_by_hand] * 3
        steps += [self.leave, self.cancel, self.hold, self.hold, self.hold]
        await self.chance.choice(steps)()
        self.board.clock.pass_days(self.chance.choice((0, 0.2, 0.7, 1.5)))

    async def add_person(self) -> None:
        rating, locality = self.chance.choice(("red", "amber", "amber", "green")), self.chance.choice(PLACES)
        days = -self.chance.random() * 5
        record_id = await self.board.person(rating, locality=locality, rated=days)
        self.people[record_id] = Known(rating, locality, self.board.people[record_id].rated_at)

    async def rate(self) -> None:
        for record_id in self.chance.sample(sorted(self.people), min(1, len(self.people))):
            person = self.people[record_id]
            if person.is_open:
                rating = self.chance.choice(tuple(RANKS))
                await self.board.change(record_id, rating)
                person.rating, person.is_discussed = rating, False
                person.rated_at = self.board.people[record_id].rated_at

    async def plan(self) -> None:
        series_id, days = self.chance.choice(sorted(self.series)), self.chance.randint(1, 9)
        at = self.board.clock.now + timedelta(days=days)
        taken = {london_day(each) for of, each in self.planned.values() if of == series_id}
        if london_day(at) not in taken and len(self.coming(series_id)) < 3:
            with suppress(Refused):  # a meeting that is over may have been on that day
                meeting_id = await self.board.plan(series_id, days)
                self.planned[meeting_id], self.by_hand[meeting_id] = (series_id, at), set()

    async def add_by_hand(self) -> None:
        if self.planned and self.people:
            meeting_id, record_id = self.chance.choice(sorted(self.planned)), self.chance.choice(sorted(self.people))
            if self.people[record_id].is_open and record_id not in self.agenda(meeting_id):
                await self.board.add(meeting_id, record_id)
                self.by_hand[meeting_id].add(record_id)

    async def leave(self) -> None:
        for record_id in self.chance.sample(sorted(self.people), min(1, len(self.people))):
            if self.people[record_id].is_open:
                await self.board.leave(record_id)
                self.people[record_id].is_open = False

    async def cancel(self) -> None:
        if self.planned:
            meeting_id = self.chance.choice(sorted(self.planned))
            await self.board.cancel(meeting_id)
            series_id, _ = self.planned.pop(meeting_id)
            for each in self.by_hand.pop(meeting_id):
                self.people[each].left_by, self.people[each].is_left = self.series[series_id][0], True

    async def hold(self) -> None:
        """Hold the next meeting of a series, about some of its people with different decisions."""
        meeting_id = next(iter(self.coming(self.chance.choice(sorted(self.series)))), None)
        if meeting_id is None:
            return
        series_id, at = self.planned[meeting_id]
        self.board.clock.now = max(self.board.clock.now, at)
        expected = self.agenda(meeting_id)
        await self.board.start(meeting_id)
        assert sorted(expected) == sorted(await self.board.on(meeting_id))
        await self._decide(meeting_id, sorted(expected), self.series[series_id][0])
        await self.board.close(meeting_id)
        del self.planned[meeting_id], self.by_hand[meeting_id]
        self.board.clock.pass_days(0.01)

    async def _decide(self, meeting_id: UUID, people: list[UUID], area: str | None) -> None:
        for each in people:
            person, said = self.people[each], self.chance.choice(("", "no_change", "further_meeting"))
            person.left_by, person.is_left = area, said != "no_change"
            if said:
                await self.board.decide(meeting_id, each, said)
                person.is_discussed = person.is_discussed or person.rating == "amber"

    # ----------------------------------------------------------------------------------------------------------- check
    async def check(self) -> None:
        listed = await self.board.listed()
        found = {each.meeting_id: await self.board.agenda(each.meeting_id) for each in listed.coming}
        assert set(self.planned) == set(found)
        assert self.unplaced() == listed.unplaced
        for meeting_id, agenda in found.items():
            on = [each.record_id for each in agenda.items]
            assert sorted(self.agenda(meeting_id)) == sorted(on), "somebody is missing or too many, or there twice"
            order = [(RANKS[self.people[each].rating], self._since(each)) for each in on]
            assert sorted(order) == order
            self._check_counts(agenda.meeting, len(on), listed.coming)
        self._check_each_amber_once({each: [one.record_id for one in found[each].items] for each in found})

    def _since(self, record_id: UUID) -> float:
        person = self.people[record_id]
        return 0 if person.rating == "green" else person.rated_at.timestamp()

    def _check_counts(self, meeting: MeetingShown, items: int, listed: tuple[MeetingShown, ...]) -> None:
        (row,) = [each for each in listed if each.meeting_id == meeting.meeting_id]
        assert (items, items) == (meeting.items, row.items)

    def _check_each_amber_once(self, found: dict[UUID, list[UUID]]) -> None:
        for record_id, person in self.people.items():
            if person.is_open and person.rating == "amber" and not (person.is_discussed or person.is_left):
                on = [each for each in found if record_id in found[each] and record_id not in self.by_hand[each]]
                assert len(on) <= 1


@pytest.mark.slow
@pytest.mark.requirement("R-MEET-002", "R-MEET-006")
@pytest.mark.parametrize("seed", range(6))
async def test_random_meetings_have_the_agendas_that_a_plain_account_gives(board: Board, seed: int) -> None:
    account = Account(board, random.Random(seed))
    await account.begin()
    for _ in range(60):
        await account.step()
        await account.check()
