"""Putting a person on an agenda by hand, and taking off who was added so. Names stay out of addresses."""

from typing import Final

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import called, meeting_address, meeting_id_in, meeting_rules
from gateway.pages.records.finds import finds_of
from gateway.security.ids import task_and_command
from gateway.ui.actions import ask, see_other
from gateway.ui.formats import light, lines, rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.cleaning import clean_line
from shared.contracts.meetings import AddItem, MeetingShown, ReadAgenda, RemoveItem
from shared.contracts.referrals.listing import ListRecords, RecordPage, RecordRow
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.showing import show_answer

ADD_FORM = "add-form"
LONGEST_SEARCH = 100
LENGTH: Final = 25


async def show_search(request: web.Request) -> web.Response:
    meeting_rules(request)
    return await _show(request, "", None)


async def add_person(request: web.Request) -> web.Response:
    """Search for people, or add the one whose button was pressed."""
    meeting_rules(request)
    register, posted = request[REGISTER], await request.post()
    if "add" not in posted:
        search = clean_line(str(posted.get("search", "")))[:LONGEST_SEARCH]
        found = await ask(request, ListRecords(search=search, length=LENGTH)) if search else None
        return await _show(request, search, found)
    record_id, command_id = task_and_command(posted["add"])
    command = AddItem(command_id=command_id, meeting_id=meeting_id_in(request), record_id=record_id)
    return await _done(request, register, command, "added")


async def remove_person(request: web.Request) -> web.Response:
    meeting_rules(request)
    record_id, command_id = task_and_command((await request.post()).get("remove", ""))
    command = RemoveItem(command_id=command_id, meeting_id=meeting_id_in(request), record_id=record_id)
    return await _done(request, request[REGISTER], command, "removed")


async def _done(request: web.Request, register: Definition, command: AddItem | RemoveItem, done: str) -> web.Response:
    """Carry out the command and lead back to the agenda, which says what was done, or why nothing was."""
    here = meeting_address(register, command.meeting_id)
    said = {"closed": "no_change", "archived": "no_change"}
    try:
        await ask(request, command)
    except Refused as refusal:
        if refusal.code not in ("closed", "archived", "on_agenda", "not_by_hand", "has_minutes"):
            raise
        return see_other(here, said.get(refusal.code, refusal.code))
    return see_other(here, done)


async def _show(request: web.Request, search: str, found: RecordPage | None) -> web.Response:
    register = request[REGISTER]
    meeting = await _meeting(request)
    here, words = meeting_address(register, meeting.meeting_id), register.words
    return await show(
        request,
        "meetings/add.html",
        search=search,
        finds=finds_of(register),
        is_search=found is not None,
        columns=[Column(words("tasks.name")), Column(words("meetings.why")), Column(words("meetings.add_item"))],
        rows=[_row(register, each) for each in found.rows] if found else [],
        more=found is not None and found.matches > len(found.rows),
        form_id=ADD_FORM,
        called=called(meeting),
        href=f"{here}add/",
        back=here,
    )


async def _meeting(request: web.Request) -> MeetingShown:
    """Return the meeting. Raise a redirect to its page once nobody can be added."""
    meeting = (await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))).meeting
    if meeting.state not in ("planned", "in_progress"):
        raise web.HTTPSeeOther(meeting_address(request[REGISTER], meeting.meeting_id))
    return meeting


def _row(register: Definition, row: RecordRow) -> list[Cell]:
    born = register.form.by_name[register.person["born"]]
    whom = lines(row.name, light(show_answer(born, row.answers.get(born.name))))
    button = Markup(
        '<button class="nhsuk-button nhsuk-button--small nhsuk-button--secondary ics-work__button"'
        ' data-module="nhsuk-button" data-prevent-double-click="true" type="submit" form="{}" name="add"'
        ' value="{}-{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></button>'
    ).format(ADD_FORM, row.record_id.hex, new_id().hex, register.words("meetings.add"), row.name)
    return [whom, rating_mark(register, row.rating), button]
