"""One person on a wall: big type, and neither numbers nor other people's names."""

from aiohttp import web

from gateway.pages.meetings.addresses import item_address, meeting_address, meeting_register
from gateway.pages.meetings.item_page import INTEREST, show_shut
from gateway.pages.meetings.item_parts import find_item, neighbours_of, rated, shown_minutes, update_of
from gateway.ui.render import show
from shared.messages import Refused
from shared.registers.form.person import person_of


async def show_present(request: web.Request) -> web.Response:
    """Show one person without NHS number, date of birth, reference, and who typed what."""
    register = meeting_register(request)
    try:
        found = await find_item(request)
    except Refused as refusal:
        if refusal.code != INTEREST:
            raise
        return await show_shut(request)
    item = found.item
    words = register.words
    before, after = neighbours_of(register, item, "present/")
    name = person_of(found.register, found.record.answers).full_name if found.record else ""
    return await show(
        request,
        "meetings/present.html",
        name=name or words("meetings.no_name"),
        rating=rated(found),
        place=words("meetings.place_of", place=item.place, of=item.of),
        update=update_of(found),
        minutes=shown_minutes(request, item.minutes).rows,
        before=before,
        after=after,
        item=item_address(register, item.meeting.meeting_id, item.item.record_id),
        back=meeting_address(register, item.meeting.meeting_id),
    )
