"""Administration: the organisations of a register, and whose e-mail addresses it accepts."""

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.navigation import address
from gateway.page import show
from gateway.pages.mails import mails_address
from gateway.pages.reversals import PAGE as REVERSALS
from gateway.pages.settings.publishing import PAGE as SETTINGS
from gateway.rows import Column
from gateway.visitor import ask
from shared.contracts.identity import ListOrganisations
from shared.permissions import Permission


async def administration_page(request: web.Request) -> web.Response:
    register = request[REGISTER]
    words = register.words.administration
    may_reverse = register.lifecycle.ending == "archive" and request[VISITOR].may(Permission.ADMINISTER)
    listed = await ask(request, ListOrganisations(register_code=register.code))
    return await show(
        request,
        "administration/organisations.html",
        words=register.words,
        columns=(Column(words.organisation), Column(words.email_domain)),
        rows=[(organisation.name, organisation.domain) for organisation in listed.organisations],
        reversals=address(register, REVERSALS) if may_reverse else "",
        accepted=register.access.accepted_domains if register.access.self_registration else (),
        settings=address(register, SETTINGS) if request[VISITOR].may(Permission.ADMINISTER) else "",
        mails=mails_address(register) if request[VISITOR].may(Permission.ADMINISTER) else "",
    )
