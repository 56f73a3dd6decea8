"""The organisations of a register."""

from services.identity.context import IdentityContext
from services.identity.store import organisations
from shared.contracts.identity import ListOrganisations, Organisations


class OrganisationList:
    """By name, without any person's."""

    def __init__(self, context: IdentityContext) -> None:
        self._context = context

    async def read(self, asked: ListOrganisations) -> Organisations:
        return Organisations(organisations=await organisations.find_all(self._context.pool, asked.register_code))
