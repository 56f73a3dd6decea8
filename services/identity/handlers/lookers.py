"""The names of users whom an audit names by id, for those who ask who looked at a record."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.store import lookers as store
from shared import audit
from shared.contracts.looks import Lookers, NameLookers
from shared.database import transaction
from shared.permissions import Visitor


@dataclass(frozen=True)
class LookerNames:
    """Names the users of the visitor's own organisations. Of others it gives the organisation alone."""

    context: IdentityContext

    async def read(self, visitor: Visitor, asked: NameLookers) -> Lookers:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.find_lookers(db, visitor, asked.user_ids)
            await audit.note(db, visitor, IdentityAction.USERS_NAMED, asked.user_ids)
        return Lookers(users=found)
