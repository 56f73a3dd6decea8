"""The link to the meetings on the home page, with the time of the next one."""

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.meetings.addresses import meetings_address
from gateway.ui.actions import ask_if_there
from gateway.ui.formats import ActionCard, day_and_time
from shared.contracts.meetings import ListMeetings
from shared.permissions import Permission

SECONDS = 1.0


async def next_meeting(request: web.Request) -> list[ActionCard]:
    """Return the link for those who run meetings. Without an answer it names no time."""
    register = request[REGISTER]
    if register.meetings is None or not request[VISITOR].may(Permission.RECORD_OUTCOME):
        return []
    words, href = register.words, meetings_address(register)
    found = await ask_if_there(request, ListMeetings(), seconds=SECONDS)
    if not found or not found.coming:
        return [ActionCard(words("meetings.heading"), href)]
    return [ActionCard(words("meetings.next", when=day_and_time(found.coming[0].starts_at)), href)]
