"""One meeting: its facts, its agenda, who attended, and what can be done with it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import (
    area_of,
    item_address,
    meeting_address,
    meeting_id_in,
    meeting_rules,
    meetings_address,
    pack_address,
    present_address,
)
from gateway.pages.meetings.meeting_list import state_of
from gateway.ui.actions import ask, ask_if_there, notice
from gateway.ui.ages import days_since
from gateway.ui.formats import day_and_time, light, lines, plain_link, rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import utc_now
from shared.contracts.meetings import Agenda, AgendaItem, MeetingShown, ReadAgenda
from shared.contracts.referrals.naming import NamedRecord, NameRecords
from shared.ids import new_id
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import london_day, show_date

LONGEST_UPDATE = 200
REMOVE_FORM = "remove-form"

Names = Mapping[UUID, NamedRecord]


async def show_meeting(request: web.Request) -> web.Response:
    meeting_rules(request)
    register, agenda = request[REGISTER], await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    names, meeting = await names_of(request, agenda.items), agenda.meeting
    rows, here = AgendaRows(register, agenda, names or {}), meeting_address(register, meeting.meeting_id)
    first = next((each for each in agenda.items if not each.interest), None)
    return await show(
        request,
        "meetings/agenda.html",
        heading=meeting.name,
        facts=facts_of(register, meeting),
        state=meeting.state,
        said=notice(request, _done(register.words)),
        no_names=names is None,
        may_start=meeting.state == "planned" and london_day(meeting.starts_at) <= london_day(utc_now()),
        command=new_id(),
        columns=rows.columns,
        rows=[rows.cells(each) for each in agenda.items],
        waiting=len([each for each in agenda.items if not each.is_done]),
        remove_form=REMOVE_FORM,
        attendance=[
            (each.service, each.name, presence_of(register.words, each.presence)) for each in agenda.attendance
        ],
        attendance_columns=_attendance_columns(register.words),
        missing=agenda.missing,
        first=item_address(register, meeting.meeting_id, first.record_id) if first else "",
        present=present_address(register, meeting.meeting_id, first.record_id) if first else "",
        pack=pack_address(register, meeting.meeting_id),
        href=here,
        back=meetings_address(register),
    )


async def names_of(request: web.Request, items: Sequence[AgendaItem]) -> Names | None:
    """Return who the items are about; None if referrals does not answer, so that the agenda still appears."""
    record_ids = tuple(each.record_id for each in items if not each.interest)
    if not record_ids:
        return {}
    named = await ask_if_there(request, NameRecords(record_ids=record_ids))
    return {each.record_id: each for each in named.records} if named else None


def _done(words: Words) -> dict[str, str]:
    """Return what the page says of the last act."""
    return {
        "planned": words("meetings.was_planned"),
        "changed": words("meetings.was_changed"),
        "not_planned": words("meetings.not_planned"),
        "started": words("meetings.was_started"),
        "too_early": words("meetings.too_early"),
        "added": words("meetings.item_added"),
        "on_agenda": words("meetings.on_agenda"),
        "removed": words("meetings.item_removed"),
        "not_by_hand": words("meetings.not_by_hand"),
        "has_minutes": words("meetings.has_minutes"),
        "no_change": words("meetings.is_over"),
        "attendance": words("meetings.attendance_saved"),
        "closed": words("meetings.closed"),
    }


def facts_of(register: Definition, meeting: MeetingShown) -> list[tuple[str, str]]:
    words = register.words
    closed = (
        words("meetings.by", name=meeting.closed_by, when=day_and_time(meeting.closed_at)) if meeting.closed_at else ""
    )
    facts = (
        (words("meetings.when"), day_and_time(meeting.starts_at)),
        (words("meetings.length"), words("meetings.minutes_long", count=meeting.minutes)),
        (words("meetings.area"), area_of(register, meeting.locality)),
        (words("meetings.place"), meeting.place),
        (words("meetings.chair"), meeting.chair),
        (words("meetings.services"), ", ".join(meeting.services)),
        (words("meetings.cut_off"), day_and_time(meeting.cut_off_at) if meeting.state == "planned" else ""),
        (words("meetings.state"), state_of(words, meeting)),
        (words("meetings.closed_by"), closed),
    )
    return [(label, text) for label, text in facts if text]


def presence_of(words: Words, presence: str) -> str:
    return words.group("meetings.presences")[presence]


def _attendance_columns(words: Words) -> list[Column]:
    labels = (words("meetings.service"), words("meetings.attendee"), words("meetings.presence"))
    return [Column(label) for label in labels]


@dataclass(frozen=True, repr=False)
class AgendaRows:
    """Makes the rows of an agenda. A person without a name here appears by the reference."""

    register: Definition
    agenda: Agenda
    names: Names

    @property
    def columns(self) -> list[Column]:
        words = self.register.words
        update = self.register.form.by_name.get(self.register.person.get("latest_update", ""))
        labels = (
            words("tasks.name"),
            words("meetings.why"),
            update.label if update else words("tasks.last_outcome_column"),
            words("meetings.decision"),
        )
        return [Column(label) for label in labels]

    def cells(self, item: AgendaItem) -> list[Cell]:
        named = None if item.interest else self.names.get(item.record_id)
        update = shorten(named.latest_update, LONGEST_UPDATE, placeholder=" …") if named else ""
        return [self._whom(item, named), self._why(item, named), update, self._decision(item, named)]

    def _whom(self, item: AgendaItem, named: NamedRecord | None) -> Cell:
        href = item_address(self.register, self.agenda.meeting.meeting_id, item.record_id)
        reference = light(item.reference)
        if item.interest:
            return lines(item.reference, light(self.register.words("meetings.interest")))
        if named is None:
            return plain_link(item.reference, href)
        born = light(show_date(named.born)) if named.born else ""
        return lines(plain_link(named.name, href), born, rating_mark(self.register, named.rating), reference)

    def _why(self, item: AgendaItem, named: NamedRecord | None) -> Cell:
        words = self.register.words
        since = named.rated_at if named else item.since
        rated = words("records.rated", when=days_since(since, utc_now(), words)) if since else ""
        return lines(words.group("meetings.because")[item.because], rated)

    def _decision(self, item: AgendaItem, named: NamedRecord | None) -> Cell:
        words = self.register.words
        if item.is_done:
            return lines(words("meetings.is_done"), item.decision)
        is_open = self.agenda.meeting.state in ("planned", "in_progress")
        if item.because == "by_hand" and is_open:
            return lines(words("meetings.not_done"), self._remove(item, named))
        return "" if self.agenda.meeting.state == "planned" else words("meetings.not_done")

    def _remove(self, item: AgendaItem, named: NamedRecord | None) -> Markup:
        """Return the button that takes a person off who was added by hand. Each sends its own command id."""
        return Markup(
            '<button class="nhsuk-button nhsuk-button--small nhsuk-button--secondary ics-work__button"'
            ' data-module="nhsuk-button" data-prevent-double-click="true" type="submit" form="{}" name="remove"'
            ' value="{}-{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></button>'
        ).format(
            REMOVE_FORM,
            item.record_id.hex,
            new_id().hex,
            self.register.words("meetings.remove"),
            named.name if named else item.reference,
        )


async def read_meeting(request: web.Request) -> tuple[Agenda, Names]:
    """Return the agenda of the meeting in the address, with the names of its people, for pages about a part of it."""
    agenda = await ask(request, ReadAgenda(meeting_id=meeting_id_in(request)))
    return agenda, await names_of(request, agenda.items) or {}
