"""The names of organisations on pages."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from shared.organisations import OrganisationNames
from shared.registers.definition.register import Definition

ORGANISATIONS = web.AppKey("organisations", OrganisationNames)


async def organisation_names(request: web.Request, register: Definition) -> Mapping[UUID, str]:
    """Return organisation id → name as the register's pages show it."""
    return await request.config_dict[ORGANISATIONS].names(register)


async def names_of_organisations(request: web.Request, register: Definition) -> Mapping[UUID, str]:
    """Return the name of each organisation by id, without its domain, for places that show an email address too."""
    listed = await request.config_dict[ORGANISATIONS].of(register.code)
    return {each.organisation_id: each.name for each in listed.organisations}
