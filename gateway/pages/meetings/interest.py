"""Declaring an interest in one person of an agenda: whoever does cannot open that person's item any more."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import item_address, meeting_address, meeting_id_in, meeting_rules
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import command_in
from gateway.ui.actions import ask, see_other
from gateway.ui.render import show
from shared.contracts.meetings import DeclareInterest
from shared.ids import new_id
from shared.messages import Refused


async def ask_first(request: web.Request) -> web.Response:
    """Ask for confirmation, because an interest cannot be taken back."""
    meeting_rules(request)
    register, meeting_id, record_id = request[REGISTER], meeting_id_in(request), record_id_in(request)
    here = item_address(register, meeting_id, record_id)
    return await show(
        request, "meetings/interest.html", declared=False, command=new_id(), href=f"{here}interest/", back=here
    )


async def declare(request: web.Request) -> web.Response:
    meeting_rules(request)
    register, meeting_id, record_id = request[REGISTER], meeting_id_in(request), record_id_in(request)
    command_id = command_in(await request.post())
    try:
        await ask(request, DeclareInterest(command_id=command_id, meeting_id=meeting_id, record_id=record_id))
    except Refused as refusal:
        if refusal.code != "closed":
            raise
        return see_other(meeting_address(register, meeting_id), "no_change")
    return see_other(item_address(register, meeting_id, record_id))
