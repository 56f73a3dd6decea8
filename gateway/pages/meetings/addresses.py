"""The addresses of the pages about meetings, and how a meeting is named on them."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security.ids import id_in
from gateway.ui.formats import day_and_time
from shared.contracts.meetings import MeetingShown
from shared.registers.definition.meetings import MeetingRules
from shared.registers.definition.register import Definition

PAGE = "meetings/"


def meetings_address(register: Definition, page: str = "") -> str:
    return register.address(f"{PAGE}{page}")


def meeting_address(register: Definition, meeting_id: UUID, page: str = "") -> str:
    return meetings_address(register, f"{meeting_id.hex}/{page}")


def item_address(register: Definition, meeting_id: UUID, record_id: UUID, page: str = "") -> str:
    """Return the address of the page about one person at a meeting."""
    return meeting_address(register, meeting_id, f"{record_id.hex}/{page}")


def present_address(register: Definition, meeting_id: UUID, record_id: UUID) -> str:
    return item_address(register, meeting_id, record_id, "present/")


def pack_address(register: Definition, meeting_id: UUID) -> str:
    return meeting_address(register, meeting_id, "pack/")


def series_address(register: Definition, series_id: UUID) -> str:
    return meetings_address(register, f"series/{series_id.hex}/")


def meeting_id_in(request: web.Request) -> UUID:
    """Return the id of the meeting in the address. Raise 404 if it is not an id."""
    return id_in(request, "meeting")


def meeting_rules(request: web.Request) -> MeetingRules:
    """Return how the register meets. Raise 404 for a register that does not."""
    rules = request[REGISTER].meetings
    if rules is None:
        raise web.HTTPNotFound
    return rules


def area_of(register: Definition, locality: str | None) -> str:
    """Return the name of the area of a series; the words for the whole register if it has none."""
    question = register.form.by_name.get(register.person.get("locality", ""))
    if locality is None:
        return register.words("meetings.whole_register")
    return question.labels.get(locality, locality) if question else locality


def called(meeting: MeetingShown) -> str:
    """Return the name and the time of a meeting."""
    return f"{meeting.name}, {day_and_time(meeting.starts_at)}"
