"""The list of records that are on the register by an authority, whose consent is to be confirmed (R-LOAD-003)."""

from datetime import date

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.ui.actions import ask, ask_if_there
from gateway.ui.form import number_of
from gateway.ui.formats import ActionCard, day, lines, plain_link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import utc_now
from shared.contracts.referrals.consent import (
    CONSENTS_ON_A_PAGE,
    ConsentCount,
    ConsentToConfirm,
    CountConsentsToConfirm,
    ListConsentsToConfirm,
)
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.values import london_day, show_date

PAGE = "consent/"


async def show_to_confirm(request: web.Request) -> web.Response:
    register, words = request[REGISTER], request[REGISTER].words
    _must_have(register)
    page = number_of(request.query.get("page", "1"), 4) or 1
    found = await ask(request, ListConsentsToConfirm(page=page))
    last, first = max(-(-found.count.waiting // CONSENTS_ON_A_PAGE), 1), (page - 1) * CONSENTS_ON_A_PAGE + 1
    today = london_day(utc_now())
    return await show(
        request,
        "loading/to_confirm.html",
        columns=[
            Column(words("load.name")),
            Column(words("load.reference")),
            Column(words("consents.due")),
            Column(words("consents.authority")),
        ],
        rows=[_row(register, each, today) for each in found.records],
        count=found.count,
        showing=words("table.showing", first=first, last=first + len(found.records) - 1, total=found.count.waiting),
        previous=f"?page={page - 1}" if page > 1 else "",
        next=f"?page={page + 1}" if page < last else "",
    )


async def count_to_confirm(request: web.Request) -> ConsentCount | None:
    """Return how many records wait for this visitor. Return None if that is not known just now."""
    register = request[REGISTER]
    if register.load is None or register.consent is None or not request[VISITOR].may(Permission.UPDATE_RECORD):
        return ConsentCount()
    return await ask_if_there(request, CountConsentsToConfirm())


def cards_to_confirm(register: Definition, found: ConsentCount | None) -> list[ActionCard]:
    """Return the link to the list, if there is anything on it. The home page shows it."""
    if found is None or not found.waiting:
        return []
    said = register.words("consents.waiting", count=f"{found.waiting:,}")
    if found.overdue:
        said = register.words("consents.waiting_overdue", count=f"{found.waiting:,}", overdue=f"{found.overdue:,}")
    return [ActionCard(said, register.address(PAGE))]


def _must_have(register: Definition) -> None:
    """Raise 404 for a register in which no record can be on the list."""
    if register.load is None or register.consent is None:
        raise web.HTTPNotFound


def _row(register: Definition, waiting: ConsentToConfirm, today: date) -> list[Cell]:
    words = register.words
    late = Markup("<strong>{}</strong>").format(words("consents.overdue")) if waiting.due_on < today else ""
    named = words("consents.named", name=waiting.named_by, when=day(waiting.named_at))
    return [
        waiting.name,
        plain_link(waiting.reference, register.record_address(waiting.record_id)),
        lines(show_date(waiting.due_on), late),
        lines(waiting.authority, named),
    ]
