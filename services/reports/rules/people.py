"""Rules about people with several records, which administrators have linked: each person is counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.reports.rules.counting import ENDED, TOTAL, CountedAnswer, Tallies, counted_later
from services.reports.rules.urgency import RatingOrder, rating_order
from services.reports.rules.weeks import Move, first_week
from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class LinkedRecord:
    """
    A record that is linked with others that the visitor sees, and what it counts for.

    Of one person's records the most urgent open one `stands` for the person.
    """

    person_id: UUID
    organisation_id: UUID
    stands: bool
    items: Sequence[CountedAnswer] = field(repr=False)
    born: date | None = field(repr=False)
    moves: Sequence[Move] = field(repr=False)


def count_people_once(tallies: Tallies, register: Definition, linked: Sequence[LinkedRecord], day: date) -> None:
    """Take from the tallies what a person's further records count for."""
    order, people = rating_order(register), dict[UUID, list[LinkedRecord]]()
    for each in linked:
        people.setdefault(each.person_id, []).append(each)
        if not each.stands:
            _take_away(tallies, register, each, day)
    for records in people.values():
        _rate_once(tallies, records, order, first_week(day))


def _take_away(tallies: Tallies, register: Definition, record: LinkedRecord, day: date) -> None:
    items = counted_later(register, record.items, record.born, day).items if record.items else []
    by_organisation = tallies.organisations.get(TOTAL, {})
    for item in items:
        if item.question.startswith(ENDED):  # ended records are counted one by one
            continue
        tallies.add(item, -1)
        if item.question == TOTAL and record.organisation_id in by_organisation:
            by_organisation[record.organisation_id] -= 1


def _rate_once(tallies: Tallies, records: Sequence[LinkedRecord], order: RatingOrder, first: date) -> None:
    """
    Replace the moves of the records by those of the person, who is at the highest level that a record has.

    Weeks before the first one shown count as that week.
    """
    moves = [move for each in records for move in each.moves]
    before: str | None = None
    standing: dict[str, int] = {}
    for week in sorted({move.week for move in moves}):
        for move in (each for each in moves if each.week == week):
            tallies.move(max(week, first), move.level, -move.n)
            standing[move.level] = standing.get(move.level, 0) + move.n
        level = _highest(standing, order)
        for reached, n in ((before, -1), (level, 1)):
            if reached is not None:
                tallies.move(max(week, first), reached, n)
        before = level


def _highest(standing: Mapping[str, int], order: RatingOrder) -> str | None:
    """Return the most urgent level that a record has; None if none has any."""
    places = {level: place for place, level in enumerate(order.levels)}
    found = [level for level, n in standing.items() if n > 0]
    return min(found, key=lambda level: (places.get(level, len(places)), level), default=None)
