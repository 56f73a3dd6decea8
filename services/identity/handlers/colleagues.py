"""The people who work for an organisation, listed for users who give a record to one of them."""

from dataclasses import dataclass

from services.identity.context import IdentityContext
from services.identity.store import colleagues as store
from shared.contracts.identity import MOST_COLLEAGUES, Colleagues, ListColleagues
from shared.messages import Refused
from shared.permissions import Visitor


@dataclass(frozen=True)
class ColleagueList:
    """Lists the users of one or all of the visitor's organisations. One outside their reach is `not_found`."""

    context: IdentityContext

    async def read(self, visitor: Visitor, asked: ListColleagues) -> Colleagues:
        wanted = (asked.organisation_id,) if asked.organisation_id else visitor.organisation_ids
        if not frozenset(wanted) <= frozenset(visitor.organisation_ids):
            raise Refused("not_found")
        found = await store.find_colleagues(
            self.context.pool, visitor.register_code, wanted, asked.search, MOST_COLLEAGUES + 1
        )
        return Colleagues(colleagues=found[:MOST_COLLEAGUES], more=len(found) > MOST_COLLEAGUES)
