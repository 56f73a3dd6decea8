"""Where a record's pages are, and how the record that an address names is read."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS
from gateway.ui.actions import ask
from gateway.ui.ids import id_in
from gateway.ui.navigation import address
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.registers.definition.register import Definition


def record_address(register: Definition, record_id: UUID, page: str = "") -> str:
    """A record's own address: 32 hex digits that tell nothing of the person (R-DSR-126)."""
    return address(register, f"records/{record_id.hex}/{page}")


def record_id_in(request: web.Request) -> UUID:
    """The id in the address; what is no id is as unknown as an id of nothing."""
    return id_in(request, "record")


async def find_record(request: web.Request) -> RecordShown:
    """The record, or the same "not found" whether there is none or it is not this visitor's to see."""
    return await ask(request, ReadRecord(record_id=record_id_in(request)))


def edition_of(request: web.Request, record: RecordShown) -> Definition:
    """The record's own edition: it opens in the form that made it."""
    return request.config_dict[REGISTERS].find(request[REGISTER].code, record.edition)
