"""The open actions of a record as a part of other pages: the page to read it, and its item at a meeting."""

from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.pages.actions.action_cells import due_cell, owner_text, state_tag, text_cell
from gateway.pages.actions.addresses import has_actions, record_actions_address
from gateway.ui.actions import ask_if_there
from gateway.ui.formats import lines
from gateway.ui.render import show_part
from gateway.ui.table import Cell
from shared.clock import london_today
from shared.contracts.actions import ActionShown, ListRecordActions
from shared.permissions import Permission


async def action_lines(request: web.Request, record_id: UUID, back_to: str = "") -> Markup:
    """
    Return the record's open actions with a link to all of them; empty for who may not see them.

    `back_to` is a meeting, as 32 hex digits: an action that is added from there leads back to it.
    """
    register, visitor = request[REGISTER], request[VISITOR]
    if not has_actions(register) or not visitor.may(Permission.UPDATE_RECORD):
        return Markup()
    found = await ask_if_there(request, ListRecordActions(record_id=record_id))
    href = record_actions_address(register, record_id)
    return show_part(
        request,
        "actions/beside.html",
        lines=[_line(request, each) for each in found.actions if each.is_open] if found else [],
        ended=sum(not each.is_open for each in found.actions) if found else 0,
        is_missing=found is None,
        may_add=found is not None and found.may_add,
        href=f"{href}?meeting={back_to}" if back_to else href,
    )


async def count_open_actions(request: web.Request, record_id: UUID) -> int:
    """Return how many actions of the record are not done; 0 in a register without actions, or if that is not known."""
    if not has_actions(request[REGISTER]):
        return 0
    found = await ask_if_there(request, ListRecordActions(record_id=record_id))
    return sum(each.is_open for each in found.actions) if found else 0


def _line(request: web.Request, action: ActionShown) -> Cell:
    register = request[REGISTER]
    words, may_open = register.words, action.is_theirs or request[VISITOR].may(Permission.RECORD_OUTCOME)
    text = text_cell(register, action) if may_open else action.text
    state = state_tag(words, action) if action.state == "reported" else ""
    return lines(text, owner_text(words, action), due_cell(words, action, london_today()), state)
