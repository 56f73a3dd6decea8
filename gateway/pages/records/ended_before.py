"""The links to ended records of a person who is on the register again, for those who may open them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from aiohttp import web
from markupsafe import Markup, escape

from gateway.keys import VISITOR
from gateway.ui.actions import ask_if_there
from gateway.ui.formats import day
from gateway.ui.table import Cell
from shared.contracts.referrals.ended import EndedRecord, ListEndedBefore
from shared.registers.definition.register import Definition
from shared.registers.scope import reads_ended


async def ended_before(
    request: web.Request, register: Definition, record_ids: Sequence[UUID]
) -> Mapping[UUID, list[Cell]]:
    """Return by record a line for each ended record of its person. A visitor who may open none learns nothing."""
    found: defaultdict[UUID, list[Cell]] = defaultdict(list)
    if not record_ids or not reads_ended(register, request[VISITOR]):
        return found
    listed = await ask_if_there(request, ListEndedBefore(record_ids=tuple(record_ids)))
    for each in listed.records if listed else ():
        found[each.record_id].append(_line(register, each))
    return found


def _line(register: Definition, each: EndedRecord) -> Markup:
    link = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(
        register.record_address(each.ended_id), each.reference
    )
    return escape(register.words.unfilled("duplicate.ended_before")).format(reference=link, when=day(each.ended_at))
