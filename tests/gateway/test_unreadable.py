"""Requests that cannot be read, values that a contract refuses, and addresses that are not ours: never our failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from prometheus_client import REGISTRY
from pydantic import BaseModel, Field, ValidationError
from structlog.testing import capture_logs

from gateway.security import posted
from gateway.security.host import host_in
from gateway.server.connection import listen
from gateway.server.errors import is_about_a_value
from gateway.server.headers import ALWAYS, headers_of_refusal
from gateway.server.settings import GatewaySettings
from shared.contracts.reports import StartReport
from tests.gateway.conftest import OpenGateway, Serve
from tests.gateway.small_app import FAILURES, small_app
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_reports import StandInReports
from tests.gateway.test_fuzz import BROKEN
from tests.gateway.visit import Client

LOGIN = "/dsr/login/"
UNREADABLE = [(kind, body) for kind, body in BROKEN if kind.startswith(("multipart", "application/x-www")) and body]


# ---------------------------------------------------------------------------------------------------------------- forms
@pytest.mark.parametrize(("kind", "body"), UNREADABLE)
async def test_a_form_that_cannot_be_read_is_the_senders_mistake(client: Client, kind: str, body: bytes) -> None:
    with capture_logs() as written:
        response = await client.post("/showcase/", data=body, headers={"Content-Type": kind})

    assert response.status in (400, 403)
    assert "page.failed" not in [line["event"] for line in written]


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded; charset=foo"])
async def test_no_cookie_is_needed_to_be_told_so(client: Client, kind: str) -> None:
    response = await client.post("/showcase/", data=b"x", headers={"Content-Type": kind})

    assert (400, "Your browser sent something we cannot read") == (response.status, await heading(response))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"])
async def test_a_packed_form_is_refused(template_cache: Path, encoding: str) -> None:
    head = f"POST /showcase/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: {encoding}\r\n"
    async with listening(template_cache) as port:
        got = await answer_to(port, f"{head}Content-Length: 4\r\n\r\nabcd".encode())

    assert got.startswith(b"HTTP/1.1 415 ")


async def test_a_form_that_never_comes_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posted, "READ_SECONDS", 0.05)

    async def half() -> AsyncIterator[bytes]:
        yield b"act="
        await asyncio.sleep(5)
        yield b"1"

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post("/showcase/", data=half(), headers=kind)

    assert (408, "What you sent did not arrive in time") == (response.status, await heading(response))


# --------------------------------------------------------------------------------------------------------------- values
@pytest.mark.parametrize("sent", [{"filter-age": "x" * 11}, {"report": "x" * 41}])
async def test_a_value_that_a_contract_refuses_is_not_our_failure(
    open_gateway: OpenGateway, identity: StandInIdentity, sent: dict[str, str]
) -> None:
    reports = StandInReports()
    browser = await open_gateway(identity, reports)
    form = {"command": "0" * 32, "report": "referrals", **sent}

    with capture_logs() as written:
        page = await browser.send("/dsr/reporting/", form, status=422)

    assert "Part of what you sent cannot be used" == page.heading
    assert ([], ["page.value_refused"]) == (
        reports.heard(StartReport),
        [line["event"] for line in written if line.get("error")],
    )


def refused_by(kind: type[BaseModel], **values: object) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        kind.model_validate(values)
    return refused.value


def test_what_the_gateway_itself_forgets_or_makes_up_stays_our_failure() -> None:
    class Asked(BaseModel):
        text: str = Field(max_length=3)
        number: int = 0

        model_config = {"extra": "forbid"}

    assert is_about_a_value(refused_by(Asked, text="long", number="x"))
    assert not is_about_a_value(refused_by(Asked))
    assert not is_about_a_value(refused_by(Asked, text="a", other=1))
    assert not is_about_a_value(refused_by(Asked, text="long", other=1))


@pytest.mark.parametrize(("query", "status", "event"), [("", 500, "page.failed"), ("?a=b", 422, "page.value_refused")])
async def test_who_sent_no_values_is_not_told_that_theirs_cannot_be_used(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: str, status: int, event: str
) -> None:
    class Stored(BaseModel):
        text: str = Field(max_length=3)

    monkeypatch.setitem(FAILURES, "value", refused_by(Stored, text="long"))
    with capture_logs() as written:
        response = await client.get(f"/fail/value/{query}")

    assert (status, [event]) == (response.status, [line["event"] for line in written if line.get("error")])


# ---------------------------------------------------------------------------------------------------------------- hosts
@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("ics.example", "ics.example"),
        ("ICS.example.:443", "ics.example"),
        ("[::1]:8080", "::1"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[", ""),
        ("", ""),
        ("a@ics.example", "ics.example"),
    ],
)
def test_a_host_is_read_without_its_port(header: str, name: str) -> None:
    assert name == host_in(header)


@pytest.mark.parametrize(("host", "status"), [("ics.example", 200), ("ics.example:8443", 200), ("evil.example", 421)])
async def test_a_gateway_answers_to_its_own_names_alone(
    serve: Serve, template_cache: Path, host: str, status: int
) -> None:
    client = await serve(small_app(template_cache, hosts=frozenset({"ics.example"})))

    assert status == (await client.get("/", headers={"Host": host})).status


def test_the_names_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"NATS_URL": "nats://127.0.0.1", "NATS_SEED": "seed", "HOST_NAMES": '["Gateway."]', "TRUSTED_PROXIES": "1"}
    for name, value in {**told, "PUBLIC_URL": "https://ICS.example:8443/x"}.items():
        monkeypatch.setenv(f"ICS_{name}", value)

    assert {"ics.example", "gateway", "127.0.0.1", "::1", "localhost"} == GatewaySettings().all_hosts


# -------------------------------------------------------------------------------------------------------------- metrics
async def test_a_method_of_the_callers_own_makes_no_new_series(client: Client) -> None:
    for method in ("REPORT", "MKCOL", "PROPFIND"):
        await client.request(method, "/showcase/")

    series = [sample.labels for metric in REGISTRY.collect() for sample in metric.samples]
    assert {"GET", "HEAD", "POST", "other"} >= {each["method"] for each in series if "method" in each}


# ---------------------------------------------------------------------------------------------------------- connections
@asynccontextmanager
async def listening(cache: Path, silent_seconds: float = 30.0) -> AsyncIterator[int]:
    """Serve a small app as the gateway's process does, and yield its port."""
    runner = web.AppRunner(small_app(cache))
    await runner.setup()
    server = await listen(runner, "127.0.0.1", 0, "https://ics.example", silent_seconds)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await runner.cleanup()


