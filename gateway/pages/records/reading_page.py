"""The page to read a record: the rating, the latest news, the last outcome, answered questions, history, notes."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import CSRF_TOKEN, REGISTER, VISITOR
from gateway.pages.actions.beside import action_lines
from gateway.pages.outcomes.outcomes import ListedOutcome, listed_outcome, told_outcome
from gateway.pages.records.history import FoundOutcomes, past_of
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import edition_of, record_id_in
from gateway.pages.records.next_review import next_review_of
from gateway.pages.records.receipt import receipt_of
from gateway.pages.records.record_page import Note, anchors_of, past_wanted, show_gone
from gateway.pages.records.record_parts import (
    RATED,
    about_part,
    ending_of,
    may_read_outcomes,
    past_parts,
    read_past,
    said_by,
    wrong_part,
)
from gateway.pages.records.seen_state import SeenState, seen_state_of
from gateway.ui.actions import NOTICE, ask, ask_if_there, notice, see_other
from gateway.ui.form import Form
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import Drawing, draw
from gateway.ui.render import show, show_part
from gateway.ui.table import Cell
from shared.clock import utc_now
from shared.contracts.outcomes import ListOutcomes, ReadToldOutcome
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.ids import new_id
from shared.messages import Refused
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import visible_questions
from shared.registers.form.kept import earlier_answers
from shared.registers.form.showing import AnswerRow, as_text, earlier_rows

NOTE_FORM = "note-form"
CHANGE = "change/"  # the page of the record's form
SAVED = frozenset({"updated", RATED})


@dataclass(frozen=True)
class ReadingState:
    """
    What the page shows besides the record: a note being written, the notice `said`, and a `form` with problems.

    `review` is the id of the command that the button for a review sends, and `version` what it says was read.
    """

    note: Note | None = field(default=None, repr=False)
    said: str = ""
    form: Form | None = None
    review: UUID = field(default_factory=new_id)
    version: int | None = None


@dataclass(frozen=True, repr=False)
class ReadSection:
    """A section of the form with its answered questions, and where to change them; empty if that is not possible."""

    title: str
    rows: list[AnswerRow]
    change: str = ""


async def show_record(request: web.Request) -> web.Response:
    """Show the record. If it was just updated and can no longer be read, say in the list that it was saved."""
    try:
        record = await ask(request, ReadRecord(record_id=record_id_in(request), past=past_wanted(request)))
    except Refused:
        if request.query.get(NOTICE) not in SAVED:
            raise
        return see_other(request[REGISTER].address(PATHS["records"]), "updated")
    return await show_reading(request, edition_of(request, record), record)


async def show_done(request: web.Request, note: Note, done: str) -> web.Response:
    """Go on to the record after a button. A note that was typed but not added is shown with it."""
    if not note.text:
        return see_other(request[REGISTER].record_address(record_id_in(request)), done)
    try:
        record = await ask(request, ReadRecord(record_id=record_id_in(request), past=past_wanted(request)))
    except Refused:  # ended in the meantime
        return await show_gone(request, {}, note.text)
    return await show_reading(request, edition_of(request, record), record, ReadingState(note, done))


async def show_reading(
    request: web.Request, register: Definition, record: RecordShown, state: ReadingState | None = None
) -> web.Response:
    state, wanted = state or ReadingState(), past_wanted(request)
    read, found, told, about, seen, agreed = await asyncio.gather(
        read_past(request, record, wanted),
        _outcomes_of(request, register, record),
        _told_of(request, record),
        about_part(request, register, record),
        seen_state_of(request, register, record),
        _actions_of(request, record),
    )
    past = past_of(register, record, read, found, wanted.skip_updates, utc_now())
    drawing = draw(register.form, register.words).drawing
    href = register.record_address(record.record_id)
    part = partial(show_part, request, register=register, href=href)
    form = state.form or Form(())
    return await show(
        request,
        "records/reading.html",
        form=form,
        status=form.status if form.summary else 200,
        said=said_by(request, register.words, state.said),
        back=list_address(request, is_open=record.is_open),
        record=record,
        href=href,
        about=about.shown,
        name=about.name,
        actions=_actions(request, register, record, seen, is_reviewed=about.is_reviewed),
        seen=seen,
        receipt=_receipt(request, register, record, state.said),
        wrong=wrong_part(request, register, record, _anchors(register, record, href)),
        ending=part("records/ends.html", **ending_of(request, register, record)),
        line=part("records/line.html", past=past),
        next_review=next_review_of(request[REGISTER], record, utc_now()),
        last_update=register.words("record.last_update", when=day_and_time(record.updated_at)),
        first=_first_rows(register, record),
        may_read_outcomes=may_read_outcomes(request[VISITOR], register, record),
        outcome=_last_outcome(request, found),
        outcomes=found.outcomes,
        told=told,
        agreed=agreed,
        sections=sections_of(register, record, drawing, f"{href}{CHANGE}" if record.may_update else ""),
        earlier=part("records/earlier.html", rows=earlier_rows(register.form, record.answers)),
        note=state.note or Note("", new_id()),
        note_form=NOTE_FORM,
        review=state.review,
        version=record.version if state.version is None else state.version,
        parts=past_parts(request, register, record, past, read.notes, wanted),
    )


async def _actions_of(request: web.Request, record: RecordShown) -> Markup:
    """Return the open actions, for the team and for who may update the record."""
    may_see = record.may_update or request[VISITOR].may(Permission.RECORD_OUTCOME)
    return await action_lines(request, record.record_id) if may_see else Markup()


def _first_rows(register: Definition, record: RecordShown) -> list[AnswerRow]:
    """Return the answer that stands first: the latest update, where the register has such a question."""
    latest = register.person.get("latest_update")
    return [row for row in as_text(register.form, record.answers) if row.name == latest]


def sections_of(register: Definition, record: RecordShown, drawing: Drawing, change: str) -> list[ReadSection]:
    """
    Return the sections that have answers to what is asked now; the form hides the others.

    `change` is the address of the form, empty for who may not change it.
    """
    asked = {each.name for each in visible_questions(register.form, record.answers)}
    asked -= earlier_answers(register.form, record.answers).keys()
    rows = [row for row in as_text(register.form, record.answers) if row.name in asked]
    return [
        ReadSection(part.section.title, own, f"{change}#section-{place}" if change else "")
        for place, part in enumerate(drawing.parts, start=1)
        if (own := [row for row in rows if row.section == part.section.title])
    ]


def _anchors(register: Definition, record: RecordShown, href: str) -> dict[str, str]:
    """Return the address of each question in the form; empty for who cannot change the record."""
    drawn = draw(register.form, register.words, None, record.answers)
    return anchors_of(drawn, f"{href}{CHANGE}") if record.may_update else dict.fromkeys(drawn.form.fields, "")


def _actions(
    request: web.Request,
    register: Definition,
    record: RecordShown,
    seen: SeenState | None,
    *,
    is_reviewed: bool,
) -> Markup:
    """Return the row of what the visitor can do with the record."""
    visitor = request[VISITOR]
    return show_part(
        request,
        "records/actions.html",
        register=register,
        csrf_token=request[CSRF_TOKEN],
        note_form=NOTE_FORM,
        href=register.record_address(record.record_id),
        change=CHANGE,
        may_update=record.may_update,
        may_review=record.may_update and is_reviewed,
        seen=seen.button if seen else "",
        may_read_outcomes=may_read_outcomes(visitor, register, record),
        may_name_holder=record.is_open and (visitor.may(Permission.ADMINISTER) or record.may_hand_over),
        names_cover=visitor.may(Permission.ADMINISTER),
        has_text=register.case_text is not None,
        may_see_looks=visitor.may(Permission.OVERSEE_PRIVACY),
    )


def _receipt(request: web.Request, register: Definition, record: RecordShown, said: str) -> Cell:
    """Return what follows from a rating that was just changed; empty on any other page."""
    is_rated = RATED in (said, notice(request, {RATED: RATED}))
    return receipt_of(request, register, record, is_new=False) if is_rated and record.is_open else ""


async def _outcomes_of(request: web.Request, register: Definition, record: RecordShown) -> FoundOutcomes:
    """Return the newest outcomes if the visitor may see them, unless the record was archived or put back meanwhile."""
    if not may_read_outcomes(request[VISITOR], register, record):
        return FoundOutcomes()
    found = await ask_if_there(request, ListOutcomes(record_id=record.record_id))
    if found is None or found.is_open != record.is_open:
        return FoundOutcomes(missing=True)
    return FoundOutcomes(found)


async def _told_of(request: web.Request, record: RecordShown) -> ListedOutcome | None:
    """Return what a user who may not read outcomes is told of the last one, if they may update the record."""
    newest, visitor = request[REGISTER], request[VISITOR]
    if not record.may_update or visitor.may(Permission.RECORD_OUTCOME) or not (newest.outcome and newest.outcome.told):
        return None
    found = await ask_if_there(request, ReadToldOutcome(record_id=record.record_id))
    return told_outcome(request, found) if found else None


def _last_outcome(request: web.Request, found: FoundOutcomes) -> ListedOutcome | None:
    """Return the newest outcome that counts."""
    newest = (each for each in (found.outcomes.outcomes if found.outcomes else ()) if each.counted)
    return next((listed_outcome(request, each) for each in newest), None)
