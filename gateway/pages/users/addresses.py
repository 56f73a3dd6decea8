"""Single addresses outside the accepted domains: assigning one, and taking one back."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.security.ids import command_in
from gateway.ui.actions import At, ask, attempt, notice, see_other
from gateway.ui.form import Field, Form
from gateway.ui.formats import breakable, day
from gateway.ui.render import show
from shared.contracts.addresses import AssignAddress, ListAddresses, TakeBackAddress
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.words import Words

PAGE = "administration/addresses/"
EMAIL, SEARCH = "email", "search"
LONGEST = 320


async def show_addresses(request: web.Request) -> web.Response:
    return await _show(request, _form(request[REGISTER].words))


async def assign_address(request: web.Request) -> web.Response:
    """Assign an address, or search the assigned ones if the Find button was pressed."""
    register, posted = request[REGISTER], await request.post()
    words, form = register.words, _form(register.words)
    form.command, answers = command_in(posted), form.read(posted) or {}
    if posted.get("act") == "find":
        return await _show(request, form)
    if not answers.get(EMAIL):
        form.wrong(EMAIL, words("addresses.missing"))
        return await _show(request, form)
    refusals = {
        "unreadable": At(EMAIL, words("addresses.wrong"), status=422),
        "assigned_before": At(EMAIL, words("addresses.before")),
        "not_yours": At(EMAIL, words("addresses.not_yours")),
        "command_reused": At(EMAIL, words("form.sent_before")),
    }
    assignment = AssignAddress(command_id=form.command, email=answers[EMAIL][:LONGEST])
    if await attempt(request, assignment, form, refusals) is None:
        return await _show(request, form)
    return see_other(register.address(PAGE), "assigned")


async def take_back(request: web.Request) -> web.Response:
    """Take an address back. Idempotent: an address that is not assigned is no error."""
    register, posted = request[REGISTER], await request.post()
    email = str(posted.get("address", ""))[:LONGEST]
    try:
        await ask(request, TakeBackAddress(command_id=command_in(posted), email=email))
    except Refused as refusal:
        if refusal.code != "not_found":
            raise
    return see_other(register.address(PAGE), "taken_back")


def _form(words: Words) -> Form:
    return Form(
        (
            Field(EMAIL, words("addresses.email"), kind="email"),
            Field(SEARCH, words("addresses.search"), width=20),
        )
    )


async def _show(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    words = register.words
    found = await ask(request, ListAddresses(search=form.value(SEARCH).strip()[:100]))
    return await show(
        request,
        "users/addresses.html",
        form=form,
        found=found,
        shown=[(each.email, breakable(each.email), day(each.assigned_at), new_id()) for each in found.addresses],
        said=notice(request, {"assigned": words("addresses.assigned"), "taken_back": words("addresses.taken_back")}),
        href=register.address(PAGE),
        back=register.address("administration/users/"),
    )