async def answer_to(port: int, sent: bytes, seconds: float = 5.0) -> bytes:
    """Send bytes, and return all that comes until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(seconds):
        got = await reader.read()
    writer.close()
    return got


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
    ],
    ids=["nul", "tls", "two lengths", "long"],
)
async def test_what_is_not_http_gets_the_headers_and_nothing_else(template_cache: Path, sent: bytes) -> None:
    async with listening(template_cache) as port:
        head, _, body = (await answer_to(port, sent)).partition(b"\r\n\r\n")

    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert (" 400 ", b"") == (lines[0][8:13], body)
    assert headers_of_refusal("https://ics.example").items() <= headers.items()
    assert {"Server", "Content-Type"}.isdisjoint(headers)
    assert ALWAYS.keys() < headers.keys()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /"])
async def test_a_head_that_does_not_come_in_time_is_not_waited_for(template_cache: Path, sent: bytes) -> None:
    async with listening(template_cache, silent_seconds=0.2) as port:
        got = await answer_to(port, sent)

    assert sent.count(b"\r\n\r\n") == got.count(b"HTTP/1.1 200")


async def test_a_head_that_trickles_is_not_waited_for(template_cache: Path) -> None:
    async with listening(template_cache, silent_seconds=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(5):
            ended = asyncio.ensure_future(reader.read())
            writer.write(b"GET /")
            while not ended.done():
                writer.write(b"a")
                await asyncio.sleep(0.05)
        writer.close()

    assert b"" == ended.result()


async def heading(response: ClientResponse) -> str:
    return (await response.text()).split("<h1", 1)[1].split(">", 1)[1].split("</h1>")[0].strip()
