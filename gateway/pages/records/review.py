"""Saying on the page to read that a record was reviewed and nothing changes."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.pages.records.reading_page import ReadingState, show_done, show_reading
from gateway.pages.records.record_page import note_in
from gateway.security.ids import command_in
from gateway.ui.actions import attempt
from gateway.ui.form import Form, sent_number
from shared.contracts.referrals.saving import ReviewRecord
from shared.messages import Refused
from shared.registers.definition.words import Words


async def review_record(request: web.Request) -> web.Response:
    """Confirm that the rating still holds. If the record has changed since it was read, show it as it is now."""
    posted, form, register = await request.post(), Form(()), request[REGISTER]
    form.command, note = command_in(posted), note_in(posted)
    review = ReviewRecord(
        command_id=form.command, record_id=record_id_in(request), version=sent_number(posted, "version")
    )
    try:
        done = await attempt(request, review, form, _refusals(register.words))
    except Refused as refusal:
        if refusal.code != "archived":
            raise
        return await show_done(request, note, "")
    if done:
        return await show_done(request, note, "reviewed")
    record = await find_record(request)
    version = record.version if form.reason else review.version
    state = ReadingState(note, form=form, review=form.command, version=version)
    return await show_reading(request, edition_of(request, record), record, state)


def _refusals(words: Words) -> dict[str, str]:
    return {
        "not_yours": words("record.read_only"),
        "conflict": words("record.reviewed_changed"),
        "no_rating": words("record.reviewed_changed"),
    }
