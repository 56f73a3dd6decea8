"""How long something has waited, and how long ago it was, in words."""

from datetime import datetime, timedelta

from shared.registers.definition.words import Words
from shared.values import london_day

MINUTES_OF_HOUR, MINUTES_OF_DAY = 60, 1_440
DAYS_IN_HOURS = 2  # below this many days, hours matter
DAYS_ALONE = 56  # beyond this many days, months say more
MONTHS_OF_YEAR = 12


def age_in_words(since: datetime, now: datetime, words: Words) -> str:
    """Return an age: "5 minutes", "2 hours 5 minutes", "1 day 3 hours", "12 days", "4 years, 5 months"."""
    minutes = max(int((now - since) / timedelta(minutes=1)), 0)
    days, rest = divmod(minutes, MINUTES_OF_DAY)
    if days > DAYS_ALONE:
        return _long(since, now, words)
    if days >= DAYS_IN_HOURS:
        return words("tasks.age.days", count=days)
    hours, left = divmod(rest, MINUTES_OF_HOUR)
    in_hours = _amount(hours, words("tasks.age.hour"), words("tasks.age.hours", count=hours))
    if days:
        return " ".join(filter(None, (words("tasks.age.day"), in_hours)))
    in_minutes = _amount(left, words("tasks.age.minute"), words("tasks.age.minutes", count=left))
    return " ".join(filter(None, (in_hours, in_minutes))) or words("tasks.age.none")


def days_since(moment: datetime, now: datetime, words: Words) -> str:
    """Return "today", "yesterday", "12 days ago" or "4 years, 5 months ago", by the calendar in London."""
    days = (london_day(now) - london_day(moment)).days
    if days > DAYS_ALONE:
        return words("tasks.ago", age=_long(moment, now, words))
    if days <= 0:
        return words("page.today")
    return words("page.yesterday") if days == 1 else words("page.days_ago", count=days)


def _long(since: datetime, now: datetime, words: Words) -> str:
    """Return full years and months by the calendar in London."""
    first, last = london_day(since), london_day(now)
    months = (last.year - first.year) * MONTHS_OF_YEAR + last.month - first.month - (last.day < first.day)
    years, left = divmod(months, MONTHS_OF_YEAR)
    in_years = _amount(years, words("tasks.age.year"), words("tasks.age.years", count=years))
    in_months = _amount(left, words("tasks.age.month"), words("tasks.age.months", count=left))
    return ", ".join(filter(None, (in_years, in_months)))


def _amount(count: int, one: str, several: str) -> str:
    if count == 0:
        return ""
    return one if count == 1 else several
