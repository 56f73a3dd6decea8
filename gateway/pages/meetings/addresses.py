"""The addresses of meetings, and which registers have any."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security.ids import id_in
from shared.registers.definition.register import Definition

PATH = "meetings/"
SERIES = f"{PATH}series/"
PLAN = f"{PATH}plan/"


def meeting_register(request: web.Request) -> Definition:
    """Return the register. Raise 404 for one that does not meet."""
    register = request[REGISTER]
    if register.meetings is None:
        raise web.HTTPNotFound
    return register


def meeting_id_in(request: web.Request) -> UUID:
    return id_in(request, "meeting")


def meetings_address(register: Definition) -> str:
    return register.address(PATH)


def series_address(register: Definition, series_id: UUID | None = None) -> str:
    """Return the address of one series, or of the page that adds one."""
    return register.address(f"{SERIES}{series_id.hex}/" if series_id else f"{SERIES}new/")


def plan_address(register: Definition, series_id: UUID | None = None) -> str:
    return register.address(PLAN) + (f"?series={series_id.hex}" if series_id else "")


def meeting_address(register: Definition, meeting_id: UUID, page: str = "") -> str:
    return register.address(f"{PATH}{meeting_id.hex}/{page}")


def item_address(register: Definition, meeting_id: UUID, record_id: UUID, page: str = "") -> str:
    """Return the address of one person's item at a meeting, or of a page about it."""
    return meeting_address(register, meeting_id, f"people/{record_id.hex}/{page}")
