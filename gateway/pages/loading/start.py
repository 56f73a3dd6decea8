"""The first page of the load: what can be loaded, the file, and the user's earlier uploads."""

import re
from collections.abc import AsyncIterator
from pathlib import PureWindowsPath

from aiohttp import BodyPartReader, web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.loading.addresses import PAGE, limits_of, upload_address
from gateway.pages.loading.receiving import TooBig, is_sent_already, parts_of, send_on
from gateway.pages.loading.states import rows_to_put, state_words
from gateway.security.ids import command_in
from gateway.security.posted import read_form
from gateway.security.streamed import STREAMED
from gateway.ui.actions import At, ask, ask_if_there, attempt, notice, see_other, show_why, without_answer
from gateway.ui.form import Choice, Field, Form
from gateway.ui.formats import day_and_time, plain_link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.cleaning import clean_line
from shared.contracts.referrals.loading import (
    CancelUpload,
    ListUploads,
    ReadUpload,
    StartUpload,
    UploadOpen,
    UploadPurpose,
    UploadShown,
    tracing_targets,
)
from shared.ids import new_id
from shared.messages import NotAnswered, Refused
from shared.registers.definition.load import SpreadsheetLoad
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

FILE = "file"
PURPOSE = "purpose"
OPEN = "open"
AROUND_THE_FILE = 65_536  # bytes of a form besides its file, at most
LONGEST_NAME = 255
READ_TYPES = re.compile(r"\.(csv|xlsx)$", re.IGNORECASE)


async def show_start(request: web.Request) -> web.Response:
    limits_of(request)
    return await _show(request, _form(request))


async def upload(request: web.Request) -> web.StreamResponse:
    """Send the file on to referrals as it arrives, then show its progress."""
    posted, limits = await read_form(request), limits_of(request)
    purpose: UploadPurpose = "tracing" if posted.get(PURPOSE) == "tracing" else "load"
    form = _form(request, purpose)
    form.command = command_in(posted)
    streamed = request.get(STREAMED)
    file = streamed.file if streamed else None
    name = _file_name(file.filename or "") if file else ""
    if file is None or not name:
        form.wrong(FILE, request[REGISTER].words("load.no_file"))
    if file is None or form.errors or not _may_be_read(request, form, name, limits):
        return await _show(request, form)
    parts = parts_of(file)
    first = await anext(parts, b"")
    if not first:
        form.wrong(FILE, request[REGISTER].words("load.empty"))
        return await _show(request, form)
    size = _size(request, file, first, limits)
    begun = StartUpload(command_id=form.command, file_name=name, size=size, purpose=purpose)
    started = await _start(request, form, begun, limits)
    if started is None or not await _receive(request, form, started, first, parts, limits):
        return await _show(request, form)
    return see_other(upload_address(request[REGISTER], started.upload_id))


def _size(request: web.Request, file: BodyPartReader, first: bytes, limits: SpreadsheetLoad) -> int:
    """Return the size of the file: exact if its first part is all of it, else at most that of the whole form."""
    if file.at_eof():
        return len(first)
    return max(len(first) + 1, min(request.content_length or 0, limits.most_bytes))


async def _receive(
    request: web.Request,
    form: Form,
    started: UploadShown,
    first: bytes,
    parts: AsyncIterator[bytes],
    limits: SpreadsheetLoad,
) -> bool:
    """Return whether the whole file was sent on, now or before. If not, the form says why."""
    try:
        await send_on(request, started, first, parts, limits.most_bytes)
    except TooBig:
        form.wrong(FILE, _too_big(request[REGISTER], limits))
    except (Refused, NotAnswered) as failure:
        if not is_sent_already(failure):
            _not_arrived(request[REGISTER].words, form, failure)
    return not form.summary


def _not_arrived(words: Words, form: Form, failure: Refused | NotAnswered) -> None:
    """Say that the file must be sent again. Raise what another try does not change, such as an ended session."""
    if isinstance(failure, NotAnswered):
        without_answer(words, failure)
    form.refuse(words("load.not_arrived"), FILE, status=503)


def _file_name(sent: str) -> str:
    """Return the name of the file without its folders, which some browsers send too."""
    name = clean_line(PureWindowsPath(sent.replace("/", "\\")).name).strip()
    return name[-LONGEST_NAME:]


