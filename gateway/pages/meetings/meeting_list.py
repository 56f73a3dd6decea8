"""The list of meetings: those to come, people without a next meeting, and past meetings."""

from collections.abc import Sequence

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import (
    area_of,
    meeting_address,
    meeting_rules,
    meetings_address,
    pack_address,
)
from gateway.ui.actions import ask, notice
from gateway.ui.form import sent_number
from gateway.ui.formats import day_and_time, lines, link, plain_link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.meetings import MOST_MEETINGS, ListMeetings, ListSeries, MeetingShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

DIGITS = 5  # the most that an offset may have


async def show_meetings(request: web.Request) -> web.Response:
    meeting_rules(request)
    register = request[REGISTER]
    words, skip = register.words, sent_number(request.query, "skip", DIGITS, "0")
    found, series = await ask(request, ListMeetings(skip=skip)), await ask(request, ListSeries())
    said = {"cancelled": words("meetings.cancelled"), "closed": words("meetings.closed")}
    return await show(
        request,
        "meetings/list.html",
        said=notice(request, said),
        has_series=any(each.is_active for each in series.series),
        columns=_columns(words),
        coming=[_row(register, each) for each in found.coming],
        past=[_row(register, each) for each in found.past],
        unplaced=[
            words("meetings.unplaced_count", area=area_of(register, code) if code else words("tasks.no_place"), count=n)
            for code, n in sorted(found.unplaced.items())
        ],
        steps=_steps(register, skip, more=found.more),
        new=meetings_address(register, "new"),
        series=meetings_address(register, "series/"),
    )


def _columns(words: Words) -> list[Column]:
    keys = ("meeting", "when", "place_and_chair", "agenda", "state")
    labels = {
        "meeting": words("meetings.meeting"),
        "when": words("meetings.when"),
        "place_and_chair": words("meetings.place_and_chair"),
        "agenda": words("meetings.agenda"),
        "state": words("meetings.state"),
    }
    return [Column(labels[key]) for key in keys]


def _row(register: Definition, meeting: MeetingShown) -> Sequence[Cell]:
    words = register.words
    name = plain_link(meeting.name, meeting_address(register, meeting.meeting_id))
    area = area_of(register, meeting.locality)
    return (
        lines(name, area if area != meeting.name else ""),
        day_and_time(meeting.starts_at),
        lines(meeting.place, meeting.chair),
        words("meetings.done_of", done=meeting.done, count=meeting.items),
        lines(state_of(words, meeting), *_pack(register, meeting)),
    )


def _pack(register: Definition, meeting: MeetingShown) -> list[Markup]:
    """Return the link to the minutes of a meeting that is closed."""
    if meeting.state != "closed":
        return []
    words = register.words
    return [
        link(words("meetings.minutes"), pack_address(register, meeting.meeting_id), day_and_time(meeting.starts_at))
    ]


def state_of(words: Words, meeting: MeetingShown) -> str:
    """Return the state of a meeting in words, with why it was cancelled."""
    state = words.group("meetings.states")[meeting.state]
    return f"{state}: {meeting.cancelled_because}" if meeting.cancelled_because else state


def _steps(register: Definition, skip: int, *, more: bool) -> list[Markup]:
    words, about = register.words, register.words("meetings.past")
    places = (
        (words("table.previous"), max(skip - MOST_MEETINGS, 0) if skip else None),
        (words("table.next"), skip + MOST_MEETINGS if more else None),
    )
    return [
        link(text, meetings_address(register, f"?skip={place}" if place else ""), about)
        for text, place in places
        if place is not None
    ]
