"""How many files a reader opens to follow the POST of a new record, from its route to the commit."""

import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

import asyncpg
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from deploy.runner.environment import Addresses
from gateway.routes import PAGES
from gateway.server.app import AppContext, build_app
from gateway.ui.brand import Brand
from gateway.ui.render import Templates
from gateway.ui.static import Static
from services.referrals.service import service_of
from services.referrals.store import saving
from services.referrals.store.saving import SUBMIT_RECORD, Content, NewCommand, NewRecord, Saved
from shared.assertion import Claims, Verifier
from shared.contracts.referrals.drafts import DraftSeen
from shared.database import Database, Scope, as_json
from shared.fake_bus import FakeBus
from shared.ids import new_id
from shared.messages import Event
from shared.permissions import Role, Visitor
from shared.registers.load import load_registers
from shared.service import start
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.visit import Page
from tests.services.referrals.builders import a_referral, a_visitor
from tests.services.referrals.rig import Referrals

ROOT = Path(__file__).parents[3]
# The door and the wire, which every request passes: these and no others are not counted.
NOT_COUNTED = (
    "gateway/server/",
    "gateway/security/",
    "shared/bus/",
    "shared/fake_bus.py",
    "shared/front_door.py",
    "shared/assertion.py",
    "shared/messages.py",
    "shared/typed.py",
    "shared/cleaning.py",
    "shared/database.py",
    "shared/log.py",
    "shared/registers/",
    "tests/",
    ".venv/",
)
MOST_PYTHON, MOST_SQL, LONGEST = 15, 3, 300
CALLED = "SELECT funcname FROM pg_stat_xact_user_functions WHERE schemaname = 'referrals'"
FUNCTIONS = [*ROOT.glob("services/referrals/sql/functions/*.sql"), *ROOT.glob("shared/spine/functions/*.sql")]
Stored = tuple[Scope, NewCommand, NewRecord, Content]
DEFINED = re.compile(r"CREATE OR REPLACE FUNCTION (\w+)\(")


class AnyAssertion(Verifier):
    """Takes every assertion for this visitor's: the stand-in for identity signs none."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__("referrals", {})
        self._claims = Claims(audiences=("referrals",), expires_at=2**40, visitor=visitor)

    def verify(self, token: str | None) -> Claims:
        return self._claims


class Followed:
    """The files of ours in which a line is executed while this follows."""

    def __init__(self) -> None:
        self.files: dict[str, set[str]] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> "Followed | None":
        file = frame.f_code.co_filename
        if not file.startswith(f"{ROOT}/"):
            return None
        name = file.removeprefix(f"{ROOT}/")
        if event == "line" and not name.startswith(NOT_COUNTED):
            self.files.setdefault(name, set()).add(frame.f_code.co_name)
        return self


def typed(page: Page) -> Mapping[str, str]:
    """Return what a user fills in, with the hidden fields of the page."""
    hidden = {str(each["name"]): str(each["value"]) for each in page.tree.select("main input[type=hidden]")}
    answers = {name: str(answer) for name, answer in a_referral().items()}
    year, month, day = answers.pop("date_of_birth").split("-")
    born = {"date_of_birth-day": day, "date_of_birth-month": month, "date_of_birth-year": year}
    return hidden | answers | born


@pytest.fixture
async def browser(referrals: Referrals, tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser of the gateway, behind which the real referrals answers."""
    identity = StandInIdentity(role=Role.STANDARD)
    context = replace(referrals.context, verifier=AnyAssertion(a_visitor()))
    wire = referrals.wire
    wire.answers.clear()
    await identity.answer_on(wire)
    await start(context, service_of(context))
    templates = Templates(Static(), Brand(), tmp_path)
    app = build_app(AppContext(FakeBus("gateway", wire), load_registers(), templates, Static()), PAGES)
    server = TestServer(app)
    await server.start_server()
    jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
    client: TestClient[web.Request, web.Application] = TestClient(server, cookie_jar=jar)
    async with client:
        opened = Browser(client)
        opened.come_in(identity)
        yield opened


async def test_a_reader_follows_a_new_record_through_fifteen_files(browser: Browser) -> None:
    sent = typed(await browser.see("/dsr/records/new"))
    followed = Followed()

    sys.settrace(followed)
    try:
        response = await browser.post("/dsr/records/new", sent)
    finally:
        sys.settrace(None)

    assert 303 == response.status
    assert len(followed.files) <= MOST_PYTHON, sorted(followed.files)
    assert {"gateway/pages/records/submit.py", "services/referrals/store/saving.py"} <= followed.files.keys()


async def test_the_statement_that_stores_it_calls_functions_of_three_files(
    browser: Browser, shared_database: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement of the POST is sent once more, with other ids, to see what it calls until it is committed."""
    stored: list[Stored] = []
    submit = saving.submit_record

    async def submit_record(
        db: Database,
        scope: Scope,
        command: NewCommand,
        record: NewRecord,
        content: Content,
        events: Sequence[Event],
        draft: DraftSeen | None = None,
    ) -> Saved:
        stored.append((scope, command, record, content))
        return await submit(db, scope, command, record, content, events, draft)

    monkeypatch.setattr(saving, "submit_record", submit_record)
    await browser.post("/dsr/records/new", typed(await browser.see("/dsr/records/new")))
    *_, (scope, command, record, content) = stored
    again = replace(record, record_id=new_id(), reference=f"TRACE-{new_id().hex}")
    sent = [
        as_json(each)
        for each in (scope, replace(command, command_id=new_id()), again, replace(content, keys=(), key_rules=()))
    ]

    called = await functions_called(shared_database, SUBMIT_RECORD, *sent, "[]", None)

    defined = {name: path.name for path in FUNCTIONS for name in DEFINED.findall(path.read_text("utf-8"))}
    assert "submit_record" in called
    assert MOST_SQL >= len({defined[each] for each in called}), {each: defined[each] for each in called}


async def functions_called(addresses: Addresses, query: str, *values: str | None) -> set[str]:
    """Return the functions of the schema that a statement calls, with those at the end of its transaction."""
    db = await asyncpg.connect(addresses.databases["referrals"].admin_dsn)
    try:
        await db.execute("SET search_path = referrals; SET track_functions = 'all'; BEGIN")
        await db.fetch(query, *values)
        await db.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return {row[0] for row in await db.fetch(CALLED)}
    finally:
        await db.close()


def test_no_file_of_the_door_and_the_wire_is_long() -> None:
    ours = [path for each in NOT_COUNTED[:-3] for path in _files(ROOT / each)]

    assert [] == [str(path) for path in ours if len(path.read_text("utf-8").splitlines()) > LONGEST]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]
