"""Random requests to every page: whatever arrives, no page answers that we have failed, and each has all headers."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from aiohttp import ClientResponse
from bs4 import BeautifulSoup, Tag
from yarl import URL

from gateway.pages.account import same_time
from gateway.routes import PAGES
from gateway.security.guard import PageRoute
from gateway.server.app import AppContext, build_app
from gateway.server.headers import ALWAYS
from gateway.ui.render import Templates
from gateway.ui.static import Static
from shared.bus.protocol import Context, Handler
from shared.contracts import REQUESTS
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, Nothing, Refused, Request
from shared.permissions import Role
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import Serve
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.test_stand_ins import samples

SEED = 20_260_430
ROLES = (Role.ADMINISTRATOR, Role.REPORTING, Role.STANDARD, Role.MASTER_ADMIN)
ID, LONG, LONGER = UUID(int=1).hex, "x" * 41, "long " * 2_000
PLACE, NO_IDS = re.compile(r"\{\w+\}"), ("%00", "%ff", "1", "x" * 100, "..", "%2e", "%F0%9F%98%80")
TEXTS = (
    *("", " ", "\0", "\r\n", "0", "-1", "2", "999999999", "1e9", "10000000000000000000", "\u0663", "yes", "red"),
    *("\ud7ff\ue000", "\U0001f600", "'; --", "<script>", "{{ 7*7 }}", "%s", "a@b", "31", "32", "2022", "0000", "../.."),
    *(LONG, LONGER, ID, ID.upper(), "not-an-id", "\u202e", "\x7f", "mpft.nhs.uk", "2022-06-17", "17/06/2022"),
)
FIELDS = (
    *("act", "age", "access", "answer", "before", "body", "command", "cursor", "draft", "edition", "email", "field"),
    *("filter-age", "filter-body-parish", "filter-locality", "filter-organisation", "filter-risk_level", "first_name"),
    *("from", "holder", "home", "last_name", "nhs_number", "note", "note_command", "notice", "order", "organisation"),
    *("organisations", "other", "one", "page", "password", "pin", "question", "reason", "report", "role", "rows", "s"),
    *("search", "seen", "show", "size", "start", "task", "text", "to", "until", "update", "user", "verdict", "version"),
    *("date_of_birth-day", "date_of_birth-month", "date_of_birth-year", "risk_level", "locality", "current", "new"),
)
BROKEN = (
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=a", b"--b\r\n\r\nx"),
    ("multipart/form-data; boundary=a", b'--a\r\nContent-Disposition: form-data; name="act"\r\n\r\n'),
    ("multipart/form-data; boundary=a", b"--a\r\nContent-Type: text/plain; charset=foo\r\n\r\nx\r\n--a--\r\n"),
    ("application/x-www-form-urlencoded; charset=foo", b"act=1"),
    ("application/x-www-form-urlencoded; charset=rot13", b"act=1"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"act"),
    ("application/x-www-form-urlencoded; charset=unicode_escape", rb"csrf_token=\ud800&act=\udfff"),
    ("application/x-www-form-urlencoded", b"act=\xff\xfe"),
    ("application/json", b'{"act": 1}'),
    ("text/plain", b"\0" * 100),
)


async def nothing(_asked: Request[Message], _context: Context) -> Message:
    return Nothing()


def tolerant(kind: type[Request[Message]], answer: Handler) -> Handler:
    """Return the answer of a stand-in. What a stand-in does not know, it refuses as the service would."""

    async def handle(asked: Request[Message], context: Context) -> Message:
        try:
            return await answer(asked, context)
        except (KeyError, ValueError, IndexError, StopIteration, AssertionError):
            raise Refused("not_found" if "not_found" in kind.refused_as() else min(kind.refused_as())) from None

    return handle


async def everything(identity: StandInIdentity) -> FakeWire:
    """Return a wire on which every request of the gateway is answered."""
    wire = FakeWire()
    for stand_in, _ in samples():
        await stand_in.answer_on(wire)
    await identity.answer_on(wire)
    for kind in REQUESTS:
        if kind.reply_type() is Nothing and kind.subject not in wire.answers:
            wire.answers[kind.subject] = (kind, nothing)
    wire.answers = {subject: (kind, tolerant(kind, answer)) for subject, (kind, answer) in wire.answers.items()}
    return wire


@dataclass
class Fuzzed:
    """A browser in one role, and the forms that its pages show: where each goes, and its fields as shown."""

    browser: Browser
    identity: StandInIdentity
    forms: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)

    def come_in(self) -> None:
        """Log in again, because a random request may log out. A stand-in without a role stays outside."""
        if self.identity.role is not None:
            self.browser.come_in(self.identity)

    async def look_for_forms(self) -> None:
        """Collect the forms of all pages that this role may see."""
        for page in PAGES:
            if page.method == "GET" and "logout" not in page.path:
                path = f"{_with_ids(page.path)}?start"  # a new form, not the choice of drafts
                response = await self.browser.client.get(path, allow_redirects=False)
                if response.content_type == "text/html":
                    self.forms += forms_in(await response.text(), str(response.url.path))


def _with_ids(path: str) -> str:
    return PLACE.sub(ID, path.replace("{register}", "dsr").replace("{act}", "deactivate").replace("{part}", "home"))


def forms_in(html: str, page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for form in BeautifulSoup(html, "html.parser").find_all("form"):
        inputs = form.find_all(["input", "textarea", "button", "select"])
        named = [(str(each["name"]), _value_of(each)) for each in inputs if each.get("name")]
        fields = [(name, value) for name, value in named if name != "csrf_token"]
        if fields and "logout" not in str(form.get("action")):
            yield str(form.get("action") or page), fields


def _value_of(field: Tag) -> str:
    """Return what a browser would send for a field that its user leaves alone, or the first choice there is."""
    options = [str(each["value"]) for each in field.find_all("option") if each.get("value")]
    return str(field.get("value", "")) or next(iter(options), "")


@pytest.fixture
async def fuzzed(serve: Serve, templates: Templates, monkeypatch: pytest.MonkeyPatch) -> list[Fuzzed]:
    """A browser for each role, and one that is not logged in."""
    monkeypatch.setattr(same_time, "LEAST_SECONDS", 0.0)
    opened = []
    for role in (*ROLES, None):
        identity = StandInIdentity(role=role, all_organisations=True)
        context = AppContext(FakeBus("gateway", await everything(identity)), load_registers(), templates, Static())
        one = Fuzzed(Browser(await serve(build_app(context, PAGES))), identity)
        one.come_in()
        await one.look_for_forms()
        opened.append(one)
    return opened


class Guesses:
    """Random requests that look like ours to some extent, always the same ones for a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # not a secret

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def path(self, page: PageRoute) -> str:
        """Return the page's address with ids, or with anything in their place."""
        path = page.path.replace("{register}", "dsr" if self.random.random() < 0.95 else "xyz")
        return PLACE.sub(lambda _: ID if self.random.random() < 0.7 else self.random.choice(NO_IDS), path)

    def fields(self) -> list[tuple[str, str]]:
        return [(self.random.choice(FIELDS), self.text()) for _ in range(self.random.randrange(12))]

    def form(self, one: Fuzzed) -> tuple[str, list[tuple[str, str]]]:
        """Return one of the forms that our pages show, with one field changed, left out or sent twice."""
        action, shown = self.random.choice(one.forms)
        fields, place = list(shown), self.random.randrange(len(shown))
        name = fields[place][0]
        fields[place : place + 1] = [(name, self.text())] * self.random.choice((0, 1, 1, 1, 1, 2))
        return action, fields


