"""The form that a request sends. It is read in one place, within a deadline, and an unreadable one is answered 400."""

import asyncio

from aiohttp import web

from gateway.security.streamed import STREAMED, read_up_to_file
from gateway.ui.form import Posted
from shared import log

READ_SECONDS = 30.0
PLAIN = frozenset({"", "identity"})


async def read_form(request: web.Request, *, streams: bool = False) -> Posted:
    """
    Return the form that was sent, and keep it: `request.post()` returns the same from then on.

    If the page streams its file, return the fields before the file. The page then finds the file in the request.

    Raise 415 for a compressed body, 408 for one that does not arrive in time, 413 for one that is too big, and 400 for
    one that cannot be read. The guard calls this before it does anything else with a request that may change something.
    """
    if STREAMED in request:
        return request[STREAMED].fields
    if request.headers.get("Content-Encoding", "").strip().lower() not in PLAIN:
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(READ_SECONDS):
            posted = await (read_up_to_file(request) if streams else request.post())
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.HTTPException:
        raise
    except Exception as error:  # noqa: BLE001  # whatever aiohttp's parser raises for what a stranger sent
        log.warn("page.form_unreadable", error=error)
        raise web.HTTPBadRequest from None
    if any(_is_broken(each) for item in posted.items() for each in item if isinstance(each, str)):
        raise web.HTTPBadRequest
    return posted


def _is_broken(text: str) -> bool:
    """Return whether text cannot be sent on. Some character sets allow lone surrogates, which UTF-8 does not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
