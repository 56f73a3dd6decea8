"""Tests of what a form says when its command is refused or not answered, and of the notice after a success."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from aiohttp import web

from gateway.keys import BUS, REGISTER
from gateway.ui.actions import At, attempt, notice, see_other
from gateway.ui.form import Field, Form
from shared.bus.protocol import Context
from shared.contracts.notifier import SendAgain
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Fault, NotAnswered, Nothing, Refused
from shared.registers.load import load_registers
from tests.gateway.visit import Client

COMMAND = UUID("0123456789abcdef0123456789abcdef")
WORDS: dict[str, str | At | None] = {
    "no_words": "This mail has no words.",
    "not_ended": At("name", "This mail is on its way.", status=422),
    "elsewhere": None,
}
SENT_BEFORE = load_registers().find("dsr").words("form.sent_before")

Answer = tuple[bool, int, list[list[str]], bool]
Attempt = Callable[[Refused | NotAnswered | None, bool], Awaitable[Answer]]


@pytest.fixture
async def attempted(serve: Callable[[web.Application], Awaitable[Client]], monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """
    A function that tries one command and returns its result.

    The result is whether it was done, the form's status and summary, and whether the command id was kept.
    """
    monkeypatch.setattr(SendAgain, "refusals", (*SendAgain.refusals, "elsewhere"))
    wire, app = FakeWire(), web.Application()
    answers: list[Refused | NotAnswered | None] = []

    async def answer(_asked: SendAgain, _context: Context) -> Nothing:
        failure = answers[-1]
        if failure:
            raise failure
        return Nothing()

    async def page(request: web.Request) -> web.Response:
        request[REGISTER] = load_registers().find("dsr")
        form, renew = Form([Field("name", "Name")]), "renew" in request.query
        form.command = COMMAND
        command = SendAgain(command_id=COMMAND, mail_id=COMMAND)
        try:
            done = await attempt(request, command, form, WORDS, renew=renew) is not None
        except Refused as refusal:
            return web.json_response((False, 0, [["raised", refusal.code]], form.command == COMMAND))
        return web.json_response((done, form.status, form.summary, form.command == COMMAND))

    await FakeBus("notifier", wire).answer(SendAgain, answer)
    app[BUS] = FakeBus("gateway", wire)
    app.router.add_get("/", page)
    client = await serve(app)

    async def attempt_once(failure: Refused | NotAnswered | None, renew: bool) -> Answer:
        answers.append(failure)
        done, status, summary, kept = await (await client.get("/?renew" if renew else "/")).json()
        return done, status, summary, kept

    return attempt_once


@pytest.mark.parametrize(
    ("failure", "renew", "expected"),
    [
        (None, True, (True, 200, [], True)),
        (Refused("no_words"), True, (False, 409, [["", "This mail has no words."]], False)),
        (Refused("no_words"), False, (False, 409, [["", "This mail has no words."]], True)),
        (Refused("not_ended"), True, (False, 422, [["name", "This mail is on its way."]], False)),
        (Refused("elsewhere"), True, (False, 0, [["raised", "elsewhere"]], False)),
        (Refused("not_found"), True, (False, 0, [["raised", "not_found"]], False)),
        (Refused("command_reused"), False, (False, 409, [["", SENT_BEFORE]], False)),
    ],
)
async def test_a_refusal_is_said_at_the_form_and_the_next_try_is_a_new_command(
    attempted: Attempt, failure: Refused | None, renew: bool, expected: Answer
) -> None:
    assert expected == await attempted(failure, renew)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.TOO_LATE])
async def test_what_was_not_answered_keeps_its_command(attempted: Attempt, fault: Fault) -> None:
    done, status, summary, kept = await attempted(NotAnswered(fault), True)

    assert (False, 503, 1, True) == (done, status, len(summary), kept)


async def notice_page(request: web.Request) -> web.Response:
    return web.Response(text=notice(request, {"saved": "It is saved."}))


@pytest.mark.parametrize(
    ("method", "address", "said"),
    [
        ("GET", "/?notice=saved", "It is saved."),
        ("GET", "/?notice=Call+0800+now", ""),
        ("GET", "/", ""),
        ("POST", "/?notice=saved", ""),
    ],
)
async def test_a_notice_says_only_what_the_page_has_words_for(
    serve: Callable[[web.Application], Awaitable[Client]], method: str, address: str, said: str
) -> None:
    app = web.Application()
    app.router.add_route("*", "/", notice_page)
    client = await serve(app)

    assert said == await (await client.request(method, address)).text()


@pytest.mark.parametrize(
    ("url", "leads_to"), [("/here/", "/here/?notice=saved"), ("/here/?page=2", "/here/?page=2&notice=saved")]
)
def test_a_notice_goes_with_the_way_on(url: str, leads_to: str) -> None:
    assert leads_to == see_other(url, "saved").headers["Location"]
