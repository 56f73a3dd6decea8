"""Rules about weekly counts: how many records had each rating, computed from when each rating began and ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import zip_longest

from shared.contracts.referrals.feed import FedRecord
from shared.values import london_day

WEEKS = 12
"""How many past weeks are shown, besides the present one up to today."""
WEEK = timedelta(weeks=1)

Moves = Mapping[date, Mapping[str, int]]
"""Monday of a week → level → the change in the number of records at that level during the week."""


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def first_week(day: date) -> date:
    """Return the Monday of the first week shown on a day. Earlier moves count as if they were in that week."""
    return monday_of(day) - WEEKS * WEEK


@dataclass(frozen=True)
class Move:
    """A level that a record reached (`n` is 1) or left (-1), and the Monday of that week in London."""

    week: date
    level: str
    n: int


def moves_of(record: FedRecord) -> list[Move]:
    """Return the levels that the record reached and left."""
    moves = []
    for rated, following in zip_longest(record.ratings, record.ratings[1:]):
        moves.append(_move(rated.since, rated.code, 1))
        left_at = following.since if following else record.ended_at
        moves += [_move(left_at, rated.code, -1)] if left_at else []
    return moves


def _move(moment: datetime, level: str, n: int) -> Move:
    return _shared_move(monday_of(london_day(moment)), level, n)


@lru_cache(maxsize=10_000)
def _shared_move(week: date, level: str, n: int) -> Move:
    """Return a move that many records share."""
    return Move(week, level, n)


def weeks_shown(moves: Moves, day: date) -> list[tuple[date, dict[str, int]]]:
    """Return the last day of each week, or today, and how many records were at each level at its end."""
    shown, standing = [], dict.fromkeys((level for each in moves.values() for level in each), 0)
    for place in range(WEEKS + 1):
        monday = first_week(day) + place * WEEK
        for level, n in moves.get(monday, {}).items():
            standing[level] += n
        shown.append((min(monday + timedelta(days=6), day), dict(standing)))
    return shown
