"""One meeting: its facts, its agenda, who came, and what can be done with it at this moment."""

from collections.abc import Sequence
from textwrap import shorten
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.pages.meetings.addresses import (
    item_address,
    meeting_address,
    meeting_id_in,
    meeting_register,
    meetings_address,
)
from gateway.pages.meetings.meeting_text import Names, because_of, facts_of, names_of
from gateway.security.ids import command_in, sent_id
from gateway.ui.actions import ask, attempt, notice, see_other
from gateway.ui.ages import days_since
from gateway.ui.form import Form
from gateway.ui.formats import day, light, lines, link, plain_link, rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import utc_now
from shared.contracts.meetings import (
    Agenda,
    AgendaItem,
    Attendee,
    CloseMeeting,
    ReadAgenda,
    RemoveItem,
    StartMeeting,
)
from shared.contracts.referrals.naming import NamedRecord
from shared.ids import new_id
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import show_date

LONGEST_UPDATE = 200
REMOVE_FORM = "remove-form"
NOTICES = (
    *("planned", "changed", "not_planned", "started", "added", "removed", "not_by_hand", "has_minutes", "closed"),
    *("closed_done", "attendance_saved", "interest_saved", "saved", "all_done", "not_started"),
)
DONE = frozenset(
    {"planned", "changed", "started", "added", "removed", "closed_done", "attendance_saved", "interest_saved", "saved"}
    | {"all_done"}
)


async def show_meeting(request: web.Request) -> web.Response:
    return await show_agenda(request, Form(()))


async def show_agenda(request: web.Request, form: Form) -> web.Response:
    """Show the meeting. `form` says what a button of the page could not do."""
    register = meeting_register(request)
    agenda = await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    names = await names_of(request, [each.record_id for each in agenda.items])
    words, meeting = register.words, agenda.meeting
    rows = AgendaRows(register, meeting.meeting_id, meeting.state, names or {})
    return await show(
        request,
        "meetings/meeting.html",
        form=form,
        meeting=meeting,
        said=notice(request, notices_of(words)),
        done=request.query.get("notice") in DONE,
        no_names=names is None,
        facts=facts_of(register, meeting),
        columns=rows.columns,
        rows=[rows.row(number, each) for number, each in enumerate(agenda.items, 1)],
        counted=words("meetings.counted", items=meeting.items, done=meeting.done),
        attendance=attendance_lines(words, agenda.attendance),
        missing=missing_said(words, agenda),
        first=first_open(register, agenda),
        remove_form=REMOVE_FORM,
        here=meeting_address(register, meeting.meeting_id),
        back=meetings_address(register),
        command=form.command.hex,
    )


def notices_of(words: Words) -> dict[str, str]:
    """Return what the page says of each thing that was just done."""
    said = words.group("meetings.notices")
    return {code: said[code] for code in NOTICES}


def first_open(register: Definition, agenda: Agenda, page: str = "") -> str:
    """Return the address of the first item that is not done, else of the first that the visitor may open."""
    mine = [each for each in agenda.items if not each.interest]
    first = next((each for each in mine if not each.is_done), next(iter(mine), None))
    return item_address(register, agenda.meeting.meeting_id, first.record_id, page) if first else ""


def attendance_lines(words: Words, attendance: Sequence[Attendee]) -> list[str]:
    """Return who came for each service, or did not, one line each."""
    presence = words.group("meetings.presence")
    return [f"{each.service}: {', '.join(filter(None, (each.name, presence[each.presence])))}" for each in attendance]


def missing_said(words: Words, agenda: Agenda) -> str:
    """Return which required services nobody represents; empty if none is missing, or the meeting has not begun."""
    return words("meetings.missing", services=", ".join(agenda.missing)) if agenda.missing else ""


