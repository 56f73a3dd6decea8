"""What pages say of a meeting: its area, its time and state, and the names of the people on its agenda."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.ui.actions import ask_if_there
from gateway.ui.form import Choice
from gateway.ui.formats import day_and_time, time_of_day
from shared.contracts.meetings import MeetingShown
from shared.contracts.referrals.naming import MOST_NAMED, NamedRecord, NameRecords
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition

Names = Mapping[UUID, NamedRecord]


def locality_question(register: Definition) -> Question | None:
    return register.form.by_name.get(register.person.get("locality", ""))


def areas_of(register: Definition, present: str | None = None) -> tuple[Choice, ...]:
    """Return the areas that a series can have: the whole register, and each locality. `present` stays available."""
    question = locality_question(register)
    kept = (present,) if present else ()
    options = question.offered_to(kept) if question else ()
    whole = Choice("", register.words("meetings.whole_register"))
    return (whole, *(Choice(each.code, each.label) for each in options))


def area_of(register: Definition, locality: str | None) -> str:
    """Return the name of the area of a series."""
    if locality is None:
        return register.words("meetings.whole_register")
    return place_of(register, locality)


def place_of(register: Definition, locality: str) -> str:
    """Return the name of a locality, or that there is none."""
    question = locality_question(register)
    labels = question.labels if question else {}
    return labels.get(locality, locality or register.words("tasks.no_place"))


def when_of(meeting: MeetingShown) -> str:
    """Return when the meeting begins and ends, in London."""
    return f"{day_and_time(meeting.starts_at)}–{time_of_day(meeting.starts_at + timedelta(minutes=meeting.minutes))}"


def state_of(register: Definition, meeting: MeetingShown) -> str:
    return register.words.group("meetings.states")[meeting.state]


def facts_of(register: Definition, meeting: MeetingShown) -> list[tuple[str, str]]:
    """Return the facts of the meeting as labels and texts, without those that are empty."""
    words = register.words
    facts = [
        (words("meetings.when"), when_of(meeting)),
        (words("meetings.area"), area_of(register, meeting.locality)),
        (words("meetings.place"), meeting.place),
        (words("meetings.chair"), meeting.chair),
        (words("meetings.services"), ", ".join(meeting.services)),
        (words("meetings.cut_off"), day_and_time(meeting.cut_off_at)),
        (words("meetings.state"), state_of(register, meeting)),
    ]
    if meeting.closed_at:
        facts.append((words("meetings.closed_by"), f"{meeting.closed_by}, {day_and_time(meeting.closed_at)}"))
    if meeting.cancelled_because:
        facts.append((words("meetings.cancelled_because"), meeting.cancelled_because))
    return [(label, text) for label, text in facts if text]


async def names_of(request: web.Request, record_ids: Iterable[UUID]) -> Names | None:
    """Return who these records are about; None if referrals does not answer, so that the page still appears."""
    asked = tuple(record_ids)[:MOST_NAMED]
    if not asked:
        return {}
    named = await ask_if_there(request, NameRecords(record_ids=asked))
    return {each.record_id: each for each in named.records} if named else None


def because_of(request: web.Request, because: str) -> str:
    """Return why a person is on an agenda."""
    return request[REGISTER].words.group("meetings.reasons")[because]
