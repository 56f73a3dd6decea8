"""The Administration page, which links to what the visitor may do, and the page of organisations and their domains."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.outcomes.reversal_address import PAGE as REVERSALS
from gateway.pages.outcomes.reversals import count_reversals
from gateway.pages.records.ended_list import PAGE as ENDED
from gateway.pages.settings.publish import PAGE as SETTINGS
from gateway.pages.users.locked import PAGE as LOCKED
from gateway.pages.users.proposals import count_proposals
from gateway.pages.users.user_facts import PAGE as USERS
from gateway.ui.actions import ask
from gateway.ui.formats import ActionCard
from gateway.ui.navigation import NEEDS
from gateway.ui.render import show
from gateway.ui.table import Column
from shared.contracts.identity import ListOrganisations
from shared.permissions import Permission
from shared.registers.definition.register import Definition

ORGANISATIONS = "administration/organisations/"
MAILS = "administration/mails/"
ADMINISTRATORS = frozenset({Permission.ADMINISTER, Permission.CONFIGURE})
WITH_CARDS = NEEDS["administration"]


@dataclass(frozen=True)
class WaitingDecisions:
    """How many decisions of each kind wait for the visitor."""

    reversals: int
    proposals: int


async def administration_page(request: web.Request) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    waiting = WaitingDecisions(*await asyncio.gather(count_reversals(request), count_proposals(request)))
    cards = [card for needs, card in _places(register, waiting) if needs & visitor.permissions]
    if not visitor.may(Permission.MANAGE_USERS):
        cards.append(_locked(register))
    return await show(request, "administration/hub.html", words=register.words, shown=cards)


def _places(register: Definition, waiting: WaitingDecisions) -> list[tuple[frozenset[Permission], ActionCard]]:
    """
    Return each card of the Administration page with the permissions it needs. Reversals appear only if the register
    archives.
    """
    words, administer = register.words, frozenset({Permission.ADMINISTER})
    proposed = words("proposals.count", count=waiting.proposals) if waiting.proposals else ""
    users = ActionCard(
        words("administration.manage_users"),
        register.address(USERS),
        proposed or words("administration.manage_users_note"),
    )
    organisations = ActionCard(
        words("administration.organisations"),
        register.address(ORGANISATIONS),
        words("administration.organisations_note"),
    )
    settings = ActionCard(words("settings.heading"), register.address(SETTINGS), words("administration.settings_note"))
    mails = ActionCard(words("mails.open"), register.address(MAILS), words("administration.mails_note"))
    asked = (
        words("reversals.waiting", count=waiting.reversals)
        if waiting.reversals
        else words("administration.reversals_note")
    )
    reversals = ActionCard(words("reversals.heading"), register.address(REVERSALS), asked)
    ended = ActionCard(words("records.ended_heading"), register.address(ENDED), words("administration.ended_note"))
    reads = frozenset({"administrator"}) & {*register.access.ended_read_by, *register.access.ended_seen_by}
    return [
        (frozenset({Permission.MANAGE_USERS}), users),
        (ADMINISTRATORS, organisations),
        (administer, settings),
        (administer, mails),
        *([(administer, ended)] if reads else []),
        *([(administer, reversals)] if any(each.reversible for each in register.lifecycle.transitions) else []),
    ]


def _locked(register: Definition) -> ActionCard:
    """Return the card of locked accounts. Users who manage users unlock accounts on the user's page instead."""
    words = register.words
    return ActionCard(words("locked.heading"), register.address(LOCKED), words("administration.locked_note"))


async def organisations_page(request: web.Request) -> web.Response:
    register = request[REGISTER]
    words = register.words
    listed = await ask(request, ListOrganisations(register_code=register.code))
    return await show(
        request,
        "administration/organisations.html",
        words=register.words,
        columns=(Column(words("administration.organisation")), Column(words("administration.email_domain"))),
        rows=[(organisation.name, organisation.domain) for organisation in listed.organisations],
        accepted=register.access.accepted_domains if register.access.self_registration else (),
        back=register.address("administration/"),
    )