class AgendaRows:
    """Makes the rows of an agenda. A person whose record has no name here appears by its reference."""

    def __init__(self, register: Definition, meeting_id: UUID, state: str, names: Names) -> None:
        self._register = register
        self._words = register.words
        self._meeting_id = meeting_id
        self._state = state
        self._names = names
        self._now = utc_now()
        self._update = register.form.by_name.get(register.person.get("latest_update", ""))

    @property
    def columns(self) -> list[Column]:
        words = self._words
        update = [Column(self._update.label)] if self._update else []
        decided = [] if self._state == "planned" else [Column(words("meetings.decided"))]
        return [
            Column(words("meetings.number")),
            Column(words("meetings.person")),
            Column(words("meetings.why")),
            *update,
            *decided,
            Column(words("meetings.next_step")),
        ]

    def row(self, number: int, item: AgendaItem) -> list[Cell]:
        named = self._names.get(item.record_id)
        update = [shorten(named.latest_update, LONGEST_UPDATE, placeholder=" …") if named else ""]
        decided = [] if self._state == "planned" else [self._decided(item)]
        return [
            str(number),
            self.person(item, named),
            self.why(item),
            *(update if self._update else []),
            *decided,
            self._next(item, named),
        ]

    def person(self, item: AgendaItem, named: NamedRecord | None) -> Cell:
        """Return who the item is about; a link to the item, unless an interest was declared in it."""
        shown: Cell = named.name if named else item.reference
        if not item.interest and self._state != "cancelled":
            shown = plain_link(shown, item_address(self._register, self._meeting_id, item.record_id))
        born = light(show_date(named.born)) if named and named.born else ""
        mark = rating_mark(self._register, named.rating) if named else ""
        return lines(shown, born, mark, light(item.reference) if named else "")

    def why(self, item: AgendaItem) -> Cell:
        """Return why the person is on the agenda, and since when."""
        reason = self._words.group("meetings.reasons")[item.because]
        if item.since is None:
            return reason
        since = self._words("meetings.since", day=day(item.since), age=days_since(item.since, self._now, self._words))
        return lines(reason, since)

    def _decided(self, item: AgendaItem) -> Cell:
        if item.interest:
            return self._words("meetings.interest_declared")
        return item.decision or (self._words("meetings.done") if item.is_done else self._words("meetings.not_done"))

    def _next(self, item: AgendaItem, named: NamedRecord | None) -> Cell:
        """Return the links and the button of a row while the meeting is not over."""
        if self._state not in ("planned", "in_progress"):
            return ""
        about = named.name if named else item.reference
        if item.interest:
            return self._words("meetings.interest_shut")
        interest = item_address(self._register, self._meeting_id, item.record_id, "interest/")
        declare = link(self._words("meetings.declare_interest"), interest, about)
        is_removable = item.because == "by_hand" and not item.is_done
        return lines(declare, self._remove_button(item, about) if is_removable else "")

    def _remove_button(self, item: AgendaItem, about: str) -> Markup:
        """Return a button of the page's form for removals. It sends a command id of its own."""
        return Markup(
            '<button class="nhsuk-button nhsuk-button--small nhsuk-button--secondary ics-work__button"'
            ' data-module="nhsuk-button" data-prevent-double-click="true" type="submit" form="{}" name="remove"'
            ' value="{}-{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></button>'
        ).format(REMOVE_FORM, item.record_id.hex, new_id().hex, self._words("meetings.remove"), about)


# ------------------------------------------------------------------------------------------- what its buttons do
async def start_meeting(request: web.Request) -> web.Response:
    """Start the meeting and show its agenda, which is stored from now on."""
    register, form = meeting_register(request), Form(())
    form.command = command_in(await request.post())
    command = StartMeeting(command_id=form.command, meeting_id=meeting_id_in(request))
    said = register.words.group("meetings.notices")
    texts = {"not_planned": said["not_planned"], "too_early": register.words("meetings.too_early")}
    if await attempt(request, command, form, texts) is None:
        return await show_agenda(request, form)
    return see_other(meeting_address(register, command.meeting_id), "started")


async def ask_to_close(request: web.Request) -> web.Response:
    return await _show_close(request, Form(()))


async def close_meeting(request: web.Request) -> web.Response:
    """Close the meeting. Whoever is not done goes to the area's next agenda, as the page before has said."""
    register, form = meeting_register(request), Form(())
    form.command = command_in(await request.post())
    command = CloseMeeting(command_id=form.command, meeting_id=meeting_id_in(request))
    texts = {"not_started": register.words.group("meetings.notices")["not_started"]}
    if await attempt(request, command, form, texts) is None:
        return await _show_close(request, form)
    return see_other(meeting_address(register, command.meeting_id), "closed_done")


async def _show_close(request: web.Request, form: Form) -> web.Response:
    register = meeting_register(request)
    agenda = await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    here = meeting_address(register, agenda.meeting.meeting_id)
    if agenda.meeting.state != "in_progress" and not form.summary:
        return see_other(here, "closed" if agenda.meeting.state == "closed" else "not_started")
    open_items = [each for each in agenda.items if not each.is_done]
    names = await names_of(request, [each.record_id for each in open_items]) or {}
    rows = AgendaRows(register, agenda.meeting.meeting_id, agenda.meeting.state, names)
    return await show(
        request,
        "meetings/close.html",
        form=form,
        name=agenda.meeting.name,
        open_items=[rows.person(each, names.get(each.record_id)) for each in open_items],
        missing=missing_said(register.words, agenda),
        no_attendance=not agenda.attendance,
        action=f"{here}close/",
        back=here,
    )


async def remove_item(request: web.Request) -> web.Response:
    """Take a person off the agenda who was added by hand."""
    register = meeting_register(request)
    sent, _, command = str((await request.post()).get("remove", "")).partition("-")
    form = Form(())
    form.command = sent_id(command)
    removal = RemoveItem(command_id=form.command, meeting_id=meeting_id_in(request), record_id=sent_id(sent))
    said = register.words.group("meetings.notices")
    texts = {code: said[code] for code in ("closed", "not_by_hand", "has_minutes")}
    if await attempt(request, removal, form, texts) is None:
        return await show_agenda(request, form)
    return see_other(meeting_address(register, removal.meeting_id), "removed")


def why_text(request: web.Request, item: AgendaItem) -> str:
    """Return why the person is on the agenda and since when, as one line."""
    reason = because_of(request, item.because)
    return f"{reason}, {day(item.since)}" if item.since else reason
