"""What a page asks of the services in the visitor's name, and how a form says that something was not done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from gateway.keys import ASSERTION, BUS, REGISTER
from gateway.ui.form import Form, Posted
from gateway.ui.ids import new_command
from gateway.ui.render import NOTICE
from shared.messages import Fault, Message, NotAnswered, Refused, Request
from shared.registers.definition.words import Words

NOT_BEGUN = frozenset({Fault.UNAVAILABLE, Fault.BUSY})
UNCERTAIN = frozenset({Fault.TOO_LATE, Fault.BROKEN})

Reply = TypeVar("Reply", bound=Message)
Act = TypeVar("Act")


@dataclass(frozen=True)
class At:
    """What a refusal says at one field of the form."""

    field: str
    text: str
    status: int = 409


async def ask(request: web.Request, message: Request[Reply]) -> Reply:
    """Ask a service in the visitor's name."""
    return await request.config_dict[BUS].ask(message, who=request.get(ASSERTION))


async def ask_if_there(request: web.Request, message: Request[Reply]) -> Reply | None:
    """None while the answer cannot be had: it stands beside other things, which the page shows all the same."""
    try:
        return await ask(request, message)
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
    Ask for something to be done. None: it was not, the form says why, and the page shows the form again.

    `texts` has one for each refusal that a person at this page can cause. All others are raised: for the error page,
    or for the page where `texts` holds None. What was refused was not done, so the next try is a new command.
    What was not answered may have been done, so it keeps its id. `renew=False`: the id names a draft too, and stays.
    """
    words = request[REGISTER].words
    try:
        return await ask(request, command)
    except Refused as refusal:
        form.reason = refusal
        if renew or refusal.code == "command_reused":
            form.command = new_command()
        said = {"command_reused": words("form.sent_before"), **texts}.get(refusal.code)
        if said is None:
            raise
        _say(form, said)
    except NotAnswered as unanswered:
        form.refuse(without_answer(words, unanswered), status=503)
    return None


def _say(form: Form, said: str | At) -> None:
    if isinstance(said, At):
        form.wrong(said.field, said.text, status=said.status)
    else:
        form.refuse(said, status=409)


def without_answer(words: Words, unanswered: NotAnswered) -> str:
    """
    What to say above a form that was sent and not answered.

    Raises what another try does not change: a session that has ended, a permission that is not held.
    """
    if unanswered.fault in NOT_BEGUN:
        return " ".join((f"{words('problem.unavailable_heading')}.", *words.lines("problem.unavailable")))
    if unanswered.fault in UNCERTAIN:
        return " ".join((f"{words('problem.uncertain_heading')}.", *words.lines("problem.uncertain")))
    raise unanswered


def act_in(posted: Posted, read: Callable[[str], Act]) -> Act:
    """What the pressed button asks for. Raises 400 for a form that is not ours."""
    try:
        return read(str(posted.get("act", "")))
    except (ValueError, KeyError):
        raise web.HTTPBadRequest from None


def notice(request: web.Request, texts: Mapping[str, str]) -> str:
    """What was done on the page before, in words. Nothing for an unknown notice, and on a page that answers a form."""
    return texts.get(request.query.get(NOTICE, ""), "") if request.method == "GET" else ""
