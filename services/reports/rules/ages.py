"""Ages on a day, from dates of birth: which band somebody is in, until when, and who is in a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.registers.definition.dashboards import AgeBand
from shared.values import age_on

OLDEST = 150


def born_by(day: date, age: int) -> date:
    """
    The latest date of birth of somebody who is that old on the day.

    Agrees with `shared.values.age_on`: who was born on 29 February has their birthday on 1 March in other years.
    """
    try:
        return day.replace(year=day.year - age)
    except ValueError:  # it is 29 February, and it was not in that year
        return date(day.year - age, 2, 28)


def birthday(born: date, age: int) -> date:
    """The day on which somebody becomes that old."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


@dataclass(frozen=True)
class Births:
    """Dates of birth of the people in a band: after one day, up to another; None has no end."""

    after: date | None
    until: date | None


def births_of(band: AgeBand, day: date) -> Births:
    """Who has no birthday yet, by a clock that is behind, is taken for a newborn."""
    return Births(
        after=None if band.last is None else born_by(day, band.last + 1),
        until=born_by(day, band.first) if band.first else None,
    )


def band_of(bands: Sequence[AgeBand], born: date, day: date) -> int:
    """The place of the band that holds somebody's age. The bands of a panel hold every age."""
    age = min(max(age_on(born, day), 0), OLDEST)
    return next(place for place, band in enumerate(bands) if band.holds(age))


def next_band_on(bands: Sequence[AgeBand], born: date, day: date) -> date | None:
    """The first day after this one on which they are in another band; None when that never comes."""
    age = max(age_on(born, day), 0)
    edges = {band.first for band in bands} | {band.last + 1 for band in bands if band.last is not None}
    ahead = sorted(edge for edge in edges if age < edge <= OLDEST)
    return birthday(born, ahead[0]) if ahead else None
