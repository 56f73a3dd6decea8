"""Reading the record that an address names."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS
from gateway.security.ids import id_in
from gateway.ui.actions import ask
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.kept import edition_for
from shared.registers.load import UnknownRegister


def record_id_in(request: web.Request) -> UUID:
    """Return the id in the address. Raise 404 if it is not an id."""
    return id_in(request, "record")


async def find_record(request: web.Request) -> RecordShown:
    """
    Return the record. A record outside the visitor's scope is refused as `not_found`, like one that does not exist.
    """
    return await ask(request, ReadRecord(record_id=record_id_in(request)))


def edition_of(request: web.Request, record: RecordShown) -> Definition:
    """
    Return the definition of the record's own edition, whose form it opens in. It can show every answer of the record.

    Raise 503 if the edition's file has been taken away.
    """
    registers, code = request.config_dict[REGISTERS], request[REGISTER].code
    try:
        edition = registers.find(code, record.edition)
    except UnknownRegister:
        raise web.HTTPServiceUnavailable from None
    return edition_for(edition, record.answers, registers.editions(code))
