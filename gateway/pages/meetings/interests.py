"""Declaring an interest in one person of an agenda, and correcting final minutes by an addendum."""

from aiohttp import web

from gateway.pages.meetings.addresses import item_address, meeting_address, meeting_id_in, meeting_register
from gateway.pages.meetings.item_page import ADDENDUM, INTEREST, addendum_form, show_read_only, show_shut
from gateway.pages.meetings.item_parts import find_item
from gateway.pages.meetings.meeting_text import names_of
from gateway.pages.records.lookup import record_id_in
from gateway.security.ids import command_in
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Form
from gateway.ui.render import show
from shared.cleaning import clean_text
from shared.contracts.meetings import AddAddendum, DeclareInterest, ReadAgenda
from shared.messages import Refused

LONGEST = 10_000


async def ask_first(request: web.Request) -> web.Response:
    """Ask for confirmation: an interest cannot be taken back in this meeting."""
    return await _show_declaring(request, Form(()))


async def declare_interest(request: web.Request) -> web.Response:
    register, form = meeting_register(request), Form(())
    form.command = command_in(await request.post())
    command = DeclareInterest(
        command_id=form.command, meeting_id=meeting_id_in(request), record_id=record_id_in(request)
    )
    texts = {"closed": register.words.group("meetings.notices")["closed"]}
    if await attempt(request, command, form, texts) is None:
        return await _show_declaring(request, form)
    return see_other(meeting_address(register, command.meeting_id), "interest_saved")


async def _show_declaring(request: web.Request, form: Form) -> web.Response:
    register, record_id = meeting_register(request), record_id_in(request)
    agenda = await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    item = next((each for each in agenda.items if each.record_id == record_id), None)
    if item is None:
        raise web.HTTPNotFound
    names = await names_of(request, [record_id]) or {}
    return await show(
        request,
        "meetings/interest.html",
        form=form,
        name=names[record_id].name if record_id in names else item.reference,
        reference=item.reference,
        action=item_address(register, agenda.meeting.meeting_id, record_id, "interest/"),
        back=meeting_address(register, agenda.meeting.meeting_id),
    )


async def add_addendum(request: web.Request) -> web.Response:
    """Add a correction to final minutes. A text that could not be added is shown again."""
    register, posted = meeting_register(request), await request.post()
    form = addendum_form(register)
    form.command = command_in(posted)
    answers, text = form.read(posted), clean_text(form.value(ADDENDUM)).strip()
    words = register.words
    if len(text) > LONGEST:
        said = words.group("faults")["too_long"]
        form.wrong(ADDENDUM, said.format(label=form.fields[ADDENDUM].label, most=LONGEST, count=len(text)))
    if answers and not form.errors:
        command = AddAddendum(
            command_id=form.command, meeting_id=meeting_id_in(request), record_id=record_id_in(request), text=text
        )
        texts = {
            "not_closed": words("meetings.not_closed"),
            "too_many": words("meetings.too_many_addenda"),
            "interest": words("meetings.interest_shut"),
        }
        if await attempt(request, command, form, texts):
            return see_other(item_address(register, command.meeting_id, command.record_id), "corrected")
    try:
        return await show_read_only(request, await find_item(request), form)
    except Refused as refusal:
        if refusal.code != INTEREST:
            raise
        return await show_shut(request)
