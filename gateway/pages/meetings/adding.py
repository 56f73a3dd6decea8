"""Adding a person to an agenda by hand: a search by reference or name, and a button on each match."""

from aiohttp import web
from markupsafe import Markup

from gateway.pages.meetings.addresses import meeting_address, meeting_id_in, meeting_register
from gateway.pages.meetings.meeting_text import names_of
from gateway.security.ids import sent_id
from gateway.ui.actions import ask, attempt, see_other
from gateway.ui.form import Field, Form
from gateway.ui.formats import light, lines, rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.cleaning import clean_line
from shared.contracts.meetings import AddItem
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.ids import new_id
from shared.registers.definition.register import Definition
from shared.values import show_date

ADD_FORM = "add-form"
LONGEST = 100


async def show_search(request: web.Request) -> web.Response:
    return await _show(request, _form(request), None)


async def add_person(request: web.Request) -> web.Response:
    """Search, or put the chosen person on the agenda. The search term is in the form and never in an address."""
    register, posted, form = meeting_register(request), await request.post(), _form(request)
    chosen = str(posted.get("add", ""))
    answers = form.read(posted)
    if not chosen:
        found = await _search(request, form) if answers else None
        return await _show(request, form, found)
    record, _, command = chosen.partition("-")
    form.errors.clear()
    form.status, form.command = 200, sent_id(command)
    addition = AddItem(command_id=form.command, meeting_id=meeting_id_in(request), record_id=sent_id(record))
    words, said = register.words, register.words.group("meetings.notices")
    texts = {
        "closed": said["closed"],
        "archived": words("record.ended"),
        "on_agenda": words("meetings.on_agenda"),
        "not_found": words("meetings.not_found"),
    }
    if await attempt(request, addition, form, texts) is None:
        return await _show(request, form, await _search(request, form) if form.value("search") else None)
    return see_other(meeting_address(register, addition.meeting_id), "added")


def _form(request: web.Request) -> Form:
    words = meeting_register(request).words
    hint, missing = words("meetings.search_hint"), words("meetings.search_missing")
    return Form([Field("search", words("meetings.search"), hint=hint, missing=missing, width=20)])


async def _search(request: web.Request, form: Form) -> RecordPage:
    return await ask(request, ListRecords(search=clean_line(form.value("search"))[:LONGEST], length=25))


async def _show(request: web.Request, form: Form, found: RecordPage | None) -> web.Response:
    register = meeting_register(request)
    here, words = meeting_address(register, meeting_id_in(request)), register.words
    return await show(
        request,
        "meetings/add.html",
        form=form,
        found=found,
        columns=[Column(words("meetings.person")), Column(words("meetings.next_step"))],
        rows=await _rows(request, register, found) if found else [],
        more=words("meetings.search_more", count=found.matches) if found and found.matches > len(found.rows) else "",
        form_id=ADD_FORM,
        action=f"{here}add/",
        back=here,
    )


async def _rows(request: web.Request, register: Definition, found: RecordPage) -> list[list[Cell]]:
    """Return the matches, each with what tells people of one name apart."""
    names = await names_of(request, [each.record_id for each in found.rows]) or {}
    rows: list[list[Cell]] = []
    for each in found.rows:
        named = names.get(each.record_id)
        born = light(show_date(named.born)) if named and named.born else ""
        reference = light(named.reference) if named else ""
        whom = lines(each.name, born, rating_mark(register, each.rating), reference)
        rows.append([whom, _button(register, each.record_id.hex, each.name)])
    return rows


def _button(register: Definition, record: str, about: str) -> Markup:
    return Markup(
        '<button class="nhsuk-button nhsuk-button--small nhsuk-button--secondary ics-work__button"'
        ' data-module="nhsuk-button" data-prevent-double-click="true" type="submit" form="{}" name="add"'
        ' value="{}-{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></button>'
    ).format(ADD_FORM, record, new_id().hex, register.words("meetings.add_button"), about)
