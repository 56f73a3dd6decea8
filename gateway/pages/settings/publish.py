"""Publishing reworded texts: edit, check the differences and the preview, then publish."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from gateway.keys import OVERLAYS, REGISTER, REGISTERS, VISITOR
from gateway.pages.settings.editor import Editor, SettingState
from gateway.pages.settings.lists import ListEditor
from gateway.pages.settings.reviews import ReviewsEditor, summary_of
from gateway.pages.settings.texts import GuidanceEditor, HomeEditor
from gateway.security import csrf
from gateway.security.ids import command_in
from gateway.ui.actions import act_in, attempt, see_other
from gateway.ui.form import Form, Posted, sent_number
from gateway.ui.register_form import field_of
from gateway.ui.render import show
from gateway.ui.table import Column
from shared.contracts.referrals.overlays import PublishOverlay
from shared.ids import new_id
from shared.messages import NotAnswered, Refused
from shared.registers.definition.questions import Guidance
from shared.registers.definition.register import Definition, PublicHome
from shared.registers.definition.words import Words
from shared.registers.overlay import (
    Overlay,
    apply,
    changed_parts,
    editable_questions,
    guided_questions,
    publishing_faults,
)

PAGE = "administration/settings/"
MORE_ROWS = 3


class PublishAct(StrEnum):
    """What a button of these pages asks for."""

    CHECK = "check"
    MORE = "more"
    BACK = "back"
    PUBLISH = "publish"


@dataclass(frozen=True)
class PublishPage:
    """What was typed, the overlay version in force when editing began, and the command id."""

    editor: Editor
    typed: dict[str, str] = field(repr=False)
    version: int
    command: UUID


def standing_of(request: web.Request) -> SettingState:
    registers, code = request.config_dict[REGISTERS], request[REGISTER].code
    adaptation = registers.adaptation(code)
    return SettingState(registers.editions(code), adaptation.version, adaptation.overlay)


def editors_of(standing: SettingState) -> Iterator[Editor]:
    """Yield an editor for everything that administrators may reword in the register."""
    yield from (ListEditor(standing, question) for question in editable_questions(standing.register))
    yield HomeEditor(standing)
    if standing.register.reviews:
        yield ReviewsEditor(standing, standing.register.reviews)
    yield from (GuidanceEditor(standing, question) for question in guided_questions(standing.register))


def may_publish(request: web.Request) -> bool:
    return request[VISITOR].all_organisations


async def edit(request: web.Request) -> web.Response:
    standing = standing_of(request)
    editor = _editor(request, standing)
    return await _show_form(request, editor, editor.form(), standing.version)


async def send(request: web.Request) -> web.Response:
    """Handle the pressed button. Every page that follows, except after publishing, keeps what was typed."""
    standing, posted = standing_of(request), await request.post()
    act, sheet = _read(posted, _editor(request, standing))
    form = sheet.editor.form(sheet.typed, MORE_ROWS if act is PublishAct.MORE else 0)
    if act in (PublishAct.MORE, PublishAct.BACK):
        return await _show_form(request, sheet.editor, form, sheet.version)
    overlay = _checked(standing, sheet.editor, form)
    if overlay is None:
        return await _show_form(request, sheet.editor, form, sheet.version)
    if sheet.version != standing.version:
        return await _show_conflict(request, standing, sheet, overlay)
    if act is PublishAct.CHECK:
        return await _show_check(request, standing, sheet, overlay, Form([]))
    return await _publish(request, standing, sheet, overlay)


def _editor(request: web.Request, standing: SettingState) -> Editor:
    """
    Return the editor at this address. Raise 404 if there is none, and 403 without all organisations: texts apply to
    all.
    """
    path = request.path.removeprefix(standing.register.address(PAGE))
    found = next((each for each in editors_of(standing) if each.path == path), None)
    if found is None:
        raise web.HTTPNotFound
    if not may_publish(request):
        raise web.HTTPForbidden
    return found


def _read(posted: Posted, editor: Editor) -> tuple[PublishAct, PublishPage]:
    typed = {
        str(name): value.replace("\r\n", "\n").replace("\0", "")
        for name, value in posted.items()
        if isinstance(value, str) and name not in (csrf.FIELD, "act", "version", "command")
    }
    return act_in(posted, PublishAct), PublishPage(editor, typed, sent_number(posted, "version"), command_in(posted))


def _checked(standing: SettingState, editor: Editor, form: Form) -> Overlay | None:
    """Return the overlay to be published; None if the form says why it cannot be."""
    words, typed = standing.words, editor.read(form)
    if typed is None:
        return None
    try:
        overlay = Overlay.model_validate(typed.model_dump())
    except ValidationError:
        form.refuse(words("settings.too_long"))
        return None
    if not editor.differences(overlay) or not changed_parts(standing.overlay, overlay):
        form.refuse(words("settings.unchanged"))
    elif publishing_faults(standing.editions, standing.overlay, overlay):
        form.refuse(words("settings.invalid"))
    return None if form.summary else overlay


async def _publish(request: web.Request, standing: SettingState, sheet: PublishPage, overlay: Overlay) -> web.Response:
    publishing = PublishOverlay(command_id=sheet.command, seen_version=sheet.version, overlay=overlay)
    sent = Form([])
    if await attempt(request, publishing, sent, _refusals(standing.words)):
        await _look(request)
        return see_other(standing.register.address(PAGE), "published")
    if sent.reason:
        return await _show_refused(request, sheet, sent)
    return await _show_check(request, standing, sheet, overlay, sent)


async def _look(request: web.Request) -> None:
    """Fetch the overlay in force, so that the next page shows what this user or another has just published."""
    with contextlib.suppress(NotAnswered, Refused):
        await request.config_dict[OVERLAYS].look()


def _refusals(words: Words) -> dict[str, str]:
    return {
        "invalid": words("settings.invalid"),
        "unchanged": words("settings.unchanged"),
        "conflict": words("settings.unchanged"),
        "not_all_organisations": words("settings.needs_all"),
    }


async def _show_refused(request: web.Request, sheet: PublishPage, sent: Form) -> web.Response:
    """Show why the service refused to publish, against the texts that are now in force."""
    await _look(request)
    standing = standing_of(request)
    editor = _editor(request, standing)
    form = editor.form(sheet.typed)
    overlay = _checked(standing, editor, form)
    if overlay is not None and sent.reason and sent.reason.code == "conflict":
        return await _show_conflict(
            request, standing, PublishPage(editor, sheet.typed, sheet.version, sent.command), overlay
        )
    form.status = 409
    if not form.summary:
        form.refuse(sent.refusal, status=409)
    return await _show_form(request, editor, form, standing.version)


# -------------------------------------------------------------------------------------------------------------- pages
async def _show_form(request: web.Request, editor: Editor, form: Form, version: int) -> web.Response:
    back = request[REGISTER].address(PAGE)
    return await show(
        request, "settings/edit.html", editor=editor, form=form, version=version, acts=PublishAct, back=back
    )


async def _show_conflict(
    request: web.Request, standing: SettingState, sheet: PublishPage, overlay: Overlay
) -> web.Response:
    """Show the texts in force next to the typed ones. Publishing from this page replaces the texts in force."""
    fresh = PublishPage(sheet.editor, sheet.typed, standing.version, new_id())
    return await _show_check(request, standing, fresh, overlay, Form([]), is_conflict=True)


async def _show_check(
    request: web.Request,
    standing: SettingState,
    sheet: PublishPage,
    overlay: Overlay,
    form: Form,
    *,
    is_conflict: bool = False,
) -> web.Response:
    words = standing.words
    before, after = words("history.before"), words("history.after")
    if is_conflict:
        before, after = words("settings.in_force"), words("settings.yours")
    return await show(
        request,
        "settings/check.html",
        status=409 if is_conflict else None,
        register=standing.register,
        editor=sheet.editor,
        form=form,
        sheet=sheet,
        columns=(Column(words("settings.what")), Column(before), Column(after)),
        differences=sheet.editor.differences(overlay),
        is_conflict=is_conflict,
        preview=_preview(sheet.editor, apply(standing.register, overlay)),
        acts=PublishAct,
        back=standing.register.address(PAGE),
    )


def _preview(editor: Editor, adapted: Definition) -> Form | Guidance | PublicHome | tuple[str, ...] | None:
    """Return what the preview shows: the question, its guidance, the intervals, or the home page."""
    match editor:
        case ListEditor(question=asked):
            shown = next(each for each in editable_questions(adapted) if each.name == asked.name)
            return Form([field_of(shown, adapted.words)])
        case GuidanceEditor(question=asked):
            return next(each.guidance for each in guided_questions(adapted) if each.name == asked.name)
        case ReviewsEditor():
            return summary_of(adapted)
        case _:
            return adapted.public
