"""Keeping what was sent on the page that says it was not carried out, so that nothing has to be typed twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import CSRF_TOKEN, PUBLIC_URL, REGISTER, SENT_AGAIN, VISITOR
from gateway.security import csrf
from gateway.security.posted import read_form
from gateway.security.session_timeout import SESSION
from shared.registers.definition.register import Definition

TECHNICAL = frozenset({csrf.FIELD, "command", "version", "edition", "act", "note_command"})
SECRET = frozenset({"pin", "code"})


@dataclass(frozen=True, repr=False)
class SentBefore:
    """
    A sent form with all its values, to be sent again by a button.

    Pressing the button proves intent: the page is ours, and a form from another site is never shown here. Command ids
    are kept, so that nothing is done twice.

    `token` names the user who typed it; the guard rejects it from any other. `rows` show what was typed, only to a
    logged-in user.
    """

    href: str
    session: str
    login: str
    token: str
    fields: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, str]]

    @property
    def holder(self) -> str:
        return csrf.holder_in(self.token)


async def what_was_sent(request: web.Request, *, unanswered: bool = False) -> SentBefore | None:
    """Return what was sent; None for a log-in, another user's form, a form from another site, or an unreadable one."""
    register = request.get(REGISTER)
    if request.method != "POST" or register is None or not request.get(SENT_AGAIN):
        return None
    if not csrf.is_surely_ours(request, request.config_dict[PUBLIC_URL]):
        return None
    fields = await _fields(request)
    if not fields:
        return None
    return SentBefore(
        href=request.rel_url.raw_path_qs,
        session=register.address(SESSION),
        login=register.address("login/"),
        token=request.get(CSRF_TOKEN) or await _token_again(request, unanswered=unanswered),
        fields=fields,
        rows=_rows(register, fields) if request.get(VISITOR) else (),
    )


async def _token_again(request: web.Request, *, unanswered: bool) -> str:
    """
    The form's token where the session is not known. Its proof stays only when identity did not answer.

    The session may well go on then, and the same token is checked against it when the form is sent again.
    """
    sent = await csrf.token_sent(request)
    return sent if unanswered else csrf.without_proof(sent)


async def _fields(request: web.Request) -> list[tuple[str, str]]:
    """Return the text fields. Files must be chosen again."""
    try:
        posted = await read_form(request)
    except web.HTTPException:
        return []
    sent = [(name, value) for name, value in posted.items() if isinstance(value, str) and name != csrf.FIELD]
    return [(name, value) for name, value in sent if name not in SECRET and "password" not in name]


def _rows(register: Definition, fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what was typed, labelled by the register's questions where a field is one."""
    asked = {question.name: question for form in register.every_form for question in form.asked}
    rows = []
    for name, value in fields:
        question = asked.get(name.partition("-")[0])
        if value.strip() and name not in TECHNICAL:
            rows.append((question.label, question.labels.get(value, value)) if question else ("", value))
    return rows
