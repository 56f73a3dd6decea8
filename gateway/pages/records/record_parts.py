"""Parts that the page to read a record and its form share: the person, history, notes, faults, notices."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, REGISTERS, VISITOR
from gateway.pages.outcomes.reversal_address import reversal_address
from gateway.pages.records.awaited import decided_by_bodies, deciding, waiting_of
from gateway.pages.records.ended_before import same_person_ended
from gateway.pages.records.history import ShownChange, ShownPast
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.linked import standing_of
from gateway.ui.actions import ask, notice
from gateway.ui.ages import days_since
from gateway.ui.formats import day_and_time
from gateway.ui.organisations import organisation_names
from gateway.ui.render import kept_part, show_part
from gateway.ui.shell import Shell
from gateway.ui.table import Cell, Column, table_rows
from shared.clock import london_today, utc_now
from shared.contracts.referrals.reading import Notes, Past, PastWanted, ReadPast, RecordShown
from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.consistency import contradictions
from shared.registers.form.leaving import leaving_rows
from shared.registers.scope import reads_ended
from shared.values import show_date

RATED = "rated"  # the notice after a change of the rating


@dataclass(frozen=True, repr=False)
class AboutPart:
    """
    Who a record is about, with the person's other records: as HTML, and the person in one line.

    `is_reviewed`: its reviews are recorded.
    """

    shown: Markup
    name: str
    is_reviewed: bool


async def about_part(request: web.Request, register: Definition, record: RecordShown) -> AboutPart:
    about, names, before = await asyncio.gather(
        whose(request, record),
        organisation_names(request, register),
        same_person_ended(request, register, record),
    )
    standing = standing_of(register, record, names)
    part = show_part(
        request,
        "records/about.html",
        register=register,
        whose=about,
        standing=standing,
        rated=register.words("records.rated", when=days_since(record.rated_at, utc_now(), register.words)),
        before=before,
    )
    is_reviewed = bool(standing.mark) or (register.rating is None and register.reviews is not None)
    return AboutPart(part, about.name, is_reviewed)


def may_read_outcomes(visitor: Visitor, register: Definition, record: RecordShown) -> bool:
    """Return whether the visitor may read outcomes. Those of a record that has ended are for who may open it."""
    may_open = record.is_open or reads_ended(register, visitor)
    return bool(may_open and register.outcome and visitor.may(Permission.RECORD_OUTCOME))


def ending_of(request: web.Request, register: Definition, record: RecordShown) -> dict[str, object]:
    """Return what the page says about the end of the record: its day, who must decide, and where; or why it ended."""
    visitor = request[VISITOR]
    words, awaits = register.words, bool(record.ends_on and record.is_open)
    link = words("ending.link") if deciding(visitor, register, record) else words("ending.look")
    has_page = decided_by_bodies(register) and (awaits or record.decisions)
    return {
        "day": words("ending.on", day=show_date(record.ends_on)) if record.ends_on and awaits else "",
        "waiting": waiting_of(register, record),
        "link": link if has_page else "",
        "ended": _ended(words, record),
        "leaving": _leaving_rows(request, record),
        "reversal": _reversal_href(visitor, register, record),
    }


def _ended(words: Words, record: RecordShown) -> str:
    """Return when the record ended, and by whom if a user ended it; empty for one that is open."""
    if record.ended_at is None:
        return ""
    said = words("records.ended_on", when=day_and_time(record.ended_at))
    return words("records.ended_by", said=said, name=record.ended_by) if record.ended_by else said


def _leaving_rows(request: web.Request, record: RecordShown) -> list[tuple[str, str]]:
    """Return why a record was archived, each question with its answer; nothing in a register that does not ask."""
    registers, newest = request.config_dict[REGISTERS], request[REGISTER]
    transition = newest.lifecycle.ends_by("outcome")
    if newest.leaving is None or transition is None or record.state != transition.to_state:
        return []
    words = newest.words
    rows = leaving_rows(registers.editions(newest.code), record.leaving, words("record.earlier"))
    said = [(row.label, row.text) for row in rows]
    return said or [(words("archive.reason"), words("archive.no_reason"))]


def _reversal_href(visitor: Visitor, register: Definition, record: RecordShown) -> str:
    """Return where an administrator asks to put this ended record back; empty if that cannot be asked."""
    may_ask = not record.is_open and register.lifecycle.is_reversible(record.state)
    return reversal_address(register, record.reference) if may_ask and visitor.may(Permission.ADMINISTER) else ""


async def read_past(request: web.Request, record: RecordShown, wanted: PastWanted) -> Past:
    """Return the past that was read with the record, or ask for it."""
    if record.past is not None:
        return record.past
    skips = {"skip_updates": wanted.skip_updates, "skip_notes": wanted.skip_notes}
    return await ask(request, ReadPast(record_id=record.record_id, **skips))


def past_parts(
    request: web.Request, register: Definition, record: RecordShown, past: ShownPast, notes: Notes, wanted: PastWanted
) -> dict[str, Cell]:
    """Return the holes of the tabs: one page of the history and one of the notes, and how many there are."""
    part = partial(show_part, request, register=register, href=register.record_address(record.record_id))
    is_older = bool(wanted.skip_updates)
    return {
        "updates": part("records/updates.html", updates=_tables(request, past), older=past.older, is_older=is_older),
        "created": past.created,
        "noted": part("records/noted.html", **_noted(register, notes, wanted.skip_notes)),
        "update_count": str(record.updates),
        "note_count": str(record.notes),
    }


def _tables(request: web.Request, past: ShownPast) -> list[tuple[str, Markup]]:
    """Return each update's heading, and its table if it changed answers."""
    shell = kept_part(request, "records/change.html", "heading", "rows", columns=past.columns)
    return [
        (update.heading, _table(shell, past.columns, update) if update.rows else Markup()) for update in past.updates
    ]


def _table(shell: Shell, columns: Sequence[Column], update: ShownChange) -> Markup:
    return shell.fill({"heading": update.heading, "rows": table_rows(columns, update.rows, row_header=True)})


def _noted(register: Definition, found: Notes, skipped: int) -> dict[str, object]:
    """Return the values of one page of notes."""
    notes = [
        (register.words("notes.written", name=each.written_by, when=day_and_time(each.written_at)), each.text)
        for each in found.notes
    ]
    return {"notes": notes, "older": skipped + len(notes) if found.older else 0, "is_older": bool(skipped)}


def wrong_part(request: web.Request, register: Definition, record: RecordShown, anchors: dict[str, str]) -> Markup:
    """Return which saved answers contradict each other. `anchors` has the address of each question."""
    if not record.is_open:
        return Markup()
    found = contradictions(register.form, record.answers, register.words, london_today())
    wrong = [(anchors[each.at[0]], each.said) for each in found]
    return show_part(request, "records/wrong.html", wrong=wrong)


def said_by(request: web.Request, words: Words, said: str) -> str:
    """Return the notice of the page. `said` names it on a page that answers a POST."""
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
