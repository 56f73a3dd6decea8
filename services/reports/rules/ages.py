"""Ages on a day, from dates of birth: bands of them, and how many people are in each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from shared.registers.definition import AgeBand


def born_by(day: date, age: int) -> date:
    """
    The latest date of birth of somebody who is that old on the day.

    Agrees with `shared.values.age_on`: who was born on 29 February has their birthday on 1 March in other years.
    """
    try:
        return day.replace(year=day.year - age)
    except ValueError:  # it is 29 February, and it was not in that year
        return date(day.year - age, 2, 28)


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


def edges_of(bands: Iterable[AgeBand], day: date) -> list[date]:
    """The days between the bands."""
    limits = [limit for band in bands for limit in (births_of(band, day).after, births_of(band, day).until)]
    return sorted({limit for limit in limits if limit is not None})


def count_band(band: AgeBand, day: date, by_year: Mapping[int, int], up_to: Mapping[date, int]) -> int:
    """
    How many are in the band.

    `by_year` counts births by year; `up_to`, for each edge, those from the first of January of its year up to it.
    """
    births = births_of(band, day)
    everybody = sum(by_year.values())
    until = _born_up_to(births.until, by_year, up_to) if births.until else everybody
    return until - (_born_up_to(births.after, by_year, up_to) if births.after else 0)


def _born_up_to(limit: date, by_year: Mapping[int, int], up_to: Mapping[date, int]) -> int:
    return sum(n for year, n in by_year.items() if year < limit.year) + up_to.get(limit, 0)
