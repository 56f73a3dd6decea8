"""Public pages: the list of registers, each register's start page, help, accessibility, privacy."""

from aiohttp import web

from gateway.keys import REGISTER, REGISTERS, VISITOR
from gateway.pages.account.sign_in import REGISTRATION
from gateway.security import return_to
from gateway.ui.actions import see_other
from gateway.ui.formats import ActionCard
from gateway.ui.render import show


async def start(request: web.Request) -> web.Response:
    """Show the list of registers; redirect to the start page if there is only one register."""
    registers = request.config_dict[REGISTERS].newest()
    if len(registers) == 1:
        return see_other(registers[0].address(""))
    cards = [ActionCard(each.identity.name, each.address(""), each.identity.site_name) for each in registers]
    return await show(request, "home/registers.html", shown=cards)


async def public_home(request: web.Request) -> web.Response:
    """Show the register's start page. The link to registration appears only where users may register themselves."""
    register = request[REGISTER]
    response = await show(
        request,
        "home/public.html",
        public_home=register.public,
        words=register.words,
        login=register.address("login/"),
        registration=register.address(REGISTRATION) if register.access.self_registration else "",
    )
    return_to.begin_afresh(request, response)
    return response


async def register_help(request: web.Request) -> web.Response:
    """Show the register's help page, with the same heading as its item in the navigation bar."""
    register = request[REGISTER]
    heading = register.navigation_label("help") or register.words("help.heading")
    visitor = request.get(VISITOR)
    role = visitor.role.value if visitor and visitor.role else None
    topics = register.help_for(role, visitor.grants if visitor else ())
    return await show(request, "about/register_help.html", heading=heading, topics=topics)


async def general_help(request: web.Request) -> web.Response:
    return await show(request, "about/help.html")


async def accessibility(request: web.Request) -> web.Response:
    return await show(request, "about/accessibility.html")


async def privacy(request: web.Request) -> web.Response:
    return await show(request, "about/privacy.html")
