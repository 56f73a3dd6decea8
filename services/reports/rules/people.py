"""Rules about people with several records, which administrators have linked: each person is counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.reports.rules.counting import ALSO_ACTIVE, ENDED, CountedAnswer, Tallies, counted_later
from services.reports.rules.urgency import RatingOrder, rating_order
from services.reports.rules.weeks import Move, first_week
from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class LinkedRecord:
    """
    A record that is linked with others that the visitor sees, and what it counts for.

    The most urgent of a person's open records `stands` for the person where a tile counts open records, and the most
    urgent of the ended ones where it counts ended records.
    """

    record_id: UUID
    person_id: UUID
    organisation_id: UUID
    is_open: bool
    stands: bool
    items: Sequence[CountedAnswer] = field(repr=False)
    born: date | None = field(repr=False)
    moves: Sequence[Move] = field(repr=False)


@dataclass(frozen=True)
class NotCounted:
    """Records that do not stand for their person; and ended ones that do, though the person has an open one too."""

    anywhere: Sequence[UUID]
    also_active: Sequence[UUID]


def _not_counted(linked: Sequence[LinkedRecord]) -> NotCounted:
    with_open = {each.person_id for each in linked if each.is_open}
    return NotCounted(
        [each.record_id for each in linked if not each.stands],
        [each.record_id for each in linked if each.stands and not each.is_open and each.person_id in with_open],
    )


def count_people_once(tallies: Tallies, register: Definition, linked: Sequence[LinkedRecord], day: date) -> NotCounted:
    """Take from the tallies what a person's further records count for. Return those records."""
    order, people = rating_order(register), dict[UUID, list[LinkedRecord]]()
    left_out = _not_counted(linked)
    anywhere, also_active = frozenset(left_out.anywhere), frozenset(left_out.also_active)
    for each in linked:
        people.setdefault(each.person_id, []).append(each)
        for item in _items(register, each, day):
            if each.record_id in anywhere:
                tallies.take(item, each.organisation_id)
            elif each.record_id in also_active:
                tallies.take(
                    replace(item, question=f"{ALSO_ACTIVE}{item.question.removeprefix(ENDED)}"), each.organisation_id
                )
    for records in people.values():
        _rate_once(tallies, records, order, first_week(day))
    return left_out


def _items(register: Definition, record: LinkedRecord, day: date) -> Sequence[CountedAnswer]:
    return counted_later(register, record.items, record.born, day).items if record.items else ()


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
