"""Where a user is logged in: the list on the account's page, and ending one of these sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.security.ids import id_in
from gateway.ui.actions import ask, ask_if_there, see_other
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from shared.contracts.identity import EndOwnSession, ListOwnSessions, OwnSession
from shared.messages import Refused
from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class SessionLine:
    """One session in words. `end` is the address that ends it; empty for the session of this browser."""

    browser: str
    about: str
    end: str


async def lines_of(request: web.Request) -> Sequence[SessionLine]:
    """Return the user's sessions; nothing while a temporary password is to be changed, or identity is away."""
    if request[VISITOR].must_change:
        return ()
    found = await ask_if_there(request, ListOwnSessions())
    return [_line(request[REGISTER], each) for each in found.sessions] if found else ()


async def end_session(request: web.Request) -> web.Response:
    """End one session of the user. One that has ended meanwhile counts as ended."""
    register = request[REGISTER]
    try:
        await ask(request, EndOwnSession(session_id=id_in(request, "session")))
    except Refused as refusal:
        if refusal.code != "not_found":
            raise
    return see_other(register.address(PATHS["password"]), "ended")


def _line(register: Definition, session: OwnSession) -> SessionLine:
    words = register.words
    end = "" if session.is_this else register.address(f"account/sessions/{session.session_id.hex}/end")
    return SessionLine(
        browser=session.browser or words("account.other_browser"),
        about=words(
            "account.session_line",
            since=day_and_time(session.opened_at),
            used=day_and_time(session.seen_at),
            address=session.address or words("account.unknown_address"),
        ),
        end=end,
    )
