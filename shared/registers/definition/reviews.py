"""How often a register reviews its records: the levels that are reviewed, and the interval of each."""

from typing import Annotated

from pydantic import Field

from shared.registers.definition.base import Code, Model, Number, Text

EVERY_RECORD: Code = "every"
"""The name of the one interval of a register without a rating."""

MOST_DAYS = 731  # two years
Days = Annotated[Number, Field(ge=1, le=MOST_DAYS)]


class ReviewIntervals(Model):
    """After how many days a review is due, by level. `source` is the policy that says so, with its date."""

    days: dict[Code, Days] = Field(default={}, max_length=20)
    source: Text


class ReviewRules(Model):
    """
    The levels whose records are reviewed; none in a register without a rating, which has one interval.

    Without an interval a level has no due date. Administrators enter the intervals, so a definition may leave them out.
    """

    levels: tuple[Code, ...] = ()
    intervals: ReviewIntervals | None = None

    @property
    def names(self) -> tuple[Code, ...]:
        """The names of the intervals that the register can have."""
        return self.levels or (EVERY_RECORD,)

    def days(self, rating: str | None) -> int | None:
        """Return after how many days a record with this rating is due; None if no interval was entered for it."""
        return self.intervals.days.get(rating or EVERY_RECORD) if self.intervals else None
