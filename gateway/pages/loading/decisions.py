"""What a user decides about an upload: to put its rows on the register, or to cancel it. Also its downloads."""

from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, limits_of, upload_address
from gateway.pages.loading.own_upload import show_gone
from gateway.security.ids import command_in, id_in
from gateway.ui.actions import ask, see_other
from shared import log
from shared.contracts.referrals.loading import (
    CancelUpload,
    ProcessUpload,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    UploadShown,
    tracing_targets,
)
from shared.messages import Command, NotAnswered, Refused

CSV = "text/csv"
FAILED_ROWS = "rows-with-errors.csv"
ABSENT = "not-in-the-file.csv"
UNTRACED = "for-tracing.csv"


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
    upload_id = _of_download(request)
    part = await ask(request, ReadFailedRows(upload_id=upload_id))

    async def further() -> AsyncIterator[bytes]:
        number, more = 0, part.more
        while more:
            number += 1
            found = await ask(request, ReadFailedRows(upload_id=upload_id, number=number))
            more = found.more
            yield found.content

    return await _stream(request, FAILED_ROWS, part.content, further())


async def download_absent(request: web.Request) -> web.StreamResponse:
    """Stream the records that are on the register and not in the file, part by part (R-LOAD-005)."""
    upload_id = _of_download(request)
    part = await ask(request, ReadAbsentRecords(upload_id=upload_id))

    async def further() -> AsyncIterator[bytes]:
        after = part.after
        while after:
            found = await ask(request, ReadAbsentRecords(upload_id=upload_id, after=after))
            after = found.after
            yield found.content

    return await _stream(request, ABSENT, part.content, further())


async def download_untraced(request: web.Request) -> web.StreamResponse:
    """Stream the records without an NHS number, part by part (R-LOAD-006)."""
    limits_of(request)
    if request.method == "HEAD":
        raise web.HTTPMethodNotAllowed("HEAD", ["GET"])
    if not tracing_targets(request[REGISTER]):
        raise web.HTTPNotFound
    part = await ask(request, ReadUntracedRecords())

    async def further() -> AsyncIterator[bytes]:
        after = part.after
        while after:
            found = await ask(request, ReadUntracedRecords(after=after))
            after = found.after
            yield found.content

    return await _stream(request, UNTRACED, part.content, further())


def _of_download(request: web.Request) -> UUID:
    """Return the upload of a download, which is audited: so it is not for those who only ask whether it is there."""
    limits_of(request)
    if request.method == "HEAD":
        raise web.HTTPMethodNotAllowed("HEAD", ["GET"])
    return id_in(request, "upload")


async def _stream(request: web.Request, name: str, first: bytes, further: AsyncIterator[bytes]) -> web.StreamResponse:
    """Send a file. If a part of it is lost, the download breaks off, so that nobody takes it for the whole."""
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = CSV, "utf-8"
    await response.prepare(request)
    await response.write(first)
    try:
        async for content in further:
            await response.write(content)
    except (NotAnswered, Refused) as error:
        log.warn("load.download_cut", file=name, error=error)
        if request.transport is not None:
            request.transport.abort()
    return response
