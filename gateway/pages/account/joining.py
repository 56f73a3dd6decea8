"""Joining a register with an account that exists already, from the home page of a user without a role."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.security import cookies
from gateway.security.ids import command_in
from gateway.security.sessions import SESSIONS
from gateway.ui.actions import ask, ask_if_there, see_other
from gateway.ui.navigation import PATHS
from shared.contracts.registration import JoinRegister, ReadJoinOffer
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.words import Words

PAGE = "account/join"


@dataclass(frozen=True)
class JoinButton:
    """The button: where it sends its form, and the command id."""

    href: str
    command: UUID


def not_joined(words: Words) -> Mapping[str, str]:
    return {"not-joined": words("home.not_joined")}


async def join_of(request: web.Request) -> JoinButton | None:
    """Return the button for a user without a role, if they may join. Without an answer of identity there is none."""
    if request[VISITOR].role is not None:
        return None
    offer = await ask_if_there(request, ReadJoinOffer())
    return JoinButton(request[REGISTER].address(PAGE), new_id()) if offer and offer.is_open else None


async def join_register(request: web.Request) -> web.Response:
    """Join the register, and show its home page with the new role. Who has joined already sees the same."""
    home = request[REGISTER].address(PATHS["home"])
    try:
        await ask(request, JoinRegister(command_id=command_in(await request.post())))
    except Refused as refusal:
        if refusal.code != "joined_before":
            return see_other(home, "not-joined")
    request.config_dict[SESSIONS].forget(request.cookies[cookies.SESSION])
    return see_other(home, "joined")
