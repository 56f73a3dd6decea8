"""Single addresses from outside: assigning one, and taking one back."""

from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.keys import REGISTER
from gateway.navigation import address
from gateway.page import Field, Form, see_other, show
from gateway.showing import breakable, day
from gateway.visitor import ask
from shared.contracts.users import AssignAddress, ListAddresses, TakeBackAddress
from shared.messages import NotAnswered, Refused
from shared.registers.definition import Words

PAGE = "administration/addresses/"
EMAIL, SEARCH = "email", "search"
LONGEST = 320


async def show_addresses(request: web.Request) -> web.Response:
    return await _show(request, _form(request[REGISTER].words), new_command())


async def assign_address(request: web.Request) -> web.Response:
    """Assign one address; or look for others, with the page's second form."""
    register, posted = request[REGISTER], await request.post()
    words, form, command = register.words, _form(register.words), command_in(posted.get("command", ""))
    answers = form.read(posted) or {}
    if posted.get("act") == "find":
        return await _show(request, form, command)
    if not answers.get(EMAIL):
        form.wrong(EMAIL, words.addresses.missing)
        return await _show(request, form, command, status=422)
    said = {
        "unreadable": words.addresses.wrong,
        "assigned_before": words.addresses.before,
        "command_reused": words.form.sent_before,
    }
    try:
        await ask(request, AssignAddress(command_id=command, email=answers[EMAIL][:LONGEST]))
    except Refused as refusal:
        if refusal.code not in said:
            raise
        form.wrong(EMAIL, said[refusal.code])
        return await _show(request, form, new_command(), status=422 if refusal.code == "unreadable" else 409)
    except NotAnswered as unanswered:
        form.refuse(without_answer(words, unanswered))
        return await _show(request, form, command, status=503)
    return see_other(address(register, f"{PAGE}?Msg=assigned"))


async def take_back(request: web.Request) -> web.Response:
    """Taken back twice is taken back."""
    register, posted = request[REGISTER], await request.post()
    email = str(posted.get("address", ""))[:LONGEST]
    try:
        await ask(request, TakeBackAddress(command_id=command_in(posted.get("command", "")), email=email))
    except Refused as refusal:
        if refusal.code != "not_found":
            raise
    return see_other(address(register, f"{PAGE}?Msg=taken_back"))


def _form(words: Words) -> Form:
    return Form(
        (
            Field(EMAIL, words.addresses.email, kind="email"),
            Field(SEARCH, words.addresses.search, width=20),
        )
    )


async def _show(request: web.Request, form: Form, command: UUID, *, status: int = 200) -> web.Response:
    register = request[REGISTER]
    words = register.words.addresses
    found = await ask(request, ListAddresses(search=form.value(SEARCH).strip()[:100]))
    said = {"assigned": words.assigned, "taken_back": words.taken_back}
    return await show(
        request,
        "users/addresses.html",
        status=status,
        register=register,
        form=form,
        command=command,
        found=found,
        shown=[(each.email, breakable(each.email), day(each.assigned_at), new_command()) for each in found.addresses],
        said=said.get(request.query.get("Msg", ""), "") if request.method == "GET" else "",
        href=address(register, PAGE),
        back=address(register, "administration/users/"),
    )
