"""Moments that lie whole days in the past, in any hour and on either side of a change of the clocks."""

from datetime import UTC, datetime, timedelta

from shared.values import LONDON


def days_ago(days: int, now: datetime) -> datetime:
    """Return the moment of the same time of day in London, so many days earlier."""
    return (now.astimezone(LONDON) - timedelta(days=days)).astimezone(UTC)
