"""Proposed administrators: those that wait, and deciding on one."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.users.user_facts import PAGE, Names, organisations_text
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import act_in, ask, ask_if_there, see_other
from gateway.ui.formats import day_and_time
from shared.contracts.users import DecideProposal, ListProposals, ProposalShown
from shared.ids import new_id
from shared.messages import Refused
from shared.permissions import Permission
from shared.registers.definition.register import Definition

DECISIONS = {"accept": True, "decline": False}


@dataclass(frozen=True, repr=False)
class ShownProposal:
    """A proposal that waits, ready to be rendered, with a command id for deciding it."""

    heading: str
    facts: list[tuple[str, str]]
    yours: bool
    may_accept: bool
    href: str
    command: UUID


async def proposals_of(request: web.Request, names: Names) -> list[ShownProposal]:
    found = await ask(request, ListProposals())
    return [_shown(request[REGISTER], each, names) for each in found.proposals]


async def count_proposals(request: web.Request) -> int:
    """Return how many proposals this visitor may accept. Return 0 if that is not known just now."""
    if not request[VISITOR].may(Permission.MANAGE_USERS):
        return 0
    found = await ask_if_there(request, ListProposals())
    return sum(each.may_accept for each in found.proposals) if found else 0


def _shown(register: Definition, each: ProposalShown, names: Names) -> ShownProposal:
    words = register.words
    by = words("proposals.by", name=each.proposed_by, when=day_and_time(each.proposed_at))
    return ShownProposal(
        heading=each.full_name,
        facts=[
            (words("users.email"), each.email),
            (words("users.organisations"), organisations_text(words, each.access, names)),
            (words("users.state"), by),
        ],
        yours=each.yours,
        may_accept=each.may_accept,
        href=register.address(f"administration/proposals/{each.proposal_id.hex}/"),
        command=new_id(),
    )


async def decide_proposal(request: web.Request) -> web.Response:
    """Accept or decline a proposal. If another user has decided it meanwhile, the list says so."""
    posted = await request.post()
    accepted = act_in(posted, DECISIONS.__getitem__)
    decision = DecideProposal(command_id=command_in(posted), proposal_id=id_in(request, "proposal"), accepted=accepted)
    said = "accepted" if accepted else "declined"
    try:
        await ask(request, decision)
    except Refused as refusal:
        if refusal.code not in ("decided", "not_second"):
            raise
        said = refusal.code
    return see_other(request[REGISTER].address(PAGE), said)
