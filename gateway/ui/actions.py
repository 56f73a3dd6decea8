"""Asking services on behalf of the visitor, going on to another page, and showing why something was not done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from gateway.keys import ASSERTION, BUS, REGISTER
from gateway.ui.form import Form, Posted
from shared.bus.protocol import ASK_SECONDS
from shared.ids import new_id
from shared.messages import Fault, Message, NotAnswered, Refused, Request
from shared.registers.definition.words import Words

NOTICE = "notice"
NOT_BEGUN = frozenset({Fault.UNAVAILABLE, Fault.BUSY})
UNCERTAIN = frozenset({Fault.TOO_LATE, Fault.BROKEN})

Reply = TypeVar("Reply", bound=Message)
Act = TypeVar("Act")


@dataclass(frozen=True)
class At:
    """The text of a refusal at one field of the form."""

    field: str
    text: str
    status: int = 409


async def ask(request: web.Request, message: Request[Reply], *, seconds: float = ASK_SECONDS) -> Reply:
    """Ask a service on behalf of the visitor."""
    return await request.config_dict[BUS].ask(message, who=request.get(ASSERTION), seconds=seconds)


async def ask_if_there(request: web.Request, message: Request[Reply], *, seconds: float = ASK_SECONDS) -> Reply | None:
    """Return the answer; None if it is refused or unavailable. For parts that a page can do without."""
    try:
        return await ask(request, message, seconds=seconds)
    except Refused:
        return None
    except NotAnswered as unanswered:
        if unanswered.fault not in NOT_BEGUN | UNCERTAIN:
            raise
        return None


async def attempt(
    request: web.Request,
    command: Request[Reply],
    form: Form,
    texts: Mapping[str, str | At | None],
    *,
    renew: bool = True,
) -> Reply | None:
    """
    Carry out a command. Return None if that failed; the form then says why, and the page shows it again.

    `texts` has the words for each refusal that a user of this page can cause. Others are raised, as are those that
    `texts` maps to None.

    A refused command was not carried out, so the next try gets a new id. An unanswered one may have been, so it keeps
    its id. `renew=False` keeps the id after a refusal too, because it also names a draft.
    """
    try:
        return await ask(request, command)
    except (Refused, NotAnswered) as failure:
        show_why(request, failure, form, texts, renew=renew)
    return None


def show_why(
    request: web.Request,
    failure: Refused | NotAnswered,
    form: Form,
    texts: Mapping[str, str | At | None],
    *,
    renew: bool = True,
) -> None:
    """Let the form say why its command was not carried out, as `attempt` does. Raise what `texts` has no words for."""
    words = request[REGISTER].words
    if isinstance(failure, NotAnswered):
        form.refuse(without_answer(words, failure), status=503)
        return
    form.reason = failure
    if renew or failure.code == "command_reused":
        form.command = new_id()
    said = {"command_reused": words("form.sent_before"), **texts}.get(failure.code)
    if said is None:
        raise failure
    _say(form, said)


def _say(form: Form, said: str | At) -> None:
    if isinstance(said, At):
        form.wrong(said.field, said.text, status=said.status)
    else:
        form.refuse(said, status=409)


def without_answer(words: Words, unanswered: NotAnswered) -> str:
    """
    Return what to say above a form that was sent but not answered.

    Raise faults that another try does not change: an ended session, a missing permission.
    """
    if unanswered.fault in NOT_BEGUN:
        return " ".join((f"{words('problem.unavailable_heading')}.", *words.lines("problem.unavailable")))
    if unanswered.fault in UNCERTAIN:
        return " ".join((f"{words('problem.uncertain_heading')}.", *words.lines("problem.uncertain")))
    raise unanswered


def act_in(posted: Posted, read: Callable[[str], Act]) -> Act:
    """Return what the pressed button asks for. Raise 400 for a value that our forms never send."""
    try:
        return read(str(posted.get("act", "")))
    except (ValueError, KeyError):
        raise web.HTTPBadRequest from None


def notice(request: web.Request, texts: Mapping[str, str]) -> str:
    """
    Return the text for what the previous page did. Empty for an unknown notice, and on a page that answers a POST.
    """
    return texts.get(request.query.get(NOTICE, ""), "") if request.method == "GET" else ""


def see_other(url: str, notice: str = "") -> web.Response:
    """Redirect after a POST, so that a reload repeats nothing. The next page shows the text for the code `notice`."""
    said = f"{'&' if '?' in url else '?'}{NOTICE}={notice}" if notice else ""
    return web.Response(status=303, headers={"Location": url + said})
