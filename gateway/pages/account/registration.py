"""The pages on which people register their own account, where the register allows it."""

from aiohttp import web
from markupsafe import Markup, escape

from gateway.keys import REGISTER
from gateway.pages.account.same_time import in_the_same_time
from gateway.pages.account.sign_in import LOGIN, REMINDER
from gateway.security.client_address import client_address
from gateway.ui.actions import ask, see_other
from gateway.ui.form import Field, Form
from gateway.ui.limits import refuse_for_now, retry_after
from gateway.ui.render import show
from shared.contracts.identity import TooManyTries
from shared.contracts.registration import InvalidRegistrant, RegisterAccount
from shared.messages import Refused
from shared.registers.definition.register import Definition

LONGEST_NAME = 60
LONGEST_ANSWER = 320
DONE = "login/register/done"


async def register_page(request: web.Request) -> web.Response:
    register = request[REGISTER]
    if not register.access.self_registration:
        return await _show_closed(request)
    return await _show_form(request, _form(register))


async def register_account(request: web.Request) -> web.Response:
    """Register an account. The answer is the same whether or not the address already has an account."""
    register = request[REGISTER]
    if not register.access.self_registration:
        return await _show_closed(request, status=403)
    form = _form(register)
    answers = form.read(await request.post())
    if answers is None:
        return await _show_form(request, form)
    try:
        async with in_the_same_time():
            await ask(request, _message(request, answers))
    except Refused as refusal:
        return await _show_refused(request, form, refusal)
    return see_other(register.address(DONE))


def _message(request: web.Request, answers: dict[str, str]) -> RegisterAccount:
    """
    Build the command. Answers are cut to the longest that the message can hold, which is still too long for identity.
    """
    return RegisterAccount(
        register_code=request[REGISTER].code,
        first_name=answers["first_name"][:LONGEST_ANSWER],
        last_name=answers["last_name"][:LONGEST_ANSWER],
        email=answers["email"][:LONGEST_ANSWER],
        address=client_address(request),
    )


async def registered_page(request: web.Request) -> web.Response:
    words = request[REGISTER].words
    return await _show_message(request, words("registration.done_heading"), words.lines("registration.done"))


async def _show_refused(request: web.Request, form: Form, refusal: Refused) -> web.Response:
    """
    Show why registration was refused. An unaccepted domain gets its own page, which says whom to contact (R-DSR-041).
    """
    words = request[REGISTER].words
    if refusal.code == "domain_not_accepted":
        return await _show_message(
            request, words("registration.refused_heading"), words.lines("registration.refused"), status=403
        )
    if refusal.code == "not_open":
        return await _show_closed(request, status=403)
    if isinstance(refusal.details, TooManyTries):
        reached = refuse_for_now(request, form, refusal)
        return retry_after(await _show_form(request, form), reached)
    say_what_is_wrong(form, request[REGISTER], refusal)
    return await _show_form(request, form)


def say_what_is_wrong(form: Form, register: Definition, refusal: Refused) -> None:
    """Mark the fields that the refusal names. Raise any refusal other than `invalid_answers`."""
    if not isinstance(refusal.details, InvalidRegistrant):
        raise refusal
    for name, wrong in refusal.details.wrong.items():
        if name == "email":
            form.wrong(name, register.words("registration.email_address_wrong"))
        elif name in form.fields:
            told = register.words.group("faults")[wrong]
            count = len(form.value(name))
            form.wrong(name, told.format(label=form.fields[name].label, most=LONGEST_NAME, count=count))


async def _show_closed(request: web.Request, *, status: int = 200) -> web.Response:
    words = request[REGISTER].words
    return await _show_message(
        request, words("registration.closed_heading"), words.lines("registration.closed"), status=status
    )


def _form(register: Definition) -> Form:
    words = register.words
    return Form(
        (
            Field(
                "first_name",
                words("registration.first_name"),
                missing=words("registration.first_name_missing"),
                autocomplete="given-name",
            ),
            Field(
                "last_name",
                words("registration.last_name"),
                missing=words("registration.last_name_missing"),
                autocomplete="family-name",
            ),
            Field(
                "email",
                words("registration.email_address"),
                kind="email",
                missing=words("registration.email_address_missing"),
                autocomplete="email",
            ),
        )
    )


async def _show_form(request: web.Request, form: Form) -> web.Response:
    register = request[REGISTER]
    login, reminder = register.address(LOGIN), register.address(REMINDER)
    page = "account/register.html"
    return await show(request, page, form=form, words=register.words, login=login, reminder=reminder)


async def _show_message(
    request: web.Request, heading: str, paragraphs: tuple[str, ...], *, status: int = 200
) -> web.Response:
    register = request[REGISTER]
    written = [_with_contact(paragraph, register.contact.administrator_email) for paragraph in paragraphs]
    return await show(
        request,
        "account/message.html",
        status=status,
        heading=heading,
        paragraphs=written,
        back=register.words("reminder.back"),
        login=register.address(LOGIN),
    )


def _with_contact(text: str, email: str) -> Markup:
    """Return the text with its placeholder `{email}` replaced by a mailto link."""
    return escape(text).format(email=Markup('<a class="nhsuk-link" href="mailto:{0}">{0}</a>').format(email))
