"""Finding the upload that an address names, and the page for one that is not there."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, limits_of
from gateway.security.ids import id_in
from gateway.ui.actions import ask
from gateway.ui.render import show
from shared.contracts.referrals.loading import ReadUpload, UploadShown
from shared.messages import Refused


async def read_upload(request: web.Request) -> UploadShown | None:
    """Return the upload that the address names; None if it is no longer kept, or another user's."""
    limits_of(request)
    try:
        return await ask(request, ReadUpload(upload_id=id_in(request, "upload")))
    except Refused as refusal:
        if refusal.code != "not_found":
            raise
        return None


async def show_gone(request: web.Request) -> web.Response:
    """Say that there is no such upload (any more)."""
    back = request[REGISTER].address(PAGE)
    return await show(request, "loading/gone.html", status=404, back=back)
