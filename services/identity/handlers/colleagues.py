"""The people who work for an organisation, listed for users who give a record to one of them."""

from dataclasses import dataclass

from services.identity.context import IdentityContext
from services.identity.store import colleagues as store
from shared.contracts.identity import MOST_COLLEAGUES, Colleagues, ListColleagues
from shared.messages import Refused
from shared.permissions import Visitor


@dataclass(frozen=True)
class ColleagueList:
    """Lists the users of one organisation. Organisations outside the visitor's reach are `not_found`."""

    context: IdentityContext

    async def read(self, visitor: Visitor, asked: ListColleagues) -> Colleagues:
        if asked.organisation_id not in visitor.organisation_ids:
            raise Refused("not_found")
        found = await store.find_colleagues(
            self.context.pool, visitor.register_code, asked.organisation_id, asked.search, MOST_COLLEAGUES + 1
        )
        return Colleagues(colleagues=found[:MOST_COLLEAGUES], more=len(found) > MOST_COLLEAGUES)
