"""Correcting the minutes of a closed meeting by an addendum."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import item_address, meeting_id_in, meeting_rules
from gateway.pages.meetings.item import ItemSheet, form_of, read_about, show_sheet
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import command_in
from gateway.ui.actions import At, attempt, see_other
from gateway.ui.form import Field
from shared.contracts.meetings import AddAddendum
from shared.messages import Refused
from shared.registers.form.showing import fill_fields

ADDENDUM = "addendum"
LONGEST = 10_000


async def add_addendum(request: web.Request) -> web.Response:
    """Add it and show the minutes. What was typed stays on the page if it cannot be added."""
    rules, register, posted = meeting_rules(request), request[REGISTER], await request.post()
    words, here = register.words, item_address(register, meeting_id_in(request), record_id_in(request))
    about = await read_about(request)
    drawn = form_of(register, about.record, fill_fields(rules.minutes, about.item.minutes.answers))
    form = drawn.form
    field = Field(
        ADDENDUM, words("meetings.item.addendum"), "long_text", missing=words("meetings.item.addendum_missing")
    )
    form.fields = {field.name: field}
    form.command, answers = command_in(posted), form.read(posted)
    typed = form.value(ADDENDUM).strip()
    if len(typed) > LONGEST:
        said = words.group("faults")["too_long"].format(label=field.label, most=LONGEST, count=len(typed))
        form.wrong(ADDENDUM, said)
    if answers is not None and not form.errors:
        command = AddAddendum(
            command_id=form.command, meeting_id=meeting_id_in(request), record_id=record_id_in(request), text=typed
        )
        refusals = {"too_many": At(ADDENDUM, words("meetings.item.addenda_full")), "not_closed": None, "interest": None}
        try:
            if await attempt(request, command, form, refusals):
                return see_other(here, "corrected")
        except Refused as refusal:
            if refusal.code not in ("not_closed", "interest"):
                raise
            return see_other(here)
    version = about.record.version if about.record else 0
    return await show_sheet(request, about, ItemSheet(drawn, about.item.minutes.version, version))
