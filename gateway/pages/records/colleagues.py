"""The colleagues whom an administrator can name as holder or cover of a record."""

import asyncio
from itertools import chain
from uuid import UUID

from aiohttp import web

from gateway.keys import VISITOR
from gateway.ui.actions import ask
from gateway.ui.organisations import ORGANISATIONS
from shared.contracts.identity import MOST_COLLEAGUES, Colleagues, ListColleagues
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.scope import bodies_named


async def find_colleagues(request: web.Request, register: Definition, record: RecordShown, search: str) -> Colleagues:
    """Return the users whose name contains `search`, of the visitor's organisations that see the record."""
    organisations = await _organisations_of(request, register, record)
    pages = await asyncio.gather(
        *(ask(request, ListColleagues(organisation_id=each, search=search)) for each in organisations)
    )
    found = {each.user_id: each for each in chain.from_iterable(page.colleagues for page in pages)}
    return Colleagues(
        colleagues=tuple(found.values())[:MOST_COLLEAGUES],
        more=len(found) > MOST_COLLEAGUES or any(page.more for page in pages),
    )


async def _organisations_of(request: web.Request, register: Definition, record: RecordShown) -> list[UUID]:
    """Return the organisations: the record's own, or those of the visitor that act for a body which shares it."""
    if register.scope is None:
        return [record.organisation_id]
    bodies = frozenset(bodies_named(register, register.scope.by, record.answers))
    listed = await request.config_dict[ORGANISATIONS].of(register.code)
    theirs = [each for each in listed.organisations if each.organisation_id in request[VISITOR].organisation_ids]
    return [each.organisation_id for each in theirs if bodies.intersection(each.bodies)]
