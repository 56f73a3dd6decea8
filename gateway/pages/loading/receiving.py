"""Forwards a file to referrals as it arrives, with at most one part of it in memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web

from gateway.keys import ASSERTION, REGISTER
from gateway.security import cookies
from gateway.security.posted import READ_SECONDS
from gateway.security.sessions import SESSIONS
from gateway.security.streamed import PIECE_BYTES
from gateway.ui.actions import ask, ask_if_there
from shared.contracts.referrals.loading import CHUNK_BYTES, CancelUpload, FinishUpload, PutUploadChunk, UploadShown
from shared.ids import new_id
from shared.messages import NotAnswered, Refused


class TooBig(Exception):
    """The file is larger than the register takes."""


async def parts_of(file: BodyPartReader) -> AsyncIterator[bytes]:
    """Yield the file in parts of `CHUNK_BYTES`; the last may be shorter. Raise 408 if it arrives too slowly."""
    waiting = bytearray()
    while not file.at_eof():
        waiting += await _next_piece(file)
        while len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting[:CHUNK_BYTES])
            del waiting[:CHUNK_BYTES]
    if waiting:
        yield bytes(waiting)


async def _next_piece(file: BodyPartReader) -> bytes:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await file.read_chunk(PIECE_BYTES)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def send_on(
    request: web.Request, upload: UploadShown, first: bytes, parts: AsyncIterator[bytes], most_bytes: int
) -> None:
    """
    Send all parts, of which `first` is read already, and say that they are sent.

    Raise `TooBig`. What goes wrong cancels the upload, unless the browser has gone: then the same form may come again.
    """
    try:
        await _send_parts(request, upload, first, parts, most_bytes)
    except (TooBig, NotAnswered, Refused, web.HTTPException) as failure:
        if not is_sent_already(failure):
            await ask_if_there(request, CancelUpload(command_id=new_id(), upload_id=upload.upload_id))
        raise


def is_sent_already(failure: Exception) -> bool:
    """Return whether the whole file has come before, as at a second click on the button."""
    return isinstance(failure, Refused) and failure.code == "not_receiving"


async def _send_parts(
    request: web.Request, upload: UploadShown, first: bytes, parts: AsyncIterator[bytes], most_bytes: int
) -> None:
    digest, number, size, content = hashlib.sha256(), 0, 0, first
    while content:
        size += len(content)
        if size > most_bytes:
            raise TooBig
        await _renew_assertion(request)
        await ask(request, PutUploadChunk(upload_id=upload.upload_id, number=number, content=content))
        digest.update(content)
        number += 1
        content = await anext(parts, b"")
    sent = FinishUpload(command_id=new_id(), upload_id=upload.upload_id, chunks=number, sha256=digest.hexdigest())
    await ask(request, sent)


async def _renew_assertion(request: web.Request) -> None:
    """Ask for the session again, because a slow upload takes longer than an assertion lives. Raise 401 if it ended."""
    token = cookies.read(request, cookies.SESSION)
    found = await request.config_dict[SESSIONS].find(token, request[REGISTER].code) if token else None
    if found is None:
        raise web.HTTPUnauthorized
    request[ASSERTION] = found.assertion
