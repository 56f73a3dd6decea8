"""Who works for an organisation, for administrators of it who give work to somebody."""

from services.identity.desk import Desk
from services.identity.store import colleagues as store
from shared.contracts.identity import MOST_COLLEAGUES, Colleagues, ListColleagues
from shared.messages import Refused
from shared.permissions import Visitor


class ColleagueList:
    """Names of an organisation in the asker's reach, and of no other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read(self, visitor: Visitor, asked: ListColleagues) -> Colleagues:
        if asked.organisation_id not in visitor.organisation_ids:
            raise Refused("not_found")
        found = await store.find_colleagues(
            self._desk.pool, visitor.register_code, asked.organisation_id, asked.search, MOST_COLLEAGUES + 1
        )
        return Colleagues(colleagues=found[:MOST_COLLEAGUES], more=len(found) > MOST_COLLEAGUES)