def _may_be_read(request: web.Request, form: Form, name: str, limits: SpreadsheetLoad) -> bool:
    """Say at the field what is wrong with a file of which nothing has been read yet."""
    if not READ_TYPES.search(name):
        form.wrong(FILE, request[REGISTER].words("load.wrong_type"))
    elif (request.content_length or 0) > limits.most_bytes + AROUND_THE_FILE:
        form.wrong(FILE, _too_big(request[REGISTER], limits))
    return not form.errors


async def _start(request: web.Request, form: Form, begun: StartUpload, limits: SpreadsheetLoad) -> UploadShown | None:
    """
    Begin the upload. Return None if it was refused; the form then says why.

    An earlier one makes way if its file did not arrive whole, or if it has no row for the register.
    """
    try:
        return await ask(request, begun)
    except NotAnswered as unanswered:
        _not_arrived(request[REGISTER].words, form, unanswered)
        return None
    except Refused as refusal:
        left = await _open_upload(request, refusal)
        if left is None or not _makes_way(left):
            show_why(request, refusal, form, _refusals(request[REGISTER], limits))
            return None
    await ask(request, CancelUpload(command_id=new_id(), upload_id=left.upload_id))
    again = begun.model_copy(update={"command_id": new_id()})
    return await attempt(request, again, form, _refusals(request[REGISTER], limits))


def _makes_way(left: UploadShown) -> bool:
    return left.state == "receiving" or (left.state == "checked" and not rows_to_put(left.counts))


def _refusals(register: Definition, limits: SpreadsheetLoad) -> dict[str, str | At | None]:
    words = register.words
    return {
        "too_big": At(FILE, _too_big(register, limits)),
        "wrong_type": At(FILE, words("load.wrong_type")),
        "no_organisation": words("home.no_organisation", email=register.contact.administrator_email),
        "not_loadable": words("load.not_loadable"),
        "upload_open": words("load.open"),
        "command_reused": words("load.sent_before"),
    }


async def _open_upload(request: web.Request, refusal: Refused | None) -> UploadShown | None:
    """Return the upload that is in the way of another one, if that is why it was refused."""
    if refusal is None or not isinstance(refusal.details, UploadOpen):
        return None
    return await ask_if_there(request, ReadUpload(upload_id=refusal.details.upload_id))


def _form(request: web.Request, purpose: UploadPurpose = "load") -> Form:
    register, limits, words = request[REGISTER], limits_of(request), request[REGISTER].words
    hint = words("load.file_hint", size=limits.most_mb, rows=f"{limits.most_rows:,}")
    choices = (Choice("load", words("load.purposes.load")), Choice("tracing", words("load.purposes.tracing")))
    asked = [Field(PURPOSE, words("load.purpose"), "choice", choices=choices)] if tracing_targets(register) else []
    return Form([*asked, Field(FILE, words("load.file"), "file", hint=hint)], {PURPOSE: purpose})


def _too_big(register: Definition, limits: SpreadsheetLoad) -> str:
    return register.words("load.too_big", size=limits.most_mb)


async def _show(request: web.Request, form: Form) -> web.Response:
    """Show the page. If an upload is open, the error leads to it."""
    register, words = request[REGISTER], request[REGISTER].words
    blocking = await _open_upload(request, form.reason)
    if blocking is not None:
        form.refuse(words("load.open"), status=409, at=OPEN)
    listed = await ask(request, ListUploads())
    return await show(
        request,
        "loading/start.html",
        form=form,
        href=register.address(PAGE),
        said=notice(request, {"cancelled": words("load.cancelled")}),
        open_href=upload_address(register, blocking.upload_id) if blocking else "",
        open_text=words("load.open_link", file=blocking.file_name) if blocking else "",
        columns=(
            Column(words("load.file_name")),
            Column(words("load.uploaded")),
            Column(words("load.state")),
            Column(words("load.kept")),
        ),
        rows=[_row(register, each) for each in listed.uploads],
        has_organisation=request[VISITOR].submits_for is not None,
        no_organisation=words("home.no_organisation", email=register.contact.administrator_email),
    )


def _row(register: Definition, upload: UploadShown) -> tuple[Cell, ...]:
    return (
        plain_link(upload.file_name, upload_address(register, upload.upload_id)),
        day_and_time(upload.uploaded_at),
        state_words(register.words, upload),
        day_and_time(upload.expires_at),
    )
