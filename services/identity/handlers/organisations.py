"""The organisations of a register."""

from services.identity.desk import Desk
from services.identity.store import organisations
from shared.contracts.identity import ListOrganisations, Organisations


class OrganisationList:
    """By name, without any person's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read(self, asked: ListOrganisations) -> Organisations:
        return Organisations(organisations=await organisations.find_all(self._desk.pool, asked.register_code))
