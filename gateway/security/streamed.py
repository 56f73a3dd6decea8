"""A form with a large file: its text fields are read, and the file stays in the request until the page reads it."""

from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from multidict import MultiDict

from gateway.ui.form import Posted

FORM_WITH_FILE = "multipart/form-data"
MOST_FIELDS = 10
LONGEST_FIELD = 2_000
PIECE_BYTES = 65_536


@dataclass(frozen=True, repr=False)
class StreamedForm:
    """The text fields before the file, and the file, of which nothing has been read. None: there is no file."""

    fields: Posted
    file: BodyPartReader | None


STREAMED = web.RequestKey("streamed", StreamedForm)


async def read_up_to_file(request: web.Request) -> Posted:
    """
    Read the fields before the file and keep the rest as `request[STREAMED]`. Return the fields.

    The form token is among them, so that it is checked before the file is read. What comes after the file is not read.
    Raise 400 for more fields than our forms have, and 413 for one that is too long.
    """
    if request.content_type != FORM_WITH_FILE:
        return await request.post()
    reader, fields = await request.multipart(), MultiDict[str | bytes | bytearray | web.FileField]()
    file = None
    while file is None and (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or not part.name or len(fields) == MOST_FIELDS:
            raise web.HTTPBadRequest
        if part.filename is None:
            fields.add(part.name, await _short_text(part))
        else:
            file = part
    request[STREAMED] = StreamedForm(fields, file)
    return fields


async def _short_text(part: BodyPartReader) -> str:
    content = bytearray()
    while not part.at_eof():
        content += await part.read_chunk(PIECE_BYTES)
        if len(content) > LONGEST_FIELD:
            raise web.HTTPRequestEntityTooLarge(LONGEST_FIELD, len(content))
    return content.decode()
