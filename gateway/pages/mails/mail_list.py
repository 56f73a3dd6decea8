"""The delivery of mails about records, for administrators, with a button that sends a failed mail again."""

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.security.ids import command_in, id_of
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.formats import breakable, day_and_time, lines, link
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.notifier import Delivery, ListMails, MailShown, SendAgain
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.register import Definition

PAGE = "mails/"
FORM = "again"
COLOURS: dict[Delivery, str] = {
    "waiting": "blue",
    "accepted": "green",
    "failed": "red",
    "given_up": "red",
    "expired": "grey",
}
ENDED_BADLY = frozenset({"failed", "given_up"})


def mails_address(register: Definition) -> str:
    return register.address(PATHS["administration"] + PAGE)


async def show_mails(request: web.Request) -> web.Response:
    return await _show_page(request)


async def send_again(request: web.Request) -> web.Response:
    """Send one mail again, and return to the same page of the list."""
    register, posted = request[REGISTER], await request.post()
    sending = SendAgain(command_id=command_in(posted), mail_id=id_of(str(posted.get("mail", ""))))
    words = register.words
    refusals = {
        "not_ended": words("mails.not_ended"),
        "no_words": words("mails.no_words"),
        "not_recipient": words("mails.not_recipient"),
        "command_reused": register.words("form.sent_before"),
    }
    try:
        await ask(request, sending)
    except Refused as refusal:
        if refusal.code not in refusals:
            raise
        return await _show_page(request, refusals[refusal.code], status=409)
    return see_other(_with(mails_address(register), **_where(_wanted(request))), "again")


async def _show_page(request: web.Request, refused: str = "", *, status: int = 200) -> web.Response:
    register, wanted = request[REGISTER], _wanted(request)
    words, here = register.words, mails_address(register)
    found = await ask(request, wanted)
    narrowed = wanted.model_copy(update={"undelivered": not wanted.undelivered, "before": None})
    older = wanted.model_copy(update={"before": found.mails[-1].mail_id}) if found.more else None
    return await show(
        request,
        "administration/mails.html",
        status=status,
        said=refused or notice(request, {"again": words("mails.sent_again")}),
        done=not refused,
        columns=[
            Column(label)
            for label in (
                words("mails.queued"),
                words("mails.what"),
                words("mails.record"),
                words("mails.recipient"),
                words("mails.state"),
            )
        ],
        rows=[_row(register, each) for each in found.mails],
        empty=words("mails.all_delivered") if wanted.undelivered else words("mails.empty"),
        other=(
            words("mails.everything") if wanted.undelivered else words("mails.undelivered"),
            _with(here, **_where(narrowed)),
        ),
        newest=_with(here, **_where(wanted.model_copy(update={"before": None}))) if wanted.before else "",
        older=_with(here, **_where(older)) if older else "",
        form_id=FORM,
        action=_with(here, **_where(wanted)),
        command=new_id(),
        back=register.address(PATHS["administration"]),
    )


def _wanted(request: web.Request) -> ListMails:
    """Return the list that the address asks for: filter and position."""
    before = request.query.get("before", "")
    return ListMails(undelivered="undelivered" in request.query, before=id_of(before) if before else None)


def _where(wanted: ListMails) -> dict[str, str]:
    """Return the query parameters for that list. They name no person."""
    narrowed = {"undelivered": "1"} if wanted.undelivered else {}
    return narrowed | ({"before": wanted.before.hex} if wanted.before else {})


def _with(path: str, **query: str) -> str:
    return path + ("?" if query else "") + "&".join(f"{name}={value}" for name, value in query.items())


def _row(register: Definition, mail: MailShown) -> list[Cell]:
    words = register.words
    about = words.group("mails.occasions")[mail.occasion]
    return [
        day_and_time(mail.queued_at),
        lines(
            about, _strong(words("mails.urgent")) if mail.urgent else "", words("mails.instead") if mail.instead else ""
        ),
        _reference(register, mail, about),
        breakable(mail.recipient),
        lines(_state(register, mail), *_details(register, mail), _button(register, mail)),
    ]


def _strong(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def _reference(register: Definition, mail: MailShown, about: str) -> Cell:
    """Return a link to the record, or its reference alone if the record has left the register."""
    if mail.occasion in ("record_ended", "record_left"):
        return mail.reference
    return link(mail.reference, register.record_address(mail.record_id), about)


def _state(register: Definition, mail: MailShown) -> Markup:
    words = register.words
    said: dict[Delivery, str] = {
        "waiting": words("mails.waiting"),
        "accepted": words("mails.accepted"),
        "failed": words("mails.failed"),
        "given_up": words("mails.given_up"),
        "expired": words("mails.expired"),
    }
    tag = Markup('<strong class="nhsuk-tag nhsuk-tag--{}">{}</strong>')
    return tag.format(COLOURS[mail.delivery], said[mail.delivery])


def _details(register: Definition, mail: MailShown) -> list[str]:
    """Return when the state was reached, and what the mail relay answered if it did not accept the mail."""
    words = register.words
    when = [day_and_time(mail.since)] if mail.since else []
    if mail.delivery == "accepted":
        return [words("mails.accepted_when", when=each) for each in when]
    if not mail.answer:
        return when
    return [*when, words("mails.answered", answer=mail.answer) if mail.answer.isdigit() else words("mails.not_reached")]


def _button(register: Definition, mail: MailShown) -> Cell:
    """Return the "send again" button of a mail that failed. Hidden text names the mail for screen readers."""
    if mail.delivery not in ENDED_BADLY:
        return ""
    return Markup(
        '<button class="nhsuk-button nhsuk-button--secondary nhsuk-button--small" data-module="nhsuk-button"'
        ' data-prevent-double-click="true" type="submit" form="{}" name="mail" value="{}">{}'
        '<span class="nhsuk-u-visually-hidden"> {} {}</span></button>'
    ).format(FORM, mail.mail_id.hex, register.words("mails.send_again"), mail.reference, mail.recipient)
