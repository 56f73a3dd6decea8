"""What a user decides about an upload: to put its rows on the register, or to cancel it. Also its rows with errors."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, limits_of, upload_address
from gateway.pages.loading.own_upload import show_gone
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import ask, see_other
from shared import log
from shared.contracts.referrals.loading import CancelUpload, ProcessUpload, ReadFailedRows, UploadShown
from shared.messages import Command, NotAnswered, Refused

CSV = "text/csv"
FAILED_ROWS = "rows-with-errors.csv"


async def process(request: web.Request) -> web.StreamResponse:
    limits_of(request)
    command_id, upload_id = command_in(await request.post()), id_in(request, "upload")
    return await _decide(request, upload_id, ProcessUpload(command_id=command_id, upload_id=upload_id), "not_checked")


async def cancel(request: web.Request) -> web.StreamResponse:
    limits_of(request)
    command_id, upload_id = command_in(await request.post()), id_in(request, "upload")
    return await _decide(request, upload_id, CancelUpload(command_id=command_id, upload_id=upload_id), "not_open")


async def _decide(
    request: web.Request, upload_id: UUID, command: Command[UploadShown], moved_on: str
) -> web.StreamResponse:
    """Carry it out. If the upload has moved on (a second click, another window), its page shows how it stands now."""
    register = request[REGISTER]
    try:
        upload = await ask(request, command)
    except Refused as refusal:
        if refusal.code == "not_found":
            return await show_gone(request)
        if refusal.code != moved_on:
            raise
        return see_other(upload_address(register, upload_id))
    if upload.state == "cancelled":
        return see_other(register.address(PAGE), "cancelled")
    return see_other(upload_address(register, upload_id))


async def download_failed(request: web.Request) -> web.StreamResponse:
    """Stream the rows with errors, part by part."""
    limits_of(request)
    if request.method == "HEAD":  # it would be audited as a download
        raise web.HTTPMethodNotAllowed("HEAD", ["GET"])
    upload_id = id_in(request, "upload")
    part = await ask(request, ReadFailedRows(upload_id=upload_id))
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{FAILED_ROWS}"'})
    response.content_type, response.charset = CSV, "utf-8"
    await response.prepare(request)
    await response.write(part.content)
    try:
        number = 0
        while part.more:
            number += 1
            part = await ask(request, ReadFailedRows(upload_id=upload_id, number=number))
            await response.write(part.content)
    except (NotAnswered, Refused) as error:
        log.warn("load.download_cut", upload=str(upload_id), error=error)
        if request.transport is not None:
            request.transport.abort()
    return response