async def send(one: Fuzzed, guesses: Guesses, page: PageRoute) -> ClientResponse:
    """Send one random request: a form of ours that is changed a little, or anything to this page."""
    client, kind = one.browser.client, guesses.random.random()
    token = ("csrf_token", one.browser.token)
    if kind < 0.5:
        action, fields = guesses.form(one)
        return await client.post(URL(action, encoded=True), data=[*fields, token], allow_redirects=False)
    path = URL(guesses.path(page), encoded=True)
    params = [(name, text) for name, text in guesses.fields() if len(text) < 100]
    if page.method == "GET":
        method = guesses.random.choice(("GET", "GET", "GET", "HEAD", "PUT", "PATCH"))
        return await client.request(method, path, params=params, allow_redirects=False)
    if kind < 0.6:
        sort, body = guesses.random.choice(BROKEN)
        headers = {"Content-Type": sort, "X-CSRF-Token": one.browser.token}
        return await client.post(path, data=body, headers=headers, allow_redirects=False)
    command = [("command", ID)] if guesses.random.random() < 0.9 else []
    fields = [*command, *guesses.fields(), token]
    return await client.post(path, data=fields, params=params[:1], allow_redirects=False)


def faults_of(response: ClientResponse) -> Iterator[str]:
    """Yield what is wrong with an answer."""
    about = f"{response.method} {response.url.path}"
    if response.status >= 500:
        yield f"{response.status} {about}"
    missing = [name for name, value in ALWAYS.items() if response.headers.get(name) != value]
    if missing or "Content-Security-Policy" not in response.headers or "Server" in response.headers:
        yield f"headers {about}"


async def run(fuzzed: list[Fuzzed], count: int) -> Counter[str]:
    """Send this many random requests, and return what was wrong with the answers."""
    guesses, wrong = Guesses(SEED), Counter[str]()
    for number in range(count):
        page, one = PAGES[number % len(PAGES)], guesses.random.choice(fuzzed)
        one.come_in()
        response = await send(one, guesses, page)
        await response.read()
        wrong.update(faults_of(response))
    return wrong


async def test_no_request_makes_a_page_fail_or_leaves_out_a_header(fuzzed: list[Fuzzed]) -> None:
    assert Counter() == await run(fuzzed, 3 * len(PAGES))


async def test_no_field_of_any_form_makes_a_page_fail_when_it_is_too_long(fuzzed: list[Fuzzed]) -> None:
    sent, wrong = set(), Counter[str]()
    for one in fuzzed:
        for action, fields in one.forms:
            for place, (name, _) in enumerate(fields):
                if (action, name) not in sent:
                    sent.add((action, name))
                    one.come_in()
                    changed = [*fields[:place], (name, LONGER), *fields[place + 1 :], ("csrf_token", one.browser.token)]
                    response = await one.browser.client.post(action, data=changed, allow_redirects=False)
                    wrong.update(faults_of(response))
    assert (Counter(), True) == (wrong, len(sent) > 100)


@pytest.mark.full_rounds
async def test_no_request_of_ten_thousand_makes_a_page_fail(fuzzed: list[Fuzzed]) -> None:
    assert Counter() == await run(fuzzed, 10_000)
