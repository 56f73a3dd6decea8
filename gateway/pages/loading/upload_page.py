"""The page of one upload, in each of its states."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, limits_of, upload_address
from gateway.pages.loading.mapping import show_mapping
from gateway.pages.loading.own_upload import read_upload, show_gone
from gateway.pages.loading.rows import show_rows
from gateway.pages.loading.states import RUNNING, fault_words, progress_words, rows_to_put, state_words
from gateway.ui.actions import see_other
from gateway.ui.render import show
from shared.contracts.referrals.loading import UploadShown
from shared.ids import new_id

FRAGMENT = "X-Fragment"


async def show_upload(request: web.Request) -> web.StreamResponse:
    """Show the upload. The script gets only the state."""
    upload = await read_upload(request)
    if upload is None:
        return await show_gone(request)
    if upload.state in RUNNING or FRAGMENT in request.headers:
        return await _show_progress(request, upload)
    if upload.state == "mapping":
        return await show_mapping(request, upload)
    if upload.state in ("checked", "done"):
        return await show_rows(request, upload)
    return await _show_end(request, upload)


async def ask_to_process(request: web.Request) -> web.StreamResponse:
    """Ask for confirmation before the rows are put on the register."""
    register, upload = request[REGISTER], await read_upload(request)
    if upload is None:
        return await show_gone(request)
    href = upload_address(register, upload.upload_id)
    if upload.state != "checked" or not rows_to_put(upload.counts):
        return see_other(href)
    return await show(
        request,
        "loading/confirm.html",
        upload=upload,
        count=f"{rows_to_put(upload.counts):,}",
        command=new_id(),
        href=href,
    )


async def _show_progress(request: web.Request, upload: UploadShown) -> web.Response:
    register, words = request[REGISTER], request[REGISTER].words
    is_running = upload.state in RUNNING
    done, total = upload.rows_done, upload.counts.total
    return await show(
        request,
        "loading/state.html" if FRAGMENT in request.headers else "loading/progress.html",
        upload=upload,
        is_running=is_running,
        said=progress_words(words, upload) if is_running else state_words(words, upload),
        progress=words("load.progress", done=f"{done:,}", total=f"{total:,}") if total else "",
        command=new_id(),
        href=upload_address(register, upload.upload_id),
        back=register.address(PAGE),
    )


async def _show_end(request: web.Request, upload: UploadShown) -> web.Response:
    """Show an upload that came to nothing: its file cannot be read, or it was cancelled."""
    register, words = request[REGISTER], request[REGISTER].words
    has_failed = upload.state == "failed"
    return await show(
        request,
        "loading/ended.html",
        upload=upload,
        heading=words("load.failed_heading") if has_failed else words("load.cancelled"),
        said=fault_words(words, upload, limits_of(request)) if has_failed else words("load.cancelled_lead"),
        back=register.address(PAGE),
    )
