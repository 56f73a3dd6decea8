"""The form of one record, with its history and notes, and the state in hidden fields of the form."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.history import FoundOutcomes, past_of
from gateway.pages.records.last_list import list_address
from gateway.pages.records.record_parts import about_part, past_parts, read_past, said_by, wrong_part
from gateway.security.ids import command_in
from gateway.ui.form import Field, Posted, number_of, sent_number
from gateway.ui.navigation import PATHS
from gateway.ui.register_form import RegisterForm, draw
from gateway.ui.render import show, show_part
from gateway.ui.table import Cell
from shared.clock import london_today, utc_now
from shared.contracts.referrals.reading import PastWanted, RecordShown
from shared.ids import new_id
from shared.registers.definition.register import Definition
from shared.registers.form.reading import Raw, read_answers
from shared.registers.form.showing import AnswerRow, as_text, earlier_rows, fill_fields
from shared.values import read_text

GONE = frozenset({"archived", "not_found"})
REVIEW = "review"  # the button for a review that changes nothing
NOTE = Field("text", label="", kind="long_text")  # drawn by its own tab; here for errors


@dataclass(frozen=True)
class Note:
    """A note that is being written, and the id of the command that adds it."""

    text: str = field(repr=False)
    command: UUID


@dataclass(frozen=True)
class Opened:
    """What the form holds in hidden fields: the version that was read, the command id, and the note being written."""

    command: UUID
    version: int
    note: Note


def open_record(record: RecordShown, note: Note | None = None) -> Opened:
    return Opened(new_id(), record.version, note or Note("", new_id()))


def opened_in(posted: Posted) -> Opened:
    return Opened(command_in(posted), sent_number(posted, "version"), note_in(posted))


def note_in(posted: Posted) -> Note:
    """Return the note that was sent. It is part of the record's form, so every button keeps it."""
    text = read_text(str(posted.get("text", "")))
    return Note(text, command_in(posted, "note_command") if posted.get("note_command") else new_id())


def drawn_form(register: Definition, record: RecordShown, raw: Raw | None = None) -> RegisterForm:
    """Return the record's form with its answers, or with what was typed over them."""
    filled = fill_fields(register.form, record.answers) if raw is None else raw
    return draw(register.form, register.words, filled, record.answers)


def past_wanted(request: web.Request) -> PastWanted:
    """Return the pages of the history and of the notes that the address names."""
    updates, notes = (number_of(request.query.get(part), 5) or 0 for part in ("history", "notes"))
    return PastWanted(skip_updates=updates, skip_notes=notes)


async def show_page(
    request: web.Request,
    register: Definition,
    record: RecordShown,
    drawn: RegisterForm,
    opened: Opened,
    said: str = "",
) -> web.Response:
    """Show the record's form. `said` names the notice of a page that answers a POST."""
    wanted = past_wanted(request)
    read, about = await asyncio.gather(read_past(request, record, wanted), about_part(request, register, record))
    past = past_of(register, record, read, FoundOutcomes(), wanted.skip_updates, utc_now())
    return await show(
        request,
        "records/record.html",
        form=drawn.form,
        holes={
            "about": about.shown,
            "back": list_address(request, is_open=record.is_open),
            "reference": record.reference,
            "wrong": wrong_part(request, register, record, anchors_of(drawn)),
            "earlier": show_part(
                request, "records/earlier.html", register=register, rows=earlier_rows(register.form, record.answers)
            ),
            **past_parts(request, register, record, past, read.notes, wanted),
            **_carried(register, record, opened),
        },
        register=register,
        drawing=drawn.drawing,
        may_update=record.may_update,
        may_review=about.is_reviewed,
        review=REVIEW,
        said=said_by(request, register.words, said),
    )


def anchors_of(drawn: RegisterForm, page: str = "") -> dict[str, str]:
    """Return the address of each question of the form, on this page or on the page given."""
    return {name: f"{page}#{field.anchor}" for name, field in drawn.form.fields.items()}


def _carried(register: Definition, record: RecordShown, opened: Opened) -> dict[str, Cell]:
    """Return the hidden values of the form, and the other data of the record that the page shows."""
    return {
        "href": register.record_address(record.record_id),
        "version": str(opened.version),
        "update_command": opened.command.hex,
        "note_command": opened.note.command.hex,
        "note_text": opened.note.text,
    }


async def show_gone(request: web.Request, raw: Raw, text: str = "") -> web.Response:
    """Show what was typed, to be copied. The record has ended or is out of scope; both look the same."""
    register = request[REGISTER]
    checked = read_answers(register.form, raw, register.words, london_today())
    rows = as_text(register.form, checked.answers)
    words = register.words
    return await _show_unsaved(request, words("record.gone_heading"), words("record.gone"), text, status=404, rows=rows)


async def show_left(request: web.Request, text: str, *, is_open: bool) -> web.Response:
    """Show a note that was typed, to be copied. Its record was saved, but cannot be opened any more."""
    words = request[REGISTER].words
    said = words("record.updated") if is_open else words("ending.ended")
    return await _show_unsaved(request, words("notes.heading"), words("notes.left"), text, said=said)


async def _show_unsaved(
    request: web.Request,
    heading: str,
    lead: str,
    text: str,
    *,
    status: int = 200,
    rows: Sequence[AnswerRow] = (),
    said: str = "",
) -> web.Response:
    back = request[REGISTER].address(PATHS["records"])
    return await show(
        request,
        "records/gone.html",
        status=status,
        heading=heading,
        lead=lead,
        rows=rows,
        text=text,
        said=said,
        back=back,
    )
