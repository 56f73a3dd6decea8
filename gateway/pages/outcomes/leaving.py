"""The question why a record ends, on the page that asks whether it shall end."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.actions.beside import count_open_actions
from gateway.ui.form import Posted
from gateway.ui.register_form import RegisterForm, draw, mark, typed
from shared.clock import london_today
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.leaving import is_urgent, leaving_form
from shared.registers.form.person import rating_of
from shared.registers.form.reading import Raw, read_answers


@dataclass(frozen=True, repr=False)
class AskedLeaving:
    """The question as the page shows it: its form, and why words are needed, if they are."""

    drawn: RegisterForm
    why: tuple[str, ...]


def typed_leaving(posted: Posted, register: Definition) -> dict[str, str | tuple[str, ...]]:
    """Return what was typed about why a record ends; nothing in a register that does not ask."""
    form = register.leaving
    return dict(typed(posted, form)) if form else {}


def is_answered(register: Definition, raw: Raw) -> bool:
    """Return whether the reason can be sent. Whether more is needed for this record is for the service to say."""
    form = leaving_form(register, must_write=False)
    return form is None or read_answers(form, raw, register.words, london_today()).ok


async def asked_leaving(request: web.Request, record: RecordShown, raw: Raw, *, was_sent: bool) -> AskedLeaving | None:
    """
    Return the question for this record with what was typed; None in a register that does not ask.

    `was_sent`: what is missing or wrong is marked.
    """
    register, words = request[REGISTER], request[REGISTER].words
    if register.leaving is None:
        return None
    level, waiting = rating_of(register, record.answers), await count_open_actions(request, record.record_id)
    why = [words("archive.rated", rating=level.label)] if level and is_urgent(register, level.code) else []
    why += [words("archive.actions", count=waiting)] if waiting else []
    form = leaving_form(register, must_write=bool(why))
    if form is None:
        return None
    drawn = draw(form, register.words, raw)
    if was_sent:
        mark(drawn, read_answers(form, raw, register.words, london_today()))
    return AskedLeaving(drawn, tuple(why))
