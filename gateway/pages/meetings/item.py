"""One person at a meeting: what is known, the minutes, the rating and the next review, saved with one press."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, REGISTERS
from gateway.pages.actions.beside import action_lines
from gateway.pages.meetings.addresses import (
    called,
    item_address,
    meeting_address,
    meeting_id_in,
    meeting_rules,
    present_address,
)
from gateway.pages.outcomes.outcomes import standing
from gateway.pages.records.identity_bar import Whose, whose
from gateway.pages.records.lookup import record_id_in
from gateway.pages.records.next_review import next_review_of
from gateway.ui.actions import ask, ask_if_there, notice
from gateway.ui.form import Choice, Field
from gateway.ui.formats import day_and_time
from gateway.ui.register_form import RegisterForm, draw
from gateway.ui.render import show
from shared.clock import utc_now
from shared.contracts.meetings import MeetingItem, Minutes, ReadItem
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.questions import QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.kept import form_for
from shared.registers.form.person import rating_of
from shared.registers.form.reading import Raw
from shared.registers.form.showing import AnswerRow, as_text, fill_fields
from shared.registers.load import UnknownRegister

RATING, REVIEW_ON = "rating_now", "review_on"


class ItemAct(StrEnum):
    """What a button of the page asks for."""

    NEXT = "next"
    SAVE = "save"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, repr=False)
class ItemSheet:
    """
    The state of the page: what was typed, the versions that it saw, and the command ids of both acts.

    `theirs` are the minutes that somebody else saved meanwhile.
    """

    drawn: RegisterForm
    version: int
    record_version: int
    review_command: UUID = field(default_factory=new_id)
    theirs: Minutes | None = None


@dataclass(frozen=True, repr=False)
class AboutItem:
    """The item, and the record if the asker may read it now."""

    item: MeetingItem
    record: RecordShown | None


async def show_item(request: web.Request) -> web.Response:
    """Show the person's page; a person in whom the asker has an interest is not shown."""
    rules = meeting_rules(request)
    try:
        about = await read_about(request)
    except Refused as refusal:
        if refusal.code != "interest":
            raise
        return await _show_interest(request)
    minutes = about.item.minutes
    raw = fill_fields(rules.minutes, minutes.answers)
    drawn = form_of(request[REGISTER], about.record, raw, minutes)
    sheet = ItemSheet(drawn, minutes.version, about.record.version if about.record else 0)
    return await show_sheet(request, about, sheet)


async def read_about(request: web.Request) -> AboutItem:
    """Return the item and its record. Refused as `not_found` or `interest`."""
    record_id = record_id_in(request)
    item = await ask(request, ReadItem(meeting_id=meeting_id_in(request), record_id=record_id))
    return AboutItem(item, await ask_if_there(request, ReadRecord(record_id=record_id)))


async def _show_interest(request: web.Request) -> web.Response:
    register, meeting_id = request[REGISTER], meeting_id_in(request)
    return await show(request, "meetings/interest.html", declared=True, back=meeting_address(register, meeting_id))


def form_of(register: Definition, record: RecordShown | None, raw: Raw, minutes: Minutes | None = None) -> RegisterForm:
    """Return the form of the minutes, with the rating and the day of the next review beside its questions."""
    if register.meetings is None:
        raise web.HTTPNotFound
    level = rating_of(register, record.answers) if record else None
    values = dict(raw)
    if RATING not in values and level:
        values[RATING] = level.code
    drawn = draw(register.meetings.minutes, register.words, values, minutes.answers if minutes else None)
    drawn.form.fields = {**drawn.form.fields, **{each.name: each for each in _beside(register, record)}}
    return drawn


def _beside(register: Definition, record: RecordShown | None) -> list[Field]:
    """Return the fields that are saved on the record: none without an open record and a rating."""
    if record is None or not record.is_open or register.rating is None:
        return []
    words, question = register.words, register.form.by_name[register.rating.question]
    choices = tuple(Choice(each.code, each.label) for each in register.rating.levels)
    hint = " ".join((next_review_of(register, record, utc_now()).said, words("meetings.item.review_hint")))
    return [
        Field(RATING, question.label, "choice", words("meetings.item.rating_hint"), choices=choices, inline=True),
        Field(REVIEW_ON, words("meetings.item.review_on"), "date", hint=hint.strip()),
    ]


