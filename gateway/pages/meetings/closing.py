"""Starting a meeting, and closing it with a confirmation that says who was not discussed."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import called, meeting_address, meeting_id_in, meeting_rules
from gateway.pages.meetings.agenda import read_meeting
from gateway.security.ids import command_in
from gateway.ui.actions import ask, see_other
from gateway.ui.render import show
from shared.contracts.meetings import CloseMeeting, StartMeeting
from shared.ids import new_id
from shared.messages import Refused


async def start_meeting(request: web.Request) -> web.Response:
    """Start the meeting and show it. Whoever is second finds it started."""
    meeting_rules(request)
    meeting_id = meeting_id_in(request)
    here = meeting_address(request[REGISTER], meeting_id)
    try:
        await ask(request, StartMeeting(command_id=command_in(await request.post()), meeting_id=meeting_id))
    except Refused as refusal:
        if refusal.code not in ("not_planned", "too_early"):
            raise
        return see_other(here, refusal.code)
    return see_other(here, "started")


async def close_page(request: web.Request) -> web.Response:
    meeting_rules(request)
    register = request[REGISTER]
    agenda, names = await read_meeting(request)
    here = meeting_address(register, agenda.meeting.meeting_id)
    if agenda.meeting.state != "in_progress":
        raise web.HTTPSeeOther(here)
    left = [each for each in agenda.items if not each.is_done]
    return await show(
        request,
        "meetings/close.html",
        called=called(agenda.meeting),
        left=[names[each.record_id].name if each.record_id in names else each.reference for each in left],
        missing=agenda.missing,
        command=new_id(),
        href=f"{here}close/",
        back=here,
    )


async def close_meeting(request: web.Request) -> web.Response:
    meeting_rules(request)
    meeting_id = meeting_id_in(request)
    here = meeting_address(request[REGISTER], meeting_id)
    try:
        await ask(request, CloseMeeting(command_id=command_in(await request.post()), meeting_id=meeting_id))
    except Refused as refusal:
        if refusal.code != "not_started":
            raise
        return see_other(here, "no_change")
    return see_other(here, "closed")
