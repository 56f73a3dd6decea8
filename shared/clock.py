"""The time, and when an hour in London comes next. Rules take moments and days as arguments instead."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.values import LONDON

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def next_london_hour(moment: datetime, hour: int) -> datetime:
    """The next time after the moment at which the clocks in London show this hour. Summer time moves it."""
    local = moment.astimezone(LONDON)
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return (due if due > local else due + timedelta(days=1)).astimezone(UTC)
