"""The list of meetings: those to come, the areas and people without one, and past ones."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from gateway.pages.meetings.addresses import (
    SERIES,
    meeting_address,
    meeting_register,
    meetings_address,
    plan_address,
    series_address,
)
from gateway.pages.meetings.meeting_text import area_of, place_of, state_of, when_of
from gateway.ui.actions import ask, notice
from gateway.ui.form import sent_number
from gateway.ui.formats import light, lines, link, plain_link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.meetings import (
    MOST_MEETINGS,
    ListMeetings,
    ListSeries,
    Meetings,
    MeetingSeries,
    MeetingShown,
    SeriesList,
)
from shared.registers.definition.register import Definition

DIGITS = 5


@dataclass(frozen=True)
class UnplacedArea:
    """An area whose ambers are on no agenda: how many, and the link that helps."""

    name: str
    said: str
    link: Markup


async def show_meetings(request: web.Request) -> web.Response:
    register = meeting_register(request)
    skip = sent_number(request.query, "skip", DIGITS, "0")
    found, series = await asyncio.gather(ask(request, ListMeetings(skip=skip)), ask(request, ListSeries()))
    words = register.words
    return await show(
        request,
        "meetings/list.html",
        said=notice(request, {"cancelled": words("meetings.cancelled_done")}),
        is_new=not series.series,
        columns=_columns(register),
        coming=[_row(register, each) for each in found.coming],
        unplaced=_unplaced(register, found, series),
        without=[place_of(register, each) for each in series.unplaced if not found.unplaced.get(each)],
        past=[_row(register, each) for each in found.past],
        steps=_steps(register, skip, found),
        plan=plan_address(register),
        add_series=series_address(register),
        all_series=register.address(SERIES),
    )


def _columns(register: Definition) -> list[Column]:
    words = register.words
    keys = ("meetings.when", "meetings.meeting", "meetings.place", "meetings.chair", "meetings.people")
    return [*(Column(words(key)) for key in keys), Column(words("meetings.state"))]


def _row(register: Definition, meeting: MeetingShown) -> list[Cell]:
    words = register.words
    counted = words("meetings.counted", items=meeting.items, done=meeting.done)
    return [
        plain_link(when_of(meeting), meeting_address(register, meeting.meeting_id)),
        lines(meeting.name, light(area_of(register, meeting.locality))),
        meeting.place,
        meeting.chair,
        str(meeting.items) if meeting.state in ("planned", "cancelled") else counted,
        state_of(register, meeting),
    ]


def _unplaced(register: Definition, found: Meetings, series: SeriesList) -> list[UnplacedArea]:
    """Return the areas whose ambers no planned meeting takes, with what to do about each."""
    words = register.words
    return [
        UnplacedArea(
            place_of(register, locality),
            words("meetings.unplaced_count", count=count),
            _help(register, locality, series.series),
        )
        for locality, count in sorted(found.unplaced.items(), key=lambda each: place_of(register, each[0]))
        if count
    ]


def _help(register: Definition, locality: str, series: Sequence[MeetingSeries]) -> Markup:
    """Return the link to plan the next meeting of the area's series, or to add its series."""
    active = [each for each in series if each.is_active and each.locality in (locality or None, None)]
    own = next((each for each in active if each.locality), next(iter(active), None))
    about, words = place_of(register, locality), register.words
    if own is None:
        return link(words("meetings.add_series"), series_address(register), about)
    return link(words("meetings.plan"), plan_address(register, own.series_id), about)


def _steps(register: Definition, skip: int, found: Meetings) -> list[Markup]:
    """Return the links to newer and older past meetings."""
    words, here = register.words, meetings_address(register)
    newer = [plain_link(words("meetings.newer"), f"{here}?skip={max(skip - MOST_MEETINGS, 0)}#past")] if skip else []
    older = [plain_link(words("meetings.older"), f"{here}?skip={skip + MOST_MEETINGS}#past")] if found.more else []
    return newer + older
