"""The form that plans or changes a meeting: its day and time in London, how long it takes, where, and the chair."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from gateway.ui.actions import At
from gateway.ui.form import Choice, Field, Form, number_of
from gateway.ui.formats import time_of_day
from shared.cleaning import clean_line
from shared.contracts.meetings import MeetingSeries, MeetingShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import LONDON, Unreadable, london_day, read_date_parts

FEWEST_MINUTES, MOST_MINUTES = 15, 480
LAST_YEAR = 2099
LONGEST = {"place": 200, "chair": 100}
TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>am|pm)?", re.IGNORECASE | re.ASCII)
NOON = 12


@dataclass(frozen=True)
class PlannedTime:
    """When and where a meeting is to be."""

    starts_at: datetime
    minutes: int
    place: str


def planning_form(
    register: Definition, series: Sequence[MeetingSeries] | None, values: Mapping[str, str] | None = None
) -> Form:
    """Return the form. With `series` it plans a meeting of one of these; without, it changes a meeting."""
    words = register.words
    choices = (Choice("", words("form.choose")), *(Choice(each.series_id.hex, each.name) for each in series or ()))
    which = Field(
        "series",
        words("meetings.series_label"),
        kind="select",
        choices=choices,
        missing=words("meetings.series_missing"),
    )
    fields = [
        *([which] if series is not None else []),
        Field(
            "day", words("meetings.day"), kind="date", hint=words("dates.hint"), missing=words("meetings.day_missing")
        ),
        Field(
            "time",
            words("meetings.time"),
            hint=words("meetings.time_hint"),
            width=5,
            missing=words("meetings.time_missing"),
        ),
        Field("minutes", words("meetings.minutes_label"), kind="whole_number", width=3),
        Field("place", words("meetings.place"), hint=words("meetings.place_hint")),
        *([] if series is not None else [Field("chair", words("meetings.chair"))]),
    ]
    return Form(fields, values or {"minutes": "60"})


def values_of(meeting: MeetingShown) -> dict[str, str]:
    """Return a planned meeting as the form's fields."""
    day = london_day(meeting.starts_at)
    return {
        "day-day": str(day.day),
        "day-month": str(day.month),
        "day-year": str(day.year),
        "time": time_of_day(meeting.starts_at),
        "minutes": str(meeting.minutes),
        "place": meeting.place,
        "chair": meeting.chair,
    }


def read_planned(register: Definition, form: Form, answers: Mapping[str, str] | None) -> PlannedTime | None:
    """Return when and where the meeting is to be; None if the form says what is wrong."""
    words = register.words
    day = _day(words, form)
    clock = read_time(form.value("time"))
    if clock is None and not form.error("time"):
        form.wrong("time", words("meetings.time_wrong"))
    minutes = number_of(form.value("minutes").strip(), 3)
    if minutes is None or not FEWEST_MINUTES <= minutes <= MOST_MINUTES:
        form.wrong("minutes", words("meetings.minutes_wrong", fewest=FEWEST_MINUTES, most=MOST_MINUTES))
    for name in LONGEST.keys() & form.fields.keys():
        typed_line(register, form, name)
    if answers is None or form.errors or day is None or clock is None or minutes is None:
        return None
    starts_at = datetime.combine(day, clock, LONDON).astimezone(UTC)
    return PlannedTime(starts_at, minutes, typed_line(register, form, "place"))


def typed_line(register: Definition, form: Form, name: str) -> str:
    """Return the typed line. The field says if it is too long."""
    text, most = clean_line(form.value(name)), LONGEST[name]
    if len(text) > most:
        said = register.words.group("faults")["too_long"]
        form.wrong(name, said.format(label=form.fields[name].label, most=most, count=len(text)))
    return text


def _day(words: Words, form: Form) -> date | None:
    parts = [form.value(f"day-{part}").strip() for part in ("day", "month", "year")]
    if not any(parts):
        return None  # the form says that it is missing
    try:
        found = read_date_parts(*parts)
    except Unreadable as unreadable:
        form.wrong("day", words.group("faults")[unreadable.wrong].format(label=form.fields["day"].label))
        return None
    if found.year > LAST_YEAR:
        form.wrong("day", words("meetings.day_late"))
        return None
    return found


def read_time(typed: str) -> time | None:
    """Return a time of day written as 14:00, 14.00, 2pm or 2:30 pm; None for anything else."""
    found = TIME.fullmatch(typed.strip())
    if found is None or (found["minute"] is None and found["half"] is None):
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= NOON:
            return None
        hour = hour % NOON + (NOON if half == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None


def refusals_of(words: Words) -> dict[str, str | At | None]:
    """Return what the form says of a plan that was refused."""
    return {
        "past": At("day", words("meetings.past")),
        "already_planned": At("day", words("meetings.already_planned")),
        "ended": words("meetings.series_ended"),
        "not_planned": words("meetings.not_planned"),
        "conflict": words("meetings.plan_changed"),
    }
