"""Proposals for administrators: a master admin proposes, and a second person decides."""

from dataclasses import dataclass

from services.identity.add_ons import note_grants
from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.handlers.managing import AccountChange, asker_of, manage, tell_masters
from services.identity.rules import users as rules
from services.identity.rules.users import Asker
from services.identity.store import organisations, users
from services.identity.store import proposals as store
from services.identity.store.proposals import Proposal
from shared import audit
from shared.accounts import UserState
from shared.contracts.users import (
    USERS_AT_ONCE,
    DecideProposal,
    ListProposals,
    Proposals,
    ProposalShown,
    ProposeAdministrator,
    UserShown,
)
from shared.database import transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused
from shared.permissions import Role, Visitor


@dataclass(frozen=True)
class ProposalList:
    """Adds proposals, lists the open ones for those who may decide them, and records the decision."""

    context: IdentityContext

    async def propose(self, visitor: Visitor, asked: ProposeAdministrator) -> Nothing:
        async def act(act: AccountChange) -> Nothing:
            user = await act.hold(asked.user_id)
            rules.check_managed(act.asker, user)
            self._check_proposed(act.asker, user)
            by_domain = await organisations.find_by_domain(act.db, visitor.register_code)
            wanted = asked.access.model_copy(update={"role": Role.ADMINISTRATOR})
            if not (wanted.all_organisations or wanted.organisation_ids):
                raise Refused("no_organisation")
            access, proposal_id = rules.settle(wanted, user.email, by_domain), new_id()
            code, by = visitor.register_code, act.asker.user_id
            if not await store.add(act.db, proposal_id, code, user.user_id, access, by):
                raise Refused("proposed_before")
            about = IdentityAction.ADMINISTRATOR_PROPOSED
            await audit.note(act.db, visitor, about, [user.user_id, proposal_id])
            return Nothing()

        return await manage(self.context, visitor, asked, act)

    def _check_proposed(self, asker: Asker, user: UserShown) -> None:
        if not rules.may_propose(asker, user):
            raise Refused("not_now")
        if rules.same_name(asker.full_name, user.full_name):
            raise Refused("own_name")

    async def read(self, visitor: Visitor, _asked: ListProposals) -> Proposals:
        async with transaction(self.context.pool, visitor) as db:
            asker = await asker_of(db, visitor)
            has_administrator = await users.has_administrator(db, visitor.register_code)
            found = await store.list_open(db, visitor.register_code, USERS_AT_ONCE)
        mine = [each for each in found if asker.is_master or asker.has(each.access)]
        return Proposals(proposals=tuple(_shown(asker, each, has_administrator) for each in mine))

    async def decide(self, visitor: Visitor, asked: DecideProposal) -> Nothing:
        async def act(act: AccountChange) -> Nothing:
            proposal = await store.find_open(act.db, visitor.register_code, asked.proposal_id)
            if proposal is None:
                known = await store.is_there(act.db, visitor.register_code, asked.proposal_id)
                raise Refused("decided" if known else "not_found")
            if not act.asker.manages(proposal.access):
                raise Refused("not_found")
            if asked.accepted:
                await self._accept(act, proposal)
            decided_by = act.asker.user_id
            await store.decide(act.db, proposal.proposal_id, accepted=asked.accepted, decided_by=decided_by)
            about = IdentityAction.PROPOSAL_ACCEPTED if asked.accepted else IdentityAction.PROPOSAL_DECLINED
            others = (proposal.proposal_id,)
            await audit.note(act.db, visitor, about, [proposal.user_id, *others])
            return Nothing()

        return await manage(self.context, visitor, asked, act)

    async def _accept(self, act: AccountChange, proposal: Proposal) -> None:
        code = act.visitor.register_code
        has_administrator = await users.has_administrator(act.db, code)
        second = rules.may_accept(act.asker, proposal.proposed_by, proposal.access, has_administrator=has_administrator)
        if not second or rules.same_name(act.asker.full_name, proposal.full_name):
            raise Refused("not_second")
        user = await users.hold_user(act.db, code, proposal.user_id)
        if user is None or user.state is UserState.DEACTIVATED:
            raise Refused("decided")
        await users.change_grant(act.db, user.user_id, code, proposal.access)
        await note_grants(act.db, act.visitor, user.user_id, user.access.grants, proposal.access.grants)
        await organisations.add_to_grant(act.db, user.user_id, code, proposal.access.organisation_ids)
        await act.throw_out(user.user_id)
        await tell_masters(self.context, act, user.user_id, user.access.role, Role.ADMINISTRATOR)


def _shown(asker: Asker, each: Proposal, has_administrator: bool) -> ProposalShown:
    return ProposalShown(
        proposal_id=each.proposal_id,
        user_id=each.user_id,
        full_name=each.full_name,
        email=each.email,
        access=each.access,
        proposed_by=each.proposer,
        proposed_at=each.proposed_at,
        yours=each.proposed_by == asker.user_id,
        may_accept=rules.may_accept(asker, each.proposed_by, each.access, has_administrator=has_administrator),
    )
