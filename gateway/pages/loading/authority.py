"""The page on which an officer names the authority for rows without evidence of consent (R-LOAD-003)."""

from datetime import date
from typing import Final

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.loading.addresses import upload_address
from gateway.pages.loading.own_upload import read_upload, show_gone
from gateway.security.ids import command_in
from gateway.ui.actions import At, attempt, see_other
from gateway.ui.form import Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.render import show
from shared.contracts.referrals.consent import NameConsentAuthority
from shared.contracts.referrals.loading import LONGEST_AUTHORITY, ConsentAuthority, UploadShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import Unreadable, read_date_parts, show_date

PAGE: Final = "consent/"
WORDS, DUE = "words", "due"


async def show_authority(request: web.Request) -> web.StreamResponse:
    upload = await read_upload(request)
    if upload is None:
        return await show_gone(request)
    if not may_be_named(upload):
        return see_other(upload_address(request[REGISTER], upload.upload_id))
    return await _show(request, upload, _form(request[REGISTER]))


async def name_authority(request: web.Request) -> web.StreamResponse:
    """Name the authority, and show how the rows are checked again."""
    posted, register, upload = await request.post(), request[REGISTER], await read_upload(request)
    if upload is None:
        return await show_gone(request)
    href, form = upload_address(register, upload.upload_id), _form(register)
    form.command, answers = command_in(posted), form.read(posted)
    if not may_be_named(upload):  # a second click, or another window
        return see_other(href)
    if answers and len(answers[WORDS]) > LONGEST_AUTHORITY:
        form.wrong(WORDS, register.words("load.consent.too_long", most=LONGEST_AUTHORITY))
    due_on = _day(form, register.words, answers[DUE]) if answers else None
    if answers is None or due_on is None or form.errors:
        return await _show(request, upload, form)
    command = NameConsentAuthority(
        command_id=form.command, upload_id=upload.upload_id, words=answers[WORDS], due_on=due_on
    )
    if await attempt(request, command, form, _refusals(register.words)) is None:
        return await _show(request, upload, form)
    return see_other(href)


def may_be_named(upload: UploadShown) -> bool:
    """Return whether the user can name an authority, or another one, for rows of this upload."""
    return upload.state == "checked" and upload.counts.unconsented > 0 and upload.may_name_authority


def authority_words(words: Words, authority: ConsentAuthority) -> str:
    """Return what was named, by whom, and the day by which consent is to be confirmed."""
    return words(
        "load.consent.named",
        authority=authority.words,
        name=authority.named_by,
        when=day_and_time(authority.named_at),
        due=show_date(authority.due_on),
    )


def _form(register: Definition) -> Form:
    words = register.words
    said = words("load.consent.words_hint", most=LONGEST_AUTHORITY)
    return Form(
        (
            Field(
                WORDS, words("load.consent.words"), "long_text", hint=said, missing=words("load.consent.words_missing")
            ),
            Field(
                DUE,
                words("load.consent.due"),
                "date",
                hint=words("load.consent.due_hint"),
                missing=words("load.consent.due_missing"),
            ),
        )
    )


def _day(form: Form, words: Words, typed: str) -> date | None:
    """Return the typed day; None if the field says what is wrong."""
    try:
        return read_date_parts(*typed.split("/", 2))
    except Unreadable as unreadable:
        form.wrong(DUE, words.group("faults")[unreadable.wrong].format(label=form.fields[DUE].label))
        return None


def _refusals(words: Words) -> dict[str, str | At | None]:
    return {
        "not_found": words("load.consent.changed"),
        "not_checked": words("load.consent.changed"),
        "no_rows": words("load.consent.changed"),
        "due_on": At(DUE, words("load.consent.due_wrong")),
        "empty": At(WORDS, words("load.consent.words_missing")),
        "not_officer": words("load.consent.not_officer"),
    }


async def _show(request: web.Request, upload: UploadShown, form: Form) -> web.Response:
    register = request[REGISTER]
    return await show(
        request,
        "loading/authority.html",
        status=form.status,
        form=form,
        upload=upload,
        count=f"{upload.counts.unconsented:,}",
        named=authority_words(register.words, upload.authority) if upload.authority else "",
        href=upload_address(register, upload.upload_id),
    )
