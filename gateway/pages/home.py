"""The home page after log-in: what this visitor may do, with links."""

import asyncio

from aiohttp import web

from gateway.keys import ASSERTION, BUS, REGISTER, VISITOR
from gateway.pages.account.joining import join_of, not_joined
from gateway.pages.account.no_organisation import without_organisation
from gateway.pages.duplicates import pairs
from gateway.pages.outcomes.reversal_address import PAGE as REVERSALS
from gateway.pages.outcomes.reversals import count_reversals
from gateway.pages.records.drafts import drafts_of
from gateway.pages.users.proposals import count_proposals
from gateway.pages.users.user_facts import PAGE as USERS
from gateway.pages.work import work_list
from gateway.ui.actions import notice
from gateway.ui.formats import ActionCard
from gateway.ui.navigation import NEEDS, PATHS
from gateway.ui.render import show
from shared import log
from shared.contracts.outcomes import CountTasks, TaskCounts
from shared.messages import NotAnswered
from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition, Place

COUNT_SECONDS = 1.0


async def home_page(request: web.Request) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    cards = [*await _work_cards(request, register, visitor), *_cards(register, visitor)]
    cards = [card for card in cards if _is_there(request, card)]
    cards += await _waiting_cards(request, register)
    return await show(
        request,
        "home/inside.html",
        words=register.words,
        name=visitor.full_name,
        changed=notice(request, {"changed": register.words("password.changed")}),
        others_ended=notice(request, {"others_ended": register.words("account.others_ended")}),
        gone=notice(request, {"gone": register.words("home.page_gone"), **not_joined(register.words)}),
        joined=notice(request, {"joined": register.words("home.joined")}),
        has_role=visitor.role is not None,
        join=await join_of(request),
        email=register.contact.administrator_email,
        no_organisation=without_organisation(register, visitor),
        drafts=await drafts_of(request) if visitor.may(Permission.SUBMIT_RECORD) else [],
        shown=cards,
    )


async def _waiting_cards(request: web.Request, register: Definition) -> list[ActionCard]:
    """Return a card for each kind of decision that waits for this visitor."""
    duplicates, reversals, proposals = await asyncio.gather(
        pairs.count_waiting(request), count_reversals(request), count_proposals(request)
    )
    words = register.words
    cards = (
        (duplicates, ActionCard(words("duplicate.waiting", count=duplicates), register.address(pairs.PAGE))),
        (reversals, ActionCard(words("reversals.waiting", count=reversals), register.address(REVERSALS))),
        (proposals, ActionCard(words("proposals.count", count=proposals), register.address(USERS))),
    )
    return [card for count, card in cards if count]


async def _work_cards(request: web.Request, register: Definition, visitor: Visitor) -> list[ActionCard]:
    """
    Return the card of the work list with the number of unseen tasks; without the number if outcomes is slow or down.
    """
    if register.rating is None or not visitor.may(Permission.RECORD_OUTCOME):
        return []
    words, note = register.words, ""
    try:
        counts = await request.config_dict[BUS].ask(CountTasks(), who=request[ASSERTION], seconds=COUNT_SECONDS)
        note = _note(register, counts)
    except NotAnswered as unanswered:
        log.warn("home.not_counted", fault=unanswered.fault.value)
    return [ActionCard(words("tasks.heading"), register.address(work_list.PATH), note)]


def _note(register: Definition, counts: TaskCounts) -> str:
    if counts.unseen:
        return register.words("tasks.unseen", count=counts.unseen)
    return register.words("tasks.all_seen") if counts.urgent else register.words("home.nothing_urgent")


def _cards(register: Definition, visitor: Visitor) -> list[ActionCard]:
    words = register.words
    texts: dict[Place, str] = {
        "submit": words("home.submit"),
        "records": words("home.records"),
        "reporting": words("home.reporting"),
        "administration": words("home.administration"),
    }
    return [
        ActionCard(texts[link.place], register.address(PATHS[link.place]))
        for link in register.navigation
        if link.place in texts and NEEDS[link.place] & visitor.permissions
    ]


def _is_there(request: web.Request, card: ActionCard) -> bool:
    """Return whether this installation has the page that the card links to."""
    path = card.href.removeprefix(f"/{request[REGISTER].code}/")
    return any(resource.canonical == f"/{{register}}/{path}" for resource in request.app.router.resources())
