"""How long a session still lasts: asked by the page's script, which also prolongs it when a person says so."""

from aiohttp import web

from gateway.keys import CSRF_TOKEN
from gateway.ui.time_out import TIME_OUT


async def tell_session(request: web.Request) -> web.Response:
    """A POST is somebody who stays. The token is for a form that was drawn in a session before this one."""
    time_out = request[TIME_OUT]
    told = {"seconds": time_out.seconds, "holder": time_out.holder, "token": request[CSRF_TOKEN]}
    return web.json_response(told)
