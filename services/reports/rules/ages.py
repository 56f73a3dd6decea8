"""Rules about ages, from dates of birth: the age band of a person, until when it applies, and who is in a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.registers.definition.dashboards import AgeBand
from shared.values import age_on

OLDEST = 150


def born_by(day: date, age: int) -> date:
    """
    Return the latest date of birth of a person who has this age on the day.

    Agrees with `shared.values.age_on`: a person born on 29 February has their birthday on 1 March in other years.
    """
    try:
        return day.replace(year=day.year - age)
    except ValueError:  # the day is 29 February, which that year did not have
        return date(day.year - age, 2, 28)


def birthday(born: date, age: int) -> date:
    """Return the day on which a person reaches this age."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


@dataclass(frozen=True)
class Births:
    """The dates of birth of the people in a band: after one day, up to and including another. None is no limit."""

    after: date | None
    until: date | None


@dataclass(frozen=True)
class AgesAt:
    """The ages that people had on the date answered to a question, both ends included."""

    question: str
    first: int
    last: int


def ages_at(band: AgeBand, question: str) -> AgesAt:
    return AgesAt(question, band.first, OLDEST if band.last is None else band.last)


def births_of(band: AgeBand, day: date) -> Births:
    """Return the dates of birth in a band. A date in the future, seen by a clock that is behind, counts as age 0."""
    return Births(
        after=None if band.last is None else born_by(day, band.last + 1),
        until=born_by(day, band.first) if band.first else None,
    )


def band_of(bands: Sequence[AgeBand], born: date, day: date) -> int:
    """Return the index of the band that holds the person's age. The bands of a panel cover every age."""
    age = min(max(age_on(born, day), 0), OLDEST)
    return next(place for place, band in enumerate(bands) if band.holds(age))


def next_band_on(bands: Sequence[AgeBand], born: date, day: date) -> date | None:
    """Return the first day after this one on which the person is in another band; None if there is none."""
    age = max(age_on(born, day), 0)
    edges = [band.first for band in bands] + [band.last + 1 for band in bands if band.last is not None]
    ahead = min((edge for edge in edges if age < edge <= OLDEST), default=None)
    return None if ahead is None else birthday(born, ahead)