async def show_sheet(request: web.Request, about: AboutItem, sheet: ItemSheet) -> web.Response:
    register, item = request[REGISTER], about.item
    meeting, record_id, words = item.meeting, item.item.record_id, register.words
    back_to = meeting.meeting_id.hex if meeting.state == "in_progress" else ""
    actions, person = await asyncio.gather(
        action_lines(request, record_id, back_to) if about.record else _nothing(), _whose(request, about)
    )
    here = item_address(register, meeting.meeting_id, record_id)
    return await show(
        request,
        "meetings/item.html",
        drawing=sheet.drawn.drawing,
        form=sheet.drawn.form,
        has_rating=RATING in sheet.drawn.form.fields,
        version=sheet.version,
        record_version=sheet.record_version,
        review_command=sheet.review_command,
        theirs=_theirs(request, sheet),
        state=meeting.state,
        is_done=item.minutes.is_done,
        name=person.name if person else item.item.reference,
        facts=person.facts if person else [],
        standing=standing(register, about.record) if about.record else [],
        minutes=minutes_rows(request, item.minutes),
        saved=saved_by(words, item.minutes),
        addenda=[
            (each.text, words("meetings.by", name=each.added_by, when=day_and_time(each.added_at)))
            for each in item.minutes.addenda
        ],
        addendum_command=new_id(),
        last=minutes_rows(request, item.last) if item.last else [],
        last_heading=words("meetings.item.last", when=day_and_time(item.last.starts_at)) if item.last else "",
        actions=actions,
        place=words("meetings.item.place", place=item.place, count=item.of),
        before=item_address(register, meeting.meeting_id, item.before) if item.before else "",
        after=item_address(register, meeting.meeting_id, item.after) if item.after else "",
        unchanged=_unchanged(register),
        acts=ItemAct,
        said=notice(request, _said(words)),
        called=called(meeting),
        present=present_address(register, meeting.meeting_id, record_id),
        record_href=register.record_address(record_id) if about.record else "",
        href=here,
        back=meeting_address(register, meeting.meeting_id),
    )


async def _nothing() -> Markup:
    return Markup()


async def _whose(request: web.Request, about: AboutItem) -> Whose | None:
    return await whose(request, about.record) if about.record else None


def _said(words: Words) -> dict[str, str]:
    return {
        "saved": words("meetings.item.saved"),
        "corrected": words("meetings.item.corrected"),
        "no_change": words("meetings.is_over"),
    }


def _unchanged(register: Definition) -> str:
    """Return the decision that one press records; empty in a register that names none."""
    rules = register.meetings
    if rules is None or rules.unchanged is None:
        return ""
    return rules.minutes.by_name[rules.decision].labels[rules.unchanged]


def _theirs(request: web.Request, sheet: ItemSheet) -> list[AnswerRow]:
    return minutes_rows(request, sheet.theirs) if sheet.theirs else []


def saved_by(words: Words, minutes: Minutes) -> str:
    """Return who saved the minutes last, and whether they are done."""
    if minutes.saved_at is None:
        return ""
    said = words("meetings.by", name=minutes.saved_by, when=day_and_time(minutes.saved_at))
    return said if minutes.is_done else words("meetings.item.draft", who=said)


def minutes_rows(request: web.Request, minutes: Minutes) -> list[AnswerRow]:
    """Return the minutes in the words of the edition that they were taken in."""
    registers, latest = request.config_dict[REGISTERS], request[REGISTER]
    known = [each.meetings.minutes for each in registers.editions(latest.code) if each.meetings]
    try:
        register = registers.find(latest.code, minutes.edition)
    except UnknownRegister:  # its file has been taken away
        register = latest
    form: QuestionForm | None = register.meetings.minutes if register.meetings else None
    if form is None:
        return []
    return as_text(form_for(form, minutes.answers, register.words("record.earlier"), known), minutes.answers)
