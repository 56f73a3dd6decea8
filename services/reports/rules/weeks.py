"""How many records stood at each level of the rating, week by week, from what each came to and left, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest

from shared.contracts.referrals.feed import FedRecord
from shared.values import london_day

WEEKS = 12
"""So many weeks that are over are shown, and today."""
WEEK = timedelta(weeks=1)

Moves = Mapping[date, Mapping[str, int]]
"""Monday of a week → level → how many more there were at the end of the week than before it."""


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def first_week(day: date) -> date:
    """The Monday of the first week that is shown on a day; all that came before counts as if it came in it."""
    return monday_of(day) - WEEKS * WEEK


@dataclass(frozen=True)
class Move:
    """A level that a record came to (`n` is 1) or left (-1), and the Monday of the week in London."""

    week: date
    level: str
    n: int


def moves_of(record: FedRecord) -> list[Move]:
    """Return the levels that the record came to and left."""
    moves = []
    for rated, following in zip_longest(record.ratings, record.ratings[1:]):
        moves.append(_move(rated.since, rated.code, 1))
        left_at = following.since if following else record.archived_at
        moves += [_move(left_at, rated.code, -1)] if left_at else []
    return moves


def _move(moment: datetime, level: str, n: int) -> Move:
    return Move(monday_of(london_day(moment)), level, n)


def weeks_shown(moves: Moves, day: date) -> list[tuple[date, dict[str, int]]]:
    """The last day of each week, or today, and how many records stood at each level at its end."""
    shown, standing = [], dict.fromkeys((level for each in moves.values() for level in each), 0)
    for place in range(WEEKS + 1):
        monday = first_week(day) + place * WEEK
        for level, n in moves.get(monday, {}).items():
            standing[level] += n
        shown.append((min(monday + timedelta(days=6), day), dict(standing)))
    return shown
