"""When the next review of a record is due."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.registers.definition.register import Definition
from shared.values import london_day

SOON = timedelta(days=7)
"""How long before its day a review counts as due soon."""


@dataclass(frozen=True)
class LastReview:
    """
    The last rating or review of a record, and the day agreed for the next review.

    The day was agreed at that review if `agreed_at` is its time. A rating that was given later stands beside it.
    """

    rating: str | None
    rated_at: datetime
    next_review: date | None = None
    agreed_at: datetime | None = None


def review_due(register: Definition, last: LastReview) -> date | None:
    """
    Return the day on which the next review is due, or None if neither a day was agreed nor an interval entered.

    The day that the last review agreed decides. Else it is the day of the rating and the interval; or an earlier day
    that was agreed before that rating, and is still to come after it. The function `review_due` in SQL does the same.
    """
    if register.reviews is None:
        return None
    if last.agreed_at == last.rated_at:
        return last.next_review
    rated = london_day(last.rated_at)
    days = register.reviews.days(last.rating)
    kept = last.next_review if last.next_review and last.next_review > rated else None
    return min((day for day in (kept, rated + timedelta(days=days) if days else None) if day), default=None)
