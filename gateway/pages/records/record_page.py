"""The page of one record: its form, history and notes, and the state in hidden fields of its form."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.pages.outcomes.reversal_address import reversal_address
from gateway.pages.records.awaited import decided_by_bodies, deciding, waiting_of
from gateway.pages.records.ended_before import ended_before
from gateway.pages.records.history import FoundOutcomes, ShownChange, ShownPast, past_of
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.linked import standing_of
from gateway.pages.records.receipt import receipt_of
from gateway.pages.records.seen_state import seen_state_of
from gateway.security.ids import command_in
from gateway.ui.actions import ask, ask_if_there, notice
from gateway.ui.form import Field, Posted, number_of, sent_number
from gateway.ui.formats import day_and_time, days_since
from gateway.ui.navigation import PATHS
from gateway.ui.organisations import organisation_names
from gateway.ui.register_form import RegisterForm, draw
from gateway.ui.render import kept_part, show, show_part
from gateway.ui.shell import Shell
from gateway.ui.table import Cell, Column, table_rows
from shared.clock import london_today, utc_now
from shared.contracts.outcomes import ListOutcomes
from shared.contracts.referrals.reading import Notes, Past, PastWanted, ReadPast, RecordShown
from shared.ids import new_id
from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.consistency import contradictions
from shared.registers.form.reading import Raw, read_answers
from shared.registers.form.showing import AnswerRow, as_text, earlier_rows, fill_fields
from shared.registers.scope import reads_ended
from shared.values import read_text, show_date

GONE = frozenset({"archived", "not_found"})
RATED = "rated"  # the notice after a change of the rating
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
    """Show the record. `said` names the notice of a page that answers a POST."""
    wanted = past_wanted(request)
    read, found, (about, is_rated) = await asyncio.gather(
        _past_of(request, record, wanted),
        _outcomes_of(request, register, record),
        _about(request, register, record),
    )
    past = past_of(register, record, read, found, wanted.skip_updates, utc_now())
    part = partial(show_part, request, register=register, href=register.record_address(record.record_id))
    return await show(
        request,
        "records/record.html",
        form=drawn.form,
        holes={
            "ending": part("records/ends.html", **ending_of(request[VISITOR], register, record)),
            "about": about,
            "receipt": _receipt(request, register, record, said),
            "wrong": part("records/wrong.html", wrong=_contradictions(register, record, drawn)),
            "line": part("records/line.html", past=past),
            "earlier": part("records/earlier.html", rows=earlier_rows(register.form, record.answers)),
            "updates": part(
                "records/updates.html",
                updates=_tables(request, past),
                older=past.older,
                is_older=bool(wanted.skip_updates),
            ),
            "created": past.created,
            "noted": part("records/noted.html", **_noted(register, read.notes, wanted.skip_notes)),
            **_carried(register, record, opened),
        },
        register=register,
        drawing=drawn.drawing,
        is_open=record.is_open,
        may_update=record.may_update,
        may_review=is_rated,
        review=REVIEW,
        said=_said(request, register.words, said),
        may_record_outcome=_may_read_outcomes(request[VISITOR], register, record),
        may_name_holder=record.is_open and request[VISITOR].may(Permission.ADMINISTER),
    )


async def _about(request: web.Request, register: Definition, record: RecordShown) -> tuple[Markup, bool]:
    """Return who the record is about, with the person's other records, and whether it has a rating."""
    about, names, seen, before = await asyncio.gather(
        whose(request, record),
        organisation_names(request, register),
        seen_state_of(request, register, record),
        ended_before(request, register, [record.record_id]),
    )
    standing = standing_of(register, record, names)
    part = show_part(
        request,
        "records/about.html",
        register=register,
        href=register.record_address(record.record_id),
        whose=about,
        standing=standing,
        rated=register.words("records.rated", when=days_since(record.rated_at, utc_now(), register.words)),
        seen=seen,
        before=before[record.record_id],
    )
    return part, bool(standing.mark)


def _may_read_outcomes(visitor: Visitor, register: Definition, record: RecordShown) -> bool:
    """Return whether the visitor may read outcomes. Those of a record that has ended are for who may open it."""
    may_open = record.is_open or reads_ended(register, visitor)
    return bool(may_open and register.outcome and visitor.may(Permission.RECORD_OUTCOME))


