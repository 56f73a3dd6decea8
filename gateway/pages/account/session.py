"""The remaining time of a session as JSON; the page's script reads it, and extends the session when the user asks."""

from aiohttp import web

from gateway.keys import CSRF_TOKEN
from gateway.ui.time_out import TIME_OUT


async def tell_session(request: web.Request) -> web.Response:
    """
    Return the seconds left, whose session it is, and a form token. A page from an earlier session needs the new token.
    """
    time_out = request[TIME_OUT]
    told = {"seconds": time_out.seconds, "holder": time_out.holder, "token": request[CSRF_TOKEN]}
    return web.json_response(told)
