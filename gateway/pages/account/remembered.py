"""Browsers in which no code is asked: the list on the account's page, and asking for a code there again."""

from collections.abc import Sequence

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.own_sessions import SessionLine
from gateway.security.ids import id_in
from gateway.ui.actions import ask, ask_if_there, see_other
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from shared.contracts.authenticator import ForgetRemembered, ListRemembered
from shared.messages import Refused


async def remembered_lines(request: web.Request) -> Sequence[SessionLine]:
    """Return the user's remembered browsers; nothing while a temporary password is to be changed."""
    if request[VISITOR].must_change:
        return ()
    register, found = request[REGISTER], await ask_if_there(request, ListRemembered())
    words = register.words
    return [
        SessionLine(
            browser=each.browser or words("account.other_browser"),
            about=words("account.remembered_line", until=day_and_time(each.until)),
            end=register.address(f"account/remembered/{each.device_id.hex}/end"),
        )
        for each in (found.devices if found else ())
    ]


async def forget_browser(request: web.Request) -> web.Response:
    """Ask for a code in one browser again. One that is forgotten already counts as forgotten."""
    try:
        await ask(request, ForgetRemembered(device_id=id_in(request, "device")))
    except Refused as refusal:
        if refusal.code != "not_found":
            raise
    return see_other(request[REGISTER].address(PATHS["password"]), "forgotten")
