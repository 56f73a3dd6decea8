"""A record as plain text, which a professional copies into the case record of their own agency."""

from collections.abc import Iterator
from datetime import datetime

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import edition_of, find_record
from gateway.ui.actions import ask
from gateway.ui.formats import day, day_and_time
from gateway.ui.render import show
from shared.clock import utc_now
from shared.contracts.referrals.reading import History, ReadHistory, RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.person import rating_of
from shared.registers.form.showing import AnswerRow, as_text


async def show_case_text(request: web.Request) -> web.Response:
    if request[REGISTER].case_text is None:
        raise web.HTTPNotFound
    record = await find_record(request)
    history = await ask(request, ReadHistory(record_id=record.record_id))
    register = edition_of(request, record)
    return await show(
        request,
        "records/case_text.html",
        register=register,
        text="\n".join(lines_of(register, record, history, utc_now())),
        whose=await whose(request, record),
        back=list_address(request, is_open=record.is_open),
        href=register.record_address(record.record_id),
    )


def lines_of(register: Definition, record: RecordShown, history: History, now: datetime) -> Iterator[str]:
    """Yield the lines of the text, without the name: the person is known where the text goes."""
    words = register.words
    yield register.identity.name
    yield f"{words('record.reference')}: {record.reference}"
    yield _added(register, record, history)
    yield from _rating(register, record, history)
    yield ""
    wanted = register.case_text.questions if register.case_text else ()
    rows = {row.name: row for row in as_text(register.form, record.answers)}
    yield from (_said(rows[name]) for name in wanted if name in rows)
    yield ""
    yield words("case_text.as_at", when=day_and_time(now))


def _added(register: Definition, record: RecordShown, history: History) -> str:
    words, name = register.words, record.created_by
    if history.loaded_at is None:
        return words("case_text.added", name=name, when=day_and_time(record.created_at))
    return words("case_text.loaded", day=day(record.created_at), name=name, when=day_and_time(history.loaded_at))


def _said(row: AnswerRow) -> str:
    return f"{row.label} {row.text}" if row.label.endswith("?") else f"{row.label}: {row.text}"


def _rating(register: Definition, record: RecordShown, history: History) -> Iterator[str]:
    level = rating_of(register, record.answers)
    if level is None:
        return
    who = _who_rated(register, record, history)
    when = day_and_time(record.rated_at)
    yield ""
    yield register.words("case_text.rated", rating=level.label, name=who, when=when)
    yield from level.next_steps


def _who_rated(register: Definition, record: RecordShown, history: History) -> str:
    """Return who gave the current rating or last reviewed it."""
    question = register.rating.question if register.rating else ""
    for change in history.updates:
        if change.act == "reviewed" or any(field.name == question for field in change.changes):
            return change.changed_by
    return register.words("page.not_recorded") if history.older else record.created_by
