"""
The invitation to a meeting as a calendar file (RFC 5545). It says nothing about any person on the agenda.

One event with times in UTC needs eight lines, so no library writes it: one would bring a database of time zones.
"""

from datetime import UTC, datetime, timedelta

from aiohttp import web

from gateway.pages.meetings.addresses import meeting_register
from gateway.pages.meetings.meeting_text import area_of
from gateway.pages.meetings.planning import find_coming
from shared.clock import utc_now
from shared.contracts.meetings import MeetingShown
from shared.registers.definition.register import Definition

FILE = "meeting.ics"
CONTENT = "text/calendar"
LONGEST_LINE = 75  # bytes, without the line break
BREAK = "\r\n"


async def download_invitation(request: web.Request) -> web.Response:
    register, meeting = meeting_register(request), await find_coming(request)
    return web.Response(
        text=invitation(register, meeting, utc_now()),
        content_type=CONTENT,
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{FILE}"'},
    )


def invitation(register: Definition, meeting: MeetingShown, now: datetime) -> str:
    """Return the calendar file. A meeting keeps its id in it, so that a changed one replaces the earlier."""
    words = register.words
    title = words("meetings.invitation_title", register=register.identity.name, name=meeting.name)
    about = words("meetings.invitation_text", area=area_of(register, meeting.locality))
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//ICS Registers//Meetings//EN",
        "BEGIN:VEVENT",
        f"UID:{meeting.meeting_id}",
        f"DTSTAMP:{_utc(now)}",
        f"SEQUENCE:{meeting.version}",
        f"DTSTART:{_utc(meeting.starts_at)}",
        f"DTEND:{_utc(meeting.starts_at + timedelta(minutes=meeting.minutes))}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(meeting.place)}",
        f"DESCRIPTION:{_text(about)}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(_folded(each) + BREAK for each in lines)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}Z"


def _text(text: str) -> str:
    """Return a text with the signs escaped that mean something in a calendar file."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Return the line in pieces of at most 75 bytes. No letter is cut, and each further piece begins with a space."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > LONGEST_LINE:
            pieces.append(piece)
            piece = " "
        piece += letter
    return BREAK.join((*pieces, piece))
