"""What was sent and not done rides along on the page that says so: nobody types anything twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import CSRF_TOKEN, PUBLIC_URL, REGISTER, SENT_AGAIN, VISITOR
from gateway.security import csrf
from gateway.security.session_timeout import SESSION
from gateway.ui.navigation import address
from shared.registers.definition.register import Definition

TECHNICAL = frozenset({csrf.FIELD, "command", "version", "act", "note_command"})
SECRET = frozenset({"pin", "code"})


@dataclass(frozen=True, repr=False)
class SentBefore:
    """
    A form with everything that was sent, for a person to press its button.

    That press is what makes it theirs: the page is ours, and another site's form never comes to be shown here. The
    ids of commands ride along, so that what was done after all is not done twice. `token` says for ever whose it is:
    pressed by somebody else, it is stopped at the door. `rows` are what was typed, to be read or copied, for who is
    logged in.
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
    """None where nothing may be sent again: a log-in, what somebody else typed or another site, what is unreadable."""
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
        session=address(register, SESSION),
        login=address(register, "login/"),
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
    """Texts alone: a file has to be chosen again."""
    try:
        posted = await request.post()
    except (web.HTTPException, ValueError):
        return []
    sent = [(name, value) for name, value in posted.items() if isinstance(value, str) and name != csrf.FIELD]
    return [(name, value) for name, value in sent if name not in SECRET and "password" not in name]


def _rows(register: Definition, fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """In the words of the register's questions, where it is one of them."""
    forms = [form for form in (register.form, register.outcome) if form]
    asked = {question.name: question for form in forms for question in form.asked}
    rows = []
    for name, value in fields:
        question = asked.get(name.partition("-")[0])
        if value.strip() and name not in TECHNICAL:
            rows.append((question.label, question.labels.get(value, value)) if question else ("", value))
    return rows
