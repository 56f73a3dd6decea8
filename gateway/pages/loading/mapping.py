"""The page on which a user says what the columns and values of a spreadsheet mean (R-LOAD-001)."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import PAGE, upload_address
from gateway.pages.loading.mapping_form import (
    DAY_ORDER,
    REST,
    SHEET,
    MappingForm,
    ask_day_order,
    columns_in,
    day_order_in,
    mapping_form,
    say_what_is_missing,
    sheet_in,
    values_in,
)
from gateway.pages.loading.own_upload import read_upload, show_gone
from gateway.pages.loading.rows import labels_of
from gateway.security.ids import command_in
from gateway.ui.actions import At, attempt, see_other
from gateway.ui.form import Posted
from gateway.ui.render import show
from shared.contracts.referrals.loading import MapUpload, UploadShown
from shared.ids import new_id
from shared.registers.definition.register import Definition

OF_SHEET = "of_sheet"
READ_SHEET = "read_sheet"


async def show_mapping(request: web.Request, upload: UploadShown, asked: MappingForm | None = None) -> web.Response:
    register = request[REGISTER]
    asked = asked or mapping_form(register, upload)
    reading = upload.reading
    return await show(
        request,
        "loading/mapping.html",
        form=asked.form,
        asked=asked,
        upload=upload,
        of_sheet=reading.sheet if reading else "",
        missing=labels_of(register, upload.missing),
        cancel_command=new_id(),
        href=upload_address(register, upload.upload_id),
        back=register.address(PAGE),
    )


async def change_mapping(request: web.Request) -> web.StreamResponse:
    """Show the mapping again, after the rows were checked with it."""
    upload = await read_upload(request)
    if upload is None:
        return await show_gone(request)
    if upload.state not in ("mapping", "checked"):
        return see_other(upload_address(request[REGISTER], upload.upload_id))
    return await show_mapping(request, upload)


async def map_upload(request: web.Request) -> web.StreamResponse:
    """Check the rows with what was chosen, read another sheet, or show what is still to be chosen."""
    posted, register, upload = await request.post(), request[REGISTER], await read_upload(request)
    if upload is None:
        return await show_gone(request)
    if upload.state not in ("mapping", "checked"):
        return see_other(upload_address(register, upload.upload_id))
    asked = mapping_form(register, upload)
    asked.form.command = command_in(posted)
    if DAY_ORDER in posted:
        ask_day_order(register.words, asked.form)
    asked.form.read(posted)
    command = _command(register, upload, asked, posted)
    if command is None or await attempt(request, command, asked.form, _refusals(register, upload)) is None:
        if asked.form.error(DAY_ORDER):
            ask_day_order(register.words, asked.form)
        return await show_mapping(request, upload, asked)
    return see_other(upload_address(register, upload.upload_id))


def _command(register: Definition, upload: UploadShown, asked: MappingForm, posted: Posted) -> MapUpload | None:
    """Return what was chosen; None if something is still to be chosen, which the form then says."""
    form, words = asked.form, register.words
    if upload.reading is None or posted.get(OF_SHEET, "") != upload.reading.sheet:
        form.refuse(words("load.map.changed"), status=409)
        return None
    if posted.get("act") == READ_SHEET:
        if sheet := sheet_in(form, upload):
            return MapUpload(command_id=form.command, upload_id=upload.upload_id, sheet=sheet)
        form.wrong(SHEET, words("load.map.unknown_sheet"))
        return None
    say_what_is_missing(register, upload, asked, leave_rest=posted.get(REST) == "yes")
    if form.errors:
        return None
    return MapUpload(
        command_id=form.command,
        upload_id=upload.upload_id,
        columns=columns_in(form, upload),
        values=values_in(form, upload),
        day_order=day_order_in(form),
    )


def _refusals(register: Definition, upload: UploadShown) -> dict[str, str | At | None]:
    words = register.words
    changed = words("load.map.changed")
    return {
        "not_mappable": changed,
        "unknown_column": changed,
        "unknown_question": changed,
        "unknown_option": changed,
        "twice": words("load.map.twice_somewhere"),
        "unknown_sheet": At(SHEET, words("load.map.unknown_sheet")),
        "columns_missing": words("load.map.columns_missing", labels=needed_labels(register, upload)),
        "day_order": At(DAY_ORDER, words("load.map.day_order_missing")),
    }


def needed_labels(register: Definition, upload: UploadShown) -> str:
    """Return the labels of what every row must say: who the person is, and the rating or the number that was traced."""
    if upload.purpose == "tracing":
        asked = [register.person[role] for role in ("family_name", "born", "nhs_number") if role in register.person]
        return f"“{register.words('load.map.specials.reference')}”, {labels_of(register, asked)}"
    person = [register.person[role] for role in ("given_name", "family_name", "born") if role in register.person]
    return labels_of(register, [*person, *([register.rating.question] if register.rating else [])])
