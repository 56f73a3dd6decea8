"""The addresses of the pages of the load, which registers have them, and who is offered them."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.ui.formats import ActionCard
from shared.permissions import Permission, Visitor
from shared.registers.definition.load import SpreadsheetLoad
from shared.registers.definition.register import Definition

PAGE = "load/"


def limits_of(request: web.Request) -> SpreadsheetLoad:
    """Return the limits of the register. Raise 404 for a register that is not loaded from spreadsheets."""
    limits = request[REGISTER].load
    if limits is None:
        raise web.HTTPNotFound
    return limits


def load_card(register: Definition, visitor: Visitor) -> ActionCard | None:
    """Return the link to the load, for those who may."""
    if register.load is None or not visitor.may(Permission.BULK_LOAD):
        return None
    return ActionCard(register.words("load.heading"), register.address(PAGE))


def upload_address(register: Definition, upload_id: UUID, page: str = "") -> str:
    return register.address(f"{PAGE}{upload_id.hex}/{page}")
