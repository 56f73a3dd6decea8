"""The clock of the pages."""

from datetime import UTC, date, datetime

from shared.values import london_day


def now() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    """Return the calendar day in London."""
    return london_day(now())
