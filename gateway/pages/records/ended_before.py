"""The links between the ended records of a person and those that were added again, for those who may open them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from aiohttp import web
from markupsafe import Markup, escape

from gateway.keys import VISITOR
from gateway.ui.actions import ask_if_there
from gateway.ui.formats import day
from gateway.ui.table import Cell
from shared.contracts.referrals.ended import EndedRecord, ListEndedBefore, ListReturned, ReturnedRecord
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.scope import reads_ended


async def ended_before(
    request: web.Request, register: Definition, record_ids: Sequence[UUID]
) -> Mapping[UUID, list[Cell]]:
    """Return by record a line for each ended record of its person. A visitor who may open none learns nothing."""
    found: defaultdict[UUID, list[Cell]] = defaultdict(list)
    for each in await _before(request, register, record_ids):
        found[each.record_id].append(_line(register, each))
    return found


async def same_person_ended(request: web.Request, register: Definition, record: RecordShown) -> list[Cell]:
    """Return a line for each ended record of the person; on one that has ended, first those that were added again."""
    before = await _before(request, register, [record.record_id])
    again = await _again(request, register, record)
    later = {each.record_id for each in again}
    return [
        *(_again_line(register, each) for each in again),
        *(
            _line(register, each)
            for each in before
            if each.record_id == record.record_id and each.ended_id not in later
        ),
    ]


async def _before(request: web.Request, register: Definition, record_ids: Sequence[UUID]) -> tuple[EndedRecord, ...]:
    if not record_ids or not reads_ended(register, request[VISITOR]):
        return ()
    listed = await ask_if_there(request, ListEndedBefore(record_ids=tuple(record_ids)))
    return listed.records if listed else ()


async def _again(request: web.Request, register: Definition, record: RecordShown) -> tuple[ReturnedRecord, ...]:
    if record.is_open or not reads_ended(register, request[VISITOR]):
        return ()
    found = await ask_if_there(request, ListReturned(record_id=record.record_id))
    return found.records if found else ()


def _line(register: Definition, each: EndedRecord) -> Markup:
    said = register.words.unfilled("duplicate.ended_before")
    return _filled(register, said, each.ended_id, each.reference, each.ended_at)


def _again_line(register: Definition, each: ReturnedRecord) -> Markup:
    said = register.words.unfilled("duplicate.added_again")
    return _filled(register, said, each.record_id, each.reference, each.created_at)


def _filled(register: Definition, said: str, record_id: UUID, reference: str, when: datetime) -> Markup:
    link = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(register.record_address(record_id), reference)
    return escape(said).format(reference=link, when=day(when))
