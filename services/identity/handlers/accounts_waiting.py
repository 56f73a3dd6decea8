"""How many proposals and locked accounts wait for a user who manages accounts."""

from dataclasses import dataclass

from services.identity.context import IdentityContext
from services.identity.handlers.managing import asker_of
from services.identity.handlers.proposals import ProposalList
from services.identity.store import users
from shared.accounts import UserState
from shared.contracts.users import USERS_AT_ONCE, AccountsWaiting, CountAccountsWaiting, ListProposals
from shared.database import transaction
from shared.permissions import Permission, Visitor


@dataclass(frozen=True)
class AccountsWaitingHandler:
    """Counts what the asker may decide. Who may unlock accounts and nothing else has no proposals."""

    context: IdentityContext

    async def count(self, visitor: Visitor, _asked: CountAccountsWaiting) -> AccountsWaiting:
        proposals = 0
        if visitor.may(Permission.MANAGE_USERS):
            found = await ProposalList(self.context).read(visitor, ListProposals())
            proposals = sum(each.may_accept for each in found.proposals)
        return AccountsWaiting(proposals=proposals, locked=await self._locked(visitor))

    async def _locked(self, visitor: Visitor) -> int:
        """Return how many locked accounts the asker may unlock, without their own."""
        async with transaction(self.context.pool, visitor) as db:
            asker, first = await asker_of(db, visitor, Permission.UNLOCK_ACCOUNT), await users.place_of(db, None)
            found = await users.list_users(
                db, asker, visitor.register_code, "", UserState.LOCKED, first, USERS_AT_ONCE + 1
            )
        return min(len([each for each in found if each.user_id != asker.user_id]), USERS_AT_ONCE)