def _reversal_href(visitor: Visitor, register: Definition, record: RecordShown) -> str:
    """Return where an administrator asks to put this ended record back; empty if that cannot be asked."""
    may_ask = not record.is_open and register.lifecycle.is_reversible(record.state)
    return reversal_address(register, record.reference) if may_ask and visitor.may(Permission.ADMINISTER) else ""


def ending_of(visitor: Visitor, register: Definition, record: RecordShown) -> dict[str, object]:
    """Return what the page says about the end of the record: its day, who must decide, and where."""
    words, awaits = register.words, bool(record.ends_on and record.is_open)
    link = words("ending.link") if deciding(visitor, register, record) else words("ending.look")
    has_page = decided_by_bodies(register) and (awaits or record.decisions)
    return {
        "day": words("ending.on", day=show_date(record.ends_on)) if record.ends_on and awaits else "",
        "waiting": waiting_of(register, record),
        "link": link if has_page else "",
        "ended": words("records.ended_on", when=day_and_time(record.ended_at)) if record.ended_at else "",
        "reversal": _reversal_href(visitor, register, record),
    }


def _carried(register: Definition, record: RecordShown, opened: Opened) -> dict[str, Cell]:
    """Return the hidden values of the form, and the other data of the record that the page shows."""
    return {
        "href": register.record_address(record.record_id),
        "update_count": str(record.updates),
        "note_count": str(record.notes),
        "version": str(opened.version),
        "update_command": opened.command.hex,
        "note_command": opened.note.command.hex,
        "note_text": opened.note.text,
    }


def _noted(register: Definition, found: Notes, skipped: int) -> dict[str, object]:
    """Return the values of one page of notes."""
    notes = [
        (register.words("notes.written", name=each.written_by, when=day_and_time(each.written_at)), each.text)
        for each in found.notes
    ]
    return {"notes": notes, "older": skipped + len(notes) if found.older else 0, "is_older": bool(skipped)}


def _contradictions(register: Definition, record: RecordShown, drawn: RegisterForm) -> list[tuple[str, str]]:
    """Return which saved answers contradict each other: the link to one of them, and what is wrong."""
    if not record.is_open:
        return []
    found = contradictions(register.form, record.answers, register.words, london_today())
    return [(f"#{drawn.form.fields[each.at[0]].anchor}", each.said) for each in found]


def _receipt(request: web.Request, register: Definition, record: RecordShown, said: str) -> Cell:
    """Return what follows from a rating that was just changed; empty on any other page."""
    is_rated = RATED in (said, notice(request, {RATED: RATED}))
    return receipt_of(request, register, record, is_new=False) if is_rated and record.is_open else ""


def _said(request: web.Request, words: Words, said: str) -> str:
    notices = {
        "updated": words("record.updated"),
        RATED: words("record.updated"),
        "seen": words("tasks.seen_here"),
        "taken": words("tasks.taken_here"),
        "closed": words("tasks.closed"),
        "reviewed": words("record.reviewed_done"),
        "noted": words("notes.added"),
        "added": words("draft.added_heading"),
        "decided": words("ending.done"),
    }
    return notices[said] if said else notice(request, notices)


def _tables(request: web.Request, past: ShownPast) -> list[tuple[str, Markup]]:
    """Return each update's heading, and its table if it changed answers."""
    shell = kept_part(request, "records/change.html", "heading", "rows", columns=past.columns)
    return [
        (update.heading, _table(shell, past.columns, update) if update.rows else Markup()) for update in past.updates
    ]


def _table(shell: Shell, columns: Sequence[Column], update: ShownChange) -> Markup:
    return shell.fill({"heading": update.heading, "rows": table_rows(columns, update.rows, row_header=True)})


async def _past_of(request: web.Request, record: RecordShown, wanted: PastWanted) -> Past:
    """Return the past that was read with the record, or ask for it."""
    if record.past is not None:
        return record.past
    skips = {"skip_updates": wanted.skip_updates, "skip_notes": wanted.skip_notes}
    return await ask(request, ReadPast(record_id=record.record_id, **skips))


async def _outcomes_of(request: web.Request, register: Definition, record: RecordShown) -> FoundOutcomes:
    """Return the newest outcomes if the visitor may see them, unless the record was archived or put back meanwhile."""
    if not (register.rating and _may_read_outcomes(request[VISITOR], register, record)):
        return FoundOutcomes()
    found = await ask_if_there(request, ListOutcomes(record_id=record.record_id))
    if found is None or found.is_open != record.is_open:
        return FoundOutcomes(missing=True)
    return FoundOutcomes(found)


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
