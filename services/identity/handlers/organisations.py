"""The organisations of a register."""

from dataclasses import dataclass

from services.identity.context import IdentityContext
from services.identity.store import organisations
from shared.contracts.identity import ListOrganisations, Organisations


@dataclass(frozen=True)
class OrganisationList:
    """Lists a register's organisations by name. The list names no person."""

    context: IdentityContext

    async def read(self, asked: ListOrganisations) -> Organisations:
        return Organisations(organisations=await organisations.find_all(self.context.pool, asked.register_code))
