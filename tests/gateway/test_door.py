"""Tests of the gateway's middleware: sessions, permissions, CSRF tokens, and pages without a policy."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from gateway.keys import BUS, CSRF_TOKEN, PUBLIC_URL, REGISTERS
from gateway.security import csrf
from gateway.security.cookies import FORM, SESSION
from gateway.security.guard import ANYONE, PageRoute, guard
from gateway.security.sessions import KEPT_SECONDS, SESSIONS, SessionCache
from shared.bus.protocol import Context
from shared.contracts.identity import FindSession, Heartbeat, SessionFound, SessionsRevoked
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Permission, Role, Visitor
from shared.registers.load import load_registers

TOKEN = "the-session-cookie"
Client = TestClient[web.Request, web.Application]


@dataclass
class Identity:
    """A stand-in for identity on the fake bus that knows one session and counts how often it is asked."""

    role: Role = Role.STANDARD
    must_change: bool = False
    alive: bool = True
    asked: int = 0
    session_id: object = field(default_factory=uuid4)
    user_id: object = field(default_factory=uuid4)

    async def find_session(self, asked: FindSession, _context: Context) -> SessionFound:
        self.asked += 1
        if asked.session_token != TOKEN or not self.alive:
            raise Refused("no_session")
        now = datetime.now(UTC)
        return SessionFound(
            assertion="signed",
            visitor=self.visitor(asked.register_code),
            idle_ends_at=now + timedelta(minutes=15),
            ends_at=now + timedelta(hours=12),
        )

    def visitor(self, register_code: str) -> Visitor:
        return Visitor.model_validate(
            {
                "user_id": self.user_id,
                "full_name": "Percy Plum",
                "register_code": register_code,
                "role": self.role,
                "organisation_ids": (),
                "home_organisation_id": None,
                "session_id": self.session_id,
                "method": "password_pin",
                "must_change": self.must_change,
            }
        )


async def form_token(request: web.Request) -> web.Response:
    return web.Response(text=request[CSRF_TOKEN])


async def done(_request: web.Request) -> web.Response:
    return web.Response(text="done")


PAGES = (
    PageRoute("GET", "/{register}/open/", form_token, ANYONE),
    PageRoute("POST", "/{register}/open/", done, ANYONE),
    PageRoute("GET", "/{register}/inside/", form_token, Permission.USE_ACCOUNT),
    PageRoute("POST", "/{register}/inside/", done, Permission.UPDATE_RECORD),
    PageRoute("GET", "/{register}/reporting/", done, Permission.READ_REPORTS),
    PageRoute("GET", "/{register}/account/password", done, Permission.USE_ACCOUNT, before_change=True),
)


@pytest.fixture
def identity() -> Identity:
    return Identity()


@pytest.fixture
async def wire(identity: Identity) -> FakeWire:
    wire = FakeWire()
    await FakeBus("identity", wire).answer(FindSession, identity.find_session)
    return wire


@pytest.fixture
async def client(wire: FakeWire) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[guard(PAGES)])
    app[BUS] = bus = FakeBus("gateway", wire)
    app[REGISTERS] = load_registers()
    app[PUBLIC_URL] = ""
    app[SESSIONS] = sessions = SessionCache(bus)
    await sessions.listen()
    for page in PAGES:
        app.router.add_route(page.method, page.path, page.handler)
    app.router.add_get("/{register}/forgotten/", done)  # mounted, but without a policy
    server = TestServer(app)
    await server.start_server()
    jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
    client: Client = TestClient(server, cookie_jar=jar)
    yield client
    await client.close()


def sign_in(client: Client) -> None:
    client.session.cookie_jar.update_cookies({SESSION: TOKEN}, URL(client.make_url("/")))


async def get(client: Client, path: str) -> ClientResponse:
    return await client.get(path, allow_redirects=False)


async def test_a_page_that_no_policy_names_is_not_found(client: Client) -> None:
    assert 404 == (await get(client, "/dsr/forgotten/")).status


async def test_an_unknown_register_is_not_found(client: Client) -> None:
    assert 404 == (await get(client, "/nosuch/open/")).status


async def test_a_stranger_is_sent_to_log_in(client: Client) -> None:
    response = await get(client, "/dsr/inside/")

    assert (303, "/dsr/login/?notice=asked") == (response.status, response.headers["Location"])


@pytest.mark.requirement("R-S117-012")
async def test_a_form_cookie_is_no_session(client: Client) -> None:
    await get(client, "/dsr/open/")

    response = await get(client, "/dsr/inside/")

    assert FORM in {cookie.key for cookie in client.session.cookie_jar}
    assert 303 == response.status


async def test_a_cookie_that_we_never_made_is_no_session(client: Client, identity: Identity) -> None:
    header = f"{SESSION}={'x' * 2000}"

    response = await client.get("/dsr/inside/", headers={"Cookie": header}, allow_redirects=False)

    assert (303, 0) == (response.status, identity.asked)


async def test_a_session_that_has_ended_is_said_to_have_ended(client: Client, identity: Identity) -> None:
    sign_in(client)
    identity.alive = False

    assert "/dsr/login/?notice=ended" == (await get(client, "/dsr/inside/")).headers["Location"]


async def test_a_visitor_comes_in_and_identity_is_asked_once_while_its_heart_beats(
    client: Client, identity: Identity, wire: FakeWire
) -> None:
    sign_in(client)
    await FakeBus("identity", wire).tell(Heartbeat())

    statuses = [(await get(client, "/dsr/inside/")).status for _ in range(5)]

    assert ([200] * 5, 1) == (statuses, identity.asked)


async def test_without_a_heartbeat_identity_is_asked_each_time(client: Client, identity: Identity) -> None:
    sign_in(client)

    for _ in range(3):
        await get(client, "/dsr/inside/")

    assert 3 == identity.asked


async def test_a_revoked_session_is_out_at_once(client: Client, identity: Identity, wire: FakeWire) -> None:
    sign_in(client)
    teller = FakeBus("identity", wire)
    await teller.tell(Heartbeat())
    await get(client, "/dsr/inside/")

    identity.alive = False
    await teller.tell(SessionsRevoked.model_validate({"session_ids": (identity.session_id,)}))

    assert 303 == (await get(client, "/dsr/inside/")).status


async def test_what_is_kept_is_kept_five_seconds(identity: Identity, wire: FakeWire) -> None:
    now = 100.0
    bus = FakeBus("gateway", wire)
    sessions = SessionCache(bus, clock=lambda: now)
    await sessions.listen()
    await bus.tell(Heartbeat())
    await sessions.find(TOKEN, "dsr")

    now += KEPT_SECONDS + 0.1
    identity.alive = False

    assert await sessions.find(TOKEN, "dsr") is None


async def test_identity_out_of_reach_is_not_the_same_as_no_session(wire: FakeWire) -> None:
    wire.answers.clear()

    with pytest.raises(NotAnswered) as unanswered:
        await SessionCache(FakeBus("gateway", wire)).find(TOKEN, "dsr")

    assert unanswered.value.fault is Fault.UNAVAILABLE


async def test_a_page_beyond_the_role_is_forbidden(client: Client) -> None:
    sign_in(client)

    assert 403 == (await get(client, "/dsr/reporting/")).status


async def test_a_temporary_password_leads_to_its_change_and_nowhere_else(client: Client, identity: Identity) -> None:
    identity.must_change = True
    sign_in(client)

    inside, change = await get(client, "/dsr/inside/"), await get(client, "/dsr/account/password")

    assert (303, "/dsr/account/password") == (inside.status, inside.headers["Location"])
    assert 200 == change.status


@pytest.mark.parametrize("path", ["/dsr/open/", "/dsr/inside/"])
async def test_a_form_needs_the_token_of_its_own_page(client: Client, path: str) -> None:
    sign_in(client)
    token = await (await get(client, path)).text()

    without = await client.post(path, data={})
    foreign = await client.post(path, data={csrf.FIELD: csrf.token_for("another's cookie")})
    own = await client.post(path, data={csrf.FIELD: token})

    assert (403, 403, 200) == (without.status, foreign.status, own.status)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_form_from_elsewhere_is_refused_though_its_token_is_right(
    client: Client, headers: dict[str, str]
) -> None:
    sign_in(client)
    token = await (await get(client, "/dsr/inside/")).text()

    assert 403 == (await client.post("/dsr/inside/", data={csrf.FIELD: token}, headers=headers)).status


async def test_sending_a_form_without_a_session_is_not_taken_for_a_visit(client: Client) -> None:
    token = await (await get(client, "/dsr/open/")).text()

    assert 401 == (await client.post("/dsr/inside/", data={csrf.FIELD: token})).status
