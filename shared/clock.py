"""The current time, and the next time of a given hour in London. Rules take times and days as arguments instead."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from shared.values import LONDON, london_day

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def london_today() -> date:
    """Return today's date in London."""
    return london_day(utc_now())


def next_london_hour(moment: datetime, hour: int) -> datetime:
    """Return the first time after `moment`, in UTC, at which London clocks show this hour (in summer time too)."""
    local = moment.astimezone(LONDON)
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return (due if due > local else due + timedelta(days=1)).astimezone(UTC)
