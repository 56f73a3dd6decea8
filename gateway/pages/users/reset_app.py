"""Resetting the authenticator app of a user who has lost it: ask first, then show the code for the user this once."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.users.user_facts import user_address
from gateway.security.ids import id_in
from gateway.ui.actions import ask, see_other
from gateway.ui.formats import breakable
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.contracts.users import ReadUser, ResetApp, User
from shared.messages import Refused


async def ask_to_reset(request: web.Request) -> web.Response:
    """Show what a reset means and ask for confirmation. A user without an app leads back to their page."""
    found = await _user(request)
    if not found.may_reset_app:
        return see_other(user_address(request[REGISTER], found.user.user_id))
    return await show(
        request,
        "users/reset_app.html",
        facts=_facts(request, found),
        href=user_address(request[REGISTER], found.user.user_id, "app"),
        back=user_address(request[REGISTER], found.user.user_id),
    )


async def reset_app(request: web.Request) -> web.Response:
    register, found = request[REGISTER], await _user(request)
    try:
        done = await ask(request, ResetApp(user_id=found.user.user_id))
    except Refused as refusal:
        if refusal.code not in ("not_now", "elsewhere", "yourself"):
            raise
        return see_other(user_address(register, found.user.user_id), "app_not_reset")
    if done.code is None:
        return see_other(user_address(register, found.user.user_id), "app_removed")
    return await show(
        request,
        "users/app_was_reset.html",
        facts=_facts(request, found),
        code=done.code,
        back=user_address(register, found.user.user_id),
    )


async def _user(request: web.Request) -> User:
    return await ask(request, ReadUser(user_id=id_in(request, "user")))


def _facts(request: web.Request, found: User) -> list[tuple[str, Cell]]:
    words = request[REGISTER].words
    return [(words("users.name"), found.user.full_name), (words("users.email"), breakable(found.user.email))]
