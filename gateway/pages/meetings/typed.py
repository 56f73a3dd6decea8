"""Reading what is typed into the forms about meetings: lengths, numbers, days and times of day."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from gateway.ui.form import Form, number_of
from shared.registers.definition.words import Words
from shared.values import LONDON, Unreadable, read_date_parts

CLOCK = re.compile(r"(\d{1,2})[:. ]?(\d{2})")


def check_lengths(words: Words, form: Form, longest: Mapping[str, int]) -> None:
    """Say of each named field that is too long how long it may be."""
    for name, most in longest.items():
        count = len(form.value(name).strip())
        if count > most:
            label = form.fields[name].label
            form.wrong(name, words.group("faults")["too_long"].format(label=label, most=most, count=count))


def whole_number(words: Words, form: Form, name: str, least: int, most: int) -> int | None:
    """Return the typed number; None if the field says what is wrong."""
    number = number_of(form.value(name).strip(), 4)
    if number is None or not least <= number <= most:
        form.wrong(name, words("meetings.number", label=form.fields[name].label, least=least, most=most))
        return None
    return number


def read_day(words: Words, form: Form, name: str, typed: str) -> date | None:
    """Return the typed day, which is day/month/year; None if the field says what is wrong."""
    if not typed:
        form.wrong(name, words("meetings.date_missing"))
        return None
    day, month, year = typed.split("/", 2)
    try:
        return read_date_parts(day, month, year)
    except Unreadable as unreadable:
        form.wrong(name, words.group("faults")[unreadable.wrong].format(label=form.fields[name].label))
        return None


def read_clock(words: Words, form: Form, name: str) -> time | None:
    """Return the typed time of day, such as 14:00, 14.00 or 1400; None if the field says what is wrong."""
    found = CLOCK.fullmatch(form.value(name).strip())
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    form.wrong(name, words("meetings.time_wrong"))
    return None


def moment_of(day: date, clock: time) -> datetime | None:
    """Return the moment at which London clocks show this; None for an hour that summer time leaves out."""
    moment = datetime.combine(day, clock, LONDON).astimezone(UTC)
    shown = moment.astimezone(LONDON)
    return moment if (shown.date(), shown.time()) == (day, clock) else None
