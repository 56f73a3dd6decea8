"""
What the next review of a record goes by, as one counted answer, and the day that follows from it.

The day itself is not counted: it follows from intervals, which administrators change. So a changed interval needs no
new count.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from shared.values import day_of

AGREED = "#agreed"
REVIEW = "#review:"
DAY = len("2026-06-30")


def counted_review(rating: str, rated: date, next_review: date | None, *, is_agreed: bool) -> tuple[str, str]:
    """
    Return the name and the text under which a record counts by its next review.

    If the last review agreed the day, it is that day. Else it is the day of the rating, under the name of its level,
    and with it a day that was agreed before and is still to come after it. `rating` is the name of the interval.
    """
    if is_agreed and next_review:
        return AGREED, next_review.isoformat()
    kept = f" {next_review.isoformat()}" if next_review and next_review > rated else ""
    return f"{REVIEW}{rating}", f"{rated.isoformat()}{kept}"


def is_review(name: str) -> bool:
    return name == AGREED or name.startswith(REVIEW)


def due_on(name: str, text: str, days: Mapping[str, int]) -> date | None:
    """Return the day on which a review so counted is due, by these intervals. None if there is no such day."""
    if name == AGREED:
        return day_of(text)
    rated, kept = day_of(text[:DAY]), day_of(text[DAY:].strip())
    interval = days.get(name.removeprefix(REVIEW))
    by_interval = rated + timedelta(days=interval) if rated and interval else None
    return min((day for day in (kept, by_interval) if day), default=None)
