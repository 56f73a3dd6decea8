"""The colleagues whom an administrator can name as holder or cover of a record."""

import asyncio
from collections.abc import Mapping
from itertools import chain
from uuid import UUID

from aiohttp import web

from gateway.keys import VISITOR
from gateway.security.ids import id_or_none
from gateway.ui.actions import ask
from gateway.ui.organisations import ORGANISATIONS
from shared.accounts import UserState
from shared.contracts.identity import MOST_COLLEAGUES, Colleague, Colleagues, ListColleagues
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
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


def label_of(words: Words, colleague: Colleague, names: Mapping[UUID, str]) -> str:
    """Return the name with what tells the user from others of that name, and whether they can be reached."""
    organisation = names.get(colleague.organisation_id, "") if colleague.organisation_id else ""
    states = {UserState.INVITED: words("holding.is_invited"), UserState.LOCKED: words("holding.is_locked")}
    parts = (colleague.full_name, colleague.email, organisation, states.get(colleague.state, ""))
    return ", ".join(part for part in parts if part)


def choice_of(colleague: Colleague) -> str:
    """Return the value of the choice: the user's id, and their state unless it is the usual one."""
    state = "" if colleague.state is UserState.ACTIVE else f"-{colleague.state}"
    return colleague.user_id.hex + state


def chosen_in(value: str | None) -> tuple[UUID | None, UserState]:
    """Return the user and the state that a value of `choice_of` holds."""
    user_id, _, state = (value or "").partition("-")
    known = state in frozenset(UserState)
    return id_or_none(user_id), UserState(state) if known else UserState.ACTIVE
